internal import Bytes
internal import CacheCore
internal import RESP

/// PING: is anybody there?
enum PingCommand: Command {
  static let spec = CommandSpec(
    "PING", since: "1.0.0", group: .connection, arity: -1,
    flags: [.fast],
    categories: [.connection],
    summary: "Answers PONG, or the message given.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("message", .string, optional: true)],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    example: """
      > PING
      PONG
      > PING hello
      "hello"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 2 else { throw .wrongArity("ping") }
    if context.connection.flags.contains(.subscribed),
      context.connection.state.pointee.version == .resp2
    {
      context.reply.array(2)
      context.reply.bulk("pong")
      if context.count == 2 { context.reply.bulk(context[1]) } else { context.reply.bulk("") }
    } else if context.count == 2 {
      context.reply.bulk(context[1])
    } else {
      context.reply.simple("PONG")
    }
  }
}
