import Bytes
import Platform
import Synchronization

/// Tells a shard's wheel what its references mean. The shard is locked.
///
/// A reference may be stale: the entry it named has gone, and its slot may hold another entry, of
/// another shard even, which somebody may be writing to this moment. So an entry is looked up
/// before it is believed: read the header and the key without the lock's protection, hash the key,
/// and look for *the handle* in the tables of this shard. If it stands there, the entry is live, it
/// is this shard's, and the shard's lock keeps it still. If not, the reference is stale, whatever
/// was read. (`Engine.locate`; evacuation finds entries the same way.)
struct ShardDelegate: ~Copyable, WheelDelegate {
  let engine: Engine
  let shard: UnsafeMutablePointer<Shard>
  /// Due elements of collections that may still be removed this turn.
  var elementBudget = Engine.dueElementsMax

  init(engine: Engine, shard: UnsafeMutablePointer<Shard>) {
    self.engine = engine
    self.shard = shard
  }

  @inline(__always)
  func prefetch(_ handle: UInt32) {
    Platform.prefetch(UnsafeRawPointer(engine.memory.pointee.heap.page(of: handle)))
    Platform.prefetch(engine.memory.pointee.heap.address(handle))
  }

  @inline(__always)
  func prefetchForFiring(_ handle: UInt32) {
    guard let hash = engine.racyHash(of: handle), hash.shard.rawValue == shard.pointee.index else {
      return
    }
    for database in 0..<engine.databaseCount {
      if !shard.pointee.tables[database].hasDeadlines { continue }
      let index = DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: database))
      if let bucket = engine.racyBucket(of: hash, in: index) { Platform.prefetch(bucket) }
    }
  }

  @inline(__always)
  mutating func deadline(of handle: UInt32) -> Int64? {
    guard engine.locate(handle, in: shard, onlyExpiring: true) != nil else { return nil }
    return engine.wakeTime(of: engine.memory.pointee.entry(handle), in: shard)
  }

  @inline(__always)
  mutating func fire(_ handle: UInt32, now: Int64) -> FireResult {
    guard let found = engine.locate(handle, in: shard, onlyExpiring: true) else { return .done }
    let entry = engine.memory.pointee.entry(handle)
    if entry.expiryWords != 0, engine.deadline(of: entry, in: shard) <= now {
      engine.expire(found.place, hash: found.hash, at: found.site, now: now)
      return .done
    }
    if engine.isTimed(entry) {
      let limit = min(Engine.dueElementsMax, elementBudget)
      let removed = engine.removeDueElements(found, now: now, limit: limit)
      if removed.isKeyGone { return .done }
      elementBudget &-= removed.count
    }
    guard let next = engine.wakeTime(of: entry, in: shard) else { return .done }
    return .reinsert(at: next)
  }

  @inline(__always)
  mutating func mark(_ handle: UInt32) -> Bool {
    let entry = engine.memory.pointee.entry(handle)
    let wasMarked = entry.mark == 1
    entry.mark = 1
    return wasMarked
  }

  @inline(__always)
  mutating func unmark(_ handle: UInt32) {
    engine.memory.pointee.entry(handle).mark = 0
  }
}

/// An entry found by its handle.
struct LocatedEntry {
  let place: TablePlace
  let hash: KeyHash
  let site: Site
}

extension Engine {
  /// The hash of the key that a handle's slot seems to hold; nil when the slot is not in use. Needs
  /// no lock: what is read may be torn, but reading stays inside the page.
  func racyHash(of handle: UInt32) -> KeyHash? {
    let heap = memory.pointee.heap.base
    let page = UnsafeRawPointer(memory.pointee.heap.page(of: handle))
    // A free page may have lost its memory: reading it would bring a page of zeroes back.
    guard SizeClass(rawValue: racyLoad8(page)).isEntry else { return nil }
    let start = UnsafeRawPointer(heap) + Int(handle) &<< 3
    let room = Heap.pageBytes &- Int(handle & 0x7FF) &<< 3
    let header = racyLoad8(start)
    let words = Int(header &>> 2 & 3)
    if words == 3 { return nil }
    let field = Int(racyLoad8(start + 2))
    var offset = 3 &+ words &* 4
    if EntryKind(rawValue: header & 3).isInlineString {
      offset &+= racyLoad8(start + 3) < 128 ? 1 : 2
    }
    // In bounds: what does not fit into the page was torn.
    guard offset &+ (field == 255 ? 16 : field) <= room else { return nil }
    if field == 255 {
      var word: UInt64 = 0
      racyCopy(to: &word, from: start + offset + 8, count: 8)
      return KeyHash(rawValue: word)
    }
    var copy = InlineArray<32, UInt64>(repeating: 0)
    return withUnsafeMutableBytes(of: &copy) { buffer in
      let base = buffer.baseAddress.unsafelyUnwrapped
      racyCopy(to: base, from: start + offset, count: field)
      let key = ByteView(UnsafeRawBufferPointer(start: base, count: field))
      return KeyHash(rawValue: memory.pointee.sipHash(key))
    }
  }

  /// Finds a live entry of this shard, which is locked, by its handle.
  func locate(
    _ handle: UInt32, in shard: UnsafeMutablePointer<Shard>, onlyExpiring: Bool
  ) -> LocatedEntry? {
    guard let hash = racyHash(of: handle), hash.shard.rawValue == shard.pointee.index else {
      return nil
    }
    return locate(handle, hash: hash, in: shard, onlyExpiring: onlyExpiring)
  }

  /// `locate` with the hash known.
  @inline(__always)
  func locate(
    _ handle: UInt32, hash: KeyHash, in shard: UnsafeMutablePointer<Shard>, onlyExpiring: Bool
  ) -> LocatedEntry? {
    for database in 0..<databaseCount {
      let table = shard.pointee.tables + database
      if table.pointee.count == 0 { continue }
      if onlyExpiring && !table.pointee.hasDeadlines { continue }
      guard let place = table.pointee.find(handle: handle, hash: hash, memory) else {
        continue
      }
      let entry = memory.pointee.entry(handle)
      if onlyExpiring && entry.expiryWords == 0 && !isTimed(entry) { return nil }
      return LocatedEntry(place: place, hash: hash, site: Site(shard: shard, table: table))
    }
    return nil
  }

  /// Turns the wheel of one shard, which is locked.
  ///
  /// - Returns: references looked at.
  func turnWheel(
    _ shard: UnsafeMutablePointer<Shard>, now: Int64, limit: Int
  ) -> Int {
    guard let wheel = shard.pointee.wheel else { return 0 }
    var delegate = ShardDelegate(engine: self, shard: shard)
    let (processed, more) = wheel.pointee.advance(to: now, limit: limit, &delegate)
    // Nothing that was due before now is left, so stamps may count from now.
    if !more && now > shard.pointee.clock { shard.pointee.clock = now }
    publishDeadline(shard)
    return processed
  }

  /// Tells everybody when the shard's wheel has something to do next.
  func publishDeadline(_ shard: UnsafeMutablePointer<Shard>) {
    guard let wheel = shard.pointee.wheel else { return }
    (control.pointee.deadlines + Int(shard.pointee.index)).pointee
      .store(wheel.pointee.nextDeadline(), ordering: .sequentiallyConsistent)
  }
}

extension Keyspace {
  /// Removes due keys of the worker's shards; at most `limit` references are looked at. Shard s is
  /// served by worker `s % workerCount`.
  ///
  /// - Returns: the number looked at; `limit` means that more may be due.
  /// - Complexity: O(`limit`), and a load per shard.
  public func expireDue(worker: Int, now: Int64, limit: Int = 512) -> Int {
    let control = engine.control
    precondition(worker >= 0 && worker < control.pointee.workerCount)
    let state = control.pointee.workers + worker
    let stride = control.pointee.workerCount
    let owned = (ShardIndex.count - worker + stride - 1) / stride
    if owned <= 0 { return 0 }
    var processed = 0
    for step in 0..<owned {
      let turn = (state.pointee.expiryCursor + step) % owned
      let number = worker + turn * stride
      let due = control.pointee.deadlines[number].load(ordering: .sequentiallyConsistent)
      if due > now { continue }
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      processed += engine.turnWheel(shard, now: now, limit: limit - processed)
      shard.pointee.lock.release()
      if processed >= limit {
        // The next call begins with another shard, so that a storm in one delays none.
        state.pointee.expiryCursor = (turn + 1) % owned
        return processed
      }
    }
    return processed
  }

  /// When `expireDue` has something to do next; `Int64.max` when never.
  ///
  /// - Complexity: a load per shard of the worker.
  public func nextDeadline(worker: Int) -> Int64 {
    let control = engine.control
    precondition(worker >= 0 && worker < control.pointee.workerCount)
    var earliest = Int64.max
    var number = worker
    while number < ShardIndex.count {
      let due = control.pointee.deadlines[number].load(ordering: .sequentiallyConsistent)
      earliest = min(earliest, due)
      number += control.pointee.workerCount
    }
    return earliest
  }

  /// The worker is about to sleep until `deadline` at most; an earlier one set by another thread
  /// makes the observer wake it.
  ///
  /// - Returns: when to wake up: `deadline`, or earlier if something came in just now.
  @discardableResult
  public func willSleep(worker: Int, until deadline: Int64) -> Int64 {
    precondition(worker >= 0 && worker < engine.control.pointee.workerCount)
    // The store comes before the look at the deadlines, and an insert stores its deadline before it
    // looks at the sleeper: one of the two sees the other.
    engine.control.pointee.workers[worker].sleepsUntil
      .store(deadline, ordering: .sequentiallyConsistent)
    return min(deadline, nextDeadline(worker: worker))
  }

  /// The worker is awake again.
  public func didWake(worker: Int) {
    precondition(worker >= 0 && worker < engine.control.pointee.workerCount)
    engine.control.pointee.workers[worker].sleepsUntil
      .store(.min, ordering: .sequentiallyConsistent)
  }
}
