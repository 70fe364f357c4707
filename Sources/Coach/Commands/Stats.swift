internal import RESP
internal import RESPServer

/// COACH.STATS: what the coach costs, and what it saves.
enum Stats: Command {
  static let spec = CommandSpec(
    "COACH.STATS", since: "1.0.0", group: .coach, arity: 1,
    summary: "Reports what the coach costs and saves since the server started.",
    complexity: "O(N) with N the models",
    tips: ["nondeterministic_output"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let fields = CoachReport(context.routing, now: context.unixSeconds).fields
    context.reply.map(fields.count)
    for (name, value) in fields {
      context.reply.bulk(name)
      switch value {
      case .count(let number): context.reply.integer(number)
      case .money(let amount): context.reply.bulk(amount.text)
      case .percent(let share): context.reply.double((share * 10).rounded() / 10)
      }
    }
  }
}

/// What INFO and COACH.STATS tell of routing and money.
struct CoachReport {
  enum Value {
    case count(Int64)
    case money(Money)
    /// 0 to 100.
    case percent(Double)

    /// As INFO shows it.
    var text: String {
      switch self {
      case .count(let number): "\(number)"
      case .money(let amount): amount.text
      case .percent(let share): "\((share * 10).rounded() / 10)"
      }
    }
  }

  let fields: [(name: String, value: Value)]

  /// Reads the counters and the books.
  ///
  /// - Parameter now: Unix seconds.
  init(_ routing: RoutingState.Shared, now: Int64) {
    let statistics = routing.statistics
    let book = routing.store.book
    let time = BreakerBoard.time
    var fields: [(name: String, value: Value)] = []
    func count(_ name: String, _ counter: CoachStatistics.Counter) {
      fields.append((name, .count(statistics[counter])))
    }
    func money(_ name: String, _ amount: Money) { fields.append((name, .money(amount))) }
    func counted(_ counter: CoachStatistics.Counter) -> Money {
      Money(picodollars: statistics[counter])
    }
    count("routes", .routes)
    for task in RoutingTask.all { count("routes_\(task.name)", CoachStatistics.counter(of: task)) }
    count("routes_economy", .economyRoutes)
    count("routes_premium", .premiumRoutes)
    count("routes_switched", .switches)
    count("routes_degraded", .degraded)
    count("routes_refused", .refused)
    count("routes_without_model", .withoutModel)
    count("crises", .crises)
    let routed = counted(.routedCost)
    let premium = counted(.premiumCost)
    money("routed_cost", routed)
    money("premium_cost", premium)
    money("routing_saved", premium - routed)
    fields.append(("routing_saved_percent", Self.share(premium - routed, of: premium)))
    let states = routing.breakers.counts(now: time)
    for state in CircuitBreaker.State.allCases where state != .closed {
      let name = state.rawValue.split(separator: "-").joined(separator: "_")
      fields.append(("breakers_\(name)", .count(Int64(states[state] ?? 0))))
    }
    let total = book.ledger(.total)
    let counts = book.counts(now: now)
    money("spent", total.spent)
    money("spent_today", book.ledger(.day(book.today(now: now))).spent)
    money("reserved", book.reserved(.total, now: now))
    fields.append(("calls", .count(Int64(total.calls))))
    fields.append(("reservations", .count(Int64(counts.reservations))))
    fields.append(("users", .count(Int64(counts.users))))
    count("tokens_full", .fullTokens)
    count("tokens_sent", .sentTokens)
    let full = Money(picodollars: statistics[.fullTokens])
    let sent = Money(picodollars: statistics[.sentTokens])
    fields.append(("tokens_saved_percent", Self.share(full - sent, of: full)))
    count("answers_cached", .cachedAnswers)
    count("answers_cached_tokens", .cachedTokens)
    count("answers_joined", .joinedAnswers)
    money("answers_saved", counted(.answersSaved))
    self.fields = fields
  }

  private static func share(_ part: Money, of whole: Money) -> Value {
    .percent(
      whole.picodollars == 0
        ? 0 : 100 * Double(part.picodollars) / Double(whole.picodollars))
  }
}
