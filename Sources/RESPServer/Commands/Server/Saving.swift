internal import Bytes
internal import RESP

/// What a client is told that asks for data on disk. An answer as if something had been written
/// would let a backup script believe in a file that is not there.
extension CommandError {
  fileprivate static let savesNothing = CommandError.fixed(
    "ERR This server keeps its data in memory only: nothing can be saved yet")
}

/// SAVE: refused, see `CommandError.savesNothing`.
enum SaveCommand: Command {
  static let spec = CommandSpec(
    "SAVE", since: "1.0.0", group: .server, arity: 1,
    flags: [.noAsyncLoading, .admin, .noScript, .noMulti],
    summary: "Would write all data to a file; always fails, for nothing can be saved yet.",
    complexity: "O(keys)",
    example: """
      > SAVE
      (error) ERR This server keeps its data in memory only: nothing can be saved yet
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .savesNothing }
}

/// BGSAVE: refused likewise.
enum BGSaveCommand: Command {
  static let spec = CommandSpec(
    "BGSAVE", since: "1.0.0", group: .server, arity: -1,
    flags: [.noAsyncLoading, .admin, .noScript],
    summary: "Would write all data to a file beside the work; always fails.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "operation", .oneOf, optional: true,
        parts: [
          ArgumentSpec("schedule", .pureToken, token: "SCHEDULE", since: "3.2.2"),
          ArgumentSpec("cancel", .pureToken, token: "CANCEL", since: "8.1.0"),
        ])
    ],
    history: [("3.2.2", "Takes SCHEDULE.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 2, context.argument(at: 1, is: "CANCEL") {
      throw .fixed("ERR Background saving is currently not in progress or scheduled")
    }
    guard
      context.count == 1 || context.count == 2 && context.argument(at: 1, is: "SCHEDULE")
    else { throw .syntax }
    throw .savesNothing
  }
}

/// BGREWRITEAOF: refused likewise.
enum BGRewriteAOFCommand: Command {
  static let spec = CommandSpec(
    "BGREWRITEAOF", since: "1.0.0", group: .server, arity: 1,
    flags: [.noAsyncLoading, .admin, .noScript],
    summary: "Would write the append log anew; always fails, for there is none yet.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) { throw .savesNothing }
}
