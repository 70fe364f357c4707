internal import Bytes
internal import CacheCore
internal import RESP

/// ZREM: removes members.
enum ZRemCommand: Command {
  static let spec = CommandSpec(
    "ZREM", since: "1.2.0", group: .sortedSet, arity: -3,
    flags: [.write, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes members from a sorted set; the key goes with the last one.",
    complexity: "O(M*log(N)) with N the number of members and M of those removed",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string, multiple: true),
    ],
    history: [("2.4.0", "Takes several members.")],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZREM scores ann nobody
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let set = try context.sortedSetForWriting(context.key) else {
      return context.reply.integer(0)
    }
    var removed = 0
    for index in 2..<context.count where set.remove(context[index]) { removed += 1 }
    if removed > 0 { context.membersWereRemoved(from: set, at: context.key, "zrem") }
    context.reply.integer(removed)
  }
}

/// ZREMRANGEBYRANK: removes members by position.
enum ZRemRangeByRankCommand: Command {
  static let spec = CommandSpec(
    "ZREMRANGEBYRANK", since: "2.0.0", group: .sortedSet, arity: 4,
    flags: [.write],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes the members in a range of positions.",
    complexity: "O(log(N)+M) with N the number of members and M of those removed",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("stop", .integer),
    ],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZREMRANGEBYRANK scores 0 -2
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let start = try context.integer(at: 2)
    let stop = try context.integer(at: 3)
    try context.removeRange("zremrangebyrank") {
      SortedSetRequest.ranks(start, stop, of: $0.count)
    }
  }
}

/// ZREMRANGEBYSCORE: removes members by score.
enum ZRemRangeByScoreCommand: Command {
  static let spec = CommandSpec(
    "ZREMRANGEBYSCORE", since: "1.2.0", group: .sortedSet, arity: 4,
    flags: [.write],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes the members in a range of scores.",
    complexity: "O(log(N)+M) with N the number of members and M of those removed",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .double),
      ArgumentSpec("max", .double),
    ],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZREMRANGEBYSCORE scores -inf (3
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let range = try context.scoreRange(min: 2, max: 3)
    try context.removeRange("zremrangebyscore") { $0.ranks(of: range) }
  }
}

/// ZREMRANGEBYLEX: removes members by their bytes.
enum ZRemRangeByLexCommand: Command {
  static let spec = CommandSpec(
    "ZREMRANGEBYLEX", since: "2.8.9", group: .sortedSet, arity: 4,
    flags: [.write],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes the members in a range of their bytes, in a set whose scores are all equal.",
    complexity: "O(log(N)+M) with N the number of members and M of those removed",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("min", .string),
      ArgumentSpec("max", .string),
    ],
    example: """
      > ZADD names 0 ann 0 bob 0 cid
      (integer) 3
      > ZREMRANGEBYLEX names - (c
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let range = try context.lexRange(min: 2, max: 3)
    try context.removeRange("zremrangebylex") { $0.ranks(of: range) }
  }
}

extension CommandContext {
  /// Removes a range of ranks from the first key's set and answers with their number.
  fileprivate func removeRange(
    _ event: StaticString, _ ranks: (SortedSet) -> Range<Int>
  ) throws(CommandError) {
    guard let set = try sortedSetForWriting(key) else { return reply.integer(0) }
    let removed = ranks(set)
    if !removed.isEmpty {
      if removed.count == set.count {
        // The key space knows how to free a large set off the loop.
        changed(key, event, .sortedSet)
        removeEmptied(key)
      } else {
        set.remove(removed)
        changed(key, event, .sortedSet)
      }
    }
    reply.integer(removed.count)
  }
}
