internal import Bytes
internal import Platform
internal import RESP
internal import RESPServer

extension CommandContext {
  /// What the commands of routing and money share.
  var routing: RoutingState.Shared {
    guard let shared = RoutingState.shared else { preconditionFailure("the coach has not started") }
    return shared
  }

  /// The models and rules as they are now; changed in commands that have the gate closed.
  var router: UnsafeMutablePointer<Router> {
    // The module starts before the first command.
    RoutingState.router.unsafelyUnwrapped
  }

  /// Unix seconds.
  var unixSeconds: Int64 { unixTime / 1000 }

  // MARK: Arguments

  /// The argument at `index` as a user's name: UTF-8 of 1 to 256 bytes.
  func user(at index: Int) throws(CommandError) -> String {
    guard (1...256).contains(self[index].count),
      let user = String(validating: self[index].buffer, as: UTF8.self)
    else { throw .fixed("ERR invalid user: 1 to 256 bytes of UTF-8") }
    return user
  }

  /// The argument at `index` as dollars.
  func dollars(at index: Int) throws(CommandError) -> Money {
    guard self[index].count <= 32, let amount = Money(dollars: self[index].string) else {
      throw .fixed(
        "ERR amount is no number of dollars: 0 to 1000000, without sign, 12 decimals at most")
    }
    return amount
  }

  /// The argument at `index` as a model, a retired name as its successor.
  func model(at index: Int) throws(CommandError) -> (model: Model, isSuccessor: Bool) {
    guard self[index].count <= 256,
      let found = router.pointee.catalog.resolve(self[index].string)
    else {
      let shown = self[index][0..<min(self[index].count, 128)].string
      throw .made("ERR no such model '\(shown)', see COACH.MODELS")
    }
    return found
  }

  // MARK: The books

  /// Has the books written, and answers when they are on disk: with `write`, or with what is wrong.
  func replyWhenSaved(_ write: @escaping @Sendable (inout ReplyWriter) -> Void) {
    @Sendable func answer(_ failure: FileError?, _ reply: inout ReplyWriter) {
      guard let failure else { return write(&reply) }
      reply.error(
        "ERR it holds until the server stops, for \(failure.path) cannot be written: "
          + failure.message)
    }
    guard mayWait else { return answer(routing.store.saveNow(), &reply) }
    let client = block()
    routing.store.save { failure in client.complete { answer(failure, &$0) } }
  }
}

extension CommandError {
  /// What a client gets whose budget does not allow an amount.
  static func overBudget(
    _ refusal: BudgetBook.Refusal, asked: Money, user: String, now: Int64
  ) -> CommandError {
    var text = "OVERBUDGET the \(refusal.scope.rawValue) budget of $\(refusal.limit.text)"
    text += " does not allow $\(asked.text)"
    text += " ($\(refusal.spent.text) spent, $\(refusal.reserved.text) reserved); "
    if asked > refusal.limit { text += "it is smaller than this one call; " }
    if let resets = refusal.resetsAt {
      let time = CalendarDay.timeText(seconds: resets)
      text += "it resets at \(time), in \(max(0, resets - now)) s"
    } else {
      text += "it does not reset by itself"
    }
    return .made(text)
  }
}
