import Bytes
import Platform

// Walking through a table: at once, and in steps with changes in between.

extension MemberTable {
  /// Calls `body` with about `count` members from `cursor` on and returns the next cursor; 0 starts
  /// and ends.
  ///
  /// The cursor is a position in the order of bit-reversed hashes. A bucket of depth d holds the
  /// hashes that agree in their low d bits, which is a contiguous interval of 2^(32 - d) positions;
  /// splitting halves it, merging joins two halves. So every member that is present throughout is
  /// returned, whatever the table does between the calls; a merge may bring some twice.
  ///
  /// `body` must not change the table.
  ///
  /// - Complexity: O(`count`); at most ten times as many buckets are looked at.
  func scan(
    from cursor: UInt64, count: Int, _ body: (UnsafeMutableRawPointer) -> Void
  ) -> UInt64 {
    guard bucketCount > 0, self.count > 0 else { return 0 }
    var position = cursor
    var found = 0
    var bucketsLeft = 10 &* min(count, 1 << 40)
    while position <= 0xFFFF_FFFF {
      let hash = UInt64(Self.reversed(UInt32(position)))
      let number = bucketNumber(of: hash)
      var group = bucket(number)
      while true {
        var taken = group.takenPlaces
        while taken != 0 {
          body(group.pointer(taken.trailingZeroBitCount))
          taken &= taken &- 1
          found &+= 1
        }
        guard group.isLinked else { break }
        group = group.next
      }
      let width: UInt64 = 1 &<< UInt64(32 &- depth(of: number))
      position = (position | (width &- 1)) &+ 1
      bucketsLeft &-= 1
      if found >= count || bucketsLeft <= 0 { break }
    }
    return position > 0xFFFF_FFFF ? 0 : position
  }

  private static func reversed(_ word: UInt32) -> UInt32 {
    var word = word.byteSwapped
    word = (word &>> 4 & 0x0F0F_0F0F) | (word & 0x0F0F_0F0F) &<< 4
    word = (word &>> 2 & 0x3333_3333) | (word & 0x3333_3333) &<< 2
    return (word &>> 1 & 0x5555_5555) | (word & 0x5555_5555) &<< 1
  }

  /// How many low bits the hashes in a bucket share.
  private func depth(of number: UInt32) -> Int {
    if bucketCount == 1 { return 0 }
    let bits = 32 &- (bucketCount &- 1).leadingZeroBitCount
    let half: UInt32 = 1 &<< UInt32(bits &- 1)
    // Split already, or split off: it has the full depth.
    return number >= half || number &+ half < bucketCount ? bits : bits &- 1
  }

  /// All members, in no order; the table must not change meanwhile.
  @inline(__always)
  var members: MemberIterator<Member> { MemberIterator(self) }
}

/// Walks through all members of a table, loading ahead those that come next.
struct MemberIterator<Member: MemberEntry> {
  private let table: MemberTable<Member>
  private var number: UInt32 = 0
  private var group: MemberGroup?
  private var taken: UInt32 = 0

  @inline(__always)
  init(_ table: MemberTable<Member>) {
    self.table = table
    if table.bucketCount > 0 {
      let first = table.bucket(0)
      group = first
      taken = first.takenPlaces
    }
  }

  /// The next member; nil at the end.
  @inline(__always)
  mutating func next() -> UnsafeMutableRawPointer? {
    while taken == 0 {
      guard advance() else { return nil }
    }
    let index = taken.trailingZeroBitCount
    taken &= taken &- 1
    return group.unsafelyUnwrapped.pointer(index)
  }

  /// Goes on to the next group; false at the end.
  @inline(__always)
  private mutating func advance() -> Bool {
    guard let current = group else { return false }
    if current.isLinked {
      group = current.next
    } else {
      number &+= 1
      guard number < table.bucketCount else {
        group = nil
        return false
      }
      group = table.bucket(number)
      if number &+ 2 < table.bucketCount { prefetchMembers(of: table.bucket(number &+ 2)) }
    }
    taken = group.unsafelyUnwrapped.takenPlaces
    return true
  }

  @inline(__always)
  private func prefetchMembers(of group: MemberGroup) {
    var taken = group.takenPlaces
    while taken != 0 {
      Platform.prefetch(group.pointer(taken.trailingZeroBitCount))
      taken &= taken &- 1
    }
  }
}

extension MemberTable {
  /// Checks everything that must hold; for tests.
  ///
  /// - Complexity: O(members)
  func checkInvariants() {
    var total = 0
    for number in 0..<bucketCount {
      var group = bucket(number)
      var depth = 1
      while true {
        var taken = group.takenPlaces
        if group.isLinked { precondition(taken == 0xFF, "a linked group is full") }
        if depth > 1 { precondition(taken != 0, "no empty group is linked") }
        while taken != 0 {
          let index = taken.trailingZeroBitCount
          taken &= taken &- 1
          total += 1
          let hash = MemberHash.hash(Member.key(of: group.pointer(index)))
          precondition(bucketNumber(of: hash) == number, "a member is in its bucket")
          precondition(MemberGroup.tag(of: hash) == group.tag(index), "its tag is its hash's")
        }
        guard group.isLinked else { break }
        group = group.next
        depth += 1
      }
      precondition(depth <= depthMax, "no chain is longer than the longest")
    }
    precondition(total == count, "the count is right")
  }
}
