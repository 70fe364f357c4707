import Platform
import Synchronization

/// Where a worker's upkeep goes on.
struct UpkeepState {
  var evacuation = EvacuationState()
  /// Which of the worker's shards is looked after next.
  var turn = 0
  /// When the evictor is told next how many entries fit.
  var capacityTime: Int64 = .min
}

extension Keyspace {
  /// Does a bounded slice of housekeeping of the worker's shards and arena: sweeps stale
  /// references, empties coarse slots of the wheels ahead of their time, ages eviction bits, moves
  /// entries out of sparse pages, and gives free pages back to the system. Locks what it needs.
  ///
  /// - Parameters:
  ///   - budget: references and slots to look at: 256 take some 50 µs.
  ///   - isIdle: whether there is nothing better to do; then moderately full pages are evacuated,
  ///     too.
  /// - Returns: whether more is worth doing soon.
  public func maintain(
    worker: Int, now: Int64, budget: Int = 256, isIdle: Bool = false
  ) -> Bool {
    let control = engine.control
    precondition(worker >= 0 && worker < control.pointee.workerCount)
    let state = control.pointee.workers + worker
    if now >= control.pointee.secondEnd.load(ordering: .relaxed) { engine.advanceSecond(now) }
    if worker == 0 && now >= state.pointee.upkeep.capacityTime {
      state.pointee.upkeep.capacityTime = now + 100
      engine.adjustCapacity()
    }
    // Never during a storm: what is due comes first.
    if nextDeadline(worker: worker) <= now { return true }
    var hasMore = engine.maintainShards(worker: worker, now: now, budget: budget)
    if worker < engine.memory.pointee.heap.arenaCount {
      let isBusy = engine.evacuate(
        &state.pointee.upkeep.evacuation, arena: worker, budget: budget, isIdle: isIdle, now: now)
      hasMore = hasMore || isBusy
    }
    let cooled = worker == 0 && engine.coolPages(limit: 16) == 16
    let turned = worker == 0 && engine.turnIntoHugePages()
    return hasMore || cooled || turned
  }
}

extension Engine {
  /// Looks after the worker's shards in turn until the budget is used up or each had its turn.
  ///
  /// - Returns: whether one has more to do.
  func maintainShards(worker: Int, now: Int64, budget: Int) -> Bool {
    let stride = control.pointee.workerCount
    let owned = (ShardIndex.count - worker + stride - 1) / stride
    if owned <= 0 { return false }
    let state = control.pointee.workers + worker
    var left = budget
    var hasMore = false
    for _ in 0..<owned {
      if left <= 0 { return true }
      let number = worker + state.pointee.upkeep.turn % owned * stride
      let shard = shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      let (used, more) = maintain(shard, now: now, limit: left)
      shard.pointee.lock.release()
      left -= used
      hasMore = hasMore || more
      state.pointee.upkeep.turn = (state.pointee.upkeep.turn + 1) % owned
    }
    return hasMore
  }

  /// A slice for one shard, which is locked.
  private func maintain(
    _ shard: UnsafeMutablePointer<Shard>, now: Int64, limit: Int
  ) -> (used: Int, more: Bool) {
    ageBuckets(shard)
    guard let wheel = shard.pointee.wheel, wheel.pointee.referenceCount > 0 else {
      return (0, false)
    }
    var delegate = ShardDelegate(engine: self, shard: shard)
    var used = 0
    var more = false
    if !shard.pointee.isSweeping {
      var expiring = 0
      for database in 0..<databaseCount {
        let table = shard.pointee.tables + database
        expiring += table.pointee.expiringCount + table.pointee.timedCount
      }
      shard.pointee.isSweeping = wheel.pointee.needsSweep(expiringCount: expiring)
    }
    if shard.pointee.isSweeping {
      let swept = wheel.pointee.sweep(now: now, limit: limit, &delegate)
      shard.pointee.isSweeping = swept.more
      used = swept.processed
      more = swept.more
    }
    if used < limit {
      let prepared = wheel.pointee.prepare(now: now, limit: limit - used, &delegate)
      used += prepared.processed
      more = more || prepared.more
    }
    publishDeadline(shard)
    return (used, more)
  }

  /// Tells the evictor how many entries fit: as many as there are, scaled by limit over use.
  func adjustCapacity() {
    var entries = 0
    for database in 0..<databaseCount {
      entries += racySum(DatabaseIndex(rawValue: UInt8(database)), Table.countOffset)
    }
    let limit = control.pointee.maxMemory.load(ordering: .relaxed)
    let used = usedMemory
    if limit > 0 && used > 0 {
      entries = Int(Double(entries) * Double(limit) / Double(used))
    }
    evictor.pointee.setCapacity(max(64, entries))
  }

  /// Gives up to `limit` free pages back to the system.
  ///
  /// - Returns: how many.
  func coolPages(limit: Int) -> Int {
    let pool = memory.pointee.heap.pool
    pool.pointee.lock.acquire()
    let cooled = pool.pointee.cool(limit: limit)
    pool.pointee.lock.release()
    return cooled
  }

  /// Makes a chunk of the table, or else one of the entries, a huge page.
  ///
  /// - Returns: whether there may be another one.
  func turnIntoHugePages() -> Bool {
    if memory.pointee.turnTableIntoHugePage() { return true }
    let pool = memory.pointee.heap.pool
    pool.pointee.lock.acquire()
    defer { pool.pointee.lock.release() }
    return pool.pointee.turnIntoHugePage()
  }

  /// See `Keyspace.usedMemory`.
  var usedMemory: Int {
    var total = memory.pointee.blobBytes.pointee.load(ordering: .relaxed)
    total += memory.pointee.tableBytes.pointee.load(ordering: .relaxed)
    total += control.pointee.overheadBytes.load(ordering: .relaxed)
    for index in 0..<memory.pointee.heap.arenaCount {
      total += memory.pointee.heap.arenas[index].liveBytes.load(ordering: .relaxed)
    }
    // Collections settle late: what they have freed may be counted before what they hold.
    return max(0, total)
  }
}
