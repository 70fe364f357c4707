internal import Bytes
internal import CacheCore
internal import RESP

/// MGET: reads several strings at one moment.
enum MGetCommand: Command {
  static let spec = CommandSpec(
    "MGET", since: "1.0.0", group: .string, arity: -2,
    flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, to: -1, [.readOnly, .access])],
    summary: "Returns the string values of keys, null for what is absent or no string.",
    complexity: "O(N) with N the number of keys",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    tips: ["request_policy:multi_shard"],
    example: """
      > MSET a 1 b 2
      OK
      > MGET a nothing b
      1) "1"
      2) (nil)
      3) "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.array(context.keyCount)
    for index in 0..<context.keyCount {
      let entry = context.find(context[key: index])
      if let entry, context.keyspace.type(of: entry) == .string {
        context.replyBytes(context.keyspace.string(of: entry), of: entry)
      } else {
        context.reply.null()
      }
    }
  }
}
