internal import Bytes
internal import CacheCore
internal import RESP

/// SELECT: goes to another database.
enum SelectCommand: Command {
  static let spec = CommandSpec(
    "SELECT", since: "1.0.0", group: .connection, arity: 2,
    flags: [.loading, .stale, .fast],
    categories: [.connection],
    summary: "Makes the connection work on another database.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("index", .integer)],
    example: """
      > SET a 1
      OK
      > SELECT 1
      OK
      > GET a
      (nil)
      > SELECT 16
      (error) ERR DB index is out of range
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.connection.database = try context.databaseIndex(at: 1)
    context.reply.ok()
  }
}
