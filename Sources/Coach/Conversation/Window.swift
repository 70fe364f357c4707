/// How a budget of tokens is shared between what is always sent, the summary, and recent messages.
///
///     budget = fixed │ summary ≤ ratio of what it covers │ kept ≤ 3/5 of the room │ growth ≥ 1/5
///
/// The room that is left makes compaction a step: after it the context grows message by message,
/// its beginning unchanged, until the budget or the count is reached again. The newest message is
/// kept whenever it fits at all, at the expense of growth and summary.
struct Window: Sendable {
  /// Tokens that may be sent.
  let budget: Int
  /// Tokens that are sent in any case.
  let fixed: Int
  /// Tokens of a message beside its text.
  let separator: Int
  /// Messages to keep at most.
  let recent: Int

  /// Tokens for messages and summary; negative: not even what is fixed can be sent.
  var room: Int { budget - fixed }

  private var keptMax: Int { room / 5 * 3 }

  /// Whether one more message may be kept.
  ///
  /// - Parameters:
  ///   - tokens: of its text.
  ///   - kept: messages kept so far, which are newer.
  ///   - keptCost: what they cost, separators included.
  func keeps(_ tokens: Int, kept: Int, keptCost: Int) -> Bool {
    guard kept < recent else { return false }
    let cost = keptCost + tokens + separator
    return cost <= keptMax || kept == 0 && cost <= room
  }

  /// Tokens that the block of the summary may have; 0: there is to be none.
  ///
  /// - Parameters:
  ///   - covered: tokens of the messages that it stands for.
  ///   - ratio: its length for each of them.
  func summaryMax(covered: Int, keptCost: Int, ratio: Double) -> Int {
    let growth = keptCost <= keptMax ? room / 5 : 0
    let space = room - keptCost - growth - separator
    let wanted = Int((Double(covered) * ratio).rounded(.up))
    return max(0, min(space, wanted))
  }
}
