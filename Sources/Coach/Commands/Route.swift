internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.ROUTE: which model answers a message, and why.
enum Route: Command {
  static let spec = CommandSpec(
    "COACH.ROUTE", since: "1.0.0", group: .coach, arity: -3, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readOnly, .access], state: [.readWrite, .access, .update, .insert]),
    summary: "Chooses the model that answers a message of a conversation, and says what it costs.",
    complexity: "O(N+M) with N the bytes of the message and M the models",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec("text", .string),
      ArgumentSpec("user", .string, token: "USER", optional: true),
      ArgumentSpec("label", .string, token: "LABEL", optional: true),
      ArgumentSpec("model", .string, token: "MODEL", optional: true),
      ArgumentSpec("reservation", .string, token: "RESERVE", optional: true),
      ArgumentSpec("explain", .pureToken, token: "EXPLAIN", optional: true),
      ArgumentSpec("dryrun", .pureToken, token: "DRYRUN", optional: true),
    ],
    example: """
      > COACH.ROUTE 42 "" DRYRUN
       1) "label"
       2) "uncertain"
       3) "confidence"
       4) "0"
       5) "tier"
       6) "premium"
       7) "model"
       8) "claude-sonnet-5-5"
       9) "why"
      10) "uncertain asks for premium"
      11) "crisis"
      12) (integer) 0
      13) "tokens"
      14)  1) "message"
           2) (integer) 6
           3) "history"
           4) (integer) 0
           5) "system"
           6) (integer) 1500
           7) "prompt"
           8) (integer) 1506
           9) "answer"
          10) (integer) 300
      15) "cost"
      16) "0.006012"
      17) "costs"
      18) 1) "claude-haiku-5-5"
          2) "0.0003006"
          3) "claude-haiku-4-5-20251001"
          4) "0.003006"
          5) "claude-sonnet-5-5"
          6) "0.006012"
          7) "claude-opus-5-5"
          8) "0.012024"
      19) "chain"
      20) 1) "claude-sonnet-5-5"
          2) "claude-opus-5-5"
          3) "claude-haiku-5-5"
          4) "claude-haiku-4-5-20251001"
      21) "notes"
      22) (empty array)
      """)

  /// What stands behind the text.
  private struct Options {
    var user = ""
    var task: RoutingTask?
    var model: (model: Model, isSuccessor: Bool, name: String)?
    var reservation: String?
    var isExplained = false
    var isDryRun = false
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try options(context)
    let counter = CoachState.memorySettings.counter
    let conversation = try RoutedConversation(context, counter)
    let text = context[2]
    let safety = SafetyDetector.verdict(on: text)
    var reader = MessageReader.ofThisThread
    let turn = conversation.assistantTurn
    let classification = context.classifier.pointee.classify(text, after: turn, reader: &reader)
    let task = options.task ?? .message(classification.label)

    let router = context.router
    var request = Router.Request(
      safety.isHarmless ? task : .message(.uncertain),
      turn: sizes(text, conversation, counter, router.pointee.policy, context.unixTime))
    request.isCrisis = safety.isCrisis
    request.currentTier = conversation.tier
    request.currentModel = conversation.model
    request.wantedModel = options.model?.model
    let shared = context.routing
    let now = context.unixSeconds
    if safety.isCrisis, !options.isDryRun {
      // First of all: whatever becomes of the route, staff know.
      shared.statistics.add(.crises)
      context.noteCrisis(
        safety, in: text, conversation: context[1], user: Array(options.user.utf8), from: "route")
    }
    let route = try choose(request, router.pointee, user: options.user, shared, now) {
      if !options.isDryRun { shared.statistics.add($0) }
    }

    var reservation: BudgetBook.Reservation?
    if !options.isDryRun {
      reservation = try reserve(route, request, options, context)
      try keep(route, isNew: conversation.isNew, context)
      shared.statistics.note(route, task)
    }
    let answer = RouteReply(
      route: route, request: request, task: task, classification: classification, safety: safety,
      reservation: reservation, notes: notes(route, options, safety, now))
    answer.write(
      &context, isExplained: options.isExplained, text: text, after: turn, user: options.user)
  }

  private static func options(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var index = 3
    while index < context.count {
      let hasValue = index + 1 < context.count
      if context.argument(at: index, is: "EXPLAIN") {
        options.isExplained = true
        index += 1
        continue
      } else if context.argument(at: index, is: "DRYRUN") {
        options.isDryRun = true
        index += 1
        continue
      }
      guard hasValue else { throw .syntax }
      if context.argument(at: index, is: "USER") {
        options.user = try context.user(at: index + 1)
      } else if context.argument(at: index, is: "LABEL") {
        guard context[index + 1].count <= 64,
          let task = RoutingTask(named: context[index + 1].string.lowercased())
        else {
          throw .made(
            "ERR unknown label, it is one of "
              + RoutingTask.all.map(\.name).joined(separator: ", "))
        }
        options.task = task
      } else if context.argument(at: index, is: "MODEL") {
        let found = try context.model(at: index + 1)
        options.model = (found.model, found.isSuccessor, context[index + 1].string)
      } else if context.argument(at: index, is: "RESERVE") {
        options.reservation = try context.reservationID(at: index + 1)
      } else {
        throw .syntax
      }
      index += 2
    }
    return options
  }

  /// Writes down which model answers.
  static func keep(
    _ route: Router.Route, isNew: Bool, _ context: borrowing CommandContext
  ) throws(CommandError) {
    let time = context.unixTime
    try context.changeState { writer in
      // A state that knows it has no messages yet need not be made again with the first.
      if isNew { writer.set("entries", 0) }
      writer.set(ConversationKeys.StateField.tier, Array(route.tier.rawValue.utf8))
      writer.set(ConversationKeys.StateField.model, Array(route.choice.model.name.utf8))
      writer.set(ConversationKeys.StateField.answeredAt, Int(time))
    }
    if isNew { context.renewLifetime() }
  }

  /// The sizes of what is sent.
  static func sizes(
    _ text: ByteView, _ conversation: RoutedConversation, _ counter: TokenCounter,
    _ policy: RoutingPolicy, _ now: Int64
  ) -> PromptCost.Turn {
    let system = policy.systemTokens + conversation.systemTokens
    let history = conversation.historyTokens
    let isWarm =
      conversation.seenAt.map {
        (0...Int64(PromptCost.cacheSeconds) * 1000).contains(now - $0)
      } ?? false
    return PromptCost.Turn(
      systemTokens: system, historyTokens: history, compactTokens: history,
      messageTokens: counter.requestFrameTokens + counter.contentTokens(text),
      answerTokens: policy.answerTokens, warmTokens: isWarm ? system + history : 0)
  }

  /// Chooses the model.
  ///
  /// - Parameter refused: told what a refusal counts as, before it is thrown.
  /// - Throws: OVERBUDGET, NOMODEL.
  static func choose(
    _ request: Router.Request, _ router: borrowing Router, user: String,
    _ shared: RoutingState.Shared, _ now: Int64, refused: (CoachStatistics.Counter) -> Void
  ) throws(CommandError) -> Router.Route {
    let time = BreakerBoard.time
    var asked = Money.zero
    do throws(Router.Failure) {
      return try router.route(
        request, isUp: { shared.breakers.wouldAdmit($0, now: time) },
        refusal: { amount in
          asked = amount
          return shared.store.book.refusal(amount, user: user, now: now)
        })
    } catch {
      switch error {
      case .overBudget(let refusal):
        refused(.refused)
        throw .overBudget(refusal, asked: asked, user: user, now: now)
      case .noModel(let choices):
        refused(.withoutModel)
        throw .made(noModel(choices, request))
      }
    }
  }

  private static func noModel(_ choices: [Router.Choice], _ request: Router.Request) -> String {
    let prompt =
      request.turn.systemTokens + request.turn.historyTokens + request.turn.messageTokens
    if choices.allSatisfy({ $0.obstacle == .tooLong }) {
      return "ERR no model can take \(prompt) tokens"
    }
    let states = choices.map { "\($0.model.name) \($0.obstacle?.rawValue ?? "up")" }
    return "NOMODEL no model answers: " + states.joined(separator: ", ")
  }

  /// Puts the greatest cost aside. Between the choice and this somebody else may have taken the
  /// money: then the answer is that of a budget that is used up.
  private static func reserve(
    _ route: Router.Route, _ request: Router.Request, _ options: Options,
    _ context: borrowing CommandContext
  ) throws(CommandError) -> BudgetBook.Reservation? {
    guard let id = options.reservation else { return nil }
    let seconds = context.setting(RoutingSettings.reservationSeconds)?.integer ?? 300
    do throws(BudgetBook.ReserveError) {
      return try context.routing.store.book.reserve(
        route.choice.costMax, id: id, user: options.user, now: context.unixSeconds,
        seconds: Int64(seconds), isForced: request.isCrisis)
    } catch {
      throw context.commandError(error, asked: route.choice.costMax, user: options.user)
    }
  }

  private static func notes(
    _ route: Router.Route, _ options: Options, _ safety: SafetyVerdict, _ now: Int64
  ) -> [String] {
    var notes: [String] = []
    if safety.isCrisis { notes.append("crisis: budgets do not count, the answer is not cached") }
    if let asked = options.model, asked.isSuccessor {
      notes.append("\(asked.name) is retired: \(asked.model.name) is its successor")
    }
    if let asked = options.model, asked.model.name != route.choice.model.name {
      notes.append("\(asked.model.name) was asked for and cannot be had")
    }
    if route.isDegraded { notes.append("the budget allows the economy tier only") }
    let model = route.choice.model
    if !model.retirement.isEmpty,
      model.mayBeGone(on: CalendarDay.text(CalendarDay.of(seconds: now)))
    {
      notes.append("\(model.name) may be gone: its retirement is \(model.retirement)")
    }
    return notes
  }
}
