internal import Bytes
internal import CacheCore
internal import RESP

/// Waiting for an element of one of several lists.
private enum BlockingPop {
  static func spec(_ name: String, summary: String, example: String) -> CommandSpec {
    CommandSpec(
      name, since: "2.0.0", group: .list, arity: -3,
      flags: [.write, .blocking],
      categories: [.list],
      keys: [.range(from: 1, to: -2, [.readWrite, .access, .delete])],
      summary: summary,
      complexity: "O(N) for N keys",
      arguments: [
        ArgumentSpec("key", .key, key: 0, multiple: true),
        ArgumentSpec("timeout", .double),
      ],
      history: [("6.0.0", "Takes the time with decimals.")],
      example: example)
  }

  static func pop(
    _ context: inout CommandContext, from end: ListEnd
  ) throws(CommandError) {
    let timeout = try context.timeoutMilliseconds(at: context.count - 1)
    for index in 0..<context.keyCount {
      let key = context[key: index]
      guard let list = try context.listForWriting(key) else { continue }
      context.reply.array(2)
      context.reply.bulk(key.bytes)
      return context.popElement(list, at: key, from: end)
    }
    context.waitForKeys(timeoutMilliseconds: timeout)
  }
}

/// BLPOP: LPOP that waits for an element.
enum BLPopCommand: Command {
  static let spec = BlockingPop.spec(
    "BLPOP",
    summary: "Takes the first element of the first list that has any; waits until one has.",
    example: """
      > RPUSH queue a b
      (integer) 2
      > BLPOP empty queue 1
      1) "queue"
      2) "a"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try BlockingPop.pop(&context, from: .head)
  }
}

/// BRPOP: RPOP that waits for an element.
enum BRPopCommand: Command {
  static let spec = BlockingPop.spec(
    "BRPOP",
    summary: "Takes the last element of the first list that has any; waits until one has.",
    example: """
      > RPUSH queue a b
      (integer) 2
      > BRPOP empty queue 1
      1) "queue"
      2) "b"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try BlockingPop.pop(&context, from: .tail)
  }
}
