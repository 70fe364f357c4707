/// What a call to a language model used, as its provider bills it.
public struct Usage: Equatable, Sendable {
  /// Input that was neither written to a prompt cache nor read from one, in tokens.
  public var inputTokens = 0
  /// Input written to the five-minute and the one-hour cache.
  public var cacheWriteTokens = 0
  public var cacheWriteHourTokens = 0
  /// Input read from a cache.
  public var cacheReadTokens = 0
  /// Output, thinking included.
  public var outputTokens = 0

  /// Makes a usage; everything is 0 unless given.
  public init(
    inputTokens: Int = 0, cacheWriteTokens: Int = 0, cacheWriteHourTokens: Int = 0,
    cacheReadTokens: Int = 0, outputTokens: Int = 0
  ) {
    self.inputTokens = inputTokens
    self.cacheWriteTokens = cacheWriteTokens
    self.cacheWriteHourTokens = cacheWriteHourTokens
    self.cacheReadTokens = cacheReadTokens
    self.outputTokens = outputTokens
  }

  /// The whole prompt, in tokens.
  public var promptTokens: Int {
    inputTokens + cacheWriteTokens + cacheWriteHourTokens + cacheReadTokens
  }

  /// The sum of two usages; counts beyond what 64 bits hold stay at the limit.
  public static func + (left: Usage, right: Usage) -> Usage {
    func sum(_ field: KeyPath<Usage, Int>) -> Int {
      let (sum, overflow) = left[keyPath: field].addingReportingOverflow(right[keyPath: field])
      return overflow ? .max : sum
    }
    return Usage(
      inputTokens: sum(\.inputTokens), cacheWriteTokens: sum(\.cacheWriteTokens),
      cacheWriteHourTokens: sum(\.cacheWriteHourTokens), cacheReadTokens: sum(\.cacheReadTokens),
      outputTokens: sum(\.outputTokens))
  }
}

/// A language model: its prices and limits, as the catalog's file states them.
public struct Model: Equatable, Sendable {
  /// The name that requests carry.
  public let name: String
  /// Prices of a token.
  public var input = Money.zero
  public var output = Money.zero
  public var cacheWrite = Money.zero
  public var cacheWriteHour = Money.zero
  public var cacheRead = Money.zero
  /// Prompts longer than this, in tokens, cost `longPromptFactor` times as much; 0: there is no
  /// such step.
  public var longPromptTokens = 0
  public var longPromptFactor = 1
  /// Tokens that prompt and answer may have together, and the answer alone.
  public var contextTokens = 200_000
  public var outputTokensMax = 8192
  /// The shortest prefix that the provider caches, in tokens.
  public var cacheablePrefixTokens = 1024
  /// The first day on which it may be gone, as 2027-10-07; empty: not known.
  public var retirement = ""

  /// Makes a model without prices.
  public init(name: String) { self.name = name }

  /// Whether its retirement has come.
  ///
  /// - Parameter day: such as 2027-10-07.
  public func mayBeGone(on day: String) -> Bool { !retirement.isEmpty && retirement <= day }

  /// What a call with this usage costs: each of the five counts at its price, all of it dearer once
  /// the prompt is beyond the step.
  public func cost(of usage: Usage) -> Money {
    let sum =
      input * usage.inputTokens + cacheWrite * usage.cacheWriteTokens
      + cacheWriteHour * usage.cacheWriteHourTokens + cacheRead * usage.cacheReadTokens
      + output * usage.outputTokens
    let isLong = longPromptTokens > 0 && usage.promptTokens > longPromptTokens
    return isLong ? sum * longPromptFactor : sum
  }
}

/// How good, and how dear, an answer is to be.
public enum Tier: String, CaseIterable, Comparable, Sendable {
  case economy
  case premium

  /// Economy is below premium.
  public static func < (left: Tier, right: Tier) -> Bool {
    left == .economy && right == .premium
  }
}
