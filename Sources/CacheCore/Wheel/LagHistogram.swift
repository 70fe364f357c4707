// How late are expiries noticed? A histogram that is exact enough for percentiles and cheap enough
// to count every one: eight buckets to a power of two, so a percentile is at most 12.5% too high.
//
//     value    0 1 2 … 15 | 16-17 18-19 … 30-31 | 32-35 36-39 … 60-63 | …
//     bucket   0 1 2 … 15 |  16    17   …  23   |  24    25   …  31   | …
//
// Counting is one bit scan and one addition. 304 buckets reach to 2^40 (34 years of milliseconds,
// 12 days of microseconds); greater values count in the last one. 2.4 KB, no allocation.

/// A histogram of lags: log-linear buckets and an exact maximum. Milliseconds or microseconds,
/// whichever the caller uses throughout.
public struct LagHistogram: Sendable {
  private static var bucketCount: Int { 304 }

  private var buckets = InlineArray<304, UInt64>(repeating: 0)

  /// How many lags were recorded.
  public private(set) var count: UInt64 = 0

  /// The greatest lag recorded; 0 when none was.
  public private(set) var maximum: Int64 = 0

  /// An empty histogram.
  public init() {}

  /// Counts one lag: the time from `due` to `now`, in the caller's unit. A negative one counts as
  /// 0.
  @inline(__always)
  public mutating func record(due: Int64, now: Int64) {
    let (difference, overflow) = now.subtractingReportingOverflow(due)
    record(overflow ? (now < due ? 0 : .max) : difference)
  }

  /// Counts one lag in the caller's unit. A negative one counts as 0.
  @inline(__always)
  public mutating func record(_ lag: Int64) {
    let lag = max(lag, 0)
    buckets[Self.bucket(of: UInt64(truncatingIfNeeded: lag))] &+= 1
    count &+= 1
    if lag > maximum { maximum = lag }
  }

  /// The lag that the given share of the recorded ones did not exceed, rounded up to its bucket's
  /// end and never above the maximum; 0 when nothing was recorded.
  ///
  /// - Parameter share: 0 to 1; 0.99 is the 99th percentile.
  /// - Complexity: O(buckets).
  public func percentile(_ share: Double) -> Int64 {
    if count == 0 { return 0 }
    let wanted = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for bucket in 0..<Self.bucketCount {
      seen += buckets[bucket]
      if seen >= wanted {
        let isLast = bucket == Self.bucketCount - 1
        return isLast ? maximum : min(Int64(Self.lastValue(of: bucket)), maximum)
      }
    }
    return maximum
  }

  /// Adds another histogram's counts.
  ///
  /// - Complexity: O(buckets).
  public mutating func merge(_ other: borrowing LagHistogram) {
    for bucket in 0..<Self.bucketCount { buckets[bucket] &+= other.buckets[bucket] }
    count &+= other.count
    maximum = max(maximum, other.maximum)
  }

  /// Forgets everything.
  public mutating func reset() { self = LagHistogram() }

  /// The bucket of a value: its highest bit's position and the three bits after that.
  @inline(__always)
  static func bucket(of value: UInt64) -> Int {
    if value < 16 { return Int(truncatingIfNeeded: value) }
    let shift = 60 &- value.leadingZeroBitCount
    let bucket = shift &* 8 &+ Int(truncatingIfNeeded: value &>> UInt64(shift))
    return min(bucket, bucketCount &- 1)
  }

  /// The greatest value of a bucket.
  static func lastValue(of bucket: Int) -> UInt64 {
    if bucket < 16 { return UInt64(bucket) }
    let shift = UInt64(bucket / 8 - 1)
    return (UInt64(bucket % 8 + 8 + 1) << shift) - 1
  }
}
