/// Why an answer ended.
public enum ClaudeStopReason: Equatable, Sendable {
  case endTurn
  case outputTokensMax
  case stopSequence
  case toolUse
  case pauseTurn
  /// The model will not answer; the text, if any, is not to be used.
  case refusal
  case contextWindowExceeded
  /// A word that is not known yet.
  case other(String)

  /// Reads the provider's word.
  public init(_ word: String) {
    switch word {
    case "end_turn": self = .endTurn
    case "max_tokens": self = .outputTokensMax
    case "stop_sequence": self = .stopSequence
    case "tool_use": self = .toolUse
    case "pause_turn": self = .pauseTurn
    case "refusal": self = .refusal
    case "model_context_window_exceeded": self = .contextWindowExceeded
    default: self = .other(String(word.prefix(64)))
    }
  }

  /// The provider's word.
  public var word: String {
    switch self {
    case .endTurn: return "end_turn"
    case .outputTokensMax: return "max_tokens"
    case .stopSequence: return "stop_sequence"
    case .toolUse: return "tool_use"
    case .pauseTurn: return "pause_turn"
    case .refusal: return "refusal"
    case .contextWindowExceeded: return "model_context_window_exceeded"
    case .other(let word): return word
    }
  }
}

/// An answer, whole.
public struct ClaudeAnswer: Equatable, Sendable {
  /// The provider's name for it.
  public var id = ""
  /// The model that was asked, as the catalog names it, and what it calls itself.
  public var model = ""
  public var servedBy = ""
  /// The text, without thinking.
  public var text = ""
  /// Why it ended.
  public var stopReason = ClaudeStopReason.endTurn
  /// The text that ended it; empty when none did.
  public var stopSequence = ""
  /// What a refusal is about, where the model says so.
  public var refusalCategory = ""
  /// What this answer used; attempts that failed are in the outcome's charges.
  public var usage = Usage()
  /// The provider's name for the request.
  public var requestID = ""

  /// Makes an empty answer.
  public init() {}
}

/// What one attempt is billed with.
public struct ClaudeCharge: Equatable, Sendable {
  /// The model, as the catalog names it.
  public var model: String
  /// What was used, as the provider says; of an attempt that broke off, what it had said until
  /// then.
  public var usage: Usage
  /// That at the catalog's prices.
  public var cost: Money

  /// Prices a usage.
  public init(_ model: Model, _ usage: Usage) {
    self.model = model.name
    self.usage = usage
    cost = model.cost(of: usage)
  }
}

/// How a call ended.
public struct ClaudeOutcome: Sendable {
  /// The answer, or the last attempt's failure.
  public var result: Result<ClaudeAnswer, ClaudeFailure>
  /// What is billed for all attempts. Calls that were made once for many askers are charged to one
  /// of them; the others have none.
  public var charges: [ClaudeCharge] = []
  /// Requests that were sent.
  public var attempts = 0
  /// Whether somebody else had asked the same already, and this is their answer.
  public var isShared = false
  /// Microseconds from the call to the first text and to the end.
  public var firstTextMicroseconds: Int64?
  public var microseconds: Int64 = 0
  /// What the provider still allows, as of the last answer.
  public var rateLimits = ClaudeRateLimits()

  /// The sum of the charges.
  public var cost: Money { charges.reduce(Money.zero) { $0 + $1.cost } }
}

/// What the provider allows in a minute, as it says with every answer; nil where it does not.
public struct ClaudeRateLimits: Equatable, Sendable {
  /// One limit.
  public struct Limit: Equatable, Sendable {
    /// How many, and how many are left.
    public var limit: Int?
    public var remaining: Int?
    /// When all are back, as 2026-11-23T12:00:00Z; empty when not told.
    public var reset = ""

    public init() {}
  }

  /// Requests, and tokens in all, in and out.
  public var requests = Limit()
  public var tokens = Limit()
  public var inputTokens = Limit()
  public var outputTokens = Limit()

  public init() {}
}

/// What a call tells while it goes on.
public enum ClaudeEvent: Sendable {
  /// More text of the answer.
  case text(String)
  /// The end; nothing follows.
  case finished(ClaudeOutcome)
}
