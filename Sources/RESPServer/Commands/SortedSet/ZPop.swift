internal import Bytes
internal import CacheCore
internal import RESP

/// From which end members are taken.
enum SortedSetEnd {
  case lowest, highest

  fileprivate var event: StaticString { self == .lowest ? "zpopmin" : "zpopmax" }
}

/// ZPOPMIN: takes the members with the lowest scores.
enum ZPopMinCommand: Command {
  static let spec = CommandSpec(
    "ZPOPMIN", since: "5.0.0", group: .sortedSet, arity: -2,
    flags: [.write, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Removes and returns the members with the lowest scores.",
    complexity: "O(log(N)*M) with N the number of members and M of those taken",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer, optional: true),
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZPOPMIN scores
      1) "ann"
      2) "1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.pop(.lowest)
  }
}

/// ZPOPMAX: takes the members with the highest scores.
enum ZPopMaxCommand: Command {
  static let spec = CommandSpec(
    "ZPOPMAX", since: "5.0.0", group: .sortedSet, arity: -2,
    flags: [.write, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Removes and returns the members with the highest scores.",
    complexity: "O(log(N)*M) with N the number of members and M of those taken",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer, optional: true),
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZPOPMAX scores
      1) "bob"
      2) "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.pop(.highest)
  }
}

/// BZPOPMIN: takes the member with the lowest score, waiting for one.
enum BZPopMinCommand: Command {
  static let spec = CommandSpec(
    "BZPOPMIN", since: "5.0.0", group: .sortedSet, arity: -3,
    flags: [.write, .fast, .blocking],
    categories: [.sortedSet],
    keys: [.range(from: 1, to: -2, [.readWrite, .access, .delete])],
    summary: "Takes the member with the lowest score of the first set that has one, or waits.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("timeout", .double),
    ],
    history: [("6.0.0", "The timeout may have decimals.")],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > BZPOPMIN nothing scores 0
      1) "scores"
      2) "ann"
      3) "1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.popOrWait(.lowest)
  }
}

/// BZPOPMAX: takes the member with the highest score, waiting for one.
enum BZPopMaxCommand: Command {
  static let spec = CommandSpec(
    "BZPOPMAX", since: "5.0.0", group: .sortedSet, arity: -3,
    flags: [.write, .fast, .blocking],
    categories: [.sortedSet],
    keys: [.range(from: 1, to: -2, [.readWrite, .access, .delete])],
    summary: "Takes the member with the highest score of the first set that has one, or waits.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("timeout", .double),
    ],
    history: [("6.0.0", "The timeout may have decimals.")],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > BZPOPMAX nothing scores 0
      1) "scores"
      2) "bob"
      3) "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.popOrWait(.highest)
  }
}

/// ZMPOP: takes members of the first set that has some.
enum ZMPopCommand: Command {
  static let spec = CommandSpec(
    "ZMPOP", since: "7.0.0", group: .sortedSet, arity: -4,
    flags: [.write, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 1, [.readWrite, .access, .delete])
    ],
    summary: "Takes members with the lowest or highest scores of the first set that has some.",
    complexity: "O(K) + O(M*log(N)) with K keys, N members of the set and M taken",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec(
        "where", .oneOf,
        parts: [
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZMPOP 2 nothing scores MAX
      1) "scores"
      2) 1) 1) "bob"
            2) "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (end, count) = try context.popRequest(countIndex: 1)
    if try !context.popFirst(end, count, inPairs: true) { context.reply.nullArray() }
  }
}

/// BZMPOP: takes members of the first set that has some, waiting for one.
enum BZMPopCommand: Command {
  static let spec = CommandSpec(
    "BZMPOP", since: "7.0.0", group: .sortedSet, arity: -5,
    flags: [.write, .blocking, .movableKeys],
    categories: [.sortedSet],
    keys: [
      .counted(at: 2, [.readWrite, .access, .delete])
    ],
    summary: "Takes members of the first set that has some, or waits until one has.",
    complexity: "O(K) + O(M*log(N)) with K keys, N members of the set and M taken",
    arguments: [
      ArgumentSpec("timeout", .double),
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec(
        "where", .oneOf,
        parts: [
          ArgumentSpec("min", .pureToken, token: "MIN"),
          ArgumentSpec("max", .pureToken, token: "MAX"),
        ]),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
    ],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > BZMPOP 0 1 scores MIN COUNT 2
      1) "scores"
      2) 1) 1) "ann"
            2) "1"
         2) 1) "bob"
            2) "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (end, count) = try context.popRequest(countIndex: 2)
    let timeout = try context.timeoutMilliseconds(at: 1)
    if try !context.popFirst(end, count, inPairs: true) {
      context.waitForKeys(timeoutMilliseconds: timeout)
    }
  }
}

extension CommandContext {
  /// ZPOPMIN and ZPOPMAX.
  fileprivate func pop(_ end: SortedSetEnd) throws(CommandError) {
    guard count <= 3 else { throw .syntax }
    var wanted = 1
    if count == 3 {
      wanted = Int(
        try integer(
          at: 2, in: 0...Int64.max,
          orThrow: .fixed("ERR value is out of range, must be positive")))
    }
    guard let set = try sortedSetForWriting(key), wanted > 0 else { return reply.array(0) }
    let ranks = end.ranks(wanted, of: set)
    // RESP3 has pairs where a count was given.
    let arePairs = count == 3 && reply.version == .resp3
    reply.array(arePairs ? ranks.count : ranks.count * 2)
    take(ranks, of: set, at: key, end, inPairs: arePairs)
  }

  /// BZPOPMIN and BZPOPMAX.
  fileprivate func popOrWait(_ end: SortedSetEnd) throws(CommandError) {
    let timeout = try timeoutMilliseconds(at: count - 1)
    if try !popFirst(end, 1, inPairs: false) { waitForKeys(timeoutMilliseconds: timeout) }
  }

  /// Takes members of the first of the keys that has some, and answers with key and members.
  ///
  /// - Parameter inPairs: whether the members are an array of pairs, or follow the key.
  /// - Returns: false when there is none; nothing is written then.
  fileprivate func popFirst(
    _ end: SortedSetEnd, _ wanted: Int, inPairs: Bool
  ) throws(CommandError) -> Bool {
    for index in 0..<keyCount {
      let key = self[key: index]
      guard let set = try sortedSetForWriting(key) else { continue }
      let ranks = end.ranks(wanted, of: set)
      reply.array(inPairs ? 2 : 1 + ranks.count * 2)
      reply.bulk(key.bytes)
      if inPairs { reply.array(ranks.count) }
      take(ranks, of: set, at: key, end, inPairs: inPairs)
      return true
    }
    return false
  }

  /// Writes members, beginning at the end they are taken from, and removes them.
  private func take(
    _ ranks: Range<Int>, of set: SortedSet, at key: HashedKey, _ end: SortedSetEnd, inPairs: Bool
  ) {
    var cursor = set.cursor(over: ranks, reversed: end == .highest)
    while let element = cursor.next() {
      if inPairs { reply.array(2) }
      reply.bulk(element.member)
      reply.double(element.score)
    }
    if ranks.count == set.count {
      changed(key, end.event, .sortedSet)
      removeEmptied(key)
    } else {
      set.remove(ranks)
      changed(key, end.event, .sortedSet)
    }
  }

  /// The arguments of ZMPOP and BZMPOP: `numkeys key [key …] MIN|MAX [COUNT count]`.
  fileprivate func popRequest(
    countIndex: Int
  ) throws(CommandError) -> (end: SortedSetEnd, count: Int) {
    let keys = try integer(
      at: countIndex, in: 1...Int64.max, orThrow: .fixed("ERR numkeys should be greater than 0"))
    guard keys < count - countIndex - 1 else { throw .syntax }
    var index = countIndex + 1 + Int(keys)
    let end: SortedSetEnd
    if argument(at: index, is: "MIN") {
      end = .lowest
    } else if argument(at: index, is: "MAX") {
      end = .highest
    } else {
      throw .syntax
    }
    var wanted: Int?
    index += 1
    while index < count {
      guard wanted == nil, argument(at: index, is: "COUNT"), index + 1 < count else {
        throw .syntax
      }
      wanted = Int(
        try integer(
          at: index + 1, in: 1...Int64.max,
          orThrow: .fixed("ERR count should be greater than 0")))
      index += 2
    }
    return (end, wanted ?? 1)
  }
}

extension SortedSetEnd {
  /// The ranks of the `wanted` outermost members, or of all.
  fileprivate func ranks(_ wanted: Int, of set: SortedSet) -> Range<Int> {
    let count = set.count
    let taken = min(wanted, count)
    return self == .lowest ? 0..<taken : count - taken..<count
  }
}
