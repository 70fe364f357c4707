/// Counts of durations in buckets whose width grows with the duration, for percentiles.
///
/// Log-linear: each power of two is cut into 32 equal buckets, so a bucket is at most 1/32 (3.1%)
/// of its values wide, whatever their size.
///
///     nanoseconds  0 … 31   32 … 63   64 … 127   128 … 255   …   2^35 … 2^36-1
///     width           1         1         2          4        …      2^30
///     buckets        32        32        32         32        …       32
///
/// 32 octaves × 32 buckets × 8 bytes are 8 KB, fixed. Durations from 2^36 ns (69 s) on are counted
/// in the last bucket, with their true maximum and sum kept beside it.
///
/// The counters are plain: one thread records, and who wants a total merges the threads' histograms
/// while they stand still.
///
/// Credits: Gil Tene's HdrHistogram, of which this is the one-magnitude-per-octave form.
public struct LatencyHistogram: ~Copyable {
  /// Each octave has 2^5 buckets.
  @usableFromInline static let subBits = 5
  @usableFromInline static let bucketCount = 1024

  /// Values from this many nanoseconds on share the last bucket.
  public static let nanosecondsLimit: UInt64 = 1 << 36

  @usableFromInline let counts: UnsafeMutablePointer<UInt64>

  /// Number of recorded durations.
  public private(set) var count: UInt64 = 0

  /// Sum of all recorded durations, in nanoseconds, modulo 2^64 (584 years).
  public private(set) var sumNanoseconds: UInt64 = 0

  /// The longest recorded duration, exactly; 0 when there is none.
  public private(set) var maxNanoseconds: UInt64 = 0

  /// Makes an empty histogram.
  ///
  /// - Complexity: O(1), allocates 8 KB.
  public init() {
    counts = .allocate(capacity: Self.bucketCount)
    counts.initialize(repeating: 0, count: Self.bucketCount)
  }

  deinit { counts.deallocate() }

  /// Counts one duration.
  public mutating func record(nanoseconds: UInt64) {
    counts[Self.bucket(of: nanoseconds)] &+= 1
    count &+= 1
    sumNanoseconds &+= nanoseconds
    if nanoseconds > maxNanoseconds { maxNanoseconds = nanoseconds }
  }

  /// Adds everything that `other` counted.
  ///
  /// - Complexity: O(1), 1024 additions.
  public mutating func merge(_ other: borrowing LatencyHistogram) {
    for index in 0..<Self.bucketCount { counts[index] &+= other.counts[index] }
    count &+= other.count
    sumNanoseconds &+= other.sumNanoseconds
    maxNanoseconds = Swift.max(maxNanoseconds, other.maxNanoseconds)
  }

  /// Forgets everything.
  public mutating func reset() {
    counts.update(repeating: 0, count: Self.bucketCount)
    count = 0
    sumNanoseconds = 0
    maxNanoseconds = 0
  }

  /// The duration that `percentile` percent of the recorded ones do not exceed, in nanoseconds.
  ///
  /// - Parameter percentile: from 0 to 100; 50 is the median, 100 the exact maximum.
  /// - Returns: the upper end of the bucket it falls into, at most the maximum; 0 when empty.
  /// - Complexity: O(1), at most 1024 steps.
  public func nanoseconds(atPercentile percentile: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let share = Swift.min(Swift.max(percentile, 0), 100) / 100
    let rank = Swift.max(1, UInt64((share * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for index in 0..<Self.bucketCount {
      seen &+= counts[index]
      if seen >= rank {
        let last = index == Self.bucketCount - 1
        return last ? maxNanoseconds : Swift.min(Self.upperEnd(of: index), maxNanoseconds)
      }
    }
    return maxNanoseconds
  }

  /// Calls `body` with how many durations took at most 1.024 µs, 2.048 µs, and so on by powers of
  /// two, as LATENCY HISTOGRAM prints them: only where the number grows.
  ///
  /// The microseconds are those that Redis prints (1, 2, 4, 8, 16, 33, 66, …): its buckets of two
  /// significant digits end a little above the power of two, and clients see that end.
  ///
  /// - Parameter body: called with the bucket's end in microseconds and the cumulative count.
  /// - Complexity: O(1), at most 1024 steps.
  public func forEachPowerOfTwo(_ body: (_ microseconds: UInt64, _ cumulative: UInt64) -> Void) {
    var cumulative: UInt64 = 0
    var index = 0
    var limit: UInt64 = 1024
    while index < Self.bucketCount {
      let before = cumulative
      while index < Self.bucketCount, Self.upperEnd(of: index) < limit {
        cumulative &+= counts[index]
        index += 1
      }
      if cumulative > before {
        body((limit &+ limit / 128 &- 1) / 1000, cumulative)
      }
      limit <<= 1
    }
  }

  /// Traps unless the buckets add up to `count`.
  public func checkInvariants() {
    var sum: UInt64 = 0
    for index in 0..<Self.bucketCount { sum &+= counts[index] }
    precondition(sum == count)
    precondition(count > 0 || maxNanoseconds == 0)
  }

  /// The bucket that counts `nanoseconds`.
  @inlinable
  static func bucket(of nanoseconds: UInt64) -> Int {
    let value = Swift.min(nanoseconds, nanosecondsLimit - 1)
    if value < 32 { return Int(value) }
    // Octave 1 is 32…63 with shift 0. The top 6 bits of the value, less its leading 1, pick.
    let shift = 63 &- value.leadingZeroBitCount &- subBits
    return (shift &+ 1) << subBits &+ (Int(value >> UInt64(shift)) & 31)
  }

  /// The largest value that `bucket` counts, in nanoseconds.
  @inlinable
  static func upperEnd(of bucket: Int) -> UInt64 {
    if bucket < 32 { return UInt64(bucket) }
    let shift = UInt64(bucket >> subBits &- 1)
    return (UInt64(32 &+ bucket & 31) &+ 1) << shift &- 1
  }
}
