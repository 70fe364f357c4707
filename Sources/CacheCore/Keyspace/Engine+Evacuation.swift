import Bytes
import Platform
import Synchronization

/// Moving entries out of sparse pages, so that the pages can go back.
///
/// Handles stand in tables and wheels only, so an entry moves by copying its slot and patching the
/// table: read the slot's key without a lock, hash it, lock the shard, look for the handle in its
/// tables; what is found is live and still. The wheel gets a reference to the new handle; the old
/// one is stale, which the wheel can tell.
///
///     page 40% full ──► its entries into other pages of the class ──► empty: back to the pool
///
/// A page that is being evacuated is out of its class's list, so it gives no slots meanwhile. What
/// is in it but in no table (an entry that some worker is just writing) stays, and the page goes
/// back into the list.
///
/// Which pages: when an arena's pages are less than 7/8 full on average, those less than half full,
/// or when idle those less than 85% full, of classes that have another page with room. Moving an
/// entry costs about 200 ns, and a page at fill f costs f/(1 - f) moves for each slot won: 1 at one
/// half, 5.7 at 85%, hence idle only.
struct EvacuationState {
  /// The page being evacuated, 0 for none.
  var page: UInt32 = 0
  var offset = 0
  /// Next page to look at.
  var cursor: UInt32 = 1
  /// Pages looked at since one was worth it.
  var fruitless = 0
  /// The arena's live bytes when a whole round found nothing, and whether that was the idle kind:
  /// there is no use in another round before a 64th has changed.
  var settledLive = -1
  var settledIdle = false

  /// Whether a round would find what the last one found: nothing.
  func isSettled(_ arena: borrowing Arena, isIdle: Bool) -> Bool {
    if settledLive < 0 || isIdle && !settledIdle { return false }
    let live = arena.liveBytes.load(ordering: .relaxed)
    let pages = arena.pageCount.load(ordering: .relaxed)
    return abs(live - settledLive) <= pages * Heap.pageBytes / 64
  }
}

extension Engine {
  /// Whether the arena's pages are so full that looking for sparse ones is not worth it.
  private func isDense(_ arena: UnsafeMutablePointer<Arena>) -> Bool {
    let pages = arena.pointee.pageCount.load(ordering: .relaxed)
    let live = arena.pointee.liveBytes.load(ordering: .relaxed)
    // Some pages are half full whatever one does: one for each class in use.
    return live >= (pages - 16) * Heap.pageBytes / 8 * 7
  }

  /// Goes on evacuating pages of arena `index`.
  ///
  /// - Parameters:
  ///   - budget: slots to look at.
  ///   - isIdle: whether fuller pages are worth it, too.
  /// - Returns: whether more is worth doing.
  func evacuate(
    _ state: inout EvacuationState, arena index: Int, budget: Int, isIdle: Bool, now: Int64
  ) -> Bool {
    let arena = memory.pointee.heap.arenas + index
    if state.page == 0 {
      if isDense(arena) || state.isSettled(arena.pointee, isIdle: isIdle) { return false }
      return claimSparsePage(&state, arena: arena, isIdle: isIdle)
    }
    let page = memory.pointee.heap.pages + Int(state.page)
    arena.pointee.lock.acquire()
    // It may have become empty and been given away, which resets the marker.
    let isMine = page.pointee.previous == Page.evacuating && page.pointee.arena == index
    let bump = Int(page.pointee.bump)
    let units = isMine ? SizeClass(rawValue: page.pointee.sizeClass).units : 1
    arena.pointee.lock.release()
    guard isMine else {
      state.page = 0
      return true
    }
    var looked = 0
    while state.offset < bump && looked < budget {
      let count = min(32, (bump - state.offset) / units, budget - looked)
      moveSlots(of: state.page, from: state.offset, units: units, count: count, now: now)
      state.offset += count * units
      looked += count
    }
    if state.offset >= bump { finishPage(&state, arena: arena) }
    return true
  }

  /// Looks through some pages' metadata for a sparse one and takes it out of its list.
  private func claimSparsePage(
    _ state: inout EvacuationState, arena: UnsafeMutablePointer<Arena>, isIdle: Bool
  ) -> Bool {
    let heap = memory.pointee.heap.pages
    let end = memory.pointee.heap.freshPage
    for _ in 0..<1024 {
      if state.fruitless > Int(end) {
        state.fruitless = 0
        state.settledLive = arena.pointee.liveBytes.load(ordering: .relaxed)
        state.settledIdle = isIdle
        return false
      }
      if state.cursor >= end { state.cursor = 1 }
      let number = state.cursor
      state.cursor += 1
      state.fruitless += 1
      let page = heap + Int(number)
      guard looksSparse(UnsafeRawPointer(page), arena.pointee.index, isIdle: isIdle) else {
        continue
      }
      arena.pointee.lock.acquire()
      let isClaimed = claim(page, number, arena: arena, isIdle: isIdle)
      arena.pointee.lock.release()
      if isClaimed {
        state.page = number
        state.offset = 0
        state.fruitless = 0
        return true
      }
    }
    return true
  }

  /// A guess without the lock.
  private func looksSparse(_ page: UnsafeRawPointer, _ arena: UInt8, isIdle: Bool) -> Bool {
    let word = racyLoad64(page)
    let sizeClass = SizeClass(rawValue: UInt8(truncatingIfNeeded: word))
    guard sizeClass.isEntry, UInt8(truncatingIfNeeded: word &>> 8) == arena else { return false }
    let live = Int(UInt16(truncatingIfNeeded: word &>> 32))
    return live * sizeClass.units * 100 < Heap.pageUnits * (isIdle ? 85 : 50)
  }

  /// The same with the lock; takes the page out of the list if another one has room.
  private func claim(
    _ page: UnsafeMutablePointer<Page>, _ number: UInt32, arena: UnsafeMutablePointer<Arena>,
    isIdle: Bool
  ) -> Bool {
    guard looksSparse(UnsafeRawPointer(page), arena.pointee.index, isIdle: isIdle),
      page.pointee.previous < Page.evacuating
    else { return false }
    let sizeClass = SizeClass(rawValue: page.pointee.sizeClass)
    let first = arena.pointee.partial[Int(sizeClass.rawValue)]
    // The only page with room stays: its entries would just move to a fresh one.
    if first == number && page.pointee.next == 0 { return false }
    memory.pointee.heap.unlink(page, sizeClass: sizeClass, arena: arena)
    page.pointee.previous = Page.evacuating
    return true
  }

  /// Puts a page back that still holds something.
  private func finishPage(_ state: inout EvacuationState, arena: UnsafeMutablePointer<Arena>) {
    let page = memory.pointee.heap.pages + Int(state.page)
    arena.pointee.lock.acquire()
    if page.pointee.previous == Page.evacuating && page.pointee.arena == arena.pointee.index {
      page.pointee.previous = Page.unlisted
      let sizeClass = SizeClass(rawValue: page.pointee.sizeClass)
      memory.pointee.heap.link(page, number: state.page, sizeClass: sizeClass, arena: arena)
    }
    arena.pointee.lock.release()
    state.page = 0
  }

  /// Moves up to 32 slots' entries. All are hashed first and their buckets prefetched together.
  private func moveSlots(of page: UInt32, from offset: Int, units: Int, count: Int, now: Int64) {
    var hashes = InlineArray<32, UInt64>(repeating: 0)
    var present: UInt32 = 0
    for index in 0..<count {
      let handle = page &<< 11 | UInt32(offset + index * units)
      guard let hash = racyHash(of: handle) else { continue }
      hashes[index] = hash.rawValue
      present |= 1 &<< UInt32(index)
      if let bucket = racyBucket(of: hash, in: .zero) { prefetch(bucket) }
    }
    for index in 0..<count where present & (1 &<< UInt32(index)) != 0 {
      let handle = page &<< 11 | UInt32(offset + index * units)
      moveEntry(handle, hash: KeyHash(rawValue: hashes[index]), now: now)
    }
  }

  /// Moves one entry, if it is still there, to another slot of its class.
  private func moveEntry(_ handle: UInt32, hash: KeyHash, now: Int64) {
    let shard = shard(hash.shard)
    shard.pointee.lock.acquire()
    defer { shard.pointee.lock.release() }
    guard let found = locate(handle, hash: hash, in: shard, onlyExpiring: false) else { return }
    let old = memory.pointee.entry(handle)
    let sizeClass = SizeClass.entry(bytes: old.layout.end)
    let arena = Int(shard.pointee.arena)
    guard let fresh = memory.pointee.heap.allocate(sizeClass, arena: arena) else { return }
    let entry = memory.pointee.entry(fresh)
    entry.base.copyMemory(from: old.base, byteCount: sizeClass.units * 8)
    found.place.handle = fresh
    memory.pointee.heap.free(handle)
    shard.pointee.evacuated &+= 1
    if let next = wakeTime(of: entry, in: shard) {
      entry.mark = 0
      addReference(fresh, at: next, in: shard, now: now)
    }
  }
}
