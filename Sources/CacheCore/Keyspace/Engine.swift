import Bytes
import Platform
import Synchronization

/// What the key space is made of, behind one address: trivially copyable, so that wheel delegates
/// and candidate sources carry it along, and passed in a register. `Keyspace` owns it and is its
/// public face.
///
///     Engine → memory   heap, segments, hash, byte counters
///            → shards   64 × Shard, 128-byte aligned
///            → control  limits, next deadlines, workers, observer
///            → evictor  policy state
struct Engine: @unchecked Sendable {
  // Sendable: what the addresses lead to is guarded by shard, arena and pool locks, or atomic.
  private let parts: UnsafeMutablePointer<Parts>

  /// What never changes while the engine lives.
  private struct Parts {
    let memory: UnsafeMutablePointer<StoreMemory>
    let shardBase: UnsafeMutableRawPointer
    let control: UnsafeMutablePointer<Control>
    let evictor: UnsafeMutablePointer<Evictor>
    let databaseCount: Int
  }

  @inline(__always)
  var memory: UnsafeMutablePointer<StoreMemory> { parts.pointee.memory }
  @inline(__always)
  var shardBase: UnsafeMutableRawPointer { parts.pointee.shardBase }
  @inline(__always)
  var control: UnsafeMutablePointer<Control> { parts.pointee.control }
  @inline(__always)
  var evictor: UnsafeMutablePointer<Evictor> { parts.pointee.evictor }
  @inline(__always)
  var databaseCount: Int { parts.pointee.databaseCount }

  /// Bytes from one shard to the next: whole pairs of cache lines, for the prefetcher fetches
  /// pairs.
  @inline(__always)
  static var shardStride: Int { (MemoryLayout<Shard>.size &+ 127) & ~127 }

  @inline(__always)
  func shard(_ index: ShardIndex) -> UnsafeMutablePointer<Shard> {
    (shardBase + Int(index.rawValue) &* Self.shardStride).assumingMemoryBound(to: Shard.self)
  }

  /// Where a key belongs.
  @inline(__always)
  func site(_ hash: KeyHash, _ database: DatabaseIndex) -> Site {
    precondition(database.rawValue < databaseCount)
    let shard = shard(hash.shard)
    assert(shard.pointee.lock.isHeld)
    return Site(shard: shard, table: shard.pointee.tables + Int(database.rawValue))
  }
}

/// A shard and one of its tables.
struct Site {
  let shard: UnsafeMutablePointer<Shard>
  let table: UnsafeMutablePointer<Table>

  /// The database of the table.
  var database: DatabaseIndex {
    DatabaseIndex(rawValue: UInt8(table - shard.pointee.tables))
  }
}

/// Settings and state of the whole key space.
struct Control: ~Copyable {
  let workerCount: Int
  let isShared: Bool
  let maxMemory = Atomic<Int>(0)
  /// Bytes counted by others: client buffers.
  let overheadBytes = Atomic<Int>(0)
  /// Cache time at which the evictor's second changes.
  let secondEnd = Atomic<Int64>(.min)
  /// State of `Engine.random`.
  let randomState: Atomic<UInt64>
  /// For each shard a time before which its wheel has nothing to do.
  let deadlines: UnsafeMutablePointer<Atomic<Int64>>
  let workers: UnsafeMutablePointer<Worker>
  let reclaimer: UnsafeMutablePointer<Reclaimer>
  /// For collections that no shard has.
  let sharedObjects: ObjectMemory
  /// Whether the observer hears of every entry that goes or is replaced. Whoever sets it and cares
  /// for a key holds that key's shard, so the load may be relaxed.
  let tellsOfEntries = Atomic<Bool>(false)
  /// Whether reading leaves due keys where they are. Changed with the gate held.
  var keepsDueKeys = false
  var observer: (any KeyspaceObserver)?

  init(
    configuration: KeyspaceConfiguration, seed: UInt64,
    objectBytes: UnsafeMutablePointer<Atomic<Int>>
  ) {
    randomState = Atomic(seed)
    sharedObjects = ObjectMemory(total: objectBytes, .shared)
    workerCount = configuration.workerCount
    isShared = workerCount > 1
    maxMemory.store(configuration.maxMemory, ordering: .relaxed)
    deadlines = .allocate(capacity: ShardIndex.count)
    for index in 0..<ShardIndex.count { (deadlines + index).initialize(to: Atomic(.max)) }
    workers = .allocate(capacity: workerCount)
    for index in 0..<workerCount { (workers + index).initialize(to: Worker()) }
    reclaimer = .allocate(capacity: 1)
    reclaimer.initialize(to: Reclaimer())
  }

  deinit {
    sharedObjects.close()
    deadlines.deallocate()
    workers.deinitialize(count: workerCount)
    workers.deallocate()
    reclaimer.deinitialize(count: 1)
    reclaimer.deallocate()
  }
}

/// What belongs to one of the server's threads.
struct Worker: ~Copyable {
  /// Where `expireDue` goes on, so that no shard waits for another's storm.
  var expiryCursor = 0
  /// Until when it sleeps; `Int64.min` while it is awake.
  let sleepsUntil = Atomic<Int64>(.min)
  /// Where upkeep goes on.
  var upkeep = UpkeepState()
  let padding = InlineArray<8, UInt64>(repeating: 0)
}

extension Engine {
  static func make(_ configuration: KeyspaceConfiguration) throws(KeyspaceStartError) -> Engine {
    precondition(configuration.workerCount >= 1 && configuration.workerCount <= 1024)
    precondition(configuration.databaseCount >= 1 && configuration.databaseCount <= 256)
    let arenaCount = min(4, configuration.workerCount)
    let heap = Heap.make(bytesMax: configuration.regionBytesMax, arenaCount: arenaCount)
    guard let heap else {
      throw KeyspaceStartError(
        message: "cannot reserve address space for entries (ulimit -v, vm.overcommit_memory?)",
        bytes: PagePool.bytesMin, code: systemErrorCode())
    }
    // An eighth of the entries' region: enough for entries of 54 bytes on average.
    let tableBytes = heap.pool.pointee.region.reservedBytes / 8
    guard let segments = SegmentPool(bytes: tableBytes) else {
      throw KeyspaceStartError(
        message: "cannot reserve address space for tables (ulimit -v, vm.overcommit_memory?)",
        bytes: tableBytes, code: systemErrorCode())
    }
    ObjectMemory.putReserveAside()
    let hash = configuration.hashSeed.map { SipHash(key0: $0.0, key1: $0.1) } ?? .random()
    let memory = UnsafeMutablePointer<StoreMemory>.allocate(capacity: 1)
    memory.initialize(
      to: StoreMemory(
        heap: heap, segments: segments, sipHash: hash))
    let engine = Engine(memory: memory, configuration: configuration)
    engine.makeShards(arenaCount: arenaCount)
    return engine
  }

  private init(
    memory: UnsafeMutablePointer<StoreMemory>, configuration: KeyspaceConfiguration
  ) {
    let control = UnsafeMutablePointer<Control>.allocate(capacity: 1)
    control.initialize(
      to: Control(
        configuration: configuration, seed: memory.pointee.sipHash(ByteView("random")),
        objectBytes: memory.pointee.blobBytes))
    let evictor = UnsafeMutablePointer<Evictor>.allocate(capacity: 1)
    evictor.initialize(to: Evictor(policy: configuration.policy, second: 0))
    evictor.pointee.setFrequencySettings(
      logFactor: UInt32(clamping: configuration.lfuLogFactor),
      decayMinutes: UInt32(clamping: configuration.lfuDecayMinutes))
    parts = .allocate(capacity: 1)
    parts.initialize(
      to: Parts(
        memory: memory,
        shardBase: .allocate(byteCount: ShardIndex.count * Self.shardStride, alignment: 128),
        control: control, evictor: evictor, databaseCount: configuration.databaseCount))
  }

  private func makeShards(arenaCount: Int) {
    for number in 0..<ShardIndex.count {
      let tableBytes = (databaseCount * MemoryLayout<Table>.stride + 127) & ~127
      let tables = UnsafeMutableRawPointer.allocate(byteCount: tableBytes, alignment: 128)
        .bindMemory(to: Table.self, capacity: databaseCount)
      let arena = UInt8(number % arenaCount)
      tables.initialize(repeating: Table(arena: arena), count: databaseCount)
      let seed = memory.pointee.sipHash(ByteView("eviction")) &+ UInt64(number) &* 0x9E37_79B9
      shard(ShardIndex(rawValue: UInt8(number))).initialize(
        to: Shard(
          index: UInt8(number), arena: arena, isShared: control.pointee.isShared, tables: tables,
          objects: ObjectMemory(total: memory.pointee.blobBytes, .shard), seed: seed))
    }
  }

  /// 64 random bits for choices, not for secrets (SplitMix64 by Sebastiano Vigna). Any thread.
  func random() -> UInt64 {
    var word = control.pointee.randomState.wrappingAdd(
      0x9E37_79B9_7F4A_7C15, ordering: .relaxed
    ).newValue
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// Frees everything; nobody uses the engine any more.
  func destroy() {
    stopReclaimer()
    for number in 0..<ShardIndex.count {
      let shard = shard(ShardIndex(rawValue: UInt8(number)))
      for database in 0..<databaseCount {
        let table = shard.pointee.tables + database
        destroyPayloads(of: table.pointee)
        table.pointee.destroyStructure(memory)
      }
      shard.pointee.tables.deallocate()
      shard.pointee.objects.close()
      if let wheel = shard.pointee.wheel {
        wheel.deinitialize(count: 1)
        wheel.deallocate()
      }
      shard.deinitialize(count: 1)
    }
    shardBase.deallocate()
    evictor.deinitialize(count: 1)
    evictor.deallocate()
    control.deinitialize(count: 1)
    control.deallocate()
    memory.deinitialize(count: 1)
    memory.deallocate()
    parts.deallocate()
  }

  /// Frees what entries hold outside the heap; the heap itself goes as a whole.
  private func destroyPayloads(of table: Table) {
    for number in 0..<table.bucketCount {
      table.forEachHandle(inBucket: number, memory) { handle in
        destroyPayload(
          memory.pointee.entry(handle), background: control.pointee.sharedObjects)
      }
    }
  }
}
