internal import Bytes
internal import CacheCore
internal import RESPServer

/// Whether to compact, and where to cut.
extension ContextJob {
  /// Tokens that are sent whatever becomes of summary and messages; a message's frame less, because
  /// the first one has none.
  var fixedTokens: Int {
    var tokens = counter.requestFrameTokens - separator
    if state.system != nil { tokens += state.systemTokens + separator }
    if state.pinTokens > 0 {
      tokens += state.pinTokens + separator
    } else {
      tokens += counter.contentTokens(ByteView(ContextDocument.opening)) + separator
    }
    return tokens
  }

  var window: Window {
    Window(
      budget: request.budget - excess, fixed: fixedTokens, separator: separator,
      recent: request.recent)
  }

  /// Tokens up to which a conversation is compacted where nothing may wait, unless it must be.
  private static var heldTokensMax: Int { 2500 }

  /// Decides, and plans the compaction if there is to be one.
  ///
  /// - Throws: when the budget is below what is sent in any case.
  func decide(
    _ stream: StreamObject, _ context: borrowing CommandContext
  ) throws(CommandError) -> Bool {
    let window = window
    guard window.room >= 0 else {
      throw .made(
        "ERR a budget of \(request.budget) tokens is below the \(window.fixed + excess) that the "
          + "frame, instructions and pinned facts take")
    }
    let sent = window.fixed + state.contextTokens(separator: separator)
    let isOver = sent > window.budget
    if donePlan != nil, !isOver { return false }
    guard let why = reasonToCompact(stream, sent: sent, isOver: isOver, context) else {
      return false
    }
    if !isOver, !request.isForced, !context.mayWait, sent > Self.heldTokensMax {
      reason = "\(why), but not inside MULTI or a script: it would take too long"
      return false
    }
    try again()
    let cut = findCut(stream, window)
    if cut.kept == 0, request.recent > 0, !request.isForced { try checkLast(stream, window) }
    if cut.covered == 0, state.covered == 0 {
      // There is no summary to make, and none to drop.
      if isOver { try recountAgain(context) }
      reason = "all \(state.messages) messages are kept"
      return false
    }
    if cut.covered == state.covered, !isOver, !request.isForced, !isStale(stream) {
      reason = "\(why), but there is nothing more to compact"
      return false
    }
    plan = Plan(
      basis: basis(stream), cut: cut.through, covered: cut.covered,
      coveredTokens: cut.coveredTokens,
      limit: window.summaryMax(
        covered: cut.coveredTokens, keptCost: cut.keptCost, ratio: request.ratio),
      reason: why, squeezed: min(request.recent, state.messages) - cut.kept,
      tokensBefore: sent)
    return true
  }

  /// Refuses to leave the message out that is to be answered.
  private func checkLast(_ stream: StreamObject, _ window: Window) throws(CommandError) {
    guard let last = stream.lastEntry, last.kind == .user else { return }
    throw .made(
      "ERR a budget of \(request.budget) tokens is below the \(last.tokens(counter)) of the last "
        + "message and the \(window.fixed + separator + excess) that the frame, instructions and "
        + "pinned facts take")
  }

  /// The state's totals cannot be right, perhaps changed by hand: they are counted again.
  func recountAgain(_ context: borrowing CommandContext) throws(CommandError) {
    try context.changeState { $0.set("entries", -1) }
    try startAgain()
  }

  /// Whether messages were deleted that the summary covers.
  private func isStale(_ stream: StreamObject) -> Bool {
    state.version > 0 && stream.maxDeletedID > state.removed
      && stream.maxDeletedID <= state.through
  }

  /// Why to compact; nil: not now, and `reason` says why not.
  private func reasonToCompact(
    _ stream: StreamObject, sent: Int, isOver: Bool, _ context: borrowing CommandContext
  ) -> String? {
    if request.isForced { return donePlan == nil ? "asked for" : "the budget" }
    if isOver {
      return "all \(sent) tokens would exceed the budget of \(request.budget)"
    }
    if isStale(stream) {
      return "messages that the summary covers were deleted"
    }
    if state.version > 0, state.recentCount < min(request.recent, state.messages),
      request.budget > state.budget || request.recent > state.recent
    {
      return "more messages may be kept than the summary was made for"
    }
    let recent = state.recentCount
    guard recent > request.threshold else {
      let what = recent == 1 ? "1 message" : "\(recent) messages"
      let place = state.covered > 0 ? " behind the summary" : ""
      reason = "\(what)\(place), compacted from \(request.threshold + 1) on"
      return nil
    }
    let why = "more than \(request.threshold) messages behind the summary"
    guard settings.comparesCost, isWarm(context), recent <= 2 * request.threshold else {
      return why
    }
    let horizon = costHorizon(sent: sent)
    guard horizon.keeping < horizon.compacting else { return why }
    reason =
      "the provider's cache is warm: over \(settings.expectedTurns) turns keeping all costs "
      + "$\(horizon.keeping.text), compacting $\(horizon.compacting.text)"
    return nil
  }

  /// Where the messages that are kept begin.
  private func findCut(
    _ stream: StreamObject, _ window: Window
  ) -> (through: StreamID, covered: Int, coveredTokens: Int, kept: Int, keptCost: Int) {
    var kept = 0
    var keptCost = 0
    var keptTokens = 0
    var through = StreamID.zero
    var cursor = stream.cursor(from: .zero, through: .max, isReversed: true)
    while let raw = cursor.next() {
      let entry = ConversationEntry(raw)
      guard entry.kind.isMessage else { continue }
      let tokens = entry.tokens(counter)
      guard window.keeps(tokens, kept: kept, keptCost: keptCost) else {
        through = entry.id
        break
      }
      kept += 1
      keptTokens += tokens
      keptCost += tokens + separator
    }
    let covered = through == .zero ? 0 : max(0, state.messages - kept)
    let coveredTokens = through == .zero ? 0 : max(0, state.tokens - keptTokens)
    return (through, covered, coveredTokens, kept, keptCost)
  }

  // MARK: Costs

  /// The model that the conversation's tier asks first.
  var model: Model {
    let tier = Tier(rawValue: String(decoding: state.tier, as: UTF8.self)) ?? .premium
    // Asked in steps only, which are run on the loop.
    return RoutingState.router?.pointee.chain(of: tier).first ?? Model(name: "")
  }

  /// Whether what was sent last is still in the provider's cache.
  func isWarm(_ context: borrowing CommandContext) -> Bool {
    state.sentAt > 0
      && Int(context.unixTime) - state.sentAt < PromptCost.cacheSeconds * 1000
  }

  private func costHorizon(sent: Int) -> (keeping: Money, compacting: Money) {
    let mean = state.messages > 0 ? max(1, state.tokens / state.messages) : 1
    let kept = (mean + separator) * request.recent
    let rest = max(0, state.tokens - mean * request.recent)
    let turn = PromptCost.Turn(
      systemTokens: settings.systemTokens, historyTokens: sent,
      compactTokens: min(sent, kept + Int(Double(rest) * request.ratio)),
      messageTokens: mean, answerTokens: settings.answerTokens,
      warmTokens: settings.systemTokens + state.sentTokens)
    return PromptCost(model: model).horizon(
      of: turn, turns: settings.expectedTurns, isWarm: true)
  }

  /// What the next call costs with so many tokens of history.
  ///
  /// - Parameter warm: tokens of it that the provider has in its cache.
  func cost(history: Int, warm: Int) -> Money {
    let turn = PromptCost.Turn(
      systemTokens: settings.systemTokens, historyTokens: history, compactTokens: history,
      messageTokens: 0, answerTokens: settings.answerTokens, warmTokens: warm)
    let arithmetic = PromptCost(model: model)
    return min(arithmetic.cost(of: turn, .fullCached), arithmetic.cost(of: turn, .full))
  }
}
