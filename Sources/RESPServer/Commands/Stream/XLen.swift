internal import Bytes
internal import CacheCore
internal import RESP

/// XLEN: counts a stream's entries.
enum XLenCommand: Command {
  static let spec = CommandSpec(
    "XLEN", since: "5.0.0", group: .stream, arity: 2,
    flags: [.readonly, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the number of entries of a stream.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XLEN news
      (integer) 1
      > XLEN nothing
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.stream(context.key)?.count ?? 0)
  }
}
