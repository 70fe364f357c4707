internal import Bytes
internal import CacheCore
internal import RESP

/// LLEN: how long a list is.
enum LLenCommand: Command {
  static let spec = CommandSpec(
    "LLEN", since: "1.0.0", group: .list, arity: 2,
    flags: [.readonly, .fast],
    categories: [.list],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the number of elements of a list.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > RPUSH letters a b
      (integer) 2
      > LLEN letters
      (integer) 2
      > LLEN nothing
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.list(context.key)?.count ?? 0)
  }
}

/// LRANGE: elements in a row.
enum LRangeCommand: Command {
  static let spec = CommandSpec(
    "LRANGE", since: "1.0.0", group: .list, arity: 4,
    flags: [.readonly],
    categories: [.list],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the elements of a list from one position to another, both included.",
    complexity: "O(N) for N elements returned; finding the first is O(√M) in a list of M",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("stop", .integer),
    ],
    example: """
      > RPUSH letters a b c d
      (integer) 4
      > LRANGE letters 1 -2
      1) "b"
      2) "c"
      > LRANGE letters 9 10
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let start = try context.integer(at: 2)
    let stop = try context.integer(at: 3)
    guard let list = try context.list(context.key) else { return context.reply.array(0) }
    let range = list.range(from: start, to: stop)
    context.reply.array(range.count)
    list.forEach(from: range.lowerBound, count: range.count) { context.reply.bulk($0) }
  }
}

/// LINDEX: one element.
enum LIndexCommand: Command {
  static let spec = CommandSpec(
    "LINDEX", since: "1.0.0", group: .list, arity: 3,
    flags: [.readonly],
    categories: [.list],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the element at a position, which counts from the end when negative.",
    complexity: "O(√N) in a list of N",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("index", .integer),
    ],
    example: """
      > RPUSH letters a b c
      (integer) 3
      > LINDEX letters -1
      "c"
      > LINDEX letters 3
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let list = try context.list(context.key) else { return context.reply.null() }
    let index = try context.integer(at: 2)
    guard let value = list.value(at: Int(index)) else { return context.reply.null() }
    context.reply.bulk(value)
  }
}
