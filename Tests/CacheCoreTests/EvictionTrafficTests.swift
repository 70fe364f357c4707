import SeededRandom
import Testing

@testable import CacheCore

/// Entries in a few buckets of two shards, as an evictor's owner.
private struct ToyTable: CandidateSource {
  var entries: [UInt32: (access: AccessBits, expiry: Int64)] = [:]
  var buckets: [[UInt32]]
  var ownHalf = 0
  var isOtherLocked = false
  var expiringCalls = 0

  init(bucketCount: Int) { buckets = Array(repeating: [], count: bucketCount) }

  static func hash(_ key: UInt32) -> UInt64 {
    var word = UInt64(key) &* 0x9E37_79B9_7F4A_7C15
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    // The low half is the key itself, so that the small queue's word leads back to the entry.
    return (word ^ (word >> 27)) & ~0xFFFF_FFFF | UInt64(key)
  }

  mutating func insert(_ key: UInt32, _ access: AccessBits, expiry: Int64) {
    entries[key] = (access, expiry)
    buckets[Int(key) % buckets.count].append(key)
  }

  mutating func remove(_ key: UInt32) {
    entries[key] = nil
    buckets[Int(key) % buckets.count].removeAll { $0 == key }
  }

  private func candidate(_ key: UInt32) -> EvictionCandidate? {
    entries[key].map {
      EvictionCandidate(reference: UInt64(key), access: $0.access, expiryMilliseconds: $0.expiry)
    }
  }

  private func add(half: Int, _ random: UInt64, _ candidates: inout CandidateSet) {
    let size = buckets.count / 2
    for key in buckets[half * size + Int(random % UInt64(size))] {
      if let candidate = candidate(key) { candidates.add(candidate) }
    }
  }

  mutating func sampleOwnShard(random: UInt64, into candidates: inout CandidateSet) {
    add(half: ownHalf, random, &candidates)
  }

  mutating func sampleOtherShard(random: UInt64, into candidates: inout CandidateSet) {
    if !isOtherLocked { add(half: 1 - ownHalf, random, &candidates) }
  }

  mutating func sampleExpiring(random: UInt64, into candidates: inout CandidateSet) {
    expiringCalls += 1
    for key in entries.keys where entries[key]?.expiry != EvictionCandidate.noExpiry {
      if let candidate = candidate(key) { candidates.add(candidate) }
    }
  }

  mutating func findSmallEntry(_ word: SmallQueueWord) -> SmallEntryLookup {
    guard let found = candidate(word.hashLow), AdaptiveBits(found.access).isSmall
    else { return .absent }
    return .found(found)
  }

  mutating func setAccess(_ access: AccessBits, of reference: UInt64) {
    entries[UInt32(reference)]?.access = access
  }
}

/// A cache of keys on an evictor; answers hits.
private struct ToyCache: ~Copyable {
  var table: ToyTable
  let evictor: Evictor
  var shard = EvictionShard(seed: 42)
  let capacity: Int

  init(_ policy: EvictionPolicy, capacity: Int) {
    self.capacity = capacity
    table = ToyTable(bucketCount: max(2, capacity / 19 * 2))
    evictor = Evictor(policy: policy, second: 1)
    evictor.setCapacity(capacity)
  }

  mutating func access(_ key: UInt32) -> Bool {
    let hash = ToyTable.hash(key)
    if let entry = table.entries[key] {
      table.entries[key]?.access = evictor.hit(entry.access, hash: hash, shard: &shard)
      return true
    }
    table.ownHalf = Int(key) % table.buckets.count / (table.buckets.count / 2) & 1
    while table.entries.count >= capacity {
      guard let victim = evictor.chooseVictim(hash: hash, shard: &shard, from: &table)
      else { return false }
      let victimKey = UInt32(victim.reference)
      let access = table.entries[victimKey]?.access ?? victim.access
      table.remove(victimKey)
      evictor.evicted(access, hash: ToyTable.hash(victimKey))
    }
    let access = evictor.inserted(hash: hash, shard: &shard)
    table.insert(key, access, expiry: EvictionCandidate.noExpiry)
    let range = evictor.sweepRange(
      bucketCount: table.buckets.count, limit: 16, shard: &shard)
    for bucket in range {
      for other in table.buckets[bucket] {
        if let bits = table.entries[other]?.access {
          table.entries[other]?.access = evictor.aged(bits)
        }
      }
    }
    return false
  }
}

private func hits(_ policy: EvictionPolicy, _ capacity: Int, _ trace: [UInt32]) -> Int {
  var cache = ToyCache(policy, capacity: capacity)
  var hits = 0
  for key in trace where cache.access(key) { hits += 1 }
  cache.evictor.checkInvariants()
  return hits
}

private func exactLRUHits(_ capacity: Int, _ trace: [UInt32]) -> Int {
  var cache = MiniLRU(capacity: capacity, capacityMax: capacity)
  return trace.filter { cache.access($0) }.count
}

@Suite struct EvictionTrafficTests {
  /// Keys with popularity falling as one over rank, roughly.
  private func zipf(_ count: Int, keys: UInt32, _ generator: inout SeededGenerator) -> [UInt32] {
    (0..<count).map { _ in
      let bound = UInt32.random(in: 1...keys, using: &generator)
      return UInt32.random(in: 0..<bound, using: &generator)
    }
  }

  @Test func sampledLRUIsCloseToExactLRU() {
    var generator = SeededGenerator(test: #function)
    var trace: [UInt32] = zipf(6000, keys: 1200, &generator)
    // A drifting working set, which only recency serves.
    for step in 0..<UInt32(6000) {
      trace.append(5000 + step / 4 + UInt32.random(in: 0..<150, using: &generator))
    }
    let exact = exactLRUHits(120, trace)
    let ours = hits(.allKeysLRU, 120, trace)
    #expect(abs(exact - ours) * 100 <= trace.count)
  }

  @Test func adaptiveLeavesLRUWhereScansPassThrough() {
    var generator = SeededGenerator(test: #function)
    var trace: [UInt32] = []
    var fresh: UInt32 = 1_000_000
    for _ in 0..<20 {
      trace += zipf(500, keys: 400, &generator)
      trace += (0..<200).map { fresh + $0 }
      fresh += 200
    }
    let exact = exactLRUHits(80, trace)
    let ours = hits(.allKeysAdaptive, 80, trace)
    #expect(ours > exact + trace.count / 50)
  }

  @Test func adaptiveStaysWithLRUWhereTheWorkingSetDrifts() {
    var generator = SeededGenerator(test: #function)
    let trace = (0..<UInt32(12_000)).map { step in
      step / 3 + UInt32.random(in: 0..<120, using: &generator)
    }
    let exact = exactLRUHits(100, trace)
    let ours = hits(.allKeysAdaptive, 100, trace)
    #expect(ours * 100 >= exact * 100 - trace.count)
  }

  @Test func everyPolicySurvivesALoop() {
    let trace = (0..<UInt32(3000)).map { $0 % 150 }
    for policy in EvictionPolicy.allCases {
      let count = hits(policy, 100, trace)
      #expect(count <= trace.count - 150)
      if policy == .noEviction { #expect(count == 100 * 19) }
    }
  }

  @Test func volatilePoliciesTakeOnlyKeysWithTTL() {
    for policy in EvictionPolicy.allCases where policy.isVolatile {
      var table = ToyTable(bucketCount: 400)
      let evictor = Evictor(policy: policy, second: 1)
      var shard = EvictionShard(seed: 3)
      for key in 0..<UInt32(4000) {
        let access = evictor.inserted(hash: ToyTable.hash(key), shard: &shard)
        table.insert(key, access, expiry: EvictionCandidate.noExpiry)
      }
      #expect(evictor.chooseVictim(hash: 1, shard: &shard, from: &table) == nil)
      #expect(table.expiringCalls > 0)
      table.insert(9_999, AccessBits(rawValue: 0), expiry: 1000)
      let victim = evictor.chooseVictim(hash: 1, shard: &shard, from: &table)
      #expect(victim?.reference == 9_999)
      table.isOtherLocked = true
      #expect(evictor.chooseVictim(hash: 1, shard: &shard, from: &table)?.reference == 9_999)
    }
  }

  @Test func volatileTTLTakesTheSoonest() {
    var table = ToyTable(bucketCount: 2)
    let evictor = Evictor(policy: .volatileTTL, second: 1)
    var shard = EvictionShard(seed: 3)
    for key in 0..<UInt32(20) {
      table.insert(key, AccessBits(rawValue: 0), expiry: key == 13 ? 500 : 1000 + Int64(key))
    }
    #expect(evictor.chooseVictim(hash: 1, shard: &shard, from: &table)?.reference == 13)
  }

  @Test func policyMayChangeUnderWay() {
    var table = ToyTable(bucketCount: 20)
    var evictor = Evictor(policy: .allKeysLRU, second: 1)
    var shard = EvictionShard(seed: 3)
    var generator = SeededGenerator(test: #function)
    evictor.setCapacity(100)
    for round in 0..<40 {
      evictor.setPolicy(EvictionPolicy.allCases[round % EvictionPolicy.allCases.count])
      for _ in 0..<60 {
        let key = UInt32.random(in: 0..<300, using: &generator)
        let hash = ToyTable.hash(key)
        if let entry = table.entries[key] {
          table.entries[key]?.access = evictor.hit(entry.access, hash: hash, shard: &shard)
          if key % 9 == 0 {
            table.remove(key)
            evictor.removed(entry.access, hash: hash)
          }
          continue
        }
        if table.entries.count >= 100 {
          let victim = evictor.chooseVictim(hash: hash, shard: &shard, from: &table)
          guard let victim else { continue }
          table.remove(UInt32(victim.reference))
          evictor.evicted(victim.access, hash: ToyTable.hash(UInt32(victim.reference)))
        }
        table.insert(
          key, evictor.inserted(hash: hash, shard: &shard), expiry: Int64(key) + 1000)
      }
      evictor.setCapacity(Int.random(in: 50...200, using: &generator))
      evictor.checkInvariants()
    }
    #expect(table.entries.count <= 100)
  }
}

/// Hands an evictor to several threads.
private final class SharedEvictor: Sendable {
  let evictor: Evictor
  init(_ policy: EvictionPolicy) { evictor = Evictor(policy: policy, second: 1) }
}

@Suite struct EvictionThreadTests {
  /// For ThreadSanitizer: shards of different threads, one evictor, capacity changing.
  @Test(arguments: [EvictionPolicy.allKeysLRU, .allKeysLFU, .allKeysAdaptive])
  func threadsShareAnEvictor(policy: EvictionPolicy) async {
    let shared = SharedEvictor(policy)
    await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 {
        group.addTask {
          var table = ToyTable(bucketCount: 10)
          var shard = EvictionShard(seed: UInt64(thread))
          var generator = SeededGenerator(test: #function)
          for step in 0..<1500 {
            let key = UInt32.random(in: 0..<200, using: &generator)
            let hash = ToyTable.hash(key)
            if let entry = table.entries[key] {
              let bits = shared.evictor.hit(entry.access, hash: hash, shard: &shard)
              table.entries[key]?.access = shared.evictor.aged(bits)
              continue
            }
            if table.entries.count >= 60 {
              let victim = shared.evictor.chooseVictim(hash: hash, shard: &shard, from: &table)
              if let victim {
                table.remove(UInt32(victim.reference))
                shared.evictor.evicted(
                  victim.access, hash: ToyTable.hash(UInt32(victim.reference)))
              }
            }
            let access = shared.evictor.inserted(hash: hash, shard: &shard)
            table.insert(key, access, expiry: EvictionCandidate.noExpiry)
            shared.evictor.advance(toSecond: UInt32(step / 10))
            if step % 100 == 0 { shared.evictor.setCapacity(200 + step + thread) }
          }
          return table.entries.count
        }
      }
      for await count in group { #expect(count <= 200) }
    }
    shared.evictor.checkInvariants()
  }
}
