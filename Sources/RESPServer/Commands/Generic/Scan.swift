internal import Bytes
internal import CacheCore
internal import RESP

/// SCAN: all keys, some at a time.
enum ScanCommand: Command {
  static let spec = CommandSpec(
    "SCAN", since: "2.8.0", group: .generic, arity: -2,
    flags: [.readonly, .touchesArbitraryKeys],
    categories: [.keyspace],
    access: .selfLocking,
    summary: "Walks through the keys in steps: each call returns the cursor for the next.",
    complexity: "O(COUNT) for a call, O(N) for a walk through N keys",
    arguments: [
      ArgumentSpec("cursor", .integer),
      ArgumentSpec("pattern", .pattern, token: "MATCH", optional: true),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
      ArgumentSpec("type", .string, token: "TYPE", since: "6.0.0", optional: true),
    ],
    tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
    history: [("6.0.0", "Takes TYPE.")],
    example: """
      > SET user:1 ann
      OK
      > SET page:1 home
      OK
      > SCAN 0 MATCH user:* COUNT 100
      1) "0"
      2) 1) "user:1"
      > SCAN 0 TYPE list COUNT 100
      1) "0"
      2) (empty array)
      """)

  /// What may stand behind the cursor.
  private struct Options {
    var pattern: ByteView?
    var count = 10
    var type: ByteView?
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let cursor = IntegerText.parseCursor(context[1]) else {
      throw .fixed("ERR invalid cursor")
    }
    let options = try parse(context)
    let page = context.reply.beginPage()
    var count = 0
    let next = context.keyspace.scan(
      in: context.database, cursor: cursor, count: options.count, now: context.now
    ) { key, entry in
      if let pattern = options.pattern, !Glob.matches(pattern, key) { return }
      // A type that does not exist is no error: nothing is of it.
      if let type = options.type,
        !type.equalsIgnoringCase(context.keyspace.type(of: entry).name)
      {
        return
      }
      context.reply.bulk(key)
      count += 1
    }
    context.reply.endPage(page, cursor: next, count: count)
  }

  private static func parse(_ context: borrowing CommandContext) throws(CommandError) -> Options {
    var options = Options()
    var index = 2
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "MATCH") {
        let pattern = context[index + 1]
        options.pattern = pattern == "*" ? nil : pattern
      } else if context.argument(at: index, is: "COUNT") {
        options.count = Int(try context.integer(at: index + 1))
        guard options.count >= 1 else { throw .syntax }
      } else if context.argument(at: index, is: "TYPE") {
        options.type = context[index + 1]
      } else {
        throw .syntax
      }
      index += 2
    }
    return options
  }
}
