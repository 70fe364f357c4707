import Platform
import Synchronization

/// The heap: small slots named by 32-bit handles, in pages of a region that never moves.
///
///     region   | page 0 (unused) | page 1 | page 2 | ...      16 KB each
///     pages    | 16 bytes of metadata for each, in a region of their own
///     page     | slot | slot | free slot | ... | never used → |      all of one size class
///     handle   address of a slot in 8-byte units: 2048 a page, 32 GB in all
///
/// A page belongs to one size class and one arena while it has live slots. Size classes step by
/// 8 bytes up to 1 KB, so rounding costs 3.5 bytes a slot on average; table nodes and wheel
/// chunks have classes of their own, so that memory is type-stable: what a stale handle points to
/// is an entry, a free slot, or lies in a page whose class says otherwise.
///
/// Free slots are threaded through a list *per page*: when a page's last slot is freed the page
/// goes back without unthreading anything, to any class and any arena.
///
/// Arenas are few (1 to 4) although shards are many: every pair of arena and class keeps half a
/// page unused on average, so 64 heaps would cost 64 × 64 × 8 KB on mixed sizes.
///
/// Lock order: shard → arena → page pool. Metadata of a page is guarded by its arena's lock while
/// it has an owner, else by the pool's.
///
/// Bounds: allocate and free are O(1); memory lost is under 2% (page tails, 16 bytes a page) plus
/// what sparse pages hold, which evacuation moves together (`Keyspace+Evacuation`).
struct Heap: ~Copyable {
  let base: UnsafeMutableRawPointer
  let pages: UnsafeMutablePointer<Page>
  let arenas: UnsafeMutablePointer<Arena>
  let arenaCount: Int
  let pool: UnsafeMutablePointer<PagePool>

  /// Bytes of a page.
  static var pageBytes: Int { 16384 }
  /// 8-byte units of a page.
  static var pageUnits: Int { 2048 }

  /// Reserves address space, `bytesMax` or less; nil when the system refuses even 64 MB.
  static func make(bytesMax: Int, arenaCount: Int) -> Heap? {
    // 2^32 handles of 8 bytes are 32 GB.
    let bytes = min(max(bytesMax, PagePool.bytesMin), 32 << 30) / pageBytes * pageBytes
    guard let region = ReservedRegion(bytes: bytes, atLeast: PagePool.bytesMin) else { return nil }
    let metadataBytes = region.reservedBytes / pageBytes * MemoryLayout<Page>.stride
    guard let metadata = ReservedRegion(bytes: metadataBytes, atLeast: metadataBytes) else {
      return nil
    }
    return Heap(pool: PagePool(region: region, metadata: metadata), arenaCount: arenaCount)
  }

  private init(pool: consuming PagePool, arenaCount: Int) {
    precondition(arenaCount >= 1 && arenaCount <= 4)
    precondition(MemoryLayout<Page>.size == 16)
    let poolPointer = UnsafeMutablePointer<PagePool>.allocate(capacity: 1)
    poolPointer.initialize(to: pool)
    self.pool = poolPointer
    base = poolPointer.pointee.region.base
    pages = poolPointer.pointee.metadata.base.bindMemory(
      to: Page.self, capacity: poolPointer.pointee.pageCountMax)
    self.arenaCount = arenaCount
    arenas = .allocate(capacity: arenaCount)
    for index in 0..<arenaCount { (arenas + index).initialize(to: Arena(index: UInt8(index))) }
  }

  deinit {
    for index in 0..<arenaCount { (arenas + index).deinitialize(count: 1) }
    arenas.deallocate()
    pool.deinitialize(count: 1)
    pool.deallocate()
  }

  /// The slot's address.
  @inline(__always)
  func address(_ handle: UInt32) -> UnsafeMutableRawPointer {
    base + Int(handle) &<< 3
  }

  /// One more than the number of pages ever handed out.
  var freshPage: UInt32 { pool.pointee.fresh.load(ordering: .relaxed) }

  /// The page a handle lies in.
  @inline(__always)
  func page(of handle: UInt32) -> UnsafeMutablePointer<Page> {
    pages + Int(handle &>> 11)
  }

  /// Allocates a slot in one of the arena's pages; nil when memory is exhausted. Its bytes are
  /// whatever was there before.
  func allocate(_ sizeClass: SizeClass, arena index: Int) -> UInt32? {
    let arena = arenas + index
    arena.pointee.lock.acquire()
    defer { arena.pointee.lock.release() }
    return allocateLocked(sizeClass, arena: arena)
  }

  /// Frees a slot. O(1).
  func free(_ handle: UInt32) {
    let page = page(of: handle)
    // The slot is live, so its page keeps its owner until the free below.
    let arena = arenas + Int(page.pointee.arena)
    arena.pointee.lock.acquire()
    freeLocked(handle, page: page, arena: arena)
    arena.pointee.lock.release()
  }
}

/// Which slots a page holds.
struct SizeClass: Equatable {
  let rawValue: UInt8

  /// Entries of 8, 16, ... 1024 bytes are the classes 0...127.
  static var entryCount: Int { 128 }
  /// Overflow nodes of the table, 24 bytes.
  static var node: SizeClass { SizeClass(rawValue: 128) }
  /// Nodes of the wheel: 16, 32, 64 and 128 bytes.
  @inline(__always)
  static func chunk(_ size: ChunkSize) -> SizeClass { SizeClass(rawValue: 129 &+ size.rawValue) }
  /// How many classes there are.
  static var count: Int { 133 }
  /// A page without an owner.
  static var none: SizeClass { SizeClass(rawValue: 255) }

  /// The class for an entry of `bytes` bytes, 1...1024.
  @inline(__always)
  static func entry(bytes: Int) -> SizeClass {
    assert(bytes >= 1 && bytes <= 1024)
    return SizeClass(rawValue: UInt8(truncatingIfNeeded: (bytes &- 1) &>> 3))
  }

  /// Whether its slots are entries.
  @inline(__always)
  var isEntry: Bool { rawValue < 128 }

  /// Size of a slot in units of 8 bytes.
  @inline(__always)
  var units: Int {
    if rawValue < 128 { return Int(rawValue) &+ 1 }
    return rawValue == 128 ? 3 : 2 &<< Int(rawValue &- 129)
  }
}

/// What is known of a page, beside it.
struct Page {
  /// `SizeClass.rawValue`.
  var sizeClass: UInt8
  /// The owner.
  var arena: UInt8
  /// Units from the page's start to its first free slot; `noSlot` when there is none.
  var freeHead: UInt16
  /// Live slots.
  var live: UInt16
  /// Units handed out at least once; the rest of the page was never used since it got its class.
  var bump: UInt16
  /// Neighbours in the arena's list of pages with room, or in the pool's list of free pages.
  var next: UInt32
  var previous: UInt32

  /// End of a page's free list.
  static var noSlot: UInt16 { 0xFFFF }
  /// Value of `previous` in a page that is in no list; page numbers stay far below it.
  static var unlisted: UInt32 { .max }
  /// Value of `previous` in a page that is being evacuated: it gives no slots.
  static var evacuating: UInt32 { .max - 1 }
}

/// Pages with room, by size class, under one lock.
struct Arena: ~Copyable {
  /// First page with room, by class; 0 when none.
  var partial: InlineArray<133, UInt32> = InlineArray(repeating: 0)
  /// Always a real lock: the reclaimer's thread frees slots even with a single worker.
  let lock = Lock(isShared: true)
  let index: UInt8
  /// Bytes of live slots. Stored under the lock with plain stores, read by anyone.
  let liveBytes = Atomic<Int>(0)
  /// Pages owned.
  let pageCount = Atomic<Int>(0)

  init(index: UInt8) { self.index = index }

  @inline(__always)
  func addLive(_ bytes: Int) {
    liveBytes.store(liveBytes.load(ordering: .relaxed) &+ bytes, ordering: .relaxed)
  }

  @inline(__always)
  func addPages(_ count: Int) {
    pageCount.store(pageCount.load(ordering: .relaxed) &+ count, ordering: .relaxed)
  }
}
