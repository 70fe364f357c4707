/// An amount of US dollars, exact: a whole number of picodollars (10⁻¹² $).
///
/// Prices are dollars for a million tokens with a few decimals, so a token costs a whole number of
/// picodollars (a cache read at 0.01 $ costs 10,000), and sums never round. 64 bits hold nine
/// million dollars.
public struct Money: Comparable, Hashable, Sendable {
  /// 10⁻¹² dollars.
  public var picodollars: Int64

  /// Makes an amount.
  @inlinable
  public init(picodollars: Int64) { self.picodollars = picodollars }

  /// Nothing.
  @inlinable
  public static var zero: Money { Money(picodollars: 0) }

  /// Reads dollars such as `12`, `0.10` or `1.25`: up to twelve decimals, up to a million dollars.
  ///
  /// - Returns: nil for anything else, a sign included.
  public init?(dollars text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ part in
        !part.isEmpty && part.utf8.allSatisfy { $0 &- 0x30 < 10 }
      })
    else { return nil }
    guard let whole = Int64(parts[0]), whole <= 1_000_000 else { return nil }
    var fraction: Int64 = 0
    if parts.count == 2 {
      guard parts[1].utf8.count <= 12 else { return nil }
      let padded = parts[1] + String(repeating: "0", count: 12 - parts[1].utf8.count)
      guard let value = Int64(padded) else { return nil }
      fraction = value
    }
    self.init(picodollars: whole * 1_000_000_000_000 + fraction)
  }

  /// The amount in dollars with as many decimals as it needs, two at least: `0.0048`.
  public var text: String {
    let magnitude = picodollars.magnitude
    let whole = magnitude / 1_000_000_000_000
    var digits = String(magnitude % 1_000_000_000_000)
    digits = String(repeating: "0", count: 12 - digits.utf8.count) + digits
    while digits.utf8.count > 2, digits.last == "0" { digits.removeLast() }
    return (picodollars < 0 ? "-" : "") + "\(whole).\(digits)"
  }

  @inlinable
  public static func < (left: Money, right: Money) -> Bool {
    left.picodollars < right.picodollars
  }

  /// The sum; amounts beyond what 64 bits hold stay at the limit.
  public static func + (left: Money, right: Money) -> Money {
    let (sum, overflow) = left.picodollars.addingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? (left.picodollars < 0 ? .min : .max) : sum)
  }

  /// The difference; amounts beyond what 64 bits hold stay at the limit.
  public static func - (left: Money, right: Money) -> Money {
    let (result, overflow) = left.picodollars.subtractingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? (left.picodollars < 0 ? .min : .max) : result)
  }

  /// So many times the amount; see `+` for the limit.
  public static func * (left: Money, right: Int) -> Money {
    let (result, overflow) = left.picodollars.multipliedReportingOverflow(by: Int64(right))
    return Money(
      picodollars: overflow ? ((left.picodollars < 0) == (right < 0) ? .max : .min) : result)
  }

  /// Adds an amount.
  public static func += (left: inout Money, right: Money) { left = left + right }
}
