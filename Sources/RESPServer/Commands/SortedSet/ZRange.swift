internal import Bytes
internal import CacheCore
internal import RESP

/// ZRANGE: members of a range of ranks, scores or bytes.
enum ZRangeCommand: Command {
  static let spec = CommandSpec(
    "ZRANGE", since: "1.2.0", group: .sortedSet, arity: -4,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the members in a range of positions, scores or bytes.",
    complexity: "O(log(N)+M) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .string),
      ArgumentSpec("stop", .string),
      ArgumentSpec(
        "sortby", .oneOf, since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("byscore", .pureToken, token: "BYSCORE"),
          ArgumentSpec("bylex", .pureToken, token: "BYLEX"),
        ]),
      ArgumentSpec("rev", .pureToken, token: "REV", since: "6.2.0", optional: true),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
      ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
    ],
    history: [("6.2.0", "Takes REV, BYSCORE, BYLEX and LIMIT.")],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZRANGE scores 0 1
      1) "ann"
      2) "bob"
      > ZRANGE scores +inf (1 BYSCORE REV LIMIT 0 1
      1) "cid"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.reply(SortedSetRequest(context))
  }
}

/// ZRANGESTORE: stores what ZRANGE would return.
enum ZRangeStoreCommand: Command {
  static let spec = CommandSpec(
    "ZRANGESTORE", since: "6.2.0", group: .sortedSet, arity: -5,
    flags: [.write, .denyOOM],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.overwrite, .update]), .range(from: 2, [.readOnly, .access])],
    summary: "Stores the members in a range of positions, scores or bytes as another sorted set.",
    complexity: "O(log(N)+M) with N the number of members and M of those stored",
    arguments: [
      ArgumentSpec("dst", .key, key: 0),
      ArgumentSpec("src", .key, key: 1),
      ArgumentSpec("min", .string),
      ArgumentSpec("max", .string),
      ArgumentSpec(
        "sortby", .oneOf, optional: true,
        parts: [
          ArgumentSpec("byscore", .pureToken, token: "BYSCORE"),
          ArgumentSpec("bylex", .pureToken, token: "BYLEX"),
        ]),
      ArgumentSpec("rev", .pureToken, token: "REV", optional: true),
      ArgumentSpec(
        "limit", .block, token: "LIMIT", optional: true,
        parts: [
          ArgumentSpec("offset", .integer),
          ArgumentSpec("count", .integer),
        ]),
    ],
    example: """
      > ZADD scores 1 ann 2 bob 3 cid
      (integer) 3
      > ZRANGESTORE best scores (1 +inf BYSCORE
      (integer) 2
      > ZRANGE best 0 -1
      1) "bob"
      2) "cid"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let request = try SortedSetRequest(context, keyIndex: 2, isStored: true)
    let source = try context.sortedSet(context[key: 1])
    let limits = context.sortedSetLimits
    let ranks = source?.ranks(in: request) ?? 0..<0
    let result = SortedSet.make(
      countHint: ranks.count, limits: limits, context.keyspace.objectMemory(for: context.key))
    if let source, !ranks.isEmpty {
      var cursor = source.cursor(over: ranks)
      while let element = cursor.next() {
        result.append(element.member, score: element.score, limits: limits)
      }
    }
    try context.store(result, at: context.key, "zrangestore")
  }
}

extension SortedSet {
  fileprivate func ranks(in request: SortedSetRequest) -> Range<Int> { request.ranks(in: self) }
}
