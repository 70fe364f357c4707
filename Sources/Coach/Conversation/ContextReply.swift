internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// The answer of COACH.CONTEXT or COACH.COMPRESS.
struct ContextReply: Sendable {
  var isCompress = false
  var format = ContextDocument.Format.messages
  /// What is sent, and as JSON or plain text.
  var document = ContextDocument()
  var body: [UInt8] = []
  var system: [UInt8]?
  var version = 0
  /// The first and last entry that the summary covers, and the number of messages.
  var covered: (first: StreamID, last: StreamID, messages: Int)?
  var summaryTokens = 0
  var recent = 0
  /// Messages that would have been kept but for the budget.
  var squeezed = 0
  var tokensFull = 0
  var tokensSent = 0
  /// Tokens that would have been sent before this compaction.
  var tokensBefore = 0
  var budget = 0
  var breakpoint: (message: Int, block: Int)?
  var costFull = Money.zero
  var costSent = Money.zero
  var model = ""
  var isCompacted = false
  var reason = ""
  var isExact = false
  /// Who has made the summary, why it was not the provider that was asked for it, and its price.
  var isByClaude = false
  var fallback: String?
  var summaryCost = Money.zero

  /// Of a conversation that does not exist.
  static func empty(_ job: ContextJob) -> ContextReply {
    var reply = ContextReply()
    reply.isCompress = job.request.isForced
    reply.format = job.request.format
    reply.body = job.request.format == .messages ? Array("[]".utf8) : []
    reply.budget = job.request.budget
    reply.model = job.model.name
    reply.reason = "there are no messages"
    reply.isExact = job.counter.isExact
    return reply
  }

  /// Part of the tokens of the whole that is sent.
  private var ratio: Double {
    guard tokensFull > 0 else { return 1 }
    return (Double(tokensSent) / Double(tokensFull) * 1000).rounded() / 1000
  }

  func write(_ reply: inout ReplyWriter) {
    reply.map(isCompress ? 11 : 16)
    if !isCompress {
      reply.bulk(format == .messages ? "messages" : "text" as StaticString)
      reply.bulk(body)
      reply.bulk("system")
      if let system { reply.bulk(system) } else { reply.null() }
    }
    reply.bulk("version")
    reply.integer(version)
    reply.bulk("covered")
    writeCovered(&reply)
    reply.bulk("recent")
    reply.integer(recent)
    if isCompress {
      reply.bulk("tokens_before")
      reply.integer(tokensBefore)
      reply.bulk("tokens_after")
      reply.integer(tokensSent)
      reply.bulk("summary_tokens")
      reply.integer(summaryTokens)
    } else {
      writeSizes(&reply)
    }
    reply.bulk("compacted")
    reply.boolean(isCompacted)
    reply.bulk("reason")
    reply.bulk(reason)
    guard isCompress else { return }
    reply.bulk("via")
    reply.bulk(isByClaude ? "claude" : "local" as StaticString)
    reply.bulk("fallback")
    if let fallback { reply.bulk(fallback) } else { reply.null() }
    reply.bulk("cost")
    reply.bulk(summaryCost.text)
  }

  private func writeCovered(_ reply: inout ReplyWriter) {
    guard let covered else { return reply.null() }
    reply.array(3)
    reply.bulk(covered.first)
    reply.bulk(covered.last)
    reply.integer(covered.messages)
  }

  private func writeSizes(_ reply: inout ReplyWriter) {
    reply.bulk("recent_summarised")
    reply.integer(squeezed)
    reply.bulk("tokens_full")
    reply.integer(tokensFull)
    reply.bulk("tokens_sent")
    reply.integer(tokensSent)
    reply.bulk("ratio")
    reply.double(ratio)
    reply.bulk("budget")
    reply.integer(budget)
    reply.bulk("counted")
    reply.bulk(isExact ? "exact" : "estimate" as StaticString)
    reply.bulk("breakpoint")
    if let breakpoint {
      reply.array(2)
      reply.integer(breakpoint.message)
      reply.integer(breakpoint.block)
    } else {
      reply.null()
    }
    reply.bulk("model")
    reply.bulk(model)
    reply.bulk("cost")
    reply.map(2)
    reply.bulk("full")
    reply.bulk(costFull.text)
    reply.bulk("sent")
    reply.bulk(costSent.text)
  }
}

/// Putting the answer together.
extension ContextJob {
  /// Reads what is sent and writes down that it was.
  ///
  /// - Returns: false when it turned out too long, and has to be decided anew.
  func render(
    _ stream: StreamObject, _ context: borrowing CommandContext
  ) throws(CommandError) -> Bool {
    var document = ContextDocument()
    let pins = PinBlock(stream, state.pins)
    if !pins.text.isEmpty { document.add(pins.text, tokens: state.pinTokens) }
    if state.summaryTokens > 0 {
      document.add(SummaryMaker.block(state.summary), tokens: state.summaryTokens)
    }
    var cursor = stream.cursor(from: state.through.successor ?? .max, through: .max)
    var left = request.budget
    while let raw = cursor.next(), left >= 0 {
      let entry = ConversationEntry(raw)
      guard entry.kind.isMessage else { continue }
      document.add(entry, counter)
      left -= entry.tokens(counter)
    }
    document.open(counter)
    let system = state.system.flatMap { stream.entry($0) }.map { ConversationEntry($0).textArray }
    let others =
      counter.requestFrameTokens - separator
      + (system == nil ? 0 : state.systemTokens + separator)
    var reply = ContextReply()
    reply.tokensSent = max(
      counter.requestFrameTokens, others + document.tokens(separator: separator))
    if request.format == .text, !request.isForced {
      reply.body = document.plain()
      reply.tokensSent =
        others + separator + reply.body.withByteView { counter.contentTokens($0) }
    }
    if reply.tokensSent > request.budget, !request.isForced {
      try shrink(by: reply.tokensSent - request.budget, context)
      return false
    }
    if request.format == .messages, !request.isForced {
      let prefix = settings.systemTokens + reply.tokensSent
      let isCached = prefix >= model.cacheablePrefixTokens
      reply.body = document.json(isCached: isCached)
      reply.breakpoint = isCached ? document.breakpoint : nil
    }
    reply.document = document
    reply.system = system
    reply.recent = document.messageCount
    fill(&reply, stream, context)
    self.reply = reply
    if !request.isForced { try noteSent(reply, context) }
    return true
  }

  /// The text form is longer than the messages it is made of, or the counts are wrong.
  private func shrink(
    by tokens: Int, _ context: borrowing CommandContext
  ) throws(CommandError) {
    guard request.format == .messages else {
      excess += tokens
      return try again()
    }
    try recountAgain(context)
  }

  private func fill(
    _ reply: inout ContextReply, _ stream: StreamObject, _ context: borrowing CommandContext
  ) {
    let pinCost = state.pinTokens > 0 ? state.pinTokens + separator : 0
    let systemCost = state.system == nil ? 0 : state.systemTokens + separator
    let all = state.tokens + state.messages * separator
    reply.tokensFull = max(
      counter.requestFrameTokens,
      counter.requestFrameTokens - separator + pinCost + systemCost + all)
    let before = donePlan?.tokensBefore ?? 0
    reply.tokensBefore = before > 0 ? before : reply.tokensSent
    reply.isCompress = request.isForced
    reply.format = request.format
    reply.version = state.version
    if state.covered > 0 {
      var first = stream.cursor(from: .zero, through: state.through)
      reply.covered = (first.next()?.id ?? state.through, state.through, state.covered)
    }
    reply.summaryTokens = state.summaryTokens
    reply.squeezed =
      donePlan?.squeezed ?? max(0, min(request.recent, state.messages) - reply.recent)
    reply.budget = request.budget
    reply.isCompacted = donePlan != nil
    reply.reason = reason
    reply.isByClaude = isByClaude
    reply.fallback = fallback
    reply.summaryCost = claude?.cost ?? .zero
    reply.isExact = counter.isExact
    reply.model = model.name
    let isWarm = isWarm(context)
    reply.costFull = cost(
      history: reply.tokensFull, warm: isWarm ? settings.systemTokens + state.sentFull : 0)
    let warmSent =
      donePlan == nil ? settings.systemTokens + state.sentTokens : settings.systemTokens
    reply.costSent = cost(history: reply.tokensSent, warm: isWarm ? warmSent : 0)
  }

  private func noteSent(
    _ reply: ContextReply, _ context: borrowing CommandContext
  ) throws(CommandError) {
    state.sentAt = Int(context.unixTime)
    state.sentTokens = reply.tokensSent
    state.sentFull = reply.tokensFull
    try context.changeState { state.writeSent(&$0) }
    context.routing.statistics.add(.fullTokens, Int64(reply.tokensFull))
    context.routing.statistics.add(.sentTokens, Int64(reply.tokensSent))
  }
}
