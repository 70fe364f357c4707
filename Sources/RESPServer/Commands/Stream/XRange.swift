internal import Bytes
internal import CacheCore
internal import RESP

/// XRANGE: reads the entries between two IDs.
enum XRangeCommand: Command {
  static let spec = CommandSpec(
    "XRANGE", since: "5.0.0", group: .stream, arity: -4,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the entries of a stream between two IDs, in ascending order.",
    complexity: "O(N) with N the number of entries returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .string),
      ArgumentSpec("end", .string),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
    ],
    history: [("6.2.0", "An ID behind \"(\" is not part of the range.")],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XADD news 2-1 title World
      "2-1"
      > XRANGE news - + COUNT 1
      1) 1) "1-1"
         2) 1) "title"
            2) "Hello"
      > XRANGE news (1-1 +
      1) 1) "2-1"
         2) 1) "title"
            2) "World"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyStreamRange(startPosition: 2, endPosition: 3)
  }
}

/// XREVRANGE: reads the entries between two IDs backwards.
enum XRevRangeCommand: Command {
  static let spec = CommandSpec(
    "XREVRANGE", since: "5.0.0", group: .stream, arity: -4,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the entries of a stream between two IDs, in descending order.",
    complexity: "O(N) with N the number of entries returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("end", .string),
      ArgumentSpec("start", .string),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
    ],
    history: [("6.2.0", "An ID behind \"(\" is not part of the range.")],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XADD news 2-1 title World
      "2-1"
      > XREVRANGE news + - COUNT 1
      1) 1) "2-1"
         2) 1) "title"
            2) "World"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyStreamRange(startPosition: 3, endPosition: 2)
  }
}

extension CommandContext {
  /// Answers XRANGE, or XREVRANGE, whose end comes before its start.
  fileprivate func replyStreamRange(
    startPosition: Int, endPosition: Int
  ) throws(CommandError) {
    let start = try streamRangeStart(at: startPosition)
    let end = try streamRangeEnd(at: endPosition)
    var countMax: Int64?
    var index = 4
    while index < count {
      guard argument(at: index, is: "COUNT"), index + 1 < count else { throw .syntax }
      countMax = max(0, try integer(at: index + 1))
      index += 2
    }
    guard let stream = try stream(key) else { return reply.array(0) }
    if countMax == 0 { return reply.nullArray() }
    let cursor = stream.cursor(
      from: start, through: end, isReversed: startPosition > endPosition)
    reply.streamRange(cursor, countMax: Int(countMax ?? 0))
  }
}
