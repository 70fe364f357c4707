internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT PAUSE: holds clients' commands back for a while.
///
/// CLIENT PAUSE and CLIENT UNPAUSE themselves are always executed (Redis holds them back too under
/// ALL, so that such a pause cannot be ended).
enum ClientPauseCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|PAUSE", since: "3.0.0", group: .connection, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Holds back all commands, or those that write, for some time.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("timeout", .integer),
      ArgumentSpec(
        "mode", .oneOf, since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("write", .pureToken, token: "WRITE"),
          ArgumentSpec("all", .pureToken, token: "ALL"),
        ]),
    ],
    history: [("6.2.0", "Takes WRITE and ALL.")],
    example: """
      > CLIENT PAUSE 1 WRITE
      OK
      > CLIENT UNPAUSE
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 4 else { throw .syntax }
    var includesReads = true
    if context.count == 4 {
      if context.argument(at: 3, is: "WRITE") {
        includesReads = false
      } else if !context.argument(at: 3, is: "ALL") {
        throw .fixed("ERR CLIENT PAUSE mode must be WRITE or ALL")
      }
    }
    guard let milliseconds = IntegerText.parseInt64(context[2]) else {
      throw .fixed("ERR timeout is not an integer or out of range")
    }
    guard milliseconds >= 0 else { throw .fixed("ERR timeout is negative") }
    let (end, overflows) = context.now.addingReportingOverflow(milliseconds)
    guard !overflows else { throw .fixed("ERR timeout is out of range") }
    context.server.pauseClients(
      until: end, includingReads: includesReads, now: context.now)
    context.reply.ok()
  }
}

/// CLIENT UNPAUSE: ends a pause.
enum ClientUnpauseCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|UNPAUSE", since: "6.2.0", group: .connection, arity: 2,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Lets paused clients go on.",
    complexity: "O(N) with N the number of paused clients",
    example: """
      > CLIENT UNPAUSE
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.server.unpauseClients()
    context.reply.ok()
  }
}

/// CLIENT UNBLOCK: ends another client's wait.
enum ClientUnblockCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|UNBLOCK", since: "5.0.0", group: .connection, arity: -3,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    access: .exclusive,
    summary: "Ends the wait of a client whose command blocks, as if by its timeout or by an error.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("client-id", .integer),
      ArgumentSpec(
        "unblock-type", .oneOf, optional: true,
        parts: [
          ArgumentSpec("timeout", .pureToken, token: "TIMEOUT"),
          ArgumentSpec("error", .pureToken, token: "ERROR"),
        ]),
    ],
    example: """
      > CLIENT UNBLOCK 0
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 4 else { throw .wrongArity("client|unblock") }
    var outcome = BlockedClient.Outcome.timeout
    if context.count == 4 {
      if context.argument(at: 3, is: "ERROR") {
        outcome = .error
      } else if !context.argument(at: 3, is: "TIMEOUT") {
        throw .fixed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
      }
    }
    let id = try context.integer(at: 2)
    var ended = false
    context.server.forEachLoop { loop in
      if let connection = loop.connection(ofClient: id) {
        ended = loop.endWaitLater(of: connection, outcome)
      }
    }
    context.reply.integer(ended ? 1 : 0)
  }
}
