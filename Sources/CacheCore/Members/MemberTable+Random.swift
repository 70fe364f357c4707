import Platform

// Drawing members, each as likely as any other.

/// Random numbers for choices, not for secrets (SplitMix64 by Sebastiano Vigna).
struct MemberRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word &>> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word &>> 31)
  }

  /// A number below `bound`, which is more than 0. (Biased by less than bound / 2^64.)
  @inline(__always)
  mutating func next(below bound: Int) -> Int {
    assert(bound > 0)
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}

extension MemberTable {
  /// A member, all being equally likely; there is one.
  ///
  /// A bucket is drawn, and a place in the longest chain there may be; if the bucket's chain has no
  /// member there, both are drawn again. Every member is in exactly one such place, so none is
  /// favoured. Large tables draw four buckets at a time, whose lines arrive together.
  ///
  /// - Complexity: O(1) expected: two draws as a rule, four in a table with chains of three.
  func randomMember(_ random: inout MemberRandom) -> UnsafeMutableRawPointer {
    let place = randomPlace(&random)
    return place.pointer
  }

  /// The same, giving the place.
  func randomPlace(_ random: inout MemberRandom) -> MemberPlace {
    precondition(count > 0)
    let places = 8 &* depthMax &+ 1
    var heads = InlineArray<4, UnsafeMutableRawPointer>(repeating: bucket(0).base)
    let batch = bucketCount > 1024 ? 4 : 1
    // Ends with probability 1: at least one place in `places` × `bucketCount` is taken, and as a
    // rule one in two or three, because the table shrinks with its members.
    while true {
      for index in 0..<batch {
        let head = bucket(UInt32(truncatingIfNeeded: random.next(below: Int(bucketCount))))
        if batch > 1 { Platform.prefetch(head.base) }
        heads[index] = head.base
      }
      for index in 0..<batch {
        let head = MemberGroup(base: heads[index])
        if let place = place(number: random.next(below: places), in: head) { return place }
      }
    }
  }

  /// The place of a chain's member number `number`; nil when it has fewer.
  @inline(__always)
  private func place(number: Int, in head: MemberGroup) -> MemberPlace? {
    var number = number
    var group = head
    while group.isLinked {
      if number < 8 { return MemberPlace(head: head, group: group, index: number) }
      number &-= 8
      group = group.next
    }
    var taken = group.takenPlaces
    guard number < taken.nonzeroBitCount else { return nil }
    for _ in 0..<number { taken &= taken &- 1 }
    return MemberPlace(head: head, group: group, index: taken.trailingZeroBitCount)
  }
}
