/// A histogram of lags: log-linear buckets (eight to a power of two), exact maximum.
public struct LagHistogram {
  /// An empty histogram.
  public init() {}

  /// Counts one lag from `due` to `now`, both in the caller's unit (milliseconds or microseconds).
  public mutating func record(due: Int64, now: Int64) {}

  /// The lag that the given share (0 to 1) of the recorded ones did not exceed.
  public func percentile(_ share: Double) -> Int64 { 0 }

  /// Adds another histogram's counts.
  public mutating func merge(_ other: borrowing LagHistogram) {}
}
