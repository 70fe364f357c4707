import Bytes
import Glibc
import Platform

/// One shard's table for one database: linear hashing over buckets of a cache line.
///
///     directory  | segment number | segment number | ...       (malloc, doubles)
///     segment    | bucket × 64 |                               (4 KB)
///     bucket 64  | tag × 12 | overflow u32 | handle u32 × 12 |
///     node 24    | tag × 4  | next u32     | handle u32 × 4  |
///
/// A lookup compares 12 tags of 8 bits at once and reads an entry only when its tag agrees: one
/// line for the bucket, one for the entry, 1.04 entries per successful lookup. There is no resize
/// pause: the table grows by splitting one bucket per so many inserts and shrinks by merging one,
/// in an order that only depends on the number of buckets.
///
/// Bucket of a hash: its low bits modulo the next power of two, or modulo the half of it when
/// that bucket was not split off yet.
///
/// Invariants: a chain is dense: bucket before nodes, every part full before the next begins, no
/// empty node. Tag 0 is an empty place. Every handle stands exactly once.
///
/// Racing readers: prefetching looks at `directory` and `bucketCount` without the lock. A grown
/// directory is published before the count that needs it, and the old one is kept until the table
/// dies; segments stay mapped for ever. So such a reader sees rubbish at worst.
///
/// Memory at 8 entries a bucket: 64 / 8 = 8 bytes an entry, and 0.3 for nodes. At 9.5 it is
/// 0.7 bytes less, but three times as many lookups go on to a node, each a miss of the cache.
///
/// Linear hashing: Witold Litwin, 1980; buckets of a cache line with tags: as in Valkey's
/// hashtable.c and Swiss tables.
struct Table {
  /// Overflow nodes. First, because ThreadSanitizer books an exclusive access to the whole under
  /// the first field's address, and racing readers never look at this one.
  var nodeCount = 0
  /// Segment numbers; nil before the first insert.
  var directory: UnsafeMutablePointer<UInt32>?
  var bucketCount: UInt32 = 0
  /// Room in the directory.
  var directoryCapacity: UInt32 = 0
  /// Entries.
  var count = 0
  /// Entries with an expiry.
  var expiringCount = 0
  /// Collections whose elements have deadlines (`ObjectHeader.isTimed`).
  var timedCount = 0
  /// The arena of its nodes and entries.
  var arena: UInt8

  init(arena: UInt8) { self.arena = arena }

  /// Entries a bucket, times two, above which the table grows: 8 of 12.
  static var growAbove: Int { 16 }
  /// Entries a bucket, times two, below which it shrinks.
  static var shrinkBelow: Int { 10 }
  static var bucketBytes: Int { 64 }

  /// The bucket number of a hash in a table of `count` buckets, `count` > 0.
  @inline(__always)
  static func bucketNumber(of hash: KeyHash, count: UInt32) -> UInt32 {
    let low = UInt32(truncatingIfNeeded: hash.rawValue)
    // All ones up to the highest bit of count - 1; all of it for count = 1 is 0.
    let mask = count == 1 ? 0 : UInt32.max &>> UInt32((count &- 1).leadingZeroBitCount)
    let number = low & mask
    return number < count ? number : number & mask &>> 1
  }

  /// The address of a bucket.
  @inline(__always)
  func bucket(_ number: UInt32, _ memory: StorePointer) -> UnsafeMutableRawPointer {
    assert(number < bucketCount)
    // In bounds: the directory covers bucketCount.
    let segment = directory.unsafelyUnwrapped[Int(number &>> 6)]
    return memory.pointee.segmentBase + Int(segment) &* SegmentPool.segmentBytes
      + Int(number & 63) &* Self.bucketBytes
  }

  /// The bucket a hash belongs to; the table has buckets.
  @inline(__always)
  func bucket(of hash: KeyHash, _ memory: StorePointer) -> UnsafeMutableRawPointer {
    bucket(Self.bucketNumber(of: hash, count: bucketCount), memory)
  }
}

/// Where a handle stands in a table: the addresses of its tag and of itself.
struct TablePlace {
  let tag: UnsafeMutableRawPointer
  let handleSlot: UnsafeMutableRawPointer

  @inline(__always)
  var handle: UInt32 {
    get { handleSlot.load(as: UInt32.self) }
    nonmutating set { handleSlot.storeBytes(of: newValue, as: UInt32.self) }
  }
}

/// A bucket or node as raw memory: `width` tags, the number of the next node, `width` handles.
struct TableGroup {
  let base: UnsafeMutableRawPointer
  let width: Int

  @inline(__always)
  static func bucket(_ base: UnsafeMutableRawPointer) -> TableGroup {
    TableGroup(base: base, width: 12)
  }

  @inline(__always)
  static func node(_ base: UnsafeMutableRawPointer) -> TableGroup {
    TableGroup(base: base, width: 4)
  }

  @inline(__always)
  var next: UInt32 {
    get { base.load(fromByteOffset: width, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: width, as: UInt32.self) }
  }

  @inline(__always)
  func tag(_ index: Int) -> UInt8 {
    base.load(fromByteOffset: index, as: UInt8.self)
  }

  @inline(__always)
  func handle(_ index: Int) -> UInt32 {
    base.load(fromByteOffset: width &+ 4 &+ index &* 4, as: UInt32.self)
  }

  @inline(__always)
  func place(_ index: Int) -> TablePlace {
    TablePlace(tag: base + index, handleSlot: base + (width &+ 4 &+ index &* 4))
  }

  @inline(__always)
  func set(_ index: Int, tag: UInt8, handle: UInt32) {
    base.storeBytes(of: tag, toByteOffset: index, as: UInt8.self)
    base.storeBytes(of: handle, toByteOffset: width &+ 4 &+ index &* 4, as: UInt32.self)
  }

  /// Entries in this group; places are taken from the front.
  @inline(__always)
  var count: Int {
    var used = 0
    while used < width && tag(used) != 0 { used &+= 1 }
    return used
  }
}

extension Table {
  /// Where racing readers find the directory's address. Checked by a test.
  @inline(__always)
  static var directoryOffset: Int { 8 }
  /// Where racing readers find the number of buckets. Checked by a test.
  @inline(__always)
  static var bucketCountOffset: Int { 16 }
  /// Where racing readers find the number of entries, and of those with an expiry.
  static var countOffset: Int { 24 }
  static var expiringCountOffset: Int { 32 }
}
