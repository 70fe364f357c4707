internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.BUDGET: the container of the commands below and in `BudgetMoney.swift`.
enum Budget: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET", since: "1.0.0", group: .coach, arity: -2,
    summary: "Limits what is spent; puts money aside for calls.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR wrong number of arguments for 'coach.budget' command")
  }
}

/// Whose budget an argument means.
enum BudgetOwner {
  /// One user's own; what each user has who has none of their own; all users together.
  case user(String)
  case users
  case all

  static let argument = ArgumentSpec(
    "owner", .oneOf,
    parts: [
      ArgumentSpec("user", .string, token: "USER"),
      ArgumentSpec("users", .pureToken, token: "USERS"),
      ArgumentSpec("all", .pureToken, token: "ALL"),
    ])

  /// Reads an owner at `index`.
  ///
  /// - Returns: it, and the position behind it.
  static func read(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> (owner: BudgetOwner, next: Int) {
    guard index < context.count else { throw .syntax }
    if context.argument(at: index, is: "USERS") { return (.users, index + 1) }
    if context.argument(at: index, is: "ALL") { return (.all, index + 1) }
    guard context.argument(at: index, is: "USER"), index + 1 < context.count else {
      throw .syntax
    }
    return (.user(try context.user(at: index + 1)), index + 2)
  }
}

/// Which of an owner's two limits an argument means.
enum BudgetSpan {
  case day
  case total

  static let argument = ArgumentSpec(
    "span", .oneOf,
    parts: [
      ArgumentSpec("day", .pureToken, token: "DAY"),
      ArgumentSpec("total", .pureToken, token: "TOTAL"),
    ])

  init(_ context: borrowing CommandContext, at index: Int) throws(CommandError) {
    guard index < context.count else { throw .syntax }
    if context.argument(at: index, is: "DAY") {
      self = .day
    } else if context.argument(at: index, is: "TOTAL") {
      self = .total
    } else {
      throw .syntax
    }
  }
}

extension BudgetBook {
  /// Sets one limit, or takes it away.
  ///
  /// - Returns: whether there was one; nil when there are too many users.
  func setLimit(_ limit: Money?, _ span: BudgetSpan, of owner: BudgetOwner) -> Bool? {
    switch owner {
    case .user(let user):
      var own = ownLimits(of: user) ?? Limits()
      let old = span == .day ? own.userDay : own.userTotal
      if span == .day { own.userDay = limit } else { own.userTotal = limit }
      return setLimits(own == Limits() ? nil : own, of: user) ? old != nil : nil
    case .users, .all:
      var all = limits
      let field: WritableKeyPath<Limits, Money?> =
        switch (owner, span) {
        case (.users, .day): \.userDay
        case (.users, .total): \.userTotal
        case (_, .day): \.day
        case (_, .total): \.total
        }
      let old = all[keyPath: field]
      all[keyPath: field] = limit
      setLimits(all)
      return old != nil
    }
  }
}

/// COACH.BUDGET SET: sets a limit.
enum BudgetSetCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|SET", since: "1.0.0", group: .coach, arity: -5, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Limits what a user, each user, or all together spend in a day or at all, in dollars.",
    complexity: "O(1)",
    arguments: [
      BudgetOwner.argument, BudgetSpan.argument, ArgumentSpec("dollars", .double),
    ],
    example: """
      > COACH.BUDGET SET USER ann DAY 0.50
      OK
      > COACH.BUDGET GET USER ann
      1) "user-day"
      2)  1) "limit"
          2) "0.50"
          3) "spent"
          4) "0.00"
          5) "reserved"
          6) "0.00"
          7) "left"
          8) "0.50"
          9) "own"
         10) (integer) 1
      > COACH.BUDGET DEL USER ann DAY
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (owner, next) = try BudgetOwner.read(context, at: 2)
    guard context.count == next + 2 else { throw .syntax }
    let span = try BudgetSpan(context, at: next)
    let limit = try context.dollars(at: next + 1)
    guard context.routing.store.book.setLimit(limit, span, of: owner) != nil else {
      throw .fixed("ERR there are too many users")
    }
    context.replyWhenSaved { $0.ok() }
  }
}

/// COACH.BUDGET DEL: takes a limit away.
enum BudgetDelCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|DEL", since: "1.0.0", group: .coach, arity: -4, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Takes a limit away, and says whether there was one.", complexity: "O(1)",
    arguments: [BudgetOwner.argument, BudgetSpan.argument],
    example: """
      > COACH.BUDGET DEL USERS DAY
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (owner, next) = try BudgetOwner.read(context, at: 2)
    guard context.count == next + 1 else { throw .syntax }
    let span = try BudgetSpan(context, at: next)
    let had = context.routing.store.book.setLimit(nil, span, of: owner) ?? false
    context.replyWhenSaved { $0.integer(had ? 1 : 0) }
  }
}

/// COACH.BUDGET GET: limits, and what is left of them.
enum BudgetGetCommand: Command {
  static let spec = CommandSpec(
    "COACH.BUDGET|GET", since: "1.0.0", group: .coach, arity: -2, flags: [.fast],
    summary: "Shows the limits for all, or those that hold for a user, and what is left of them.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("user", .string, token: "USER", optional: true)],
    example: """
      > COACH.BUDGET GET
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count > 2 else { return context.replyBudget(user: "") }
    guard context.count == 4, context.argument(at: 2, is: "USER") else { throw .syntax }
    context.replyBudget(user: try context.user(at: 3))
  }
}

extension CommandContext {
  /// Answers with the limits that hold for a user, or, where none is named, with those for all; and
  /// what is left of each.
  func replyBudget(user: String) {
    let book = routing.store.book
    let now = unixSeconds
    let today = book.today(now: now)
    let limits = book.limits(of: user)
    let own = book.ownLimits(of: user)
    var rows: [(scope: BudgetBook.Scope, limit: Money, account: Account?, isOwn: Bool)] = []
    func add(_ scope: BudgetBook.Scope, _ limit: Money?, _ account: Account?, _ isOwn: Bool) {
      if let limit { rows.append((scope, limit, account, isOwn)) }
    }
    let isNamed = !user.isEmpty
    add(
      .userDay, limits.userDay, isNamed ? .userDay(user, today) : nil, own?.userDay != nil)
    add(.userTotal, limits.userTotal, isNamed ? .user(user) : nil, own?.userTotal != nil)
    add(.day, limits.day, .day(today), false)
    add(.total, limits.total, .total, false)
    reply.map(rows.count)
    for row in rows {
      reply.bulk(row.scope.rawValue)
      guard let account = row.account else {
        reply.map(1)
        reply.bulk("limit")
        reply.bulk(row.limit.text)
        continue
      }
      let spent = book.ledger(account).spent
      let reserved = book.reserved(account, now: now)
      reply.map(account.user == nil ? 4 : 5)
      for (name, amount) in [
        ("limit", row.limit), ("spent", spent), ("reserved", reserved),
        ("left", max(.zero, row.limit - spent - reserved)),
      ] as [(StaticString, Money)] {
        reply.bulk(name)
        reply.bulk(amount.text)
      }
      if account.user != nil {
        reply.bulk("own")
        reply.boolean(row.isOwn)
      }
    }
  }
}
