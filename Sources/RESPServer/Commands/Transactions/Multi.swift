internal import Bytes
internal import CacheCore
internal import RESP

/// MULTI: from here on commands are queued until EXEC.
enum MultiCommand: Command {
  static let spec = CommandSpec(
    "MULTI", since: "1.2.0", group: .transactions, arity: 1,
    flags: [.noScript, .loading, .stale, .fast, .allowBusy],
    categories: [.transaction],
    summary: "Starts a transaction: what follows is queued until EXEC.",
    complexity: "O(1)",
    example: """
      > MULTI
      OK
      > SET a 1
      QUEUED
      > EXEC
      1) OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context.connection.flags.contains(.inTransaction) else {
      throw .fixed("ERR MULTI calls can not be nested")
    }
    context.connection.flags.insert(.inTransaction)
    context.reply.ok()
  }
}

/// DISCARD: forgets what was queued since MULTI.
enum DiscardCommand: Command {
  static let spec = CommandSpec(
    "DISCARD", since: "2.0.0", group: .transactions, arity: 1,
    flags: [.noScript, .loading, .stale, .fast, .allowBusy],
    categories: [.transaction],
    summary: "Ends a transaction without running what was queued.",
    complexity: "O(N) with N the number of queued commands",
    example: """
      > MULTI
      OK
      > DISCARD
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.connection.flags.contains(.inTransaction) else {
      throw .fixed("ERR DISCARD without MULTI")
    }
    context.loop.discardTransaction(of: context.connection)
    context.reply.ok()
  }
}
