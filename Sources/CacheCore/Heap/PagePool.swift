import Platform
import Synchronization

/// Pages that belong to nobody, and the front of the region that was never used.
///
/// A free page is *warm* while memory stands behind it and *cold* after that was given back.
/// Warm ones are handed out first. Upkeep cools warm pages beyond a reserve of 1/16 of those in
/// use, so that a load that comes and goes does not pay for page faults.
///
/// The caller of every mutating function holds `lock`.
struct PagePool: ~Copyable {
  var warmHead: UInt32 = 0
  let lock = Lock(isShared: true)
  var region: ReservedRegion
  var metadata: ReservedRegion
  let pageCountMax: Int
  /// First page never handed out. Page 0 never is: handle 0 names nothing.
  let fresh = Atomic<UInt32>(1)
  var coldHead: UInt32 = 0
  var warmCount = 0
  var coldCount = 0
  /// Pages in use.
  var usedCount = 0
  var returnedBytes: UInt64 = 0
  private var hugePages = HugePageFrontier()

  /// The least reserve to work with.
  static var bytesMin: Int { 64 << 20 }

  /// Joins the region of pages and that of their metadata.
  init(region: consuming ReservedRegion, metadata: consuming ReservedRegion) {
    pageCountMax = region.reservedBytes / Heap.pageBytes
    precondition(metadata.reservedBytes >= pageCountMax * MemoryLayout<Page>.stride)
    self.region = region
    self.metadata = metadata
  }

  /// A page for an arena; nil when the region or the system is exhausted.
  mutating func take() -> UInt32? {
    let pages = metadata.base.assumingMemoryBound(to: Page.self)
    let number: UInt32
    if warmHead != 0 {
      number = warmHead
      warmHead = pages[Int(number)].next
      warmCount -= 1
    } else if coldHead != 0 {
      number = coldHead
      coldHead = pages[Int(number)].next
      coldCount -= 1
    } else {
      number = fresh.load(ordering: .relaxed)
      guard Int(number) < pageCountMax, metadata.commit(upTo: (Int(number) + 1) * 16),
        region.commit(upTo: (Int(number) + 1) * Heap.pageBytes)
      else { return nil }
      fresh.store(number + 1, ordering: .relaxed)
    }
    usedCount += 1
    return number
  }

  /// Turns a chunk of handed-out pages into a huge page, unless memory is being given back.
  ///
  /// - Returns: whether there may be another one.
  mutating func turnIntoHugePage() -> Bool {
    if coldCount > 0 { return false }
    let filled = Int(fresh.load(ordering: .relaxed)) * Heap.pageBytes
    return hugePages.turnNext(of: region, filledBytes: filled)
  }

  /// Takes a page back.
  mutating func give(_ number: UInt32) {
    let pages = metadata.base.assumingMemoryBound(to: Page.self)
    pages[Int(number)].next = warmHead
    warmHead = number
    warmCount += 1
    usedCount -= 1
  }

  /// Gives the memory of at most `limit` warm pages beyond the reserve back to the system.
  ///
  /// - Returns: the number of pages cooled.
  mutating func cool(limit: Int) -> Int {
    let pages = metadata.base.assumingMemoryBound(to: Page.self)
    var cooled = 0
    while cooled < limit && warmCount > usedCount / 16 + 16 {
      let number = warmHead
      warmHead = pages[Int(number)].next
      region.decommit(offset: Int(number) * Heap.pageBytes, bytes: Heap.pageBytes)
      pages[Int(number)].next = coldHead
      coldHead = number
      warmCount -= 1
      coldCount += 1
      cooled += 1
    }
    returnedBytes += UInt64(cooled * Heap.pageBytes)
    return cooled
  }
}
