internal import Platform
internal import Synchronization

/// The process-wide clock that stamps entries, and the one word that every hit reads.
///
/// LRU asks "how many misses ago was this used?", since each miss costs one entry. So time here
/// is counted in *steps* (insertions), and a *tick* is 1/64 of the capacity in steps: sampling
/// cannot tell finer stamps apart. A tick also comes with each new second of activity, so that
/// OBJECT IDLETIME is exact to the second for fresh keys. But a cache of 10 million keys with
/// 1,000 misses a second turns over in 3 hours, and 1,024 one-second stamps would forget the
/// order of most of it. Hence two rings:
///
/// ```
/// fine    1,024 stamps, one per tick           bits 0 ... 1023
/// coarse  1,024 stamps, one per 32 fine ticks  bits 1024 ... 2047
///         that also saw 1/64 of the capacity in steps (or 512 fine ticks, so that an idle
///         server still tells hours apart)
/// ```
///
/// Each tick lets the owner visit 1/256 of its table; the sweep rewrites a fine stamp older
/// than 512 ticks as the coarse stamp that was current when it was issued, and holds a coarse
/// stamp at an age of 768. A full pass takes 256 ticks, so no stamp comes round the ring
/// unseen: the oldest fine stamp that a pass leaves alone is at most 768 old when the next pass
/// reaches it, and reading converts from age 640 on without waiting for the sweep.
///
/// The adaptive policy has 8 bits for a stamp: ticks come from steps alone, the sweep visits
/// 1/32 a tick and holds stamps at age 192. LFU has a 3-bit epoch: one tick per decay period,
/// a quarter of the table a tick.
///
/// Threads: the hot word is read relaxed by everyone; ticks are made by whoever notices that
/// one is due, one at a time (`tickLock`). Table cells are atomics because readers race with
/// the tick that rewrites a cell a full ring later; a torn order of old stamps is harmless.
struct EvictionClock: ~Copyable, @unchecked Sendable {
  static let ringSize = 1024
  private static let fineAgeReadMax: UInt16 = 640
  private static let fineAgeKeptMax: UInt16 = 512
  private static let coarseAgeMax: UInt16 = 768
  private static let adaptiveAgeMax: UInt8 = 192
  private static let coarseTicksMin: UInt32 = 32
  private static let coarseTicksMax: UInt32 = 512

  /// Hot: stamp in bits 0-15, policy in 16-23, mode in 24-31, sample limit in 32-63.
  private let word: Atomic<UInt64>
  /// Keeps what inserts write away from what hits read: a cache line of distance.
  private let padding = InlineArray<7, UInt64>(repeating: 0)

  private let steps = Atomic<UInt64>(0)
  private let stepsAtTick = Atomic<UInt64>(0)
  private let stepsAtCoarse = Atomic<UInt64>(0)
  private let stepsPerTick = Atomic<UInt64>(1)
  private let ticks = Atomic<UInt64>(0)
  private let coarse = Atomic<UInt32>(0)
  private let ticksAtCoarse = Atomic<UInt64>(0)
  private let second: Atomic<UInt32>
  /// Only ever tried, so nobody sleeps on it and it may move.
  private let tickLock = Lock(isShared: true)

  /// Per fine stamp: second of issue (low half) and coarse stamp at issue (high half).
  private let fineIssues: UnsafeMutablePointer<Atomic<UInt64>>
  /// Per coarse stamp: second of issue.
  private let coarseIssues: UnsafeMutablePointer<Atomic<UInt64>>

  /// A clock whose rings start filled with a made-up past, so that RESTORE IDLETIME finds a
  /// stamp for every age: a second apart in the fine ring, up to 194 days in the coarse one.
  init(policy: EvictionPolicy, second now: UInt32) {
    word = Atomic(UInt64(policy.rawValue) << 16)
    second = Atomic(now)
    fineIssues = .allocate(capacity: Self.ringSize)
    coarseIssues = .allocate(capacity: Self.ringSize)
    for age in 0..<Self.ringSize {
      let slot = (0 &- age) & (Self.ringSize - 1)
      let idle = UInt32(age)
      (fineIssues + slot).initialize(to: Atomic(UInt64(now &- idle)))
      (coarseIssues + slot).initialize(to: Atomic(UInt64(now &- idle &* idle &* 16)))
    }
  }

  deinit {
    fineIssues.deinitialize(count: Self.ringSize).deallocate()
    coarseIssues.deinitialize(count: Self.ringSize).deallocate()
  }

  // MARK: The hot word

  /// What a hit needs to know, read at once.
  struct Moment {
    var word: UInt64
    var stamp: UInt16 { UInt16(truncatingIfNeeded: word) }
    var policy: EvictionPolicy {
      // The field is only ever written from a policy's raw value.
      EvictionPolicy(rawValue: UInt8(truncatingIfNeeded: word >> 16)).unsafelyUnwrapped
    }
    var mode: AdaptiveMode {
      AdaptiveMode(rawValue: UInt8(truncatingIfNeeded: word >> 24)).unsafelyUnwrapped
    }
    var sampleLimit: UInt32 { UInt32(truncatingIfNeeded: word >> 32) }

    /// Whether access bits are stamps: `policy.accessFormat == .stamp` without the detour.
    @inline(__always)
    var keepsStamps: Bool {
      let policy = UInt8(truncatingIfNeeded: word >> 16)
      return policy != EvictionPolicy.allKeysLFU.rawValue
        && policy != EvictionPolicy.volatileLFU.rawValue
        && policy != EvictionPolicy.allKeysAdaptive.rawValue
    }
  }

  var now: Moment { Moment(word: word.load(ordering: .relaxed)) }

  /// Replaces the bits of `mask` by those of `bits`.
  private func setField(_ bits: UInt64, mask: UInt64) {
    var old = word.load(ordering: .relaxed)
    while true {
      let (done, seen) = word.weakCompareExchange(
        expected: old, desired: old & ~mask | bits & mask, ordering: .relaxed)
      if done { return }
      old = seen
    }
  }

  func setPolicy(_ policy: EvictionPolicy) {
    setField(UInt64(policy.rawValue) << 16, mask: 0xFF_FFFF)
  }

  func setMode(_ mode: AdaptiveMode) { setField(UInt64(mode.rawValue) << 24, mask: 0xFF << 24) }

  func setSampleLimit(_ limit: UInt32) { setField(UInt64(limit) << 32, mask: ~0 << 32) }

  // MARK: Ticks

  /// Ticks since the start; the aging sweep follows it.
  var tickCount: UInt64 { ticks.load(ordering: .relaxed) }

  /// How many ticks a full aging pass takes under this format.
  static func ticksPerPass(_ format: AccessFormat) -> UInt64 {
    switch format {
    case .stamp: 256
    case .adaptive: 32
    case .frequency: 4
    }
  }

  /// How many steps a shard gathers before it tells the clock, so that 64 shards together
  /// blur a tick by a quarter at most.
  var stepsPerReport: UInt32 {
    UInt32(min(64, max(1, stepsPerTick.load(ordering: .relaxed) / 256)))
  }

  func setCapacity(_ entries: Int) {
    stepsPerTick.store(UInt64(max(1, entries / 64)), ordering: .relaxed)
  }

  /// Counts insertions; ticks where one is due.
  func step(by count: UInt32) {
    let total = steps.wrappingAdd(UInt64(count), ordering: .relaxed).newValue
    // Signed: another thread may have counted further and ticked since.
    let since = Int64(bitPattern: total &- stepsAtTick.load(ordering: .relaxed))
    if since >= Int64(stepsPerTick.load(ordering: .relaxed)), !now.policy.isLFU { tick() }
  }

  /// Notes the time; under LRU stamps a new second makes a tick, under LFU a new period does.
  func advance(toSecond new: UInt32, decayMinutes: UInt32) {
    let old = second.load(ordering: .relaxed)
    if old == new { return }
    second.store(new, ordering: .relaxed)
    switch now.policy.accessFormat {
    case .stamp: tick()
    case .adaptive: break
    case .frequency:
      guard decayMinutes > 0 else { return }
      // Several periods may have passed at once after a silence: the epoch jumps, and the
      // sweep is told of each.
      let period = UInt64(decayMinutes) * 60
      let passed = UInt64(new) / period &- UInt64(old) / period
      if passed == 0 || passed > UInt64(UInt32.max) { return }
      ticks.wrappingAdd(min(passed, 4), ordering: .relaxed)
      setField(UInt64(now.stamp) &+ min(passed, 7) & 7, mask: 0xFFFF)
    }
  }

  private func tick() {
    guard tickLock.tryAcquire() else { return }
    defer { tickLock.release() }
    let total = steps.load(ordering: .relaxed)
    stepsAtTick.store(total, ordering: .relaxed)
    let count = ticks.wrappingAdd(1, ordering: .relaxed).newValue
    let moment = now
    let wall = second.load(ordering: .relaxed)
    if moment.policy == .allKeysAdaptive {
      let stamp = UInt64(moment.stamp &+ 1) & 255
      fineIssues[Int(stamp)].store(UInt64(wall), ordering: .relaxed)
      setField(stamp, mask: 0xFFFF)
      return
    }
    let sinceTicks = count &- ticksAtCoarse.load(ordering: .relaxed)
    let sinceSteps = total &- stepsAtCoarse.load(ordering: .relaxed)
    if sinceTicks >= UInt64(Self.coarseTicksMin),
      sinceSteps >= stepsPerTick.load(ordering: .relaxed)
        || sinceTicks >= UInt64(Self.coarseTicksMax)
    {
      let next = (coarse.load(ordering: .relaxed) + 1) & UInt32(Self.ringSize - 1)
      coarseIssues[Int(next)].store(UInt64(wall), ordering: .relaxed)
      coarse.store(next, ordering: .relaxed)
      ticksAtCoarse.store(count, ordering: .relaxed)
      stepsAtCoarse.store(total, ordering: .relaxed)
    }
    let stamp = Int(moment.stamp &+ 1) & (Self.ringSize - 1)
    let issue = UInt64(coarse.load(ordering: .relaxed)) << 32 | UInt64(wall)
    fineIssues[stamp].store(issue, ordering: .relaxed)
    setField(UInt64(stamp), mask: 0xFFFF)
  }

  // MARK: Ages

  /// How old stamp bits are: a greater rank is older. Fine ages come before coarse ones.
  func stampRank(_ bits: AccessBits) -> UInt32 {
    let stamp = bits.rawValue & 1023
    if bits.rawValue < 1024 {
      let age = (now.stamp &- stamp) & 1023
      if age < Self.fineAgeReadMax { return UInt32(age) }
      return 1024 + UInt32(coarseAge(coarseStamp(atIssueOf: stamp)))
    }
    return 1024 + UInt32(coarseAge(stamp))
  }

  /// How old adaptive bits are, in ticks.
  func adaptiveAge(_ stamp: UInt8) -> UInt8 { UInt8(truncatingIfNeeded: now.stamp) &- stamp }

  private func coarseAge(_ stamp: UInt16) -> UInt16 {
    (UInt16(coarse.load(ordering: .relaxed)) &- stamp) & 1023
  }

  private func coarseStamp(atIssueOf fine: UInt16) -> UInt16 {
    // In bounds: a fine stamp has 10 bits.
    UInt16(truncatingIfNeeded: fineIssues[Int(fine)].load(ordering: .relaxed) >> 32) & 1023
  }

  /// The bits as the aging sweep leaves them, so that old stamps never look young.
  func aged(_ bits: AccessBits) -> AccessBits {
    switch now.policy.accessFormat {
    case .frequency:
      return FrequencyCounter(bits).decayed(to: UInt8(now.stamp & 7)).accessBits
    case .adaptive:
      var parts = AdaptiveBits(bits)
      if adaptiveAge(parts.stamp) <= Self.adaptiveAgeMax { return bits }
      parts.stamp = UInt8(truncatingIfNeeded: now.stamp) &- Self.adaptiveAgeMax
      return parts.accessBits
    case .stamp:
      var stamp = bits.rawValue & 1023
      if bits.rawValue < 1024 {
        if (now.stamp &- stamp) & 1023 <= Self.fineAgeKeptMax { return bits }
        stamp = coarseStamp(atIssueOf: stamp)
      }
      if coarseAge(stamp) > Self.coarseAgeMax {
        stamp = (UInt16(coarse.load(ordering: .relaxed)) &- Self.coarseAgeMax) & 1023
      }
      return AccessBits(rawValue: stamp | 1024)
    }
  }

  // MARK: Idle time

  /// Seconds since the stamp was issued; `nil` under LFU.
  func idleSeconds(_ bits: AccessBits) -> UInt32? {
    let wall: UInt32
    switch now.policy.accessFormat {
    case .frequency: return nil
    case .adaptive: wall = issueSecond(UInt16(AdaptiveBits(bits).stamp))
    case .stamp: wall = issueSecond(bits.rawValue)
    }
    let idle = second.load(ordering: .relaxed) &- wall
    return idle > UInt32(Int32.max) ? 0 : idle
  }

  private func issueSecond(_ stamp: UInt16) -> UInt32 {
    let ring = stamp < 1024 ? fineIssues : coarseIssues
    return UInt32(
      truncatingIfNeeded: ring[Int(stamp & 1023)].load(ordering: .relaxed))
  }

  /// Gives a stamp that was never issued, for the clock is too young, the time that it would have.
  private func date(_ stamp: UInt16, idleSeconds idle: UInt32) {
    let time = second.load(ordering: .relaxed)
    // A clock begins at 0, with stamps of that time and before it.
    let issued = issueSecond(stamp)
    guard issued == 0 || issued > time else { return }
    fineIssues[Int(stamp & 1023)].store(UInt64(time - min(idle, time)), ordering: .relaxed)
  }

  /// The youngest stamp bits whose idle time is at least `idle` seconds, or the oldest there are.
  ///
  /// - Complexity: O(1,024 + 768) steps; for RESTORE IDLETIME.
  func stampBits(idleSeconds idle: UInt32) -> AccessBits {
    for age in 0...Self.fineAgeKeptMax {
      let bits = AccessBits(rawValue: (now.stamp &- age) & 1023)
      if age > 0 { date(bits.rawValue, idleSeconds: idle) }
      if let seconds = idleSeconds(bits), seconds >= idle { return bits }
    }
    let current = UInt16(coarse.load(ordering: .relaxed))
    for age in 0..<Self.coarseAgeMax {
      let bits = AccessBits(rawValue: (current &- age) & 1023 | 1024)
      if let seconds = idleSeconds(bits), seconds >= idle { return bits }
    }
    return AccessBits(rawValue: (current &- Self.coarseAgeMax) & 1023 | 1024)
  }
}
