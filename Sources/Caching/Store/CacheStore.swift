internal import Bytes
internal import CacheCore
internal import RESPServer
internal import Synchronization

/// Everything the module knows, by shard, and what becomes of it when keys change.
///
///     shard 0 … 63 → database → CacheNotes: tags, stale times, accounts, leases
///
/// A shard's notes are touched with the shard locked, or the gate held, as the server calls its
/// followers; so they need no lock of their own. `rules` changes with the gate held.
///
/// What is kept beside a key goes when the key goes, and when another value takes its place, by the
/// rule that holds for expiries: SET clears, SET KEEPTTL and changes in place keep, RENAME moves,
/// COPY copies.
final class CacheStore: @unchecked Sendable {
  // Sendable: see above.

  let host: ModuleHost
  let figures = CacheFigures()
  let clock = TagClock()
  let redact: (@Sendable (ByteView) -> [UInt8]?)?
  private let shards: UnsafeMutablePointer<CacheShard>
  private let nextToken: Atomic<UInt64>
  private let follows = Atomic<Bool>(false)

  /// Nil: there are none. Changed with the gate held.
  private(set) var rules: RuleSet?
  /// Counts changes of the rules, so that a walk of an older set stops.
  let ruleGeneration = Atomic<Int>(0)
  /// `cache-lease-ms` and `cache-leases-max`; changed with the gate held.
  var leaseMilliseconds: Int64 = 10_000
  var leasesOfShardMax = 1024

  init(_ host: ModuleHost, redact: (@Sendable (ByteView) -> [UInt8]?)?) {
    self.host = host
    self.redact = redact
    shards = .allocate(capacity: ShardIndex.count)
    shards.initialize(
      repeating: CacheShard(databaseCount: host.databaseCount), count: ShardIndex.count)
    nextToken = Atomic(UInt64.random(in: 1...1 << 62))
  }

  deinit {
    shards.deinitialize(count: ShardIndex.count)
    shards.deallocate()
  }

  /// From now on the module hears of changes. To be called with a key's shard locked, or the gate
  /// held, before anything is kept for that key.
  func followKeys() {
    if follows.load(ordering: .relaxed) { return }
    follows.store(true, ordering: .relaxed)
    host.followKeys()
  }

  // MARK: Notes

  /// The notes of a key's shard and database, if there are any.
  func existing(_ hash: KeyHash, _ database: DatabaseIndex) -> CacheNotes? {
    shards[Int(hash.shard.rawValue)][existing: database]
  }

  /// The same of a shard.
  func existing(_ shard: ShardIndex, _ database: DatabaseIndex) -> CacheNotes? {
    shards[Int(shard.rawValue)][existing: database]
  }

  /// The notes of a key's shard and database.
  func notes(_ hash: KeyHash, _ database: DatabaseIndex) -> CacheNotes {
    shards[Int(hash.shard.rawValue)].notes(of: database)
  }

  /// Tells the server how much memory the notes take now.
  func account(_ notes: CacheNotes) {
    let bytes = notes.byteCount
    guard bytes != notes.toldBytes else { return }
    host.addUsedMemory(bytes - notes.toldBytes)
    figures.bytes.count(bytes - notes.toldBytes)
    notes.toldBytes = bytes
  }

  /// Calls `body` with all notes. The gate is held.
  func forEachNotes(_ body: (CacheNotes) -> Void) {
    for index in 0..<ShardIndex.count { shards[index].visit { _, notes in body(notes) } }
  }

  // MARK: Leases

  /// Gives a lease on a key that has none. Its shard is locked.
  func giveLease(
    _ key: HashedKey, _ database: DatabaseIndex, milliseconds: Int64, now: Int64
  ) -> Lease {
    followKeys()
    let notes = notes(key.hash, database)
    let lease = Lease(
      token: nextToken.wrappingAdd(1, ordering: .relaxed).newValue, endsAt: now + milliseconds,
      sequence: clock.now, hash: key.hash.rawValue, name: key.bytes.array)
    if notes.leases.add(lease, capacity: leasesOfShardMax, now: now) {
      figures.leasesDisplaced.count()
    }
    figures.leasesGiven.count()
    account(notes)
    return lease
  }

  /// Ends a key's lease: who holds it has read what is old now.
  func voidLease(_ hash: KeyHash, _ database: DatabaseIndex) {
    guard let notes = existing(hash, database), notes.leases.remove(hash.rawValue) else { return }
    figures.leasesVoided.count()
    account(notes)
  }

  // MARK: Rules

  /// Puts rules into effect. The gate is held. Figures of what prefixes hold start at nothing; the
  /// walk counts them anew.
  func setRules(_ new: [CacheRule]) {
    let set = new.isEmpty ? nil : RuleSet(new, after: rules)
    rules = set
    ruleGeneration.wrappingAdd(1, ordering: .relaxed)
    var old: [HashMap] = []
    forEachNotes { notes in
      guard notes.accounts.count > 0 else { return }
      old.append(notes.accounts)
      notes.accounts.removeAll()
      account(notes)
    }
    if !old.isEmpty { MapRelease(old, host.task(onLoop: 0)).begin() }
    for entry in set?.entries ?? [] {
      entry.figures.keys.store(0, ordering: .relaxed)
      entry.figures.bytes.store(0, ordering: .relaxed)
    }
    host.follow(reads: set != nil, requests: set?.examinesWrites ?? false)
    guard set != nil else { return }
    followKeys()
    RuleWalk(self).begin()
  }
}

extension CacheStore: KeyFollower {
  func keyRemoved(_ key: HashedKey, in database: DatabaseIndex) {
    guard let notes = existing(key.hash, database) else { return }
    forgetValue(key, notes)
    removeAccount(key.hash.rawValue, notes)
    account(notes)
  }

  func keyReplaced(_ key: HashedKey, in database: DatabaseIndex) {
    guard let notes = existing(key.hash, database) else { return }
    forgetValue(key, notes)
    account(notes)
  }

  func keyTransferred(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex
  ) {
    guard let from = existing(source.hash, sourceDatabase) else { return }
    let tags = from.tags.tags(of: source.hash.rawValue, source.bytes)
    let staleTime = from.staleTimes[source.hash.rawValue]
    guard !tags.isEmpty || staleTime != nil else { return }
    let to = notes(target.hash, targetDatabase)
    for tag in tags.reversed() { _ = to.tags.add(tag, to: target.hash.rawValue, target.bytes) }
    if let staleTime { to.staleTimes[target.hash.rawValue] = staleTime }
    account(to)
  }

  private func forgetValue(_ key: HashedKey, _ notes: CacheNotes) {
    notes.tags.removeKey(key.hash.rawValue, key.bytes)
    notes.staleTimes[key.hash.rawValue] = nil
  }

  func keyChanged(_ key: HashedKey, in database: DatabaseIndex) -> Bool {
    voidLease(key.hash, database)
    return rules?.match(key.bytes) != nil
  }

  func keyRead(
    _ key: HashedKey, in database: DatabaseIndex, isFound: Bool, isInspection: Bool
  ) -> Bool {
    guard let rules, let index = rules.match(key.bytes) else { return false }
    let entry = rules.entries[index]
    if isFound { entry.figures.hits.count() } else { entry.figures.misses.count() }
    return isFound && !isInspection && entry.rule.isSliding
  }

  func databaseEmptied(_ database: DatabaseIndex?) {
    for index in 0..<ShardIndex.count {
      shards[index].visit { number, notes in
        guard database == nil || Int(database?.rawValue ?? 0) == number else { return }
        notes.accounts.visit { _, word in subtract(RuleAccount(word: word)) }
        host.addUsedMemory(-notes.toldBytes)
        figures.bytes.count(-notes.toldBytes)
        figures.leasesVoided.count(notes.leases.count)
      }
      for number in 0..<host.databaseCount
      where database == nil || Int(database?.rawValue ?? 0) == number {
        shards[index].clear(number)
      }
    }
  }

  func databasesSwapped(_ first: DatabaseIndex, _ second: DatabaseIndex) {
    for index in 0..<ShardIndex.count {
      shards[index].swap(first, second)
      // What is fetched now was missed in the other database.
      for database in [first, second] {
        guard let notes = shards[index][existing: database] else { continue }
        figures.leasesVoided.count(notes.leases.count)
        notes.leases = LeasePool()
        account(notes)
      }
    }
  }
}
