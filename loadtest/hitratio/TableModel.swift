import CacheCore

/// The key space reduced to what eviction sees: 64 shards of buckets of about 9.5 entries.
///
/// Access bits, victims, sweeps and queues all come from the library's `Evictor`, called as the
/// server calls it; only the table is simpler. Every key has a TTL, so that the volatile
/// policies have something to choose from, of one to two hours by its hash.
struct TableModel: ~Copyable {
  private static let shardCount = 64
  private static let entriesPerBucket = 9.5
  /// Requests per second of the simulated clock, for the LFU policies' decay.
  private static let requestsPerSecond = 1000

  private var table: Table
  private var evictor: Evictor
  private var shards: UnsafeMutablePointer<EvictionShard>
  private let capacity: Int
  private var requests = 0
  private(set) var modeChanges: [(request: Int, mode: AdaptiveMode)] = []

  init(policy: EvictionPolicy, capacity: Int, idCount: Int, seed: UInt64) {
    self.capacity = capacity
    evictor = Evictor(policy: policy, second: 1_000_000)
    evictor.setCapacity(capacity)
    let perShard = Double(capacity) / Double(Self.shardCount) / Self.entriesPerBucket
    table = Table(
      shardCount: Self.shardCount, bucketsPerShard: max(1, Int(perShard.rounded())),
      idCount: idCount, seed: seed)
    shards = .allocate(capacity: Self.shardCount)
    for shard in 0..<Self.shardCount {
      (shards + shard).initialize(to: EvictionShard(seed: mix64(seed &+ UInt64(shard))))
    }
  }

  deinit { shards.deinitialize(count: Self.shardCount).deallocate() }

  /// One request: a hit, or a miss followed by an insertion. Answers whether it hit.
  mutating func access(_ id: Int) -> Bool {
    requests += 1
    if requests % Self.requestsPerSecond == 0 {
      evictor.advance(toSecond: 1_000_000 + UInt32(requests / Self.requestsPerSecond))
      for shard in 0..<Self.shardCount { sweep(shard) }
    }
    let hash = table.hash(of: id)
    let shard = table.shard(of: hash)
    table.ownShard = shard
    if table.isCached(id) {
      table.access[id] = evictor.hit(table.access[id], hash: hash, shard: &shards[shard])
      noteMode()
      return true
    }
    while table.count >= capacity {
      guard
        let victim = evictor.chooseVictim(hash: hash, shard: &shards[shard], from: &table)
      else { return false }
      let victimID = Int(victim.reference)
      table.remove(victimID)
      evictor.evicted(table.access[victimID], hash: table.hash(of: victimID))
    }
    table.access[id] = evictor.inserted(hash: hash, shard: &shards[shard])
    table.insert(id)
    sweep(shard)
    noteMode()
    return false
  }

  private mutating func noteMode() {
    let mode = evictor.adaptiveMode
    if mode != (modeChanges.last?.mode ?? .lru) { modeChanges.append((requests, mode)) }
  }

  private mutating func sweep(_ shard: Int) {
    let range = evictor.sweepRange(
      bucketCount: table.bucketsPerShard, limit: 64, shard: &shards[shard])
    for bucket in range {
      for id in table.buckets[shard * table.bucketsPerShard + bucket] {
        table.access[Int(id)] = evictor.aged(table.access[Int(id)])
      }
    }
  }
}

/// The buckets, as a source of candidates.
private struct Table: CandidateSource {
  let shardCount: Int
  let bucketsPerShard: Int
  let seed: UInt64
  var buckets: [[Int32]]
  var access: [AccessBits]
  private var slot: [Int32]
  private var idByWord: [UInt32: Int32] = [:]
  var count = 0
  var ownShard = 0

  init(shardCount: Int, bucketsPerShard: Int, idCount: Int, seed: UInt64) {
    self.shardCount = shardCount
    self.bucketsPerShard = bucketsPerShard
    self.seed = seed
    buckets = Array(repeating: [], count: shardCount * bucketsPerShard)
    access = Array(repeating: AccessBits(rawValue: 0), count: idCount)
    slot = Array(repeating: -1, count: idCount)
    for id in 0..<idCount {
      idByWord[SmallQueueWord(hash: mix64(UInt64(id) ^ seed)).rawValue] = Int32(id)
    }
  }

  func hash(of id: Int) -> UInt64 { mix64(UInt64(id) ^ seed) }
  func shard(of hash: UInt64) -> Int { Int(hash >> 58) % shardCount }
  func isCached(_ id: Int) -> Bool { slot[id] >= 0 }

  private func bucket(of id: Int) -> Int {
    let hash = hash(of: id)
    return shard(of: hash) * bucketsPerShard
      + Int((hash & 0xFFFF_FFFF) % UInt64(bucketsPerShard))
  }

  mutating func insert(_ id: Int) {
    let bucket = bucket(of: id)
    slot[id] = Int32(buckets[bucket].count)
    buckets[bucket].append(Int32(id))
    count += 1
  }

  mutating func remove(_ id: Int) {
    let bucket = bucket(of: id)
    let place = Int(slot[id])
    let last = buckets[bucket].removeLast()
    if Int(last) != id {
      buckets[bucket][place] = last
      slot[Int(last)] = Int32(place)
    }
    slot[id] = -1
    count -= 1
  }

  private func candidate(_ id: Int) -> EvictionCandidate {
    EvictionCandidate(
      reference: UInt64(id), access: access[id],
      expiryMilliseconds: 3_600_000 + Int64(hash(of: id) >> 40) % 3_600_000)
  }

  private func add(_ bucket: Int, into candidates: inout CandidateSet) {
    for id in buckets[bucket] { candidates.add(candidate(Int(id))) }
  }

  mutating func sampleOwnShard(random: UInt64, into candidates: inout CandidateSet) {
    add(
      ownShard * bucketsPerShard + Int(random % UInt64(bucketsPerShard)), into: &candidates)
  }

  mutating func sampleOtherShard(random: UInt64, into candidates: inout CandidateSet) {
    let shard = Int(random >> 48) % shardCount
    add(
      shard * bucketsPerShard + Int((random & 0xFFFF_FFFF) % UInt64(bucketsPerShard)),
      into: &candidates)
  }

  mutating func sampleExpiring(random: UInt64, into candidates: inout CandidateSet) {}

  mutating func findSmallEntry(_ word: SmallQueueWord) -> SmallEntryLookup {
    guard let id = idByWord[word.rawValue], isCached(Int(id)),
      AdaptiveBits(access[Int(id)]).isSmall
    else { return .absent }
    return .found(candidate(Int(id)))
  }

  mutating func setAccess(_ bits: AccessBits, of reference: UInt64) {
    access[Int(reference)] = bits
  }
}
