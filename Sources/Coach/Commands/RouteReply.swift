internal import Bytes
internal import RESP
internal import RESPServer

/// The reply of COACH.ROUTE.
struct RouteReply {
  let route: Router.Route
  let request: Router.Request
  let task: RoutingTask
  let classification: Classification
  let safety: SafetyVerdict
  let reservation: BudgetBook.Reservation?
  let notes: [String]

  /// Writes it.
  ///
  /// - Parameters:
  ///   - text, turn: what was classified, for explaining it.
  ///   - user: whose budget is shown.
  func write(
    _ context: inout CommandContext, isExplained: Bool, text: ByteView, after turn: ByteView?,
    user: String
  ) {
    context.reply.map(11 + (reservation == nil ? 0 : 1) + (isExplained ? 4 : 0))
    writeHead(&context.reply)
    writeCosts(&context.reply)
    if let reservation {
      context.reply.bulk("reservation")
      context.reply.reservation(reservation)
    }
    guard isExplained else { return }
    var reader = MessageReader.ofThisThread
    let explanation = context.classifier.pointee.explain(text, after: turn, reader: &reader)
    context.reply.bulk("explanation")
    context.reply.bulk(explanation.text)
    context.reply.bulk("saves")
    context.reply.bulk((route.premiumCost - route.choice.cost).text)
    context.reply.bulk("choices")
    writeChoices(context)
    context.reply.bulk("budget")
    context.replyBudget(user: user)
  }

  private func writeHead(_ reply: inout ReplyWriter) {
    reply.bulk("label")
    reply.bulk(task.name)
    reply.bulk("confidence")
    reply.double((Double(classification.confidence) * 10_000).rounded() / 10_000)
    reply.bulk("tier")
    reply.bulk(route.tier.rawValue)
    reply.bulk("model")
    reply.bulk(route.choice.model.name)
    reply.bulk("why")
    reply.bulk(route.reason)
    reply.bulk("crisis")
    reply.boolean(safety.isCrisis)
    reply.bulk("tokens")
    reply.map(5)
    let turn = request.turn
    for (name, count) in [
      ("message", turn.messageTokens), ("history", turn.historyTokens),
      ("system", turn.systemTokens), ("prompt", route.choice.usage.promptTokens),
      ("answer", turn.answerTokens),
    ] as [(StaticString, Int)] {
      reply.bulk(name)
      reply.integer(count)
    }
  }

  private func writeCosts(_ reply: inout ReplyWriter) {
    reply.bulk("cost")
    reply.bulk(route.choice.cost.text)
    reply.bulk("costs")
    reply.map(route.choices.count)
    for choice in route.choices {
      reply.bulk(choice.model.name)
      reply.bulk(choice.cost.text)
    }
    reply.bulk("chain")
    reply.array(route.chain.count)
    for name in route.chain { reply.bulk(name) }
    reply.bulk("notes")
    reply.array(notes.count)
    for note in notes { reply.bulk(note) }
  }

  private func writeChoices(_ context: borrowing CommandContext) {
    let time = BreakerBoard.time
    context.reply.array(route.choices.count)
    for choice in route.choices {
      context.reply.map(8)
      context.reply.bulk("model")
      context.reply.bulk(choice.model.name)
      context.reply.bulk("tier")
      context.reply.bulk(choice.tier.rawValue)
      context.reply.bulk("breaker")
      context.reply.bulk(
        context.routing.breakers.breaker(of: choice.model.name).state(now: time).rawValue)
      context.reply.bulk("obstacle")
      context.reply.bulk(choice.obstacle?.rawValue ?? "none")
      context.reply.bulk("way")
      context.reply.bulk(choice.way.rawValue)
      context.reply.bulk("usage")
      context.reply.usage(choice.usage)
      context.reply.bulk("cost")
      context.reply.bulk(choice.cost.text)
      context.reply.bulk("cost_max")
      context.reply.bulk(choice.costMax.text)
    }
  }
}

extension ReplyWriter {
  /// The counts of a usage, as the provider names them.
  mutating func usage(_ usage: Usage) {
    map(5)
    for (name, count) in [
      ("input_tokens", usage.inputTokens), ("cache_write_tokens", usage.cacheWriteTokens),
      ("cache_write_hour_tokens", usage.cacheWriteHourTokens),
      ("cache_read_tokens", usage.cacheReadTokens), ("output_tokens", usage.outputTokens),
    ] as [(StaticString, Int)] {
      bulk(name)
      integer(count)
    }
  }

  /// A reservation.
  mutating func reservation(_ reservation: BudgetBook.Reservation) {
    map(4)
    bulk("id")
    bulk(reservation.id)
    bulk("user")
    bulk(reservation.user)
    bulk("amount")
    bulk(reservation.amount.text)
    bulk("ends_at")
    integer(reservation.endsAt)
  }
}
