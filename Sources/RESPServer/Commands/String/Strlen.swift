internal import Bytes
internal import CacheCore
internal import RESP

/// STRLEN: the length of a string.
enum StrlenCommand: Command {
  static let spec = CommandSpec(
    "STRLEN", since: "2.2.0", group: .string, arity: 2,
    flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the length of a string in bytes, 0 for an absent key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET greeting Hello
      OK
      > STRLEN greeting
      (integer) 5
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.string(context.key)?.count ?? 0)
  }
}
