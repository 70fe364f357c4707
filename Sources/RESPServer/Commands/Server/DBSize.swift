internal import Bytes
internal import CacheCore
internal import RESP

/// DBSIZE: how many keys there are.
enum DBSizeCommand: Command {
  static let spec = CommandSpec(
    "DBSIZE", since: "1.0.0", group: .server, arity: 1,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    summary: "Returns the number of keys in the database.",
    complexity: "O(1)",
    tips: ["request_policy:all_shards", "response_policy:agg_sum"],
    example: """
      > SET a 1
      OK
      > DBSIZE
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.keyspace.count(in: context.database))
  }
}
