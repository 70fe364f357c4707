import Platform
import Synchronization

extension Keyspace {
  /// Empties a database, or all with nil. The caller has the gate.
  public func flush(_ database: DatabaseIndex?, asynchronously: Bool) {
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      for index in 0..<engine.databaseCount {
        if let database, Int(database.rawValue) != index { continue }
        engine.dropTable(shard.pointee.tables + index)
      }
    }
  }

  /// Exchanges two databases. The caller has the gate.
  public func swapDatabases(_ first: DatabaseIndex, _ second: DatabaseIndex) {
    precondition(first.rawValue < engine.databaseCount)
    precondition(second.rawValue < engine.databaseCount)
    if first == second { return }
    for number in 0..<ShardIndex.count {
      let tables = engine.shard(ShardIndex(rawValue: UInt8(number))).pointee.tables
      let left = tables[Int(first.rawValue)]
      tables[Int(first.rawValue)] = tables[Int(second.rawValue)]
      tables[Int(second.rawValue)] = left
    }
  }

  /// Evicts until `usedMemory` is within `maxMemory`. False: not possible. Holds no lock on entry.
  public func makeRoom(worker: Int, now: Int64) -> Bool { true }

  /// Does a bounded slice of housekeeping. True: more is worth doing.
  public func maintain(worker: Int, now: Int64, budget: Int = 256) -> Bool { false }

  /// Bytes held: live slots, tables, large strings, overhead told by `addOverhead`.
  public var usedMemory: Int {
    let memory = engine.memory
    var total = memory.pointee.blobBytes.pointee.load(ordering: .relaxed)
    total += memory.pointee.tableBytes.pointee.load(ordering: .relaxed)
    total += engine.control.pointee.overheadBytes.load(ordering: .relaxed)
    for index in 0..<memory.pointee.heap.arenaCount {
      total += memory.pointee.heap.arenas[index].liveBytes.load(ordering: .relaxed)
    }
    return total
  }

  /// Counts bytes that others hold (client buffers) as used; negative to take them back.
  public func addOverhead(_ bytes: Int) {
    engine.control.pointee.overheadBytes.wrappingAdd(bytes, ordering: .relaxed)
  }

  /// The memory limit in bytes; 0 means none.
  public var maxMemory: Int { engine.control.pointee.maxMemory.load(ordering: .relaxed) }

  /// Changes the memory limit; `makeRoom` enforces it.
  public func setMaxMemory(_ bytes: Int) {
    engine.control.pointee.maxMemory.store(max(0, bytes), ordering: .relaxed)
  }

  /// The eviction policy.
  public var policy: EvictionPolicy { engine.evictor.pointee.policy }

  /// Changes the eviction policy. The caller has the gate.
  public func setPolicy(_ policy: EvictionPolicy) { engine.evictor.pointee.setPolicy(policy) }

  /// Changes `lfu-log-factor` and `lfu-decay-time` (minutes). The caller has the gate.
  public func setFrequencySettings(logFactor: Int, decayMinutes: Int) {
    engine.evictor.pointee.setFrequencySettings(
      logFactor: UInt32(clamping: logFactor), decayMinutes: UInt32(clamping: decayMinutes))
  }

  /// A snapshot of the counters. Locks a shard at a time.
  public var statistics: KeyspaceStatistics {
    var result = KeyspaceStatistics()
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      shard.pointee.lock.acquire()
      result.hits += shard.pointee.hits
      result.misses += shard.pointee.misses
      result.expired += shard.pointee.expired
      result.evicted += shard.pointee.evicted
      shard.pointee.lock.release()
    }
    return result
  }

  /// Restarts the counters. Locks a shard at a time.
  public func resetStatistics() {}
}

extension Engine {
  /// Empties a table at once.
  func dropTable(_ table: UnsafeMutablePointer<Table>) {
    for number in 0..<table.pointee.bucketCount {
      table.pointee.forEachHandle(inBucket: number, memory.pointee) { handle in
        destroyPayload(memory.pointee.entry(handle))
        memory.pointee.heap.free(handle)
      }
      table.pointee.freeNodes(ofBucket: number, memory.pointee)
    }
    table.pointee.destroyStructure(memory.pointee)
  }
}
