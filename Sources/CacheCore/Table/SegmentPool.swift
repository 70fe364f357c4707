import Platform

/// Segments: 64 buckets of 64 bytes in 4 KB, from a reserved region of their own.
///
/// Tables name segments by number, so a table grows by one segment at a time wherever there is
/// room, and a bucket's address never changes. Buckets are read at random, so what is filled of
/// the region is turned into huge pages, see `HugePageFrontier`.
struct SegmentPool: ~Copyable {
  var warmHead: UInt32 = 0
  /// Always a real lock: the reclaimer's thread frees segments.
  let lock = Lock(isShared: true)
  var region: ReservedRegion
  /// For each segment the next free one.
  var links: ReservedRegion
  let countMax: Int
  /// First segment never handed out. 0 never is.
  var fresh: UInt32 = 1
  var coldHead: UInt32 = 0
  var warmCount = 0
  var usedCount = 0

  /// Bytes of a segment.
  static var segmentBytes: Int { 4096 }
  /// Free segments that keep their memory; more are given back at once.
  static var warmMax: Int { 32 }

  private var hugePages = HugePageFrontier()

  /// Reserves address space for so many bytes of segments; nil when the system refuses.
  ///
  /// The regions are made here and not passed in: as consumed parameters they were released a
  /// second time in optimised code with sanitizers (Swift 6.3).
  init?(bytes: Int) {
    let linkBytes = bytes / Self.segmentBytes * 4
    guard let region = ReservedRegion(bytes: bytes, atLeast: bytes),
      let links = ReservedRegion(bytes: linkBytes, atLeast: linkBytes)
    else { return nil }
    countMax = region.reservedBytes / Self.segmentBytes
    precondition(links.reservedBytes >= countMax * 4)
    self.region = region
    self.links = links
  }

  /// Turns a chunk of handed-out segments into a huge page. The caller holds `lock`.
  ///
  /// - Returns: whether there may be another one.
  mutating func turnIntoHugePage() -> Bool {
    if coldHead != 0 { return false }
    return hugePages.turnNext(of: region, filledBytes: Int(fresh) * Self.segmentBytes)
  }

  /// A segment of zeroes; nil when memory is exhausted. The caller holds `lock`.
  mutating func take() -> UInt32? {
    let next = links.base.assumingMemoryBound(to: UInt32.self)
    let number: UInt32
    if warmHead != 0 {
      number = warmHead
      warmHead = next[Int(number)]
      warmCount -= 1
      let start = region.base + Int(number) * Self.segmentBytes
      start.initializeMemory(as: UInt64.self, repeating: 0, count: Self.segmentBytes / 8)
    } else if coldHead != 0 {
      number = coldHead
      coldHead = next[Int(number)]
    } else {
      guard Int(fresh) < countMax, links.commit(upTo: (Int(fresh) + 1) * 4),
        region.commit(upTo: (Int(fresh) + 1) * Self.segmentBytes)
      else { return nil }
      number = fresh
      fresh += 1
    }
    usedCount += 1
    return number
  }

  /// Takes a segment back. The caller holds `lock`.
  mutating func give(_ number: UInt32) {
    let next = links.base.assumingMemoryBound(to: UInt32.self)
    usedCount -= 1
    if warmCount < Self.warmMax {
      next[Int(number)] = warmHead
      warmHead = number
      warmCount += 1
    } else {
      region.decommit(offset: Int(number) * Self.segmentBytes, bytes: Self.segmentBytes)
      next[Int(number)] = coldHead
      coldHead = number
    }
  }
}
