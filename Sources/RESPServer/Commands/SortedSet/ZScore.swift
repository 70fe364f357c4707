internal import Bytes
internal import CacheCore
internal import RESP

/// ZSCORE: a member's score.
enum ZScoreCommand: Command {
  static let spec = CommandSpec(
    "ZSCORE", since: "1.2.0", group: .sortedSet, arity: 3,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the score of a member.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
    ],
    example: """
      > ZADD scores 1.5 ann
      (integer) 1
      > ZSCORE scores ann
      "1.5"
      > ZSCORE scores bob
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let score = try context.sortedSet(context.key)?.score(of: context[2]) else {
      return context.reply.null()
    }
    context.reply.double(score)
  }
}

/// ZMSCORE: the scores of several members.
enum ZMScoreCommand: Command {
  static let spec = CommandSpec(
    "ZMSCORE", since: "6.2.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the scores of members, null for those that are not there.",
    complexity: "O(N) with N the number of members asked for",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string, multiple: true),
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZMSCORE scores bob nobody
      1) "2"
      2) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let set = try context.sortedSet(context.key)
    context.reply.array(context.count - 2)
    for index in 2..<context.count {
      if let score = set?.score(of: context[index]) {
        context.reply.double(score)
      } else {
        context.reply.null()
      }
    }
  }
}

/// ZCARD: the number of members.
enum ZCardCommand: Command {
  static let spec = CommandSpec(
    "ZCARD", since: "1.2.0", group: .sortedSet, arity: 2,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the number of members of a sorted set.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0)
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZCARD scores
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.sortedSet(context.key)?.count ?? 0)
  }
}

/// ZCOUNT: members in a range of scores.
enum ZCountCommand: Command {
  static let spec = CommandSpec(
    "ZCOUNT", since: "2.0.0", group: .sortedSet, arity: 4,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Counts the members whose scores are in a range.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .double),
      ArgumentSpec("max", .double),
    ],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZCOUNT scores (1 +inf
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let range = try context.scoreRange(min: 2, max: 3)
    context.reply.integer(try context.sortedSet(context.key)?.ranks(of: range).count ?? 0)
  }
}

/// ZLEXCOUNT: members in a range of bytes.
enum ZLexCountCommand: Command {
  static let spec = CommandSpec(
    "ZLEXCOUNT", since: "2.8.9", group: .sortedSet, arity: 4,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Counts the members in a range of their bytes, in a set whose scores are all equal.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .string),
      ArgumentSpec("max", .string),
    ],
    example: """
      > ZADD names 0 ann 0 bob 0 cid
      (integer) 3
      > ZLEXCOUNT names [b +
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let range = try context.lexRange(min: 2, max: 3)
    context.reply.integer(try context.sortedSet(context.key)?.ranks(of: range).count ?? 0)
  }
}

/// ZRANK: how many members come before one.
enum ZRankCommand: Command {
  static let spec = CommandSpec(
    "ZRANK", since: "2.0.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the position of a member, from the lowest score up, counted from 0.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
      ArgumentSpec("withscore", .pureToken, token: "WITHSCORE", optional: true),
    ],
    history: [("7.2.0", "Takes WITHSCORE.")],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZRANK scores cid
      (integer) 2
      > ZRANK scores bob WITHSCORE
      1) (integer) 1
      2) "2"
      > ZRANK scores nobody
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyRank("zrank", reversed: false)
  }
}

/// ZREVRANK: how many members come behind one.
enum ZRevRankCommand: Command {
  static let spec = CommandSpec(
    "ZREVRANK", since: "2.0.0", group: .sortedSet, arity: -3,
    flags: [.readonly, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the position of a member, from the highest score down, counted from 0.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
      ArgumentSpec("withscore", .pureToken, token: "WITHSCORE", optional: true),
    ],
    history: [("7.2.0", "Takes WITHSCORE.")],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZREVRANK scores cid
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyRank("zrevrank", reversed: true)
  }
}

extension CommandContext {
  /// Answers ZRANK and ZREVRANK.
  fileprivate func replyRank(
    _ command: StaticString, reversed: Bool
  ) throws(CommandError) {
    guard count <= 4 else { throw .wrongArity(command) }
    let withScore = count == 4
    if withScore { guard argument(at: 3, is: "WITHSCORE") else { throw .syntax } }
    guard let (rank, score) = try sortedSet(key)?.rank(of: self[2], reversed: reversed) else {
      return withScore ? reply.nullArray() : reply.null()
    }
    if withScore { reply.array(2) }
    reply.integer(rank)
    if withScore { reply.double(score) }
  }
}
