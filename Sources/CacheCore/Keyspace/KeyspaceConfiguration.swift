/// What a key space is made with.
public struct KeyspaceConfiguration: Sendable {
  /// How many threads serve the shards. With 1, locks are no-ops. 1...1024.
  public var workerCount = 1
  /// How many logical databases there are. 1...256.
  public var databaseCount = 16
  /// Address space to reserve for entries, at most 32 GB; halved until the system agrees.
  public var regionBytesMax = 32 << 30
  /// Eviction starts beyond this many bytes; 0 means no limit.
  public var maxMemory = 0
  /// What is evicted.
  public var policy = EvictionPolicy.noEviction
  /// Redis's lfu-log-factor.
  public var lfuLogFactor = 10
  /// Redis's lfu-decay-time, in minutes.
  public var lfuDecayMinutes = 1
  /// Redis's maxmemory-samples; scales how many buckets a round of eviction looks at.
  public var maxMemorySamples = 5
  /// The 128-bit hash key; nil takes it from the system's random source. For tests.
  public var hashSeed: (UInt64, UInt64)?

  /// The defaults above.
  public init() {}
}
