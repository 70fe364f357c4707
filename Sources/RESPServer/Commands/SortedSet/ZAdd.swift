internal import Bytes
internal import CacheCore
internal import RESP

/// ZADD: gives members scores.
enum ZAddCommand: Command {
  static let spec = CommandSpec(
    "ZADD", since: "1.2.0", group: .sortedSet, arity: -4,
    flags: [.write, .denyOOM, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Adds members with scores to a sorted set, or gives members that are there new ones.",
    complexity: "O(log(N)) for each member, N being their number",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "condition", .oneOf, since: "3.0.2", optional: true,
        parts: [
          ArgumentSpec("nx", .pureToken, token: "NX"),
          ArgumentSpec("xx", .pureToken, token: "XX"),
        ]),
      ArgumentSpec(
        "comparison", .oneOf, since: "6.2.0", optional: true,
        parts: [
          ArgumentSpec("gt", .pureToken, token: "GT"),
          ArgumentSpec("lt", .pureToken, token: "LT"),
        ]),
      ArgumentSpec("change", .pureToken, token: "CH", since: "3.0.2", optional: true),
      ArgumentSpec("increment", .pureToken, token: "INCR", since: "3.0.2", optional: true),
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [
          ArgumentSpec("score", .double),
          ArgumentSpec("member", .string),
        ]),
    ],
    history: [
      ("2.4.0", "Takes several members."),
      ("3.0.2", "Takes NX, XX, CH and INCR."),
      ("6.2.0", "Takes GT and LT."),
    ],
    example: """
      > ZADD scores 10 ann 20 bob
      (integer) 2
      > ZADD scores GT CH 15 ann 15 bob
      (integer) 1
      > ZRANGE scores 0 -1
      1) "ann"
      2) "bob"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var options: SortedSet.UpdateOptions = []
    var countsChanges = false
    var index = 2
    while index < context.count {
      if context.argument(at: index, is: "NX") {
        options.insert(.ifAbsent)
      } else if context.argument(at: index, is: "XX") {
        options.insert(.ifPresent)
      } else if context.argument(at: index, is: "CH") {
        countsChanges = true
      } else if context.argument(at: index, is: "INCR") {
        options.insert(.increment)
      } else if context.argument(at: index, is: "GT") {
        options.insert(.ifGreater)
      } else if context.argument(at: index, is: "LT") {
        options.insert(.ifLess)
      } else {
        break
      }
      index += 1
    }
    let left = context.count - index
    guard left > 0, left % 2 == 0 else { throw .syntax }
    try check(options, pairCount: left / 2)
    if left == 2 {
      let score = try context.double(at: index)
      return try context.addToSortedSet(
        count: 1, firstMember: context[index + 1], options, countsChanges: countsChanges
      ) { [context = context.arguments] _ in (context[index + 1], score) }
    }
    // Nothing is added unless all scores are numbers.
    for at in stride(from: index, to: context.count, by: 2) { _ = try context.double(at: at) }
    let arguments = context.arguments
    try context.addToSortedSet(
      count: left / 2, firstMember: context[index + 1], options, countsChanges: countsChanges
    ) { pair in
      let at = index + pair * 2
      return (arguments[at + 1], FloatText.parse(arguments[at]) ?? 0)
    }
  }

  private static func check(
    _ options: SortedSet.UpdateOptions, pairCount: Int
  ) throws(CommandError) {
    if options.isSuperset(of: [.ifAbsent, .ifPresent]) {
      throw .fixed("ERR XX and NX options at the same time are not compatible")
    }
    let exclusive = options.intersection([.ifAbsent, .ifGreater, .ifLess])
    guard exclusive.rawValue.nonzeroBitCount < 2 else {
      throw .fixed("ERR GT, LT, and/or NX options at the same time are not compatible")
    }
    guard pairCount == 1 || !options.contains(.increment) else {
      throw .fixed("ERR INCR option supports a single increment-element pair")
    }
  }
}

/// ZINCRBY: adds to a member's score.
enum ZIncrByCommand: Command {
  static let spec = CommandSpec(
    "ZINCRBY", since: "1.2.0", group: .sortedSet, arity: 4,
    flags: [.write, .denyOOM, .fast],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds a number to the score of a member; one that is not there counts as 0.",
    complexity: "O(log(N)) with N the number of members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("increment", .integer),
      ArgumentSpec("member", .string),
    ],
    example: """
      > ZINCRBY scores 3 ann
      "3"
      > ZINCRBY scores -1.5 ann
      "1.5"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let increment = try context.double(at: 2)
    let member = context[3]
    try context.addToSortedSet(
      count: 1, firstMember: member, .increment, countsChanges: false
    ) { _ in (member, increment) }
  }
}

extension CommandContext {
  /// Gives members of the first key's set scores, as ZADD does, and answers.
  ///
  /// - Parameters:
  ///   - count: number of members, 1 with `.increment`.
  ///   - element: the members and scores.
  @inline(__always)
  func addToSortedSet(
    count: Int, firstMember: ByteView, _ options: SortedSet.UpdateOptions, countsChanges: Bool,
    _ element: (Int) -> (member: ByteView, score: Double)
  ) throws(CommandError) {
    let limits = sortedSetLimits
    let found = try sortedSetForWriting(key)
    if found == nil, options.contains(.ifPresent) {
      if options.contains(.increment) { reply.null() } else { reply.integer(0) }
      return
    }
    let set =
      found
      ?? SortedSet.make(
        countHint: count, valueHint: firstMember.count, limits: limits,
        keyspace.objectMemory(for: key))
    var added = 0
    var updated = 0
    var last: (outcome: SortedSet.UpdateOutcome, score: Double) = (.refused, 0)
    for index in 0..<count {
      let (member, score) = element(index)
      last = set.update(member, score: score, options, limits: limits)
      switch last.outcome {
      case .added: added &+= 1
      case .changed: updated &+= 1
      case .notANumber: throw .fixed("ERR resulting score is not a number (NaN)")
      case .same, .refused: break
      }
    }
    if found == nil { try insertObject(set.object, at: key) }
    if added &+ updated > 0 {
      changed(key, options.contains(.increment) ? "zincr" : "zadd", .sortedSet)
    }
    if !options.contains(.increment) {
      reply.integer(countsChanges ? added &+ updated : added)
    } else if case .refused = last.outcome {
      reply.null()
    } else {
      reply.double(last.score)
    }
  }
}
