internal import Bytes
internal import CacheCore
internal import RESP

/// XREAD: reads what was added to streams, and may wait for it.
enum XReadCommand: Command {
  static let spec = CommandSpec(
    "XREAD", since: "5.0.0", group: .stream, arity: -4,
    flags: [.blocking, .readonly, .movableKeys],
    categories: [.stream],
    keys: [
      KeySpec(
        begin: .keyword("STREAMS", from: 1), find: .range(last: -1, step: 1, limit: 2),
        flags: [.readOnly, .access])
    ],
    summary: "Returns the entries of streams behind given IDs, and may wait for some.",
    complexity: "O(N) with N the number of entries returned",
    arguments: [
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
      ArgumentSpec("milliseconds", .integer, token: "BLOCK", optional: true),
      ArgumentSpec(
        "streams", .block, token: "STREAMS",
        parts: [
          ArgumentSpec("key", .key, key: 0, multiple: true),
          ArgumentSpec("ID", .string, multiple: true),
        ]),
    ],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XADD news 2-1 title World
      "2-1"
      > XREAD STREAMS news 2-1
      (nil)
      > XREAD BLOCK 1 STREAMS news $
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try StreamReading(context, isForGroup: false).run(&context)
  }
}

/// XREADGROUP: reads on behalf of a consumer group.
enum XReadGroupCommand: Command {
  static let spec = CommandSpec(
    "XREADGROUP", since: "5.0.0", group: .stream, arity: -7,
    flags: [.blocking, .write, .movableKeys],
    categories: [.stream],
    keys: [
      KeySpec(
        begin: .keyword("STREAMS", from: 4), find: .range(last: -1, step: 1, limit: 2),
        flags: [.readOnly, .access])
    ],
    summary: "Returns entries that no other consumer of the group got, or those got before.",
    complexity: "O(N) with N the number of entries returned",
    arguments: [
      ArgumentSpec(
        "group-block", .block, token: "GROUP",
        parts: [
          ArgumentSpec("group", .string),
          ArgumentSpec("consumer", .string),
        ]),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
      ArgumentSpec("milliseconds", .integer, token: "BLOCK", optional: true),
      ArgumentSpec("noack", .pureToken, token: "NOACK", optional: true),
      ArgumentSpec(
        "streams", .block, token: "STREAMS",
        parts: [
          ArgumentSpec("key", .key, key: 0, multiple: true),
          ArgumentSpec("ID", .string, multiple: true),
        ]),
    ],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XGROUP SETID jobs workers $
      OK
      > XREADGROUP GROUP workers bob COUNT 1 STREAMS jobs >
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try StreamReading(context, isForGroup: true).run(&context)
  }
}
