internal import Bytes
internal import CacheCore
internal import RESP

/// Taking elements from the ends of a list.
private enum Popping {
  static func spec(_ name: String, summary: String, example: String) -> CommandSpec {
    CommandSpec(
      name, since: "1.0.0", group: .list, arity: -2,
      flags: [.write, .fast],
      categories: [.list],
      keys: [.range(from: 1, [.readWrite, .access, .delete])],
      summary: summary,
      complexity: "O(N) for N elements taken",
      arguments: [
        ArgumentSpec("key", .key, key: 0),
        ArgumentSpec("count", .integer, since: "6.2.0", optional: true),
      ],
      history: [("6.2.0", "Takes a count.")],
      example: example)
  }

  static func pop(
    _ context: inout CommandContext, from end: ListEnd, command: StaticString
  ) throws(CommandError) {
    guard context.count <= 3 else { throw .wrongArity(command) }
    let key = context.key
    if context.count == 2 {
      guard let list = try context.listForWriting(key) else { return context.reply.null() }
      return context.popElement(list, at: key, from: end)
    }
    let count = try context.positiveInteger(at: 2)
    guard let list = try context.listForWriting(key) else { return context.reply.nullArray() }
    guard count > 0 else { return context.reply.array(0) }
    context.popElements(list, at: key, from: end, count: count)
  }
}

/// LPOP: takes elements from the head.
enum LPopCommand: Command {
  static let spec = Popping.spec(
    "LPOP",
    summary: "Takes the first element out of a list, or the first few, and returns them.",
    example: """
      > RPUSH queue a b c
      (integer) 3
      > LPOP queue
      "a"
      > LPOP queue 5
      1) "b"
      2) "c"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Popping.pop(&context, from: .head, command: "lpop")
  }
}

/// RPOP: takes elements from the tail.
enum RPopCommand: Command {
  static let spec = Popping.spec(
    "RPOP",
    summary: "Takes the last element out of a list, or the last few, and returns them.",
    example: """
      > RPUSH stack a b c
      (integer) 3
      > RPOP stack 2
      1) "c"
      2) "b"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Popping.pop(&context, from: .tail, command: "rpop")
  }
}
