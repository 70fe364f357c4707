internal import Bytes
internal import CacheCore
internal import RESP

/// Taking elements from the first of several lists that has any.
private enum MultiPopping {
  static let arguments: [ArgumentSpec] = [
    ArgumentSpec("numkeys", .integer),
    ArgumentSpec("key", .key, key: 0, multiple: true),
    ArgumentSpec(
      "where", .oneOf,
      parts: [
        ArgumentSpec("left", .pureToken, token: "LEFT"),
        ArgumentSpec("right", .pureToken, token: "RIGHT"),
      ]),
    ArgumentSpec("count", .integer, token: "COUNT", optional: true),
  ]

  /// What is asked for.
  struct Request {
    var end: ListEnd
    var count: Int
  }

  /// Reads what stands behind the position `start`, where the number of keys is.
  static func parse(
    _ context: borrowing CommandContext, from start: Int
  ) throws(CommandError) -> Request {
    let keyCount = try context.integer(
      at: start, in: 1...Int64.max,
      orThrow: .fixed("ERR numkeys should be greater than 0"))
    guard keyCount < Int64(context.count - start - 1) else { throw .syntax }
    var index = start + 1 + Int(keyCount)
    var request = Request(end: try context.listEnd(at: index), count: 1)
    var hasCount = false
    index += 1
    while index < context.count {
      guard context.argument(at: index, is: "COUNT"), !hasCount, index + 1 < context.count else {
        throw .syntax
      }
      request.count = Int(
        try context.integer(
          at: index + 1, in: 1...Int64.max,
          orThrow: .fixed("ERR count should be greater than 0")))
      hasCount = true
      index += 2
    }
    return request
  }

  /// Answers with the first non-empty list's key and elements.
  ///
  /// - Returns: false when all are empty; nothing was answered then.
  static func pop(
    _ context: inout CommandContext, _ request: Request
  ) throws(CommandError) -> Bool {
    for index in 0..<context.keyCount {
      let key = context[key: index]
      guard let list = try context.listForWriting(key) else { continue }
      context.reply.array(2)
      context.reply.bulk(key.bytes)
      context.popElements(list, at: key, from: request.end, count: request.count)
      return true
    }
    return false
  }
}

/// LMPOP: takes elements from the first list that has any.
enum LMPopCommand: Command {
  static let spec = CommandSpec(
    "LMPOP", since: "7.0.0", group: .list, arity: -4,
    flags: [.write, .movableKeys],
    categories: [.list],
    keys: [.counted(at: 1, [.readWrite, .access, .delete])],
    summary: "Takes elements from an end of the first of several lists that has any.",
    complexity: "O(N+M) for N keys and M elements returned",
    arguments: MultiPopping.arguments,
    example: """
      > RPUSH second a b c
      (integer) 3
      > LMPOP 2 first second LEFT COUNT 2
      1) "second"
      2) 1) "a"
         2) "b"
      > LMPOP 1 first LEFT
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let request = try MultiPopping.parse(context, from: 1)
    if try !MultiPopping.pop(&context, request) { context.reply.nullArray() }
  }
}

/// BLMPOP: LMPOP that waits for an element.
enum BLMPopCommand: Command {
  static let spec = CommandSpec(
    "BLMPOP", since: "7.0.0", group: .list, arity: -5,
    flags: [.write, .blocking, .movableKeys],
    categories: [.list],
    keys: [.counted(at: 2, [.readWrite, .access, .delete])],
    summary: "LMPOP that waits until one of the lists has an element.",
    complexity: "O(N+M) for N keys and M elements returned",
    arguments: [ArgumentSpec("timeout", .double)] + MultiPopping.arguments,
    example: """
      > RPUSH second a b c
      (integer) 3
      > BLMPOP 1 2 first second RIGHT
      1) "second"
      2) 1) "c"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let timeout = try context.timeoutMilliseconds(at: 1)
    let request = try MultiPopping.parse(context, from: 2)
    if try !MultiPopping.pop(&context, request) {
      context.waitForKeys(timeoutMilliseconds: timeout)
    }
  }
}
