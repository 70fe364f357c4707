internal import Bytes
internal import CacheCore
internal import RESP

/// ZUNION: the members of any of several sets.
enum ZUnionCommand: Command {
  static let spec = CommandSpec(
    "ZUNION", since: "6.2.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 1, [.readOnly, .access])
    ],
    summary: "Returns the union of sorted sets and sets.",
    complexity: "O(N)+O(M*log(M)) with N members in all and M in the result",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("weight", .integer, token: "WEIGHTS", optional: true, multiple: true),
      ArgumentSpec(
        "aggregate", .oneOf, token: "AGGREGATE", optional: true,
        parts: [
          ArgumentSpec("sum", .pureToken, token: "SUM"),
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZUNION 2 a b
      1) "ann"
      2) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.combine(.union, "zunion")
  }
}

/// ZINTER: the members of all of several sets.
enum ZInterCommand: Command {
  static let spec = CommandSpec(
    "ZINTER", since: "6.2.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 1, [.readOnly, .access])
    ],
    summary: "Returns the intersection of sorted sets and sets.",
    complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M in the result",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("weight", .integer, token: "WEIGHTS", optional: true, multiple: true),
      ArgumentSpec(
        "aggregate", .oneOf, token: "AGGREGATE", optional: true,
        parts: [
          ArgumentSpec("sum", .pureToken, token: "SUM"),
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZINTER 2 a b
      1) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.combine(.intersection, "zinter")
  }
}

/// ZDIFF: the members of one set that no other has.
enum ZDiffCommand: Command {
  static let spec = CommandSpec(
    "ZDIFF", since: "6.2.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 1, [.readOnly, .access])
    ],
    summary: "Returns the members of the first set that none of the others has.",
    complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M in the result",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZDIFF 2 a b
      1) "ann"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.combine(.difference, "zdiff")
  }
}

/// ZINTERCARD: how many members an intersection has.
enum ZInterCardCommand: Command {
  static let spec = CommandSpec(
    "ZINTERCARD", since: "7.0.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 1, [.readOnly, .access])
    ],
    summary: "Counts the members of the intersection of sorted sets and sets, up to a limit.",
    complexity: "O(N*K) with N members in the smallest of K sets",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("limit", .integer, token: "LIMIT", optional: true),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZINTERCARD 2 a b
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let combination = try SortedSetCombination(
      context, .intersection, .cardinality, "zintercard", countIndex: 1)
    context.reply.integer(combination.intersectionCount())
  }
}

/// ZUNIONSTORE: stores a union.
enum ZUnionStoreCommand: Command {
  static let spec = CommandSpec(
    "ZUNIONSTORE", since: "2.0.0", group: .sortedSet, arity: -4,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .range(from: 1, [.overwrite, .update]),
      .counted(at: 2, [.readOnly, .access]),
    ],
    summary: "Stores the union of sorted sets and sets.",
    complexity: "O(N)+O(M*log(M)) with N members in all and M in the result",
    arguments: [
      ArgumentSpec("destination", .key, key: 0),
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 1, multiple: true),
      ArgumentSpec("weight", .integer, token: "WEIGHTS", optional: true, multiple: true),
      ArgumentSpec(
        "aggregate", .oneOf, token: "AGGREGATE", optional: true,
        parts: [
          ArgumentSpec("sum", .pureToken, token: "SUM"),
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZUNIONSTORE all 2 a b WEIGHTS 10 1
      (integer) 2
      > ZSCORE all bob
      "23"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.storeCombination(.union, "zunionstore")
  }
}

/// ZINTERSTORE: stores an intersection.
enum ZInterStoreCommand: Command {
  static let spec = CommandSpec(
    "ZINTERSTORE", since: "2.0.0", group: .sortedSet, arity: -4,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .range(from: 1, [.overwrite, .update]),
      .counted(at: 2, [.readOnly, .access]),
    ],
    summary: "Stores the intersection of sorted sets and sets.",
    complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M in the result",
    arguments: [
      ArgumentSpec("destination", .key, key: 0),
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 1, multiple: true),
      ArgumentSpec("weight", .integer, token: "WEIGHTS", optional: true, multiple: true),
      ArgumentSpec(
        "aggregate", .oneOf, token: "AGGREGATE", optional: true,
        parts: [
          ArgumentSpec("sum", .pureToken, token: "SUM"),
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZINTERSTORE both 2 a b AGGREGATE MAX
      (integer) 1
      > ZSCORE both bob
      "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.storeCombination(.intersection, "zinterstore")
  }
}

/// ZDIFFSTORE: stores a difference.
enum ZDiffStoreCommand: Command {
  static let spec = CommandSpec(
    "ZDIFFSTORE", since: "6.2.0", group: .sortedSet, arity: -4,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .range(from: 1, [.overwrite, .update]),
      .counted(at: 2, [.readOnly, .access]),
    ],
    summary: "Stores the members of the first set that none of the others has.",
    complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M in the result",
    arguments: [
      ArgumentSpec("destination", .key, key: 0),
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 1, multiple: true),
    ],
    example: """
      > ZADD a 1 ann 2 bob
      (integer) 2
      > ZADD b 3 bob
      (integer) 1
      > ZDIFFSTORE rest 2 a b
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.storeCombination(.difference, "zdiffstore")
  }
}
