internal import Bytes
internal import RESPServer

/// What COACH.CONTEXT or COACH.COMPRESS was asked for.
struct ContextRequest: Sendable {
  /// Tokens that may be sent.
  var budget: Int
  /// Messages that stay as they are when the conversation is compacted.
  var recent: Int
  /// Messages behind the summary from which on it is.
  var threshold: Int
  /// Length of a summary for each token that it stands for.
  var ratio: Double
  var format = ContextDocument.Format.messages
  /// COACH.COMPRESS: whatever it costs.
  var isForced = false
  /// Whether the provider is to summarise.
  var asksClaude = false

  /// The defaults.
  init(_ settings: MemorySettings) {
    budget = settings.contextTokens
    recent = settings.recentMessages
    threshold = max(settings.compactAfter, settings.recentMessages)
    ratio = Double(settings.ratioPercent) / 100
  }

  /// COACH.CONTEXT's options, from the argument at `start` on.
  init(
    context: borrowing CommandContext, from start: Int, _ settings: MemorySettings
  ) throws(CommandError) {
    self.init(settings)
    var index = start
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "BUDGET") {
        budget = Int(
          try context.integer(
            at: index + 1, in: 1...10_000_000,
            orThrow: .fixed("ERR BUDGET must be between 1 and 10000000 tokens")))
      } else if context.argument(at: index, is: "RECENT") {
        recent = Int(
          try context.integer(
            at: index + 1, in: 1...10_000,
            orThrow: .fixed("ERR RECENT must be between 1 and 10000 messages")))
        // As many again may come before the next compaction, as with the defaults.
        threshold = 2 * recent
      } else if context.argument(at: index, is: "AS") {
        if context.argument(at: index + 1, is: "MESSAGES") {
          format = .messages
        } else if context.argument(at: index + 1, is: "TEXT") {
          format = .text
        } else {
          throw .syntax
        }
      } else {
        throw .syntax
      }
      index += 2
    }
  }

  /// COACH.COMPRESS's options, from the argument at `start` on.
  init(
    compressing context: borrowing CommandContext, from start: Int, _ settings: MemorySettings
  ) throws(CommandError) {
    self.init(settings)
    isForced = true
    var index = start
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "RATIO") {
        ratio = try context.ratio(at: index + 1)
      } else if context.argument(at: index, is: "VIA") {
        asksClaude = try context.asksClaude(at: index + 1)
      } else {
        throw .syntax
      }
      index += 2
    }
  }
}

extension CommandContext {
  /// The argument at `index` as a ratio above 0 and up to 1.
  func ratio(at index: Int) throws(CommandError) -> Double {
    guard let ratio = FloatText.parse(self[index]), ratio > 0, ratio <= 1 else {
      throw .fixed("ERR RATIO must be above 0 and at most 1")
    }
    return ratio
  }

  /// Who is to summarise: whether the argument is CLAUDE, not LOCAL.
  func asksClaude(at index: Int) throws(CommandError) -> Bool {
    if argument(at: index, is: "LOCAL") { return false }
    guard argument(at: index, is: "CLAUDE") else { throw .syntax }
    return true
  }
}
