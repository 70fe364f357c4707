public import Bytes
import Platform
import Synchronization

/// A cache inside your own process: keys and values in compact memory, expiry to the millisecond,
/// eviction. Use it from any thread.
///
/// ```swift
/// let cache = try Cache(Cache.Configuration(memoryLimit: 256 << 20, policy: .allKeysAdaptive))
/// try cache.set("session:42", Array("hello".utf8), expiresIn: .seconds(30))
/// let value = cache.get("session:42")              // Optional([104, 101, 108, 108, 111])
/// let visits = try cache.increment("visits")       // 1
/// cache.remove("session:42")
/// ```
///
/// It is the same engine that serves Redis clients, without sockets and protocol. Values are bytes;
/// reading copies them out, or gives a closure a view of them (`withValue`). Keys that are due are
/// never returned, and a small thread of the cache's own removes them and gives memory back; it
/// sleeps while nothing is due.
///
/// Trade-off: a lookup takes a lock (64 of them share the keys), about 20 ns more than the engine
/// with a single thread.
public final class Cache: Sendable {
  /// What a cache is made with.
  public struct Configuration: Sendable {
    /// Keys are evicted beyond this many bytes; 0 means no limit.
    public var memoryLimit: Int
    /// Which keys are evicted.
    public var policy: EvictionPolicy
    /// Address space to reserve for entries, at most 32 GB; it costs no memory.
    public var regionBytesMax: Int

    /// Makes a configuration; by default nothing is ever evicted.
    public init(
      memoryLimit: Int = 0, policy: EvictionPolicy = .allKeysLRU, regionBytesMax: Int = 32 << 30
    ) {
      self.memoryLimit = memoryLimit
      self.policy = policy
      self.regionBytesMax = regionBytesMax
    }
  }

  /// Why `increment` did not happen.
  public enum IncrementError: Error {
    /// The value is not a decimal number of 64 bits.
    case notANumber
    /// The result would not fit into 64 bits.
    case overflow
    /// No memory for the new value.
    case outOfMemory
  }

  /// Everything but the thread's handle, so that the thread does not keep the cache alive.
  private let state: CacheState
  private let thread: Thread

  /// Makes an empty cache and starts its thread.
  ///
  /// - Throws: `KeyspaceStartError` when the system refuses address space, `Errno` when it refuses
  ///   a thread.
  public init(_ configuration: Configuration = Configuration()) throws {
    let state = try CacheState(configuration)
    self.state = state
    thread = try Thread(name: "cache upkeep") { state.runUpkeep() }
  }

  deinit {
    state.stop()
    thread.join()
  }

  // MARK: Values

  /// Sets `key` to a copy of `value`.
  ///
  /// - Parameter lifetime: after which the key is gone; nil keeps it until removed or evicted.
  /// - Throws: `CacheError.outOfMemory`.
  public func set(
    _ key: String, _ value: [UInt8], expiresIn lifetime: Duration? = nil
  ) throws(CacheError) {
    state.makeRoom()
    let now = state.now
    let expiry = lifetime.map { ExpiryUpdate.at(now + $0.wholeMilliseconds) } ?? .clear
    try state.locked(key) { (hashed) throws(CacheError) in
      try value.span.bytes.withUnsafeBytes { (raw) throws(CacheError) in
        try state.keyspace.setString(
          hashed, in: .zero, to: ByteView(raw), expiry: expiry, now: now)
      }
    }
  }

  /// A copy of the key's value; nil when there is none.
  public func get(_ key: String) -> [UInt8]? {
    withValue(key) { $0.array }
  }

  /// Calls `body` with the key's value, without a copy; nil when there is none. The key's shard is
  /// locked meanwhile, so `body` must be short and must not use the cache.
  public func withValue<Result>(_ key: String, _ body: (ByteView) -> Result) -> Result? {
    let now = state.now
    return state.locked(key) { hashed in
      state.keyspace.find(hashed, in: .zero, now: now, access: .touch)
        .map { body(state.keyspace.string(of: $0)) }
    }
  }

  /// Whether the key is there; counts neither hit nor miss.
  public func contains(_ key: String) -> Bool {
    let now = state.now
    return state.locked(key) {
      state.keyspace.find($0, in: .zero, now: now, access: .peek) != nil
    }
  }

  /// Removes the key; false when it was not there.
  @discardableResult
  public func remove(_ key: String) -> Bool {
    let now = state.now
    return state.locked(key) { state.keyspace.remove($0, in: .zero, now: now) }
  }

  /// Adds to the decimal number that `key` holds, 0 if it is new, and returns the sum. The expiry
  /// stays as it is.
  public func increment(_ key: String, by amount: Int64 = 1) throws(IncrementError) -> Int64 {
    state.makeRoom()
    let now = state.now
    return try state.locked(key) { (hashed) throws(IncrementError) in
      var old: Int64 = 0
      if let entry = state.keyspace.find(hashed, in: .zero, now: now, access: .write) {
        let text = state.keyspace.string(of: entry)
        guard isCanonicalInteger(text), let number = Int64(text.string) else {
          throw .notANumber
        }
        old = number
      }
      let (sum, isOverflow) = old.addingReportingOverflow(amount)
      if isOverflow { throw .overflow }
      do {
        let digits = Array(String(sum).utf8)
        try digits.span.bytes.withUnsafeBytes { (raw) throws(CacheError) in
          try state.keyspace.setString(
            hashed, in: .zero, to: ByteView(raw), expiry: .keep, now: now)
        }
      } catch {
        throw .outOfMemory
      }
      return sum
    }
  }

  // MARK: Expiry

  /// Lets the key live for `lifetime` from now on; nil for ever. False: no such key.
  ///
  /// - Throws: `CacheError.outOfMemory` when the entry has to move for it and cannot.
  @discardableResult
  public func expire(_ key: String, in lifetime: Duration?) throws(CacheError) -> Bool {
    let now = state.now
    let deadline = lifetime.map { now + $0.wholeMilliseconds }
    return try state.locked(key) { (hashed) throws(CacheError) in
      try state.keyspace.setExpiry(hashed, in: .zero, at: deadline, now: now)
    }
  }

  /// How long the key has yet to live; nil when it is not there or has no expiry.
  public func remainingLifetime(_ key: String) -> Duration? {
    let now = state.now
    return state.locked(key) { hashed in
      state.keyspace.find(hashed, in: .zero, now: now, access: .peek)
        .flatMap { state.keyspace.expiry(of: $0) }
        .map { .milliseconds($0 - now) }
    }
  }

  // MARK: The whole cache

  /// How many keys there are.
  public var count: Int { state.keyspace.count(in: .zero) }

  /// Removes every key.
  ///
  /// - Complexity: O(1): the memory is freed in the background.
  public func removeAll() { state.removeAll() }

  /// Bytes held.
  public var usedMemory: Int { state.keyspace.usedMemory }

  /// Hits, misses, expiries, evictions and where the memory is.
  public var statistics: KeyspaceStatistics { state.keyspace.statistics }
}

extension Duration {
  /// Milliseconds, rounded up, so that a key never goes early; at most some 100 million years.
  fileprivate var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return min(max(seconds, -(1 << 52)), 1 << 52) * 1000 + part
  }
}
