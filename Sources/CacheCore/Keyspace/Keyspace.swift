public import Bytes
import Platform
import Synchronization

/// The key space: 64 shards of keys, values, deadlines and eviction state.
///
/// ## Rules for callers
///
/// - Times are "cache time": milliseconds since 1970 on a clock that never goes back, passed in as
///   `now`.
/// - A function on a key wants the lock of the key's shard held (both shards for two keys), and
///   what it returns is valid as long as the shard stays locked and that key unchanged.
/// - The gate (no other thread is inside the key space) is wanted where the docs say so.
/// - With one worker all locks of shards are no-ops.
///
/// ```swift
/// let key = keyspace.hash(argument)
/// keyspace.lock(key.hash.shard)
/// defer { keyspace.unlock(key.hash.shard) }
/// if let entry = keyspace.find(key, in: database, now: now, access: .touch) {
///   reply(keyspace.string(of: entry))
/// }
/// ```
///
/// All functions but `deinit` and `init` may be called on a borrowed key space from any thread;
/// it lives behind a pointer, which the threads share.
public struct Keyspace: ~Copyable, @unchecked Sendable {
  // Sendable: see Engine.
  let engine: Engine

  /// Reserves address space and makes empty shards.
  ///
  /// - Throws: when the system refuses even a small reserve.
  public init(configuration: KeyspaceConfiguration) throws(KeyspaceStartError) {
    engine = try Engine.make(configuration)
  }

  deinit { engine.destroy() }

  /// Hears of expiries and evictions; set it once, before traffic.
  public var observer: (any KeyspaceObserver)? {
    get { engine.control.pointee.observer }
    nonmutating set { engine.control.pointee.observer = newValue }
  }

  /// Whether the observer hears of every entry that is removed, replaced or given another name.
  /// While it is false, that costs a removal or a replacement one comparison, and all else nothing.
  public var tellsOfEntries: Bool {
    get { engine.control.pointee.tellsOfEntries.load(ordering: .relaxed) }
    nonmutating set { engine.control.pointee.tellsOfEntries.store(newValue, ordering: .relaxed) }
  }

  /// Hashes a key with this process's secret.
  ///
  /// - Complexity: O(n), about 10 ns for 16 bytes.
  @inline(__always)
  public func hash(_ key: ByteView) -> HashedKey {
    HashedKey(bytes: key, hash: KeyHash(rawValue: engine.memory.pointee.sipHash(key)))
  }

  // MARK: Prefetching

  /// Starts loading the key's bucket into the cache. Needs no lock.
  ///
  /// - Returns: where the bucket is, for `prefetchEntry`.
  public func prefetchBucket(of hash: KeyHash, in database: DatabaseIndex) -> PrefetchedBucket {
    let bucket = engine.racyBucket(of: hash, in: database)
    if let bucket { prefetch(bucket) }
    return PrefetchedBucket(address: bucket)
  }

  /// Starts loading the key's entry; the bucket should have arrived. Needs no lock.
  public func prefetchEntry(of hash: KeyHash, in bucket: PrefetchedBucket) {
    guard let bucket = bucket.address else { return }
    let matches = racyMatches12(bucket, hash.tag)
    let group = TableGroup.bucket(bucket)
    if matches == 0 {
      // One key in fourteen stands in a node.
      let next = racyLoad32(UnsafeRawPointer(bucket) + 12)
      if next != 0 { prefetch(engine.memory.pointee.heap.address(next)) }
      return
    }
    let slot = group.place(matches.trailingZeroBitCount).handleSlot
    // An address in the reserved region, whatever the handle; prefetching never faults.
    let start = UnsafeRawPointer(engine.memory.pointee.heap.address(racyLoad32(slot)))
    prefetch(start)
    // Entries of more than a line are common; a small one's neighbour does no harm.
    prefetch(start + 64)
  }

  // MARK: Locks

  /// Locks a shard. A no-op with one worker.
  @inline(__always)
  public func lock(_ shard: ShardIndex) {
    engine.shard(shard).pointee.lock.acquire()
  }

  /// Unlocks a shard.
  @inline(__always)
  public func unlock(_ shard: ShardIndex) {
    engine.shard(shard).pointee.lock.release()
  }

  /// Locks shards in index order.
  public func lock(_ shards: ShardSet) {
    var bits = shards.bits
    while bits != 0 {
      lock(ShardIndex(rawValue: UInt8(bits.trailingZeroBitCount)))
      bits &= bits &- 1
    }
  }

  /// Unlocks shards.
  public func unlock(_ shards: ShardSet) {
    var bits = shards.bits
    while bits != 0 {
      unlock(ShardIndex(rawValue: UInt8(bits.trailingZeroBitCount)))
      bits &= bits &- 1
    }
  }
}

/// Where a key's bucket was when its loading began. By now the table may have grown: it is good for
/// loading what probably is asked for next, and for nothing else.
public struct PrefetchedBucket {
  /// Always in the segments' region, whose memory stays readable; nil: the database is empty.
  let address: UnsafeMutableRawPointer?

  /// No bucket, of a request without a key.
  public static var none: PrefetchedBucket { PrefetchedBucket(address: nil) }
}

extension Engine {
  /// The address of a key's bucket, for prefetching: read without the lock, it may be rubbish but
  /// always lies in the segments' region.
  @inline(__always)
  func racyBucket(of hash: KeyHash, in database: DatabaseIndex) -> UnsafeMutableRawPointer? {
    precondition(database.rawValue < databaseCount)
    let table = shard(hash.shard).pointee.tables + Int(database.rawValue)
    let raw = UnsafeRawPointer(table)
    // The count first: a directory that covers it was published before.
    let count = racyAcquire32(raw + Table.bucketCountOffset)
    if count == 0 { return nil }
    let address = UInt(truncatingIfNeeded: racyLoad64(raw + Table.directoryOffset))
    guard let directory = UnsafeRawPointer(bitPattern: address) else { return nil }
    let number = Table.bucketNumber(of: hash, count: count)
    let segment = racyLoad32(directory + Int(number &>> 6) &* 4)
    return memory.pointee.segmentBase + Int(segment) &* SegmentPool.segmentBytes
      + Int(number & 63) &* Table.bucketBytes
  }
}
