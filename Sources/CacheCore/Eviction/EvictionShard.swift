/// The eviction state of one shard, kept by the owner beside the shard's table and passed
/// `inout` under the shard's lock.
public struct EvictionShard: ~Copyable {
  private var randomState: UInt64
  private var pendingSteps: UInt32 = 0
  private var ticksSeen: UInt64 = 0
  private var sweepDebt: UInt64 = 0
  private var sweepCursor = 0

  /// A state whose random choices follow from `seed`.
  public init(seed: UInt64) { randomState = seed }

  /// 64 random bits (SplitMix64 by Sebastiano Vigna; not for secrets).
  mutating func random() -> UInt64 {
    randomState &+= 0x9E37_79B9_7F4A_7C15
    var word = randomState
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// Counts one step; tells the clock once enough are gathered.
  mutating func step(_ clock: borrowing EvictionClock) {
    pendingSteps += 1
    if pendingSteps >= clock.stepsPerReport {
      clock.step(by: pendingSteps)
      pendingSteps = 0
    }
  }

  /// See `Evictor.sweepRange`.
  mutating func sweepRange(
    bucketCount: Int, limit: Int, clock: borrowing EvictionClock
  ) -> Range<Int> {
    let pass = EvictionClock.ticksPerPass(clock.now.policy.accessFormat)
    let ticks = clock.tickCount
    // Debt is counted in buckets times `pass` and never exceeds one full pass.
    let passed = min(ticks &- ticksSeen, pass)
    ticksSeen = ticks
    let full = UInt64(bucketCount) * pass
    sweepDebt = min(sweepDebt + passed * UInt64(bucketCount), full)
    if sweepCursor >= bucketCount { sweepCursor = 0 }
    let due = min(Int(sweepDebt / pass), limit, bucketCount - sweepCursor)
    let start = sweepCursor
    sweepCursor += due
    sweepDebt -= UInt64(due) * pass
    return start..<start + due
  }
}
