internal import Bytes
internal import CacheCore
internal import RESP

// The commands that ZRANGE with its options has replaced.

/// ZREVRANGE: members by position, the highest first.
enum ZRevRangeCommand: Command {
  static let spec = CommandSpec(
    "ZREVRANGE", since: "1.2.0", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of positions, the highest score first.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("stop", .integer),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
    ],
    deprecatedSince: "6.2.0", replacement: "`ZRANGE` with the `REV` argument",
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZREVRANGE scores 0 1
      1) "cid"
      2) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context, .rank, reversed: true))
  }
}

/// ZRANGEBYSCORE: members by score.
enum ZRangeByScoreCommand: Command {
  static let spec = CommandSpec(
    "ZRANGEBYSCORE", since: "1.0.5", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of scores, the lowest first.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .double),
      ArgumentSpec("max", .double),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", since: "2.0.0", optional: true),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
    ],
    history: [("2.0.0", "Takes WITHSCORES.")],
    deprecatedSince: "6.2.0", replacement: "`ZRANGE` with the `BYSCORE` argument",
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZRANGEBYSCORE scores (1 3
      1) "bob"
      2) "cid"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context, .score, reversed: false))
  }
}

/// ZREVRANGEBYSCORE: members by score, the highest first.
enum ZRevRangeByScoreCommand: Command {
  static let spec = CommandSpec(
    "ZREVRANGEBYSCORE", since: "2.2.0", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of scores, the highest first.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("max", .double),
      ArgumentSpec("min", .double),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
    ],
    history: [("2.1.6", "An end may be left out by a parenthesis.")],
    deprecatedSince: "6.2.0", replacement: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZREVRANGEBYSCORE scores 3 (1
      1) "cid"
      2) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context, .score, reversed: true))
  }
}

/// ZRANGEBYLEX: members by their bytes.
enum ZRangeByLexCommand: Command {
  static let spec = CommandSpec(
    "ZRANGEBYLEX", since: "2.8.9", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of their bytes, in a set whose scores are all equal.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .string),
      ArgumentSpec("max", .string),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
    ],
    deprecatedSince: "6.2.0", replacement: "`ZRANGE` with the `BYLEX` argument",
    example: """
      > ZADD names 0 ann 0 bob 0 cid
      (integer) 3
      > ZRANGEBYLEX names [b +
      1) "bob"
      2) "cid"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context, .lex, reversed: false))
  }
}

/// ZREVRANGEBYLEX: members by their bytes, the last first.
enum ZRevRangeByLexCommand: Command {
  static let spec = CommandSpec(
    "ZREVRANGEBYLEX", since: "2.8.9", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of their bytes, the last first.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("max", .string),
      ArgumentSpec("min", .string),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
    ],
    deprecatedSince: "6.2.0", replacement: "`ZRANGE` with the `REV` and `BYLEX` arguments",
    example: """
      > ZADD names 0 ann 0 bob 0 cid
      (integer) 3
      > ZREVRANGEBYLEX names + [b
      1) "cid"
      2) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context, .lex, reversed: true))
  }
}
