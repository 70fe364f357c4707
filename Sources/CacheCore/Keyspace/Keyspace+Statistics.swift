import Platform
import Synchronization

extension Keyspace {
  /// A snapshot of the counters. Locks a shard at a time, and the arenas.
  public var statistics: KeyspaceStatistics {
    var result = KeyspaceStatistics()
    var lag = LagHistogram()
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      result.add(shard.pointee, databaseCount: engine.databaseCount)
      lag.merge(shard.pointee.lag)
      shard.pointee.lock.release()
    }
    result.expiryLagMillisecondsP50 = lag.percentile(0.5)
    result.expiryLagMillisecondsP99 = lag.percentile(0.99)
    result.expiryLagMillisecondsMax = lag.maximum
    let memory = engine.memory
    for index in 0..<memory.pointee.heap.arenaCount {
      let arena = memory.pointee.heap.arenas + index
      result.slotBytes += arena.pointee.liveBytes.load(ordering: .relaxed)
      result.pageCount += arena.pointee.pageCount.load(ordering: .relaxed)
    }
    result.pageBytes = result.pageCount * Heap.pageBytes
    result.blobBytes = memory.pointee.blobBytes.pointee.load(ordering: .relaxed)
    result.tableBytes = memory.pointee.tableBytes.pointee.load(ordering: .relaxed)
    let pool = memory.pointee.heap.pool
    pool.pointee.lock.acquire()
    result.returnedBytes = pool.pointee.returnedBytes
    pool.pointee.lock.release()
    result.reclaimed = engine.control.pointee.reclaimer.pointee.freed.load(ordering: .relaxed)
    result.pendingReclaims =
      engine.control.pointee.reclaimer.pointee.pending.load(ordering: .relaxed)
    return result
  }

  /// Restarts hits, misses, expiries, evictions, lag and the number of entries moved. Locks a shard
  /// at a time.
  public func resetStatistics() {
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      shard.pointee.hits = 0
      shard.pointee.misses = 0
      shard.pointee.expired = 0
      shard.pointee.evicted = 0
      shard.pointee.evacuated = 0
      shard.pointee.lag.reset()
      shard.pointee.lock.release()
    }
    engine.control.pointee.reclaimer.pointee.freed.store(0, ordering: .relaxed)
  }
}

extension KeyspaceStatistics {
  fileprivate mutating func add(_ shard: borrowing Shard, databaseCount: Int) {
    hits += shard.hits
    misses += shard.misses
    expired += shard.expired
    evicted += shard.evicted
    evacuatedEntries += shard.evacuated
    if let wheel = shard.wheel { wheelReferences += wheel.pointee.referenceCount }
    for index in 0..<databaseCount {
      bucketCount += Int(shard.tables[index].bucketCount)
      overflowNodeCount += shard.tables[index].nodeCount
    }
  }
}
