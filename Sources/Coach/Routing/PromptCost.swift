/// What sending a history costs, in each of the ways in which it can be sent.
///
/// The provider keeps the prefix of a prompt for five minutes after its last use. A prefix that was
/// sent before is then read for a tenth of the input price or less, and what is new is written for
/// a quarter more than it. So a history that only grows is cheap as long as turns come quickly, and
/// whatever changes its beginning (a new summary, another model) pays for all of it again.
public struct PromptCost: Sendable {
  /// What a turn looks like before it is sent, in tokens.
  public struct Turn: Sendable {
    /// Instructions, the same for all turns.
    public var systemTokens: Int
    /// The whole history, and what would be sent of it after compaction: summary and recent
    /// messages.
    public var historyTokens: Int
    public var compactTokens: Int
    /// The new message.
    public var messageTokens: Int
    /// The answer that is expected.
    public var answerTokens: Int
    /// How much of the beginning of system and history this model's cache holds; 0 when cold.
    public var warmTokens: Int

    /// Makes a turn.
    public init(
      systemTokens: Int, historyTokens: Int, compactTokens: Int, messageTokens: Int,
      answerTokens: Int, warmTokens: Int
    ) {
      self.systemTokens = systemTokens
      self.historyTokens = historyTokens
      self.compactTokens = compactTokens
      self.messageTokens = messageTokens
      self.answerTokens = answerTokens
      self.warmTokens = warmTokens
    }
  }

  /// A way of sending the history.
  public enum Way: String, CaseIterable, Sendable {
    /// All of it, at the input price.
    case full
    /// All of it, through the prompt cache.
    case fullCached = "full-cached"
    /// Summary and recent messages, at the input price.
    case compact
    /// Summary and recent messages, through the prompt cache.
    case compactCached = "compact-cached"
  }

  /// How long the provider keeps a prefix, in seconds.
  public static var cacheSeconds: Int { 300 }

  /// Makes the arithmetic of a model.
  public init(model: Model) { self.model = model }

  private let model: Model

  /// The usage of the turn when it is sent in this way.
  public func usage(of turn: Turn, _ way: Way) -> Usage {
    let isFull = way == .full || way == .fullCached
    let prompt =
      turn.systemTokens + (isFull ? turn.historyTokens : turn.compactTokens) + turn.messageTokens
    guard way == .fullCached || way == .compactCached, prompt >= model.cacheablePrefixTokens else {
      return Usage(inputTokens: prompt, outputTokens: turn.answerTokens)
    }
    // After compaction only the instructions are as they were.
    let same = isFull ? turn.systemTokens + turn.historyTokens : turn.systemTokens
    var read = min(turn.warmTokens, same)
    if read < model.cacheablePrefixTokens { read = 0 }
    return Usage(
      cacheWriteTokens: prompt - read, cacheReadTokens: read, outputTokens: turn.answerTokens)
  }

  /// What the turn costs when it is sent in this way.
  public func cost(of turn: Turn, _ way: Way) -> Money { model.cost(of: usage(of: turn, way)) }

  /// What this turn and the `turns` after it cost when the history is compacted now, and when it is
  /// not: the price of writing a new prefix against the smaller reads that follow.
  ///
  /// - Parameters:
  ///   - turns: turns that are expected to follow.
  ///   - isWarm: whether they come within five minutes of each other.
  public func horizon(
    of turn: Turn, turns: Int, isWarm: Bool
  ) -> (keeping: Money, compacting: Money) {
    let grown = turn.messageTokens + turn.answerTokens
    var keeping = cost(of: turn, .fullCached)
    var compacting = cost(of: turn, .compactCached)
    var full = turn
    var small = turn
    small.historyTokens = turn.compactTokens
    for _ in 0..<max(0, turns) {
      full.warmTokens = isWarm ? full.systemTokens + full.historyTokens + turn.messageTokens : 0
      small.warmTokens = isWarm ? small.systemTokens + small.historyTokens + turn.messageTokens : 0
      full.historyTokens += grown
      small.historyTokens += grown
      keeping += cost(of: full, .fullCached)
      compacting += cost(of: small, .fullCached)
    }
    return (keeping, compacting)
  }
}
