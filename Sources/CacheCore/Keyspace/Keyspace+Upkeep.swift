import Platform
import Synchronization

extension Keyspace {
  /// Empties a database, or all with nil. The caller has the gate.
  ///
  /// - Parameter asynchronously: whether the memory is freed in the background; the keys are gone
  ///   at once in either case.
  /// - Complexity: O(keys), or O(databases × shards) when asynchronous.
  public func flush(_ database: DatabaseIndex?, asynchronously: Bool) {
    for number in 0..<ShardIndex.count {
      let shard = engine.shard(ShardIndex(rawValue: UInt8(number)))
      // What goes is counted by whoever frees it; that it was there must be counted before.
      shard.pointee.objects.settle()
      for index in 0..<engine.databaseCount {
        if let database, Int(database.rawValue) != index { continue }
        let table = shard.pointee.tables + index
        if table.pointee.bucketCount == 0 { continue }
        var old = table.pointee
        table.pointee = Table(arena: shard.pointee.arena)
        if asynchronously {
          engine.reclaim(.table(old))
        } else {
          engine.dropTable(&old, background: nil)
        }
      }
      // References to what is gone are stale; without any key the wheel may start afresh.
      if database == nil, let wheel = shard.pointee.wheel {
        wheel.pointee.removeAll()
        engine.publishDeadline(shard)
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

  /// Lets due keys stay, unseen, when they are read (clients are paused, the data must not change),
  /// or be removed again. Elements of a collection that are due, which nobody sees, go all the same
  /// while others are not. The caller has the gate, and leaves `expireDue` alone meanwhile.
  public func setKeepsDueKeys(_ keepsDueKeys: Bool) {
    engine.control.pointee.keepsDueKeys = keepsDueKeys
  }

  /// Bytes held: live slots, tables, large strings, overhead told by `addOverhead`.
  public var usedMemory: Int { engine.usedMemory }

  /// Brings what collections have allocated lately into `usedMemory`, which lags behind by some
  /// kilobytes for each shard. The caller has the gate.
  public func settleMemory() {
    for number in 0..<ShardIndex.count {
      engine.shard(ShardIndex(rawValue: UInt8(number))).pointee.objects.settle()
    }
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
}
