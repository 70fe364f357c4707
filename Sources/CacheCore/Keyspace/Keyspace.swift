public import Bytes

/// The key space: 64 shards of keys, values, deadlines and eviction state.
public struct Keyspace: ~Copyable, @unchecked Sendable {
  /// Hears of expiries and evictions; set once, before traffic.
  public var observer: (any KeyspaceObserver)?

  /// Reserves the regions and makes empty shards.
  public init(configuration: KeyspaceConfiguration) throws(KeyspaceStartError) {}

  /// Hashes a key with this process's secret.
  public func hash(_ key: ByteView) -> HashedKey {
    HashedKey(bytes: key, hash: KeyHash(rawValue: 0))
  }

  /// Starts loading the key's bucket into the cache. Needs no lock.
  public func prefetchBucket(of hash: KeyHash, in database: DatabaseIndex) {}
  /// Starts loading the key's entry; the bucket should have arrived. Needs no lock.
  public func prefetchEntry(of hash: KeyHash, in database: DatabaseIndex) {}

  /// Locks a shard. A no-op with one worker.
  public func lock(_ shard: ShardIndex) {}
  /// Unlocks a shard.
  public func unlock(_ shard: ShardIndex) {}
  /// Locks shards in index order.
  public func lock(_ shards: ShardSet) {}
  /// Unlocks shards.
  public func unlock(_ shards: ShardSet) {}

  // MARK: One key; the caller holds its shard's lock

  /// The key's entry. A due one is removed, the observer told, and not returned.
  public func find(
    _ key: HashedKey, in database: DatabaseIndex, now: Int64, access: AccessMode
  ) -> EntryHandle? { nil }

  /// What the entry holds.
  public func type(of entry: EntryHandle) -> ValueType { .string }
  /// The string's bytes, valid while the shard stays locked and the key unchanged.
  public func string(of entry: EntryHandle) -> ByteView { .empty }
  /// How the string is stored.
  public func stringEncoding(of entry: EntryHandle) -> StringEncoding { .raw }
  /// The blob that holds the string, if it is stored in one.
  public func blob(of entry: EntryHandle) -> Blob? { nil }
  /// The entry's key.
  public func key(of entry: EntryHandle) -> ByteView { .empty }
  /// When the entry is due, in cache time; nil when never.
  public func expiry(of entry: EntryHandle) -> Int64? { nil }
  /// Seconds since the last access, as well as the policy's bits can tell.
  public func idleSeconds(of entry: EntryHandle) -> Int { 0 }
  /// The logarithmic access counter of the LFU policies.
  public func frequency(of entry: EntryHandle) -> UInt8 { 0 }
  /// Bytes the entry costs, its share of the table included.
  public func memoryUsage(of entry: EntryHandle) -> Int { 0 }

  /// Sets the key to a copy of `value`, replacing whatever it held.
  ///
  /// - Parameter raw: whether the encoding is to be reported as raw whatever the length.
  public func setString(
    _ key: HashedKey, in database: DatabaseIndex, to value: ByteView, expiry: ExpiryUpdate,
    now: Int64, raw: Bool = false
  ) throws(CacheError) {}

  /// Sets the key to `blob`, whose reference passes to the key space (also when this throws).
  public func setString(
    _ key: HashedKey, in database: DatabaseIndex, adopting blob: Blob, expiry: ExpiryUpdate,
    now: Int64
  ) throws(CacheError) {}

  /// Makes the key's string at least `count` bytes long, new bytes zero, and returns its bytes
  /// for changing in place. The expiry is kept, the encoding becomes raw.
  public func mutableString(
    _ key: HashedKey, in database: DatabaseIndex, count: Int, now: Int64
  ) throws(CacheError) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// Sets or (nil) clears the key's expiry. False: no such key.
  public func setExpiry(
    _ key: HashedKey, in database: DatabaseIndex, at deadline: Int64?, now: Int64
  ) throws(CacheError) -> Bool { false }

  /// Removes the key. False: absent, or due, which counts as expired.
  public func remove(_ key: HashedKey, in database: DatabaseIndex, now: Int64) -> Bool { false }

  /// Gives the value of `source` to `target`, expiry included, replacing what `target` held.
  /// Both shards are locked. False: no `source`.
  public func move(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex, now: Int64
  ) throws(CacheError) -> Bool { false }

  /// Copies the value of `source` to `target`, expiry included, replacing what `target` held.
  /// Both shards are locked. False: no `source`.
  public func copy(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex, now: Int64
  ) throws(CacheError) -> Bool { false }

  // MARK: The whole space

  /// Calls `body` with about `count` keys from `cursor` on and returns the next cursor; 0 starts
  /// and ends. Whatever is present throughout is returned. Locks a shard at a time.
  public func scan(
    in database: DatabaseIndex, cursor: UInt64, count: Int, now: Int64,
    _ body: (ByteView, EntryHandle) -> Void
  ) -> UInt64 { 0 }

  /// Calls `body` with every key that is not due. The caller holds all shards or the gate.
  public func forEachKey(
    in database: DatabaseIndex, now: Int64, _ body: (ByteView, EntryHandle) -> Void
  ) {}

  /// A copy of some key, nil when there is none. Locks shards itself.
  public func randomKey(in database: DatabaseIndex, now: Int64) -> [UInt8]? { nil }
  /// Number of keys. Needs no lock.
  public func count(in database: DatabaseIndex) -> Int { 0 }
  /// Number of keys with an expiry. Needs no lock.
  public func expiringCount(in database: DatabaseIndex) -> Int { 0 }
  /// Mean time to live of the keys with an expiry, in milliseconds, by sampling.
  public func averageTTL(in database: DatabaseIndex, now: Int64) -> Int64 { 0 }

  /// Empties a database, or all with nil. The caller has the gate.
  public func flush(_ database: DatabaseIndex?, asynchronously: Bool) {}
  /// Exchanges two databases. The caller has the gate.
  public func swapDatabases(_ first: DatabaseIndex, _ second: DatabaseIndex) {}

  // MARK: Upkeep; each locks what it needs

  /// Removes due keys of the worker's shards; at most `limit` references are looked at.
  ///
  /// - Returns: the number looked at; `limit` means that more may be due.
  public func expireDue(worker: Int, now: Int64, limit: Int = 512) -> Int { 0 }
  /// When `expireDue` has something to do next; `Int64.max` when never.
  public func nextDeadline(worker: Int) -> Int64 { .max }
  /// The worker is about to sleep until `deadline`: earlier deadlines set by others wake it.
  public func willSleep(worker: Int, until deadline: Int64) {}
  /// The worker is awake again.
  public func didWake(worker: Int) {}

  /// Evicts until `usedMemory` is within `maxMemory`. False: not possible.
  public func makeRoom(worker: Int, now: Int64) -> Bool { true }
  /// Does a bounded slice of housekeeping. True: more is worth doing.
  public func maintain(worker: Int, now: Int64, budget: Int = 256) -> Bool { false }

  /// Bytes held: entries, tables, blobs, overhead.
  public var usedMemory: Int { 0 }
  /// Counts bytes that others hold (client buffers) as used.
  public func addOverhead(_ bytes: Int) {}
  /// A snapshot of the counters.
  public var statistics: KeyspaceStatistics { KeyspaceStatistics() }
  /// Restarts the counters.
  public func resetStatistics() {}

  /// The memory limit; 0 means none.
  public var maxMemory: Int { 0 }
  public func setMaxMemory(_ bytes: Int) {}
  /// The eviction policy.
  public var policy: EvictionPolicy { .noEviction }
  public func setPolicy(_ policy: EvictionPolicy) {}

  /// Checks every structure; traps on damage. For tests; nobody else may be active.
  public func checkInvariants() {}
}
