import Bytes
import Platform

/// Tells a `MemberTable` how to read what it holds. Dispatched statically.
protocol MemberEntry {
  /// The bytes that the member at `pointer` is found by.
  static func key(of pointer: UnsafeMutableRawPointer) -> ByteView
}

/// A hash table for the members of one collection: set members, hash fields, scored members.
///
/// It holds addresses of blocks that somebody else allocates and reads (`Member.key(of:)`), so one
/// table serves sets, hashes and the member index of sorted sets, and a block stays where it is
/// while the table grows.
///
///     directory  | segment → | segment → | ...     more than 64 buckets
///     segment    | bucket × 64 |                   4 KB; up to 64 buckets: one segment, no
///                                                  directory, as large as the next power of two
///     bucket 64  | tag × 9 | link u8 | address u48 × 9 |
///
/// A lookup compares 9 tags of 8 bits at once and reads a member only when its tag agrees: one
/// line for the bucket, one for the member. A full bucket gives its ninth place to the address of
/// another group of the same form (link 1), and so on.
///
/// The table is linear hashing, as the key space's is: it grows by splitting one bucket per so
/// many inserts and shrinks by merging one, so ten million members never make anybody wait, and
/// its memory follows the number of members closely. Addresses of 48 bits are what user space has
/// on x86-64 and arm64.
///
/// Memory: at 6.25 members a bucket 64 / 6.25 = 10.2 bytes a member, and 1.3 for linked groups;
/// Redis 7.0 spends 24 for the entry and 8 to 16 for the bucket.
///
/// Flooding is impossible, because members are hashed with a key of this process (`MemberHash`).
///
/// Random members are fair: a place among all possible ones is drawn until it is taken, so each
/// member is as likely as any other (`MemberTable+Random`). SCAN's cursor is a position in the
/// order of bit-reversed hashes, which splitting and merging respect (`MemberTable+Scan`).
///
/// Invariants: a group that has a link is full (8 members); the last group of a chain is not empty
/// unless it is the bucket itself. Tag 0 is an empty place. A member stands exactly once.
///
/// Trivially copyable; whoever owns it calls `destroy`, which frees the structure, not the blocks.
///
/// Linear hashing: Witold Litwin, 1980; buckets of a cache line with tags: as in Valkey's
/// hashtable.c and Swiss tables.
struct MemberTable<Member: MemberEntry> {
  /// Members.
  private(set) var count = 0
  /// The directory, or the only segment while there are at most 64 buckets; nil before the first
  /// insert.
  private var root: UnsafeMutableRawPointer?
  private(set) var bucketCount: UInt32 = 0
  /// Room in the directory (segments), or in the only segment (buckets).
  private var capacity: UInt32 = 0
  /// Groups in the longest chain there may be.
  private(set) var depthMax = 1

  init() {}

  static var segmentBuckets: UInt32 { 64 }
  /// Members a bucket, times four, above which the table grows.
  static var growAbove: Int { 25 }
  /// Members a bucket, times four, below which it shrinks.
  static var shrinkBelow: Int { 15 }

  /// The address of a bucket.
  @inline(__always)
  func bucket(_ number: UInt32) -> MemberGroup {
    assert(number < bucketCount)
    let root = root.unsafelyUnwrapped
    if bucketCount <= Self.segmentBuckets {
      return MemberGroup(base: root + Int(number) &* MemberGroup.byteCount)
    }
    // In bounds: the directory covers bucketCount.
    let segment = root.load(
      fromByteOffset: Int(number &>> 6) &* 8, as: UnsafeMutableRawPointer.self)
    return MemberGroup(base: segment + Int(number & 63) &* MemberGroup.byteCount)
  }

  /// The number of the bucket a hash belongs to; there are buckets.
  @inline(__always)
  func bucketNumber(of hash: UInt64) -> UInt32 {
    let low = UInt32(truncatingIfNeeded: hash)
    let last = bucketCount &- 1
    let mask = last == 0 ? 0 : UInt32.max &>> UInt32(last.leadingZeroBitCount)
    let number = low & mask
    return number < bucketCount ? number : number & mask &>> 1
  }

  // MARK: Finding

  /// Where the member with this key stands.
  @inline(__always)
  func place(of key: ByteView, hash: UInt64) -> MemberPlace? {
    if bucketCount == 0 { return nil }
    let tag = MemberGroup.tag(of: hash)
    let head = bucket(bucketNumber(of: hash))
    var group = head
    // The chain ends: each turn goes on to another group of it.
    while true {
      var matches = group.matches(tag)
      while matches != 0 {
        let index = matches.trailingZeroBitCount
        if Member.key(of: group.pointer(index)) == key {
          return MemberPlace(head: head, group: group, index: index)
        }
        matches &= matches &- 1
      }
      guard group.isLinked else { return nil }
      group = group.next
    }
  }

  /// The member with this key.
  @inline(__always)
  func find(_ key: ByteView, hash: UInt64) -> UnsafeMutableRawPointer? {
    place(of: key, hash: hash)?.pointer
  }

  /// Starts loading the bucket that a hash belongs to.
  @inline(__always)
  func prefetchBucket(of hash: UInt64) {
    if bucketCount == 0 { return }
    Platform.prefetch(bucket(bucketNumber(of: hash)).base)
  }

  /// Starts loading the members whose tags agree; the bucket should have arrived.
  @inline(__always)
  func prefetchMembers(of hash: UInt64) {
    if bucketCount == 0 { return }
    let group = bucket(bucketNumber(of: hash))
    var matches = group.matches(MemberGroup.tag(of: hash))
    while matches != 0 {
      Platform.prefetch(group.pointer(matches.trailingZeroBitCount))
      matches &= matches &- 1
    }
  }

  // MARK: Changing

  /// Adds a member that is not in the table.
  ///
  /// - Complexity: O(1): a bucket is split now and then, whose members are hashed again.
  mutating func insert(
    _ pointer: UnsafeMutableRawPointer, hash: UInt64, _ memory: ObjectMemory
  ) {
    if bucketCount == 0 { makeFirstBucket(memory) }
    put(pointer, tag: MemberGroup.tag(of: hash), in: bucket(bucketNumber(of: hash)), memory)
    count &+= 1
    let load = count &* 4
    if load > Int(bucketCount) &* Self.growAbove &+ 8 {
      split(memory)
    } else if bucketCount > 4096, load &+ 8 > Int(bucketCount) &* Self.growAbove {
      prefetchNextSplit()
    }
  }

  /// Takes a member out; its block stays.
  ///
  /// - Complexity: O(1): a bucket is merged with another now and then.
  mutating func remove(at place: MemberPlace, _ memory: ObjectMemory) {
    takeOut(place, memory)
    count &-= 1
    if bucketCount > 1, count &* 4 < Int(bucketCount) &* Self.shrinkBelow { merge(memory) }
  }

  /// Frees the structure; the members' blocks are the caller's.
  ///
  /// - Complexity: O(buckets)
  mutating func destroy(_ memory: ObjectMemory) {
    guard let root else { return }
    for number in 0..<bucketCount { releaseChain(behind: bucket(number), memory) }
    if bucketCount > Self.segmentBuckets {
      for index in 0..<Int((bucketCount &+ 63) &>> 6) {
        memory.release(root.load(fromByteOffset: index &* 8, as: UnsafeMutableRawPointer.self))
      }
    }
    memory.release(root)
    self = MemberTable()
  }

  /// Bytes of the structure.
  ///
  /// - Complexity: O(1); linked groups are left out.
  var structureBytes: Int {
    let segments = Int((bucketCount &+ 63) &>> 6)
    let buckets = bucketCount <= Self.segmentBuckets ? Int(capacity) : segments &* 64
    let directory = bucketCount <= Self.segmentBuckets ? 0 : Int(capacity) &* 8
    return buckets &* MemberGroup.byteCount &+ directory
  }
}

// MARK: - Growing and shrinking

extension MemberTable {
  @inline(never)
  private mutating func makeFirstBucket(_ memory: ObjectMemory) {
    root = memory.allocate(MemberGroup.byteCount)
    capacity = 1
    bucketCount = 1
    bucket(0).clear()
  }

  /// Puts a member into a chain.
  @inline(__always)
  private mutating func put(
    _ pointer: UnsafeMutableRawPointer, tag: UInt8, in head: MemberGroup, _ memory: ObjectMemory
  ) {
    var group = head
    while group.isLinked { group = group.next }
    let free = group.freePlaces
    if free != 0 {
      group.set(free.trailingZeroBitCount, tag: tag, pointer)
    } else {
      extend(group, tag: tag, pointer, of: head, memory)
    }
  }

  /// Links another group to a full one; it takes the ninth member and the new one.
  @inline(never)
  private mutating func extend(
    _ group: MemberGroup, tag: UInt8, _ pointer: UnsafeMutableRawPointer, of head: MemberGroup,
    _ memory: ObjectMemory
  ) {
    let fresh = MemberGroup(base: memory.allocate(MemberGroup.byteCount))
    fresh.clear()
    fresh.set(0, tag: group.tag(8), group.pointer(8))
    fresh.set(1, tag: tag, pointer)
    group.link(to: fresh)
    var depth = 1
    var step = head
    while step.isLinked {
      depth &+= 1
      step = step.next
    }
    depthMax = max(depthMax, depth)
  }

  /// Empties a place and fills it from the end of the chain, if there is one.
  @inline(__always)
  private func takeOut(_ place: MemberPlace, _ memory: ObjectMemory) {
    guard place.head.isLinked else {
      place.group.clear(place.index)
      return
    }
    var before = place.head
    var last = before.next
    while last.isLinked {
      before = last
      last = last.next
    }
    let index = 31 &- last.takenPlaces.leadingZeroBitCount
    let isSame = last.base == place.group.base && index == place.index
    if !isSame { place.group.set(place.index, tag: last.tag(index), last.pointer(index)) }
    last.clear(index)
    if last.takenPlaces == 0 {
      before.unlink()
      memory.release(last.base)
    }
  }

  private func releaseChain(behind head: MemberGroup, _ memory: ObjectMemory) {
    guard head.isLinked else { return }
    var group = head.next
    while true {
      let next = group.isLinked ? group.next : nil
      memory.release(group.base)
      guard let next else { return }
      group = next
    }
  }

  /// The bucket that is split next.
  @inline(__always)
  private var nextSplit: UInt32 {
    bucketCount &- 1 &<< UInt32(31 &- bucketCount.leadingZeroBitCount)
  }

  /// Starts loading the members that the next split will hash.
  @inline(__always)
  private func prefetchNextSplit() {
    let group = bucket(nextSplit)
    var taken = group.takenPlaces
    while taken != 0 {
      Platform.prefetch(group.pointer(taken.trailingZeroBitCount))
      taken &= taken &- 1
    }
  }

  /// Splits one bucket in two.
  @inline(never)
  private mutating func split(_ memory: ObjectMemory) {
    let source = nextSplit
    let bit = UInt64(31 &- bucketCount.leadingZeroBitCount)
    makeRoomForBucket(memory)
    bucketCount &+= 1
    let old = bucket(source)
    let fresh = bucket(bucketCount &- 1)
    fresh.clear()
    // The chain is taken apart: the bucket's own line is copied, linked groups are freed.
    var copy = InlineArray<8, UInt64>(repeating: 0)
    withUnsafeMutableBytes(of: &copy) { buffer in
      let base = buffer.baseAddress.unsafelyUnwrapped
      base.copyMemory(from: old.base, byteCount: MemberGroup.byteCount)
      old.clear()
      var group = MemberGroup(base: base)
      while true {
        distribute(group, bit: bit, zero: old, one: fresh, memory)
        let next = group.isLinked ? group.next : nil
        if group.base != base { memory.release(group.base) }
        guard let next else { return }
        group = next
      }
    }
    if bucketCount > 4096 { Platform.prefetch(bucket(nextSplit).base) }
  }

  @inline(__always)
  private mutating func distribute(
    _ group: MemberGroup, bit: UInt64, zero: MemberGroup, one: MemberGroup, _ memory: ObjectMemory
  ) {
    var taken = group.takenPlaces
    while taken != 0 {
      let index = taken.trailingZeroBitCount
      taken &= taken &- 1
      let pointer = group.pointer(index)
      let hash = MemberHash.hash(Member.key(of: pointer))
      put(pointer, tag: group.tag(index), in: hash &>> bit & 1 == 0 ? zero : one, memory)
    }
  }

  /// Makes sure that there is memory for bucket number `bucketCount`.
  private mutating func makeRoomForBucket(_ memory: ObjectMemory) {
    let segmentBytes = Int(Self.segmentBuckets) &* MemberGroup.byteCount
    if bucketCount < Self.segmentBuckets {
      if bucketCount < capacity { return }
      capacity &*= 2
      root = memory.reallocate(root.unsafelyUnwrapped, Int(capacity) &* MemberGroup.byteCount)
    } else if bucketCount == Self.segmentBuckets {
      let directory = memory.allocate(64)
      directory.storeBytes(of: root.unsafelyUnwrapped, as: UnsafeMutableRawPointer.self)
      directory.storeBytes(
        of: memory.allocate(segmentBytes), toByteOffset: 8, as: UnsafeMutableRawPointer.self)
      root = directory
      capacity = 8
    } else if bucketCount & 63 == 0 {
      let index = bucketCount &>> 6
      if index == capacity {
        capacity &*= 2
        root = memory.reallocate(root.unsafelyUnwrapped, Int(capacity) &* 8)
      }
      root.unsafelyUnwrapped.storeBytes(
        of: memory.allocate(segmentBytes), toByteOffset: Int(index) &* 8,
        as: UnsafeMutableRawPointer.self)
    }
  }

  /// Joins the last bucket to the one that it was split from.
  @inline(never)
  private mutating func merge(_ memory: ObjectMemory) {
    let number = bucketCount &- 1
    let target = bucket(number &- 1 &<< UInt32(31 &- number.leadingZeroBitCount))
    let last = bucket(number)
    var group = last
    while true {
      var taken = group.takenPlaces
      while taken != 0 {
        let index = taken.trailingZeroBitCount
        taken &= taken &- 1
        put(group.pointer(index), tag: group.tag(index), in: target, memory)
      }
      let next = group.isLinked ? group.next : nil
      if group.base != last.base { memory.release(group.base) }
      guard let next else { break }
      group = next
    }
    dropLastBucket(memory)
  }

  /// Gives the last bucket's memory back where a segment or half of the only one is free.
  private mutating func dropLastBucket(_ memory: ObjectMemory) {
    let number = bucketCount &- 1
    if number > Self.segmentBuckets {
      if number & 63 == 0 {
        memory.release(
          root.unsafelyUnwrapped.load(
            fromByteOffset: Int(number &>> 6) &* 8, as: UnsafeMutableRawPointer.self))
      }
    } else if number == Self.segmentBuckets {
      let directory = root.unsafelyUnwrapped
      memory.release(directory.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self))
      root = directory.load(as: UnsafeMutableRawPointer.self)
      capacity = Self.segmentBuckets
      memory.release(directory)
    } else if number &* 4 <= capacity, capacity > 1 {
      capacity /= 2
      root = memory.reallocate(root.unsafelyUnwrapped, Int(capacity) &* MemberGroup.byteCount)
    }
    bucketCount = number
    if number == 1, count <= 8 { depthMax = bucket(0).isLinked ? 2 : 1 }
  }
}
