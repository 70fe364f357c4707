/// Counters for INFO and for tests. Everything but the memory figures restarts at
/// `resetStatistics()`.
public struct KeyspaceStatistics: Sendable {
  /// Reads that found their key.
  public var hits: UInt64 = 0
  /// Reads that did not.
  public var misses: UInt64 = 0
  /// Keys removed because they were due.
  public var expired: UInt64 = 0
  /// Keys removed to make room.
  public var evicted: UInt64 = 0
  /// How late keys were expired, in milliseconds: median, 99th percentile, maximum.
  public var expiryLagMillisecondsP50: Int64 = 0
  public var expiryLagMillisecondsP99: Int64 = 0
  public var expiryLagMillisecondsMax: Int64 = 0
  /// Wheel references, stale ones included.
  public var wheelReferences = 0
  /// Bytes of the heap's pages in use, of live slots in them, and pages.
  public var pageBytes = 0
  public var slotBytes = 0
  public var pageCount = 0
  /// Bytes of buckets and directories.
  public var tableBytes = 0
  public var bucketCount = 0
  public var overflowNodeCount = 0
  /// Bytes of external strings.
  public var blobBytes = 0
  /// Entries moved out of sparse pages.
  public var evacuatedEntries: UInt64 = 0
  /// Bytes given back to the system.
  public var returnedBytes: UInt64 = 0
  /// Objects waiting to be freed in the background.
  public var pendingReclaims = 0
  /// Objects freed in the background.
  public var reclaimed = 0

  /// All zero.
  public init() {}
}
