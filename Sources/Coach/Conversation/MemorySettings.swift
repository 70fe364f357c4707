internal import Bytes
internal import RESPServer

/// The settings of conversations, read from the configuration when it changes, so that commands do
/// not look names up.
struct MemorySettings: Sendable {
  /// Messages that stay as they are when a conversation is compacted.
  var recentMessages = 15
  /// Messages from which on it is.
  var compactAfter = 30
  /// Length of a summary, in hundredths of what it stands for.
  var ratioPercent = 30
  /// What COACH.CONTEXT sends at most, in tokens.
  var contextTokens = 8000
  /// Counts tokens, as the other settings say.
  var counter = TokenCounter()
  /// The longest message taken, in bytes.
  var messageBytesMax = 1 << 20
  var redacts = true
  /// How long a conversation lives after its last message; 0: without end.
  var lifetimeSeconds = 0
  var pinsMax = 32
  /// Instructions that the application sends besides, the answer that is expected, and the turns
  /// that follow: for comparing costs.
  var systemTokens = 1500
  var answerTokens = 300
  var expectedTurns = 20
  var comparesCost = true
  /// Patterns of the keys that belong to a user; %u stands for the user.
  var userPatterns: [[UInt8]] = []
  var receiptKey = Array("wingman:erasures".utf8)

  static let defaultUserPatterns = """
    wingman:conv:{%u}* wingman:conv:{%u:*}* wingman:reputation:%u wingman:location:%u \
    wingman:matches:%u:* wingman:assessment:%u
    """

  /// Reads all settings.
  init(_ value: (String) -> ConfigurationValue?) {
    func number(_ name: String, _ initial: Int) -> Int { value(name)?.integer ?? initial }
    recentMessages = number("coach-recent-messages", recentMessages)
    compactAfter = number("coach-compact-after", compactAfter)
    ratioPercent = number("coach-summary-percent", ratioPercent)
    contextTokens = number("coach-context-tokens", contextTokens)
    counter = TokenCounter(
      TokenCounting.vocabulary(at: value(TokenCounting.fileParameterName)?.text ?? ""),
      messageFrameTokens: number(
        TokenCounting.frameParameterName, TokenCounter.messageFrameTokensDefault))
    messageBytesMax = number("coach-message-bytes-max", messageBytesMax)
    redacts = value("coach-redact-conversations")?.boolean ?? redacts
    lifetimeSeconds = number("coach-conversation-ttl", lifetimeSeconds)
    pinsMax = number("coach-pins-max", pinsMax)
    systemTokens = number("coach-system-tokens", systemTokens)
    answerTokens = number("coach-answer-tokens", answerTokens)
    expectedTurns = number("coach-expected-turns", expectedTurns)
    comparesCost = value("coach-compact-by")?.text != "count"
    let patterns = value("coach-user-keys")?.text ?? Self.defaultUserPatterns
    userPatterns = patterns.split(separator: " ").map { Array($0.utf8) }
    receiptKey = Array((value("coach-receipt-key")?.text ?? "wingman:erasures").utf8)
  }

  /// The parameters behind them.
  static var parameters: [ConfigurationParameter] {
    [
      .module(
        "coach-conversation-prefix", .text, default: .text("wingman:conv:"),
        "what the keys of conversations begin with; an ID in braces follows", .immutable),
      .module(
        "coach-recent-messages", .integer(1...10_000), default: .integer(15),
        "messages that stay as they are when a conversation is compacted"),
      .module(
        "coach-compact-after", .integer(2...20_000), default: .integer(30),
        "messages behind the summary from which on a conversation is compacted"),
      .module(
        "coach-compact-by", .choice(["cost", "count"], synonyms: [:]), default: .text("cost"),
        "what decides then: the computed cost while the provider's cache is warm, or the count"),
      .module(
        "coach-summary-percent", .integer(1...100), default: .integer(30),
        "length of a summary in percent of the tokens it stands for"),
      .module(
        "coach-context-tokens", .integer(32...10_000_000), default: .integer(8000),
        "tokens that COACH.CONTEXT sends at most"),
      .module(
        "coach-message-bytes-max", .memory(1024...536_870_912), default: .integer(1 << 20),
        "the longest message that COACH.APPEND takes"),
      .module(
        "coach-redact-conversations", .boolean, default: .boolean(true),
        "replaces personal data in messages, facts and summaries by placeholders"),
      .module(
        "coach-conversation-ttl", .integer(0...315_360_000), default: .integer(0),
        "seconds that a conversation lives after its last message; 0: without end"),
      .module(
        "coach-pins-max", .integer(0...1000), default: .integer(32),
        "facts that may be pinned to a conversation"),
      .module(
        "coach-system-tokens", .integer(0...1_000_000), default: .integer(1500),
        "tokens of the instructions that the application sends, for comparing costs"),
      .module(
        "coach-answer-tokens", .integer(0...1_000_000), default: .integer(300),
        "tokens that an answer is expected to have, for comparing costs"),
      .module(
        "coach-expected-turns", .integer(0...10_000), default: .integer(20),
        "turns over which keeping and compacting are compared"),
      .module(
        "coach-user-keys", .text, default: .text(defaultUserPatterns),
        "patterns of the keys that COACH.FORGET USER removes; %u stands for the user"),
      .module(
        "coach-receipt-key", .text, default: .text("wingman:erasures"),
        "the stream that keeps a receipt of each erasure",
        validation: { $0.text.isEmpty ? "must not be empty" : nil }),
    ]
  }
}

extension CoachState {
  // Written before the first command and with the gate closed.
  nonisolated(unsafe) static var memory: UnsafeMutablePointer<MemorySettings>?

  /// Reads the settings anew.
  static func readMemorySettings(_ value: (String) -> ConfigurationValue?) {
    let settings = MemorySettings(value)
    if let memory {
      memory.pointee = settings
    } else {
      let made = UnsafeMutablePointer<MemorySettings>.allocate(capacity: 1)
      made.initialize(to: settings)
      memory = made
    }
  }

  /// The settings, for reading inside a command or a loop's task.
  static var memorySettings: MemorySettings {
    _read {
      // The module starts before the first command.
      yield memory.unsafelyUnwrapped.pointee
    }
  }
}
