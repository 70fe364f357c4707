internal import Bytes
internal import CacheCore
internal import RESP

/// EXISTS: how many of the keys named are there.
enum ExistsCommand: Command {
  static let spec = CommandSpec(
    "EXISTS", since: "1.0.0", group: .generic, arity: -2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, to: -1, [.readOnly])],
    summary: "Counts which of the given keys exist; a key given twice counts twice.",
    complexity: "O(N) with N the number of keys",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    history: [("3.0.3", "Takes more than one key.")],
    example: """
      > SET a 1
      OK
      > EXISTS a b
      (integer) 1
      > EXISTS a a
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var count = 0
    for index in 0..<context.keyCount where context.inspect(context[key: index]) != nil {
      count += 1
    }
    context.reply.integer(count)
  }
}

/// TOUCH: as good as reading keys, without their values.
enum TouchCommand: Command {
  static let spec = CommandSpec(
    "TOUCH", since: "3.2.1", group: .generic, arity: -2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, to: -1, [.readOnly])],
    summary: "Marks keys as just used and says how many of them exist.",
    complexity: "O(N) with N the number of keys",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    example: """
      > SET a 1
      OK
      > TOUCH a b
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var count = 0
    for index in 0..<context.keyCount {
      let key = context[key: index]
      // A client in NO-TOUCH mode asks for it by name here.
      let entry = context.keyspace.find(
        key, in: context.database, now: context.now, access: .touch)
      if entry == nil {
        context.notify(key, in: context.database, "keymiss", .keyMiss)
      } else {
        count += 1
      }
    }
    context.reply.integer(count)
  }
}
