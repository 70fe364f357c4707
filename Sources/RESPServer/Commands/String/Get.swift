internal import Bytes
internal import CacheCore
internal import RESP

/// GET: reads a string.
enum GetCommand: Command {
  static let spec = CommandSpec(
    "GET", since: "1.0.0", group: .string, arity: 2,
    flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the string value of a key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET greeting hello
      OK
      > GET greeting
      "hello"
      > GET nothing
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyString(at: context.key)
  }
}
