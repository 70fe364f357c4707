internal import Bytes
internal import CacheCore
internal import RESP

/// ECHO: says back what it is told.
enum EchoCommand: Command {
  static let spec = CommandSpec(
    "ECHO", since: "1.0.0", group: .connection, arity: 2,
    flags: [.fast, .loading, .stale],
    categories: [.connection],
    summary: "Answers the message given.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("message", .string)],
    example: """
      > ECHO "hello world"
      "hello world"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.bulk(context[1])
  }
}
