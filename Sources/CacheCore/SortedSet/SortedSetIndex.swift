import Bytes
import Glibc
import Platform

/// Finds the member of a large sorted set by its bytes: linear hashing of addresses.
///
///     directory ─► segment: 64 buckets of 64 bytes
///                  bucket: 8 slots   slot: tag u16 | address u48        0 = empty
///                                    last slot of a full bucket: address of an overflow bucket | 1
///
/// One bucket is split for every 6 members that come, one merged for every 3 fewer, so growing
/// never stops for a rehash, not even at ten million members, and costs no second table meanwhile.
/// The tag is 16 bits of the hash: a look at one line tells with 65535 in 65536 which member to
/// read. A member costs about 12.5 bytes. (Redis's dict has an entry of 24 bytes, allocated apart,
/// and 8 to 16 of table.)
///
/// Splitting hashes the members of a bucket again, for a slot has no room for a whole hash; they
/// are prefetched together, so that they cost one miss.
///
/// Invariants: the slots of a bucket are filled from the front; an overflow bucket holds two members
/// at least; bucket `b` of `n` holds the hashes h with h mod 2^k = b, where k is the number of bits
/// of n - 1 or one bit less where b + 2^(k-1) is not there yet.
///
/// Credits: Litwin 1980 (linear hashing).
struct SortedSetIndex {
  private typealias Bucket = UnsafeMutablePointer<UInt64>

  private var directory: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private var directoryCapacity: Int
  private(set) var bucketCount: Int
  private(set) var count: Int
  private(set) var overflowCount: Int
  private let hash: SipHash

  private static var bucketBytes: Int { 64 }
  private static var slotCount: Int { 8 }
  private static var segmentBuckets: Int { 64 }
  /// Members a bucket above which it is split.
  private static var splitLoad: Int { 6 }
  /// Members a bucket below which it is merged.
  private static var mergeLoad: Int { 3 }

  /// The hash of this process's sorted sets, which no client can foresee.
  private static let processHash = SipHash.random()

  init(_ memory: ObjectMemory) {
    directoryCapacity = 1
    directory = memory.allocate(8)
      .bindMemory(to: UnsafeMutableRawPointer.self, capacity: 1)
    let first = memory.allocate(Self.bucketBytes)
    memset(first, 0, Self.bucketBytes)
    directory[0] = first
    bucketCount = 1
    count = 0
    overflowCount = 0
    hash = Self.processHash
  }

  /// Frees everything but the members.
  ///
  /// - Complexity: O(n)
  func destroy(_ memory: ObjectMemory) {
    if overflowCount > 0 {
      for number in 0..<bucketCount {
        var next = Self.overflow(of: bucket(number))
        while let present = next {
          next = Self.overflow(of: present)
          memory.release(present)
        }
      }
    }
    for segment in 0...((bucketCount - 1) / Self.segmentBuckets) {
      memory.release(directory[segment])
    }
    memory.release(directory)
  }

  var usedBytes: Int {
    let segments = (bucketCount + Self.segmentBuckets - 1) / Self.segmentBuckets
    let buckets = segments == 1 ? Self.roundedUp(bucketCount) : segments * Self.segmentBuckets
    return (buckets + overflowCount) * Self.bucketBytes + directoryCapacity * 8
  }

  // MARK: Places

  private static func roundedUp(_ count: Int) -> Int {
    count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
  }

  /// The largest power of two that is not above `number`, which is not 0.
  @inline(__always)
  private static func power(_ number: Int) -> Int {
    1 &<< (63 &- number.leadingZeroBitCount)
  }

  @inline(__always)
  private func bucket(_ number: Int) -> Bucket {
    (directory[number &>> 6] + (number & 63) &* Self.bucketBytes)
      .assumingMemoryBound(to: UInt64.self)
  }

  @inline(__always)
  private func number(of hash: UInt64) -> Int {
    let power = Self.power(bucketCount)
    let long = Int(truncatingIfNeeded: hash) & (2 &* power &- 1)
    return long < bucketCount ? long : long & (power &- 1)
  }

  @inline(__always)
  private static func slot(_ member: SortedSetMember, _ hash: UInt64) -> UInt64 {
    let address = UInt64(UInt(bitPattern: member.base))
    assert(address &>> 48 == 0)
    return hash & 0xFFFF_0000_0000_0000 | address
  }

  @inline(__always)
  private static func member(_ slot: UInt64) -> SortedSetMember {
    let address = UInt(slot & 0x0000_FFFF_FFFF_FFFF)
    return SortedSetMember(base: UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
  }

  /// The overflow bucket that hangs on `bucket`.
  @inline(__always)
  private static func overflow(of bucket: Bucket) -> Bucket? {
    let last = bucket[slotCount &- 1]
    return last & 1 == 0 ? nil : Bucket(bitPattern: UInt(last & ~1))
  }

  // MARK: Finding

  /// The member with these bytes.
  @inline(__always)
  func find(_ bytes: ByteView) -> SortedSetMember? {
    let hash = hash(bytes)
    let tag = hash &>> 48
    var bucket = bucket(number(of: hash))
    var index = 0
    while index < Self.slotCount {
      let slot = bucket[index]
      index &+= 1
      if slot & 1 != 0 {
        bucket = Bucket(bitPattern: UInt(slot & ~1)).unsafelyUnwrapped
        index = 0
        continue
      }
      if slot == 0 { return nil }
      if slot &>> 48 == tag {
        let member = Self.member(slot)
        if member.bytes == bytes { return member }
      }
    }
    return nil
  }

  // MARK: Changing

  /// Adds a member that is not there yet.
  mutating func insert(_ member: SortedSetMember, _ memory: ObjectMemory) {
    let hash = hash(member.bytes)
    add(Self.slot(member, hash), to: bucket(number(of: hash)), memory)
    count += 1
    if count > bucketCount * Self.splitLoad { split(memory) }
  }

  /// Takes a member out.
  mutating func remove(_ member: SortedSetMember, _ memory: ObjectMemory) {
    let hash = hash(member.bytes)
    let wanted = Self.slot(member, hash)
    var bucket = bucket(number(of: hash))
    var index = 0
    while bucket[index] != wanted {
      if bucket[index] & 1 != 0 {
        bucket = Bucket(bitPattern: UInt(bucket[index] & ~1)).unsafelyUnwrapped
        index = 0
        continue
      }
      precondition(bucket[index] != 0 && index + 1 < Self.slotCount, "no such member")
      index += 1
    }
    fill(bucket + index, from: self.bucket(number(of: hash)), memory)
    count -= 1
    if bucketCount > 1, count < bucketCount * Self.mergeLoad { merge(memory) }
  }

  private mutating func add(_ slot: UInt64, to first: Bucket, _ memory: ObjectMemory) {
    var bucket = first
    while let next = Self.overflow(of: bucket) { bucket = next }
    for index in 0..<Self.slotCount where bucket[index] == 0 {
      bucket[index] = slot
      return
    }
    let raw = memory.allocate(Self.bucketBytes)
    memset(raw, 0, Self.bucketBytes)
    let fresh = raw.bindMemory(to: UInt64.self, capacity: Self.slotCount)
    fresh[0] = bucket[Self.slotCount - 1]
    fresh[1] = slot
    bucket[Self.slotCount - 1] = UInt64(UInt(bitPattern: raw)) | 1
    overflowCount += 1
  }

  /// Puts the last slot of the chain that begins with `first` into the hole at `hole`.
  private mutating func fill(_ hole: Bucket, from first: Bucket, _ memory: ObjectMemory) {
    var bucket = first
    var before: Bucket?
    while let next = Self.overflow(of: bucket) {
      before = bucket
      bucket = next
    }
    var last = Self.slotCount - 1
    while bucket[last] == 0 { last -= 1 }
    hole.pointee = bucket[last]
    bucket[last] = 0
    guard let before, last == 1 else { return }
    before[Self.slotCount - 1] = bucket[0]
    memory.release(bucket)
    overflowCount -= 1
  }

  // MARK: Growing and shrinking

  /// Splits the next bucket in turn into itself and a new last one.
  private mutating func split(_ memory: ObjectMemory) {
    let fresh = bucketCount
    addBucket(memory)
    let source = fresh - Self.power(fresh)
    var slots = drain(source, memory)
    let low = bucket(source)
    let high = bucket(fresh)
    let bit = UInt64(Self.power(fresh))
    slots.forEach { slot in
      let isHigh = hash(Self.member(slot).bytes) & bit != 0
      add(slot, to: isHigh ? high : low, memory)
    }
    slots.destroy(memory)
  }

  /// Merges the last bucket into the one it came out of.
  private mutating func merge(_ memory: ObjectMemory) {
    let gone = bucketCount - 1
    var slots = drain(gone, memory)
    let target = bucket(gone - Self.power(gone))
    slots.forEach { add($0, to: target, memory) }
    slots.destroy(memory)
    bucketCount = gone
    if gone % Self.segmentBuckets == 0 {
      memory.release(directory[gone / Self.segmentBuckets])
    } else if gone < Self.segmentBuckets, gone & (gone - 1) == 0 {
      directory[0] = memory.reallocate(directory[0], gone * Self.bucketBytes)
    }
  }

  /// Slots taken out of a chain: 16 in place, the rest allocated.
  private struct Slots {
    var near = InlineArray<16, UInt64>(repeating: 0)
    var far: UnsafeMutablePointer<UInt64>?
    var count = 0

    mutating func forEach(_ body: (UInt64) -> Void) {
      for index in 0..<count {
        body(index < 16 ? near[index] : far.unsafelyUnwrapped[index - 16])
      }
    }

    func destroy(_ memory: ObjectMemory) {
      if let far { memory.release(far) }
    }
  }

  /// Empties a bucket and frees its overflow, loading the members on the way.
  private mutating func drain(_ number: Int, _ memory: ObjectMemory) -> Slots {
    var slots = Slots()
    let first = bucket(number)
    var chainCount = 1
    var bucket = first
    while let next = Self.overflow(of: bucket) {
      chainCount += 1
      bucket = next
    }
    if chainCount > 2 {
      slots.far = memory.allocate(chainCount * Self.bucketBytes)
        .bindMemory(to: UInt64.self, capacity: chainCount * Self.slotCount)
    }
    bucket = first
    for _ in 0..<chainCount {
      let next = Self.overflow(of: bucket)
      for index in 0..<Self.slotCount {
        let slot = bucket[index]
        if slot == 0 || slot & 1 != 0 { break }
        prefetch(Self.member(slot).base)
        if slots.count < 16 {
          slots.near[slots.count] = slot
        } else {
          slots.far.unsafelyUnwrapped[slots.count - 16] = slot
        }
        slots.count += 1
      }
      if bucket != first { memory.release(bucket) }
      if let next { bucket = next }
    }
    overflowCount -= chainCount - 1
    memset(first, 0, Self.bucketBytes)
    return slots
  }

  /// Makes room for one more bucket, an empty one.
  private mutating func addBucket(_ memory: ObjectMemory) {
    let fresh = bucketCount
    if fresh < Self.segmentBuckets {
      if fresh & (fresh - 1) == 0 {
        directory[0] = memory.reallocate(directory[0], fresh * 2 * Self.bucketBytes)
      }
    } else if fresh % Self.segmentBuckets == 0 {
      let segment = fresh / Self.segmentBuckets
      if segment == directoryCapacity {
        directoryCapacity *= 2
        directory = memory.reallocate(directory, directoryCapacity * 8)
          .assumingMemoryBound(to: UnsafeMutableRawPointer.self)
      }
      directory[segment] = memory.allocate(Self.segmentBuckets * Self.bucketBytes)
    }
    bucketCount = fresh + 1
    memset(bucket(fresh), 0, Self.bucketBytes)
  }

  // MARK: Walking

  /// Calls `body` with the members of the bucket that `cursor` names and goes on to the next.
  ///
  /// The walk goes through the hashes in the order of their reversed bits: there a bucket is an
  /// unbroken range, and stays one when it is split or merged, so a member that is there throughout
  /// is met whatever happens to the table between calls. Some may be met twice.
  ///
  /// - Returns: the next cursor, 0 at the end.
  func scan(_ cursor: UInt64, _ body: (SortedSetMember) -> Void) -> UInt64 {
    // The cursor is a hash that the bucket holds, its high bits 0.
    let number = number(of: cursor)
    var bucket = bucket(number)
    while true {
      for index in 0..<Self.slotCount {
        let slot = bucket[index]
        if slot == 0 || slot & 1 != 0 { break }
        body(Self.member(slot))
      }
      guard let next = Self.overflow(of: bucket) else { break }
      bucket = next
    }
    // Add one at the highest bit that numbers buckets, with carries going down.
    let power = Self.power(bucketCount)
    let isShort = number >= bucketCount - power && number < power
    let bits = power.trailingZeroBitCount + (isShort ? 0 : 1)
    guard bits > 0 else { return 0 }
    let reversed = (UInt64(number).bitReversed >> UInt64(64 - bits)) + 1
    return reversed >> UInt64(bits) != 0 ? 0 : (reversed << UInt64(64 - bits)).bitReversed
  }

  /// Checks the invariants; traps on damage.
  func checkInvariants() {
    var seen = 0
    var chained = 0
    for number in 0..<bucketCount {
      var bucket = bucket(number)
      var isOverflow = false
      while true {
        let filled = (0..<Self.slotCount).prefix { bucket[$0] != 0 }.count
        for index in 0..<filled where bucket[index] & 1 == 0 {
          let member = Self.member(bucket[index])
          let hash = hash(member.bytes)
          precondition(self.number(of: hash) == number && hash >> 48 == bucket[index] >> 48)
          seen += 1
        }
        for index in filled..<Self.slotCount { precondition(bucket[index] == 0) }
        if isOverflow { precondition(filled >= 2) }
        guard let next = Self.overflow(of: bucket) else { break }
        bucket = next
        isOverflow = true
        chained += 1
      }
    }
    precondition(seen == count && chained == overflowCount)
  }
}

extension UInt64 {
  /// The same bits in the opposite order.
  @inline(__always)
  fileprivate var bitReversed: UInt64 {
    var bits = byteSwapped
    bits = (bits & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (bits >> 4) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits & 0x3333_3333_3333_3333) << 2 | (bits >> 2) & 0x3333_3333_3333_3333
    return (bits & 0x5555_5555_5555_5555) << 1 | (bits >> 1) & 0x5555_5555_5555_5555
  }
}
