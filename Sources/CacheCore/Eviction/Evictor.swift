internal import Synchronization

/// Keeps access bits and chooses what to evict, for a key space of any shape.
///
/// One evictor serves the whole key space, for the limit is global: cutting a cache of a few
/// thousand entries into 64 fixed parts costs up to 8 points of hit ratio. It knows no tables,
/// keys or sockets: an entry is its 11 access bits, a hash, and an opaque reference.
///
/// ## Who calls what, under which lock
///
/// | when | call | lock held |
/// |---|---|---|
/// | a command read or overwrote an entry | `hit` | the entry's shard |
/// | a new entry was added | `inserted` | its shard |
/// | an entry was deleted or expired | `removed` | its shard |
/// | memory is short, before a write | `chooseVictim`, then `evicted` | the writer's shard |
/// | after an insertion, and from the timer | `sweepRange`, `aged` | the swept shard |
/// | the time in seconds changed, per batch | `advance` | none needed |
/// | now and then (10 times a second) | `setCapacity` | none needed |
/// | CONFIG SET maxmemory-policy | `setPolicy` | the exclusive gate |
///
/// A hit reads one shared word, relaxed, that changes 64 times per turnover of the cache; it
/// writes nothing but the entry's bits, and not those if they stay the same. Only the adaptive
/// policy locks anything: a lane (leaf lock, tens of nanoseconds) per insertion, and, for the
/// sampled slice of 4,096 entries, the judge, which it skips when another thread is there.
///
/// ```swift
/// // GET, under the shard's lock:
/// let bits = evictor.hit(entry.access, hash: hash, shard: &shard.eviction)
/// if bits != entry.access { entry.access = bits }
///
/// // SET of a new key, under the shard's lock, memory being short:
/// while memory.isShort {
///   guard let victim = evictor.chooseVictim(hash: hash, shard: &shard.eviction, from: &source)
///   else { throw .outOfMemory }
///   if let (access, victimHash) = source.remove(victim.reference) {
///     evictor.evicted(access, hash: victimHash)
///   }
/// }
/// entry.access = evictor.inserted(hash: hash, shard: &shard.eviction)
/// for bucket in evictor.sweepRange(bucketCount: n, limit: 16, shard: &shard.eviction) {
///   for entry in bucket { entry.access = evictor.aged(entry.access) }
/// }
/// ```
///
/// Read misses need no call: the insertion that usually follows counts the miss.
public struct Evictor: ~Copyable, @unchecked Sendable {
  // Sendable: the clock is made of atomics, lanes and judge stand behind locks, and `adaptive`
  // and the two LFU settings change only under the owner's exclusive gate.
  let clock: EvictionClock
  /// Queues and judge, only under the adaptive policy. Behind a pointer so that locks stay put.
  private(set) var adaptive: UnsafeMutablePointer<AdaptiveState>?
  private var logFactor: UInt32 = 10
  private var decayMinutes: UInt32 = 1
  private let capacity = Atomic<Int>(64)

  /// An evictor.
  ///
  /// - Parameters:
  ///   - policy: what to evict.
  ///   - second: the present second of any clock that does not jump.
  public init(policy: EvictionPolicy, second: UInt32) {
    clock = EvictionClock(policy: policy, second: second)
    clock.setCapacity(64)
    if policy == .allKeysAdaptive { startAdaptive() }
  }

  deinit { adaptive?.deinitialize(count: 1).deallocate() }

  /// The policy in force.
  public var policy: EvictionPolicy { clock.now.policy }

  /// What the adaptive policy does at the moment; `lru` under any other policy.
  public var adaptiveMode: AdaptiveMode { clock.now.mode }

  // MARK: Settings

  /// Changes the policy; the caller must hold off every other call.
  public mutating func setPolicy(_ policy: EvictionPolicy) {
    stopAdaptive()
    clock.setPolicy(policy)
    if policy == .allKeysAdaptive { startAdaptive() }
  }

  private mutating func startAdaptive() {
    let state = UnsafeMutablePointer<AdaptiveState>.allocate(capacity: 1)
    state.initialize(to: AdaptiveState())
    adaptive = state
    clock.setMode(.lru)
    clock.setSampleLimit(state.pointee.setCapacity(capacity.load(ordering: .relaxed)))
  }

  private mutating func stopAdaptive() {
    adaptive?.deinitialize(count: 1).deallocate()
    adaptive = nil
  }

  /// Tells how many entries fit: the present count times limit over used memory, or the present
  /// count where there is no limit.
  ///
  /// It scales the clock and the adaptive policy's queues; being off by a tenth does no harm.
  /// Safe beside every other call but `setPolicy`; a thread of the owner's own calls it.
  public func setCapacity(_ entries: Int) {
    let entries = max(1, entries)
    if capacity.exchange(entries, ordering: .relaxed) == entries { return }
    clock.setCapacity(entries)
    if let adaptive { clock.setSampleLimit(adaptive.pointee.setCapacity(entries)) }
  }

  /// Changes `lfu-log-factor` and `lfu-decay-time` (minutes; 0 for no decay); the caller must
  /// hold off every other call.
  public mutating func setFrequencySettings(logFactor: UInt32, decayMinutes: UInt32) {
    self.logFactor = logFactor
    self.decayMinutes = decayMinutes
  }

  /// Tells the present second; cheap when it has not changed.
  public func advance(toSecond second: UInt32) {
    clock.advance(toSecond: second, decayMinutes: decayMinutes)
  }

  // MARK: Entries

  /// The access bits of an entry that was read or overwritten.
  ///
  /// - Parameters:
  ///   - bits: its present bits.
  ///   - hash: the hash of its key.
  ///   - shard: the state of its shard.
  @inline(__always)
  public func hit(
    _ bits: AccessBits, hash: UInt64, shard: inout EvictionShard
  ) -> AccessBits {
    let now = clock.now
    if now.keepsStamps { return AccessBits(rawValue: now.stamp) }
    return counted(bits, hash: hash, shard: &shard, now)
  }

  @inline(never)
  private func counted(
    _ bits: AccessBits, hash: UInt64, shard: inout EvictionShard, _ now: EvictionClock.Moment
  ) -> AccessBits {
    switch now.policy.accessFormat {
    case .stamp:
      return AccessBits(rawValue: now.stamp)
    case .frequency:
      return FrequencyCounter(bits).decayed(to: UInt8(now.stamp & 7))
        .incremented(random: UInt32(truncatingIfNeeded: shard.random()), logFactor: logFactor)
        .accessBits
    case .adaptive:
      replayIfSampled(hash, now)
      var parts = AdaptiveBits(bits)
      if now.mode == .lru {
        parts.stamp = UInt8(truncatingIfNeeded: now.stamp)
        parts.isSmall = false
      } else if parts.frequency < AdaptiveBits.frequencyMax {
        parts.frequency += 1
      }
      return parts.accessBits
    }
  }

  /// The access bits of a new entry.
  ///
  /// - Parameters:
  ///   - hash: the hash of its key; `SmallQueueWord` keeps 32 bits of it.
  ///   - shard: the state of its shard.
  public func inserted(hash: UInt64, shard: inout EvictionShard) -> AccessBits {
    let now = clock.now
    switch now.policy.accessFormat {
    case .stamp:
      shard.step(clock)
      return AccessBits(rawValue: now.stamp)
    case .frequency:
      return FrequencyCounter(epoch: UInt8(now.stamp & 7)).accessBits
    case .adaptive:
      replayIfSampled(hash, now)
      var parts = AdaptiveBits(stamp: UInt8(truncatingIfNeeded: now.stamp))
      if now.mode != .lru, let adaptive {
        parts.isSmall = adaptive.pointee.enqueue(hash)
      }
      if !parts.isSmall { shard.step(clock) }
      return parts.accessBits
    }
  }

  /// Tells that an entry was deleted or has expired.
  public func removed(_ bits: AccessBits, hash: UInt64) {
    guard let adaptive, AdaptiveBits(bits).isSmall else { return }
    adaptive.pointee.noteDeparture(hash)
  }

  /// Tells that a chosen victim was evicted.
  ///
  /// - Parameters:
  ///   - bits: its access bits.
  ///   - hash: the hash of its key.
  public func evicted(_ bits: AccessBits, hash: UInt64) {
    guard let adaptive else { return }
    if AdaptiveBits(bits).isSmall || clock.now.mode == .lru { adaptive.pointee.remember(hash) }
  }

  private func replayIfSampled(_ hash: UInt64, _ now: EvictionClock.Moment) {
    let key = AdaptiveState.sampleKey(hash)
    if key <= now.sampleLimit, let adaptive, let mode = adaptive.pointee.replay(key) {
      clock.setMode(mode)
    }
  }

  // MARK: Aging

  /// The buckets of a shard that the owner shall now visit, rewriting each entry's bits by
  /// `aged`; empty most of the time.
  ///
  /// Called after insertions, which keeps busy shards up to date (about a quarter entry of
  /// sweeping per insertion), and from a timer for the others.
  ///
  /// - Parameters:
  ///   - bucketCount: the shard's present number of buckets.
  ///   - limit: how many buckets to visit at most in this call; the rest stays due.
  public func sweepRange(
    bucketCount: Int, limit: Int, shard: inout EvictionShard
  ) -> Range<Int> {
    shard.sweepRange(bucketCount: bucketCount, limit: limit, clock: clock)
  }

  /// An entry's bits, brought up to date so that old ones never pass for young.
  public func aged(_ bits: AccessBits) -> AccessBits { clock.aged(bits) }

  // MARK: What clients ask

  /// Seconds since the entry was used, for OBJECT IDLETIME; `nil` under LFU.
  ///
  /// Exact to the second for the last minutes, to a coarse tick beyond. The adaptive policy
  /// knows 1/64 of a turnover of the cache, and under S3-FIFO the time of the last promotion.
  public func idleSeconds(_ bits: AccessBits) -> UInt32? { clock.idleSeconds(bits) }

  /// The frequency counter, for OBJECT FREQ; `nil` unless the policy is LFU.
  public func frequency(_ bits: AccessBits) -> UInt8? {
    let now = clock.now
    guard now.policy.isLFU else { return nil }
    return FrequencyCounter(bits).decayed(to: UInt8(now.stamp & 7)).counter
  }

  /// Bits of an entry idle for so many seconds, for RESTORE IDLETIME; `nil` unless the bits are
  /// plain stamps.
  public func bits(idleSeconds: UInt32) -> AccessBits? {
    policy.accessFormat == .stamp ? clock.stampBits(idleSeconds: idleSeconds) : nil
  }

  /// Bits of an entry with this counter, for RESTORE FREQ; `nil` unless the policy is LFU.
  public func bits(frequency: UInt8) -> AccessBits? {
    let now = clock.now
    guard now.policy.isLFU else { return nil }
    return FrequencyCounter(counter: frequency, epoch: UInt8(now.stamp & 7)).accessBits
  }

  /// Traps unless the adaptive policy's structures are sound. For tests.
  public func checkInvariants() { adaptive?.pointee.checkInvariants() }
}
