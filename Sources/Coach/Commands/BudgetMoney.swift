internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.BUDGET RESERVE: puts money aside for a call.
enum BudgetReserveCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|RESERVE", since: "1.0.0", group: .coach, arity: -4, flags: [.fast],
    summary: "Puts money aside for a call that is about to be made, or says why it may not be.",
    complexity: "O(log N) with N the reservations",
    arguments: [
      ArgumentSpec("id", .string),
      ArgumentSpec("dollars", .double),
      ArgumentSpec("user", .string, token: "USER", optional: true),
      ArgumentSpec("seconds", .integer, token: "TTL", optional: true),
    ],
    example: """
      > COACH.BUDGET SET USER bob TOTAL 0.10
      OK
      > COACH.BUDGET RESERVE call-1 0.08 USER bob
      OK
      > COACH.BUDGET RESERVE call-2 0.08 USER bob
      (error) OVERBUDGET the user-total budget of $0.10 does not allow $0.08 ($0.00 spent, $0.08 \
      reserved); it does not reset by itself
      > COACH.BUDGET RELEASE call-1
      "0.08"
      > COACH.BUDGET DEL USER bob TOTAL
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let id = try context.reservationID(at: 2)
    let amount = try context.dollars(at: 3)
    var user = ""
    var seconds = Int64(context.setting(RoutingSettings.reservationSeconds)?.integer ?? 300)
    var index = 4
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "USER") {
        user = try context.user(at: index + 1)
      } else if context.argument(at: index, is: "TTL") {
        seconds = try context.integer(
          at: index + 1, in: 1...86_400, orThrow: .fixed("ERR TTL is 1 to 86400 seconds"))
      } else {
        throw .syntax
      }
      index += 2
    }
    do throws(BudgetBook.ReserveError) {
      _ = try context.routing.store.book.reserve(
        amount, id: id, user: user, now: context.unixSeconds, seconds: seconds)
    } catch {
      throw context.commandError(error, asked: amount, user: user)
    }
    context.reply.ok()
  }
}

extension CommandContext {
  /// The argument at `index` as the name of a reservation: UTF-8 of 1 to 256 bytes that does not
  /// begin with #, which the coach's own do.
  func reservationID(at index: Int) throws(CommandError) -> String {
    guard (1...256).contains(self[index].count), self[index][0] != UInt8(ascii: "#"),
      let id = String(validating: self[index].buffer, as: UTF8.self)
    else {
      throw .fixed("ERR invalid reservation: 1 to 256 bytes of UTF-8 that do not begin with #")
    }
    return id
  }

  /// What a client gets for whom nothing was put aside.
  func commandError(
    _ error: BudgetBook.ReserveError, asked: Money, user: String
  ) -> CommandError {
    switch error {
    case .overBudget(let refusal):
      .overBudget(refusal, asked: asked, user: user, now: unixSeconds)
    case .exists: .fixed("ERR there is a reservation of this name already")
    case .full: .fixed("ERR there are too many reservations or users")
    }
  }
}

/// COACH.BUDGET SETTLE: books what a call has cost.
enum BudgetSettleCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|SETTLE", since: "1.0.0", group: .coach, arity: -5, flags: [.noScript],
    summary:
      "Books what a call has cost, given in dollars or as the counts that the provider bills.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("id", .string),
      ArgumentSpec("dollars", .double, token: "COST", optional: true),
      ArgumentSpec("model", .string, token: "MODEL", optional: true),
      ArgumentSpec("tokens", .integer, token: "INPUT", optional: true),
      ArgumentSpec("tokens", .integer, token: "CACHEWRITE", optional: true),
      ArgumentSpec("tokens", .integer, token: "CACHEWRITEHOUR", optional: true),
      ArgumentSpec("tokens", .integer, token: "CACHEREAD", optional: true),
      ArgumentSpec("tokens", .integer, token: "OUTPUT", optional: true),
    ],
    example: """
      > COACH.BUDGET RESERVE call-3 0.05 USER eve
      OK
      > COACH.BUDGET SETTLE call-3 MODEL claude-sonnet-5-5 INPUT 45 CACHEREAD 8000 OUTPUT 300
      1) "cost"
      2) "0.00389"
      3) "reserved"
      4) "0.05"
      5) "late"
      6) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let id = try context.reservationID(at: 2)
    let bill = try bill(context)
    guard
      let reservation = context.routing.store.book.settle(
        id, spent: bill.cost, model: bill.model, usage: bill.usage, now: context.unixSeconds)
    else { throw .noReservation }
    let cost = bill.cost
    context.replyWhenSaved { reply in
      reply.map(3)
      reply.bulk("cost")
      reply.bulk(cost.text)
      reply.bulk("reserved")
      reply.bulk(reservation.amount.text)
      reply.bulk("late")
      reply.boolean(reservation.isLate)
    }
  }

  /// Reads what stands behind the name.
  private static func bill(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (cost: Money, model: String, usage: Usage) {
    var cost: Money?
    var model: Model?
    var usage = Usage()
    var hasUsage = false
    var index = 3
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "COST") {
        cost = try context.dollars(at: index + 1)
      } else if context.argument(at: index, is: "MODEL") {
        model = try context.model(at: index + 1).model
      } else {
        guard let field = field(context, at: index) else { throw .syntax }
        usage[keyPath: field] = Int(
          try context.integer(
            at: index + 1, in: 0...1_000_000_000,
            orThrow: .fixed("ERR tokens are a whole number from 0 to 1000000000")))
        hasUsage = true
      }
      index += 2
    }
    if let cost { return (cost, model?.name ?? "", usage) }
    guard let model, hasUsage else {
      throw .fixed("ERR SETTLE takes COST, or MODEL and counts of tokens")
    }
    return (model.cost(of: usage), model.name, usage)
  }

  private static func field(
    _ context: borrowing CommandContext, at index: Int
  ) -> WritableKeyPath<Usage, Int>? {
    if context.argument(at: index, is: "INPUT") { return \.inputTokens }
    if context.argument(at: index, is: "CACHEWRITE") { return \.cacheWriteTokens }
    if context.argument(at: index, is: "CACHEWRITEHOUR") { return \.cacheWriteHourTokens }
    if context.argument(at: index, is: "CACHEREAD") { return \.cacheReadTokens }
    if context.argument(at: index, is: "OUTPUT") { return \.outputTokens }
    return nil
  }
}

/// COACH.BUDGET RELEASE: gives money back.
enum BudgetReleaseCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|RELEASE", since: "1.0.0", group: .coach, arity: 3, flags: [.fast],
    summary: "Gives back what was put aside for a call that is not made, and says how much.",
    complexity: "O(1)", arguments: [ArgumentSpec("id", .string)],
    example: """
      > COACH.BUDGET RELEASE no-such-call
      (error) ERR there is no such reservation
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let id = try context.reservationID(at: 2)
    guard
      let reservation = context.routing.store.book.release(id, now: context.unixSeconds)
    else { throw .noReservation }
    context.reply.bulk(reservation.amount.text)
  }
}

extension CommandError {
  static let noReservation = CommandError.fixed("ERR there is no such reservation")
}

/// COACH.BUDGET HELP.
enum BudgetHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the subcommands of COACH.BUDGET.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "DEL <USER <user>|USERS|ALL> <DAY|TOTAL>",
      "    Take a limit away.",
      "GET [USER <user>]",
      "    Show the limits that hold, and what is left of them.",
      "RELEASE <id>",
      "    Give back what was put aside for a call that is not made.",
      "RESERVE <id> <dollars> [USER <user>] [TTL <seconds>]",
      "    Put money aside for a call, or say why it may not be made.",
      "SET <USER <user>|USERS|ALL> <DAY|TOTAL> <dollars>",
      "    Limit what a user, each user, or all together spend in a day (UTC) or at all.",
      "SETTLE <id> <COST <dollars> [MODEL <model>]|MODEL <model> [INPUT <tokens>]",
      "    [CACHEWRITE <tokens>] [CACHEWRITEHOUR <tokens>] [CACHEREAD <tokens>]",
      "    [OUTPUT <tokens>]>",
      "    Book what a call has cost; the rest of what was put aside is free again.",
    ])
  }
}
