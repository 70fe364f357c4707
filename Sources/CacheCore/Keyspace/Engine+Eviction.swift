import Bytes
import Platform
import Synchronization

/// Where the evictor's candidates come from: buckets of all shards. The own shard is locked; others
/// are looked into only if their lock is free, so two evicting threads cannot wait for each other.
///
/// A candidate's reference is its handle and its shard: handle | shard << 32.
struct ShardCandidates: ~Copyable, CandidateSource {
  let engine: Engine
  let own: UnsafeMutablePointer<Shard>

  mutating func sampleOwnShard(random: UInt64, into candidates: inout CandidateSet) {
    sample(own, random, &candidates)
  }

  mutating func sampleOtherShard(random: UInt64, into candidates: inout CandidateSet) {
    let shard = engine.shard(ShardIndex(rawValue: UInt8(random & 63)))
    _ = withLock(of: shard) { sample(shard, random, &candidates) }
  }

  mutating func sampleExpiring(random: UInt64, into candidates: inout CandidateSet) {
    // Each shard once, from a random one on, until a few candidates are found.
    for step in 0..<64 where candidates.count < 16 {
      let number = UInt8(truncatingIfNeeded: random &+ UInt64(step)) & 63
      let shard = engine.shard(ShardIndex(rawValue: number))
      _ = withLock(of: shard) { sampleWheel(shard, random, &candidates) }
    }
    if candidates.count > 0 { return }
    // Stale references only: small tables are quickly walked.
    for step in 0..<64 where candidates.count == 0 {
      let number = UInt8(truncatingIfNeeded: random &+ UInt64(step)) & 63
      let shard = engine.shard(ShardIndex(rawValue: number))
      _ = withLock(of: shard) { sampleTables(shard, random, &candidates) }
    }
  }

  /// Adds entries that references in the wheel name: 64 references are looked at.
  private func sampleWheel(
    _ shard: UnsafeMutablePointer<Shard>, _ random: UInt64, _ candidates: inout CandidateSet
  ) {
    guard let wheel = shard.pointee.wheel else { return }
    wheel.pointee.sample(random: random, limit: 64) { handle in
      if engine.locate(handle, in: shard, onlyExpiring: true) != nil {
        candidates.add(candidate(handle, shard))
      }
    }
  }

  /// Adds the entries of up to 64 buckets of tables that hold something with an expiry.
  private func sampleTables(
    _ shard: UnsafeMutablePointer<Shard>, _ random: UInt64, _ candidates: inout CandidateSet
  ) {
    for database in 0..<engine.databaseCount {
      let table = shard.pointee.tables + database
      if table.pointee.expiringCount == 0 { continue }
      let buckets = table.pointee.bucketCount
      for probe in 0..<min(buckets, 64) {
        let number = (UInt32(truncatingIfNeeded: random &>> 32) &+ probe) % buckets
        table.pointee.forEachHandle(inBucket: number, engine.memory) { handle in
          if engine.memory.pointee.entry(handle).expiryWords > 0 {
            candidates.add(candidate(handle, shard))
          }
        }
      }
    }
  }

  mutating func findSmallEntry(_ word: SmallQueueWord) -> SmallEntryLookup {
    let shard = engine.shard(ShardIndex(rawValue: word.shard))
    var result = SmallEntryLookup.absent
    let wasFree = withLock(of: shard) {
      for database in 0..<engine.databaseCount {
        let table = shard.pointee.tables + database
        // 26 bits of the hash reach for 2^26 buckets a shard.
        if table.pointee.count == 0 || table.pointee.bucketCount > 1 << 26 { continue }
        let bits = KeyHash(rawValue: UInt64(word.hashLow))
        let number = Table.bucketNumber(of: bits, count: table.pointee.bucketCount)
        table.pointee.forEachHandle(inBucket: number, engine.memory) { handle in
          let entry = engine.memory.pointee.entry(handle)
          let bits = AccessBits(rawValue: entry.access)
          guard AdaptiveBits(bits).isSmall else { return }
          let hash = engine.memory.pointee.hash(of: entry).rawValue
          guard SmallQueueWord(hash: hash) == word else { return }
          result = .found(candidate(handle, shard))
        }
      }
    }
    return wasFree ? result : .busy
  }

  mutating func setAccess(_ access: AccessBits, of reference: UInt64) {
    let handle = UInt32(truncatingIfNeeded: reference)
    let shard = engine.shard(ShardIndex(rawValue: UInt8(reference &>> 32 & 63)))
    _ = withLock(of: shard) {
      if engine.locate(handle, in: shard, onlyExpiring: false) != nil {
        engine.memory.pointee.entry(handle).access = access.rawValue
      }
    }
  }

  /// Runs `body` with the shard locked; false when somebody else has it.
  private func withLock(of shard: UnsafeMutablePointer<Shard>, _ body: () -> Void) -> Bool {
    if shard == own {
      body()
      return true
    }
    guard shard.pointee.lock.tryAcquire() else { return false }
    body()
    shard.pointee.lock.release()
    return true
  }

  /// Adds the entries of a random bucket; the databases' buckets count as one row.
  private func sample(
    _ shard: UnsafeMutablePointer<Shard>, _ random: UInt64, _ candidates: inout CandidateSet
  ) {
    var total = 0
    for database in 0..<engine.databaseCount {
      total += Int(shard.pointee.tables[database].bucketCount)
    }
    if total == 0 { return }
    var number = Int(random &>> 8 % UInt64(total))
    for database in 0..<engine.databaseCount {
      let table = shard.pointee.tables + database
      let count = Int(table.pointee.bucketCount)
      if number >= count {
        number -= count
        continue
      }
      table.pointee.forEachHandle(inBucket: UInt32(number), engine.memory) { handle in
        candidates.add(candidate(handle, shard))
      }
      return
    }
  }

  private func candidate(
    _ handle: UInt32, _ shard: UnsafeMutablePointer<Shard>
  ) -> EvictionCandidate {
    let entry = engine.memory.pointee.entry(handle)
    return EvictionCandidate(
      reference: UInt64(handle) | UInt64(shard.pointee.index) &<< 32,
      access: AccessBits(rawValue: entry.access),
      expiryMilliseconds: engine.expiry(of: entry, in: shard) ?? EvictionCandidate.noExpiry)
  }
}

extension TimingWheel {
  /// Calls `body` with up to `limit` references: those in the first nodes of occupied slots, from a
  /// random slot on. For eviction under the volatile policies.
  func sample(random: UInt64, limit: Int, _ body: (UInt32) -> Void) {
    if referenceCount == 0 { return }
    let start = Int(random &>> 16 % UInt64(WheelSlot.count))
    var left = limit
    for step in 0..<WheelSlot.count where left > 0 {
      let slot = WheelSlot(rawValue: (start + step) % WheelSlot.count)
      guard isOccupied(slot) else { continue }
      let words = chunks.pointer(to: ChunkHandle(rawValue: heads[slot.rawValue]))
      let count = min(NodeFill(rawValue: fills[slot.rawValue]).count, left)
      for index in 0..<count { body(words[1 + index]) }
      left -= count
    }
  }
}

extension Keyspace {
  /// How many keys one call of `makeRoom` evicts at most: some milliseconds.
  private static var victimsMax: Int { 1024 }
  /// How often in a row a choice may come to nothing (its shard was locked meanwhile).
  private static var failuresMax: Int { 16 }
  /// How often in a row no key may be found that the policy allows to evict; more than once because
  /// locked shards are passed over.
  private static var vainSearchesMax: Int { 2 }

  /// Evicts until `usedMemory` is within `maxMemory`, or a thousand keys are gone: the rest is left
  /// to the next call, as Redis does, so that lowering the limit stops nobody. Holds no lock on
  /// entry.
  ///
  /// - Returns: false when memory is short and nothing could be evicted.
  public func makeRoom(worker: Int, now: Int64) -> Bool {
    let limit = maxMemory
    if limit == 0 || usedMemory <= limit { return true }
    if !policy.evicts { return false }
    var victims = 0
    var failures = 0
    var vainSearches = 0
    while usedMemory > limit {
      switch engine.evictOne(now: now) {
      case .evicted:
        victims += 1
        failures = 0
        vainSearches = 0
        if victims >= Self.victimsMax { return true }
      case .lost:
        failures += 1
        if failures >= Self.failuresMax { return victims > 0 }
      case .noCandidate:
        vainSearches += 1
        if vainSearches >= Self.vainSearchesMax { return victims > 0 }
      }
    }
    return true
  }
}

extension Engine {
  /// What came of an attempt to evict a key.
  enum EvictionOutcome {
    case evicted
    /// The chosen key was gone, or its shard was locked.
    case lost
    /// There was none to choose.
    case noCandidate
  }

  /// Evicts a key.
  func evictOne(now: Int64) -> EvictionOutcome {
    if now >= control.pointee.secondEnd.load(ordering: .relaxed) { advanceSecond(now) }
    let random = random()
    let own = shard(ShardIndex(rawValue: UInt8(random & 63)))
    own.pointee.lock.acquire()
    defer { own.pointee.lock.release() }
    var source = ShardCandidates(engine: self, own: own)
    let victim = evictor.pointee.chooseVictim(
      hash: random, shard: &own.pointee.eviction, from: &source)
    guard let victim else { return .noCandidate }
    let handle = UInt32(truncatingIfNeeded: victim.reference)
    let shard = shard(ShardIndex(rawValue: UInt8(victim.reference &>> 32 & 63)))
    if shard == own { return evict(handle, from: shard) ? .evicted : .lost }
    guard shard.pointee.lock.tryAcquire() else { return .lost }
    defer { shard.pointee.lock.release() }
    return evict(handle, from: shard) ? .evicted : .lost
  }

  private func evict(_ handle: UInt32, from shard: UnsafeMutablePointer<Shard>) -> Bool {
    guard let found = locate(handle, in: shard, onlyExpiring: false) else { return false }
    let entry = memory.pointee.entry(handle)
    let access = AccessBits(rawValue: entry.access)
    if let observer = control.pointee.observer {
      observer.keyspace(didEvict: entry.key, in: found.site.database)
    }
    shard.pointee.evicted &+= 1
    remove(found.place, hash: found.hash, at: found.site, isEviction: true)
    evictor.pointee.evicted(access, hash: found.hash.rawValue)
    return true
  }
}
