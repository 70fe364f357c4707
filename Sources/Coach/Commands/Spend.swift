internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.SPEND: what was spent, by whom, on which model, on which day.
enum Spend: Command {
  static let spec = CommandSpec(
    "COACH.SPEND", since: "1.0.0", group: .coach, arity: -1, flags: [.noScript],
    summary: "Reports what calls have cost: in all, for a user, a model, or a day (UTC).",
    complexity: "O(N) with N the models and users; O(1) for a user or a model",
    arguments: [
      ArgumentSpec(
        "account", .oneOf, optional: true,
        parts: [
          ArgumentSpec("user", .string, token: "USER"),
          ArgumentSpec("model", .string, token: "MODEL"),
          ArgumentSpec("day", .string, token: "DAY"),
        ])
    ],
    example: """
      > COACH.BUDGET RESERVE call-4 0.05 USER dan
      OK
      > COACH.BUDGET SETTLE call-4 MODEL claude-3-haiku-20240307 INPUT 1000 OUTPUT 100
      1) "cost"
      2) "0.00015"
      3) "reserved"
      4) "0.05"
      5) "late"
      6) (integer) 0
      > COACH.SPEND USER dan
       1) "spent"
       2) "0.00015"
       3) "reserved"
       4) "0.00"
       5) "calls"
       6) (integer) 1
       7) "usage"
       8)  1) "input_tokens"
           2) (integer) 1000
           3) "cache_write_tokens"
           4) (integer) 0
           5) "cache_write_hour_tokens"
           6) (integer) 0
           7) "cache_read_tokens"
           8) (integer) 0
           9) "output_tokens"
          10) (integer) 100
       9) "today"
      10) "0.00015"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let book = context.routing.store.book
    let now = context.unixSeconds
    let today = book.today(now: now)
    if context.count == 1 {
      context.reply.map(6)
      head(.total, context)
      context.reply.bulk("today")
      context.reply.bulk(book.ledger(.day(today)).spent.text)
      return models(nil, context)
    }
    guard context.count == 3 else { throw .syntax }
    if context.argument(at: 1, is: "USER") {
      let user = try context.user(at: 2)
      context.reply.map(5)
      head(.user(user), context)
      context.reply.bulk("today")
      context.reply.bulk(book.ledger(.userDay(user, today)).spent.text)
    } else if context.argument(at: 1, is: "MODEL") {
      let found = try context.model(at: 2)
      let name = found.model.name
      context.reply.map(found.isSuccessor ? 6 : 5)
      head(.model(name), context)
      context.reply.bulk("today")
      context.reply.bulk(book.ledger(.modelDay(name, today)).spent.text)
      if found.isSuccessor {
        context.reply.bulk("successor")
        context.reply.bulk(name)
      }
    } else if context.argument(at: 1, is: "DAY") {
      let day = try day(context, today)
      context.reply.map(6)
      head(.day(day), context)
      context.reply.bulk("day")
      context.reply.bulk(CalendarDay.text(day))
      models(day, context)
    } else {
      throw .syntax
    }
  }

  private static func day(
    _ context: borrowing CommandContext, _ today: Int64
  ) throws(CommandError) -> Int64 {
    if context.argument(at: 2, is: "today") { return today }
    guard context[2].count == 10, let day = CalendarDay.parse(context[2].string) else {
      throw .fixed("ERR DAY is today or a day such as 2026-11-23")
    }
    return day
  }

  /// Four pairs that all reports begin with.
  private static func head(_ account: Account, _ context: borrowing CommandContext) {
    let book = context.routing.store.book
    let ledger = book.ledger(account)
    context.reply.bulk("spent")
    context.reply.bulk(ledger.spent.text)
    context.reply.bulk("reserved")
    context.reply.bulk(book.reserved(account, now: context.unixSeconds).text)
    context.reply.bulk("calls")
    context.reply.integer(ledger.calls)
    context.reply.bulk("usage")
    context.reply.usage(ledger.usage)
  }

  private static func models(_ day: Int64?, _ context: borrowing CommandContext) {
    let models = context.routing.store.book.models(on: day)
    context.reply.bulk("models")
    context.reply.map(models.count)
    for (name, ledger) in models {
      context.reply.bulk(name)
      context.reply.bulk(ledger.spent.text)
    }
  }
}
