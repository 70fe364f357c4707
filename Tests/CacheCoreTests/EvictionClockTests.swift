import Testing

@testable import CacheCore

@Suite struct EvictionClockTests {
  @Test func idleTimeIsExactWhileFresh() {
    let evictor = Evictor(policy: .allKeysLRU, second: 5000)
    var shard = EvictionShard(seed: 1)
    let bits = evictor.inserted(hash: 1, shard: &shard)
    #expect(evictor.idleSeconds(bits) == 0)
    for second in UInt32(5001)...5300 {
      evictor.advance(toSecond: second)
      #expect(evictor.idleSeconds(bits) == second - 5000)
    }
    #expect(evictor.idleSeconds(evictor.hit(bits, hash: 1, shard: &shard)) == 0)
    // A silence of any length is no trouble.
    evictor.advance(toSecond: 50_000)
    #expect(evictor.idleSeconds(bits) == 45_000)
  }

  @Test func oldStampsStayOldThroughManyRings() {
    let evictor = Evictor(policy: .allKeysLRU, second: 10)
    var shard = EvictionShard(seed: 1)
    // Entries of growing age, swept as the owner would: order must never turn round.
    var entries: [AccessBits] = []
    for second in UInt32(11)...9000 {
      evictor.advance(toSecond: second)
      if second % 100 == 0 { entries.append(evictor.inserted(hash: 1, shard: &shard)) }
      for bucket in evictor.sweepRange(bucketCount: 256, limit: 64, shard: &shard) {
        for index in stride(from: bucket, to: entries.count, by: 256) {
          entries[index] = evictor.aged(entries[index])
        }
      }
      guard second % 250 == 0 else { continue }
      let ranks = entries.map { evictor.clock.stampRank($0) }
      for (older, newer) in zip(ranks, ranks.dropFirst()) { #expect(older >= newer) }
    }
    let oldest = evictor.idleSeconds(entries[0]) ?? 0
    #expect((8000...9100).contains(oldest))
  }

  @Test func restoreFindsStampsForAnyIdleTime() {
    let evictor = Evictor(policy: .allKeysLRU, second: 100)
    for idle in [UInt32(0), 1, 59, 500, 1000, 86_400, 3_000_000] {
      let bits = evictor.bits(idleSeconds: idle)
      let found = bits.flatMap { evictor.idleSeconds($0) } ?? 0
      #expect(found >= idle)
      #expect(found <= idle + idle / 10 + 1200)
    }
    #expect(evictor.frequency(AccessBits(rawValue: 9)) == nil)
    #expect(evictor.bits(frequency: 7) == nil)
  }

  @Test func frequencyDecaysWithTheClock() {
    let evictor = Evictor(policy: .allKeysLFU, second: 0)
    var shard = EvictionShard(seed: 1)
    let bits = evictor.inserted(hash: 1, shard: &shard)
    #expect(evictor.frequency(bits) == 5)
    evictor.advance(toSecond: 59)
    #expect(evictor.frequency(bits) == 5)
    evictor.advance(toSecond: 60)
    #expect(evictor.frequency(bits) == 4)
    evictor.advance(toSecond: 185)
    #expect(evictor.frequency(bits) == 2)
    #expect(evictor.idleSeconds(bits) == nil)
    #expect(evictor.bits(frequency: 200).flatMap { evictor.frequency($0) } == 200)
  }

  @Test func sweepCoversEveryBucketOncePerPass() {
    let evictor = Evictor(policy: .allKeysLRU, second: 0)
    var shard = EvictionShard(seed: 1)
    var visits = Array(repeating: 0, count: 37)
    for second in UInt32(1)...256 {
      evictor.advance(toSecond: second)
      // Twice, since a range ends at the last bucket.
      for _ in 0..<2 {
        for bucket in evictor.sweepRange(bucketCount: 37, limit: 8, shard: &shard) {
          visits[bucket] += 1
        }
      }
    }
    #expect(visits.allSatisfy { $0 == 1 })
    evictor.advance(toSecond: 257)
    let none = evictor.sweepRange(bucketCount: 37, limit: 8, shard: &shard)
    #expect(none.isEmpty)
  }

  @Test func ticksFollowInsertions() {
    let evictor = Evictor(policy: .allKeysLRU, second: 0)
    evictor.setCapacity(6400)
    var shard = EvictionShard(seed: 1)
    let first = evictor.inserted(hash: 1, shard: &shard)
    for hash in 0..<UInt64(6400) { _ = evictor.inserted(hash: hash, shard: &shard) }
    #expect((63...65).contains(evictor.clock.stampRank(first)))
  }
}
