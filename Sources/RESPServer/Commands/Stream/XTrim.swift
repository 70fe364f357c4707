internal import Bytes
internal import CacheCore
internal import RESP

/// XTRIM: removes the oldest entries of a stream.
enum XTrimCommand: Command {
  static let spec = CommandSpec(
    "XTRIM", since: "5.0.0", group: .stream, arity: -4,
    flags: [.write],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes the oldest entries of a stream, down to a length or up to an ID.",
    complexity: """
      O(N) with N the number of nodes removed, of about a hundred entries each, and of the entries \
      of the one that is cut
      """,
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("trim", .block, parts: StreamTrimOptions.arguments),
    ],
    tips: ["nondeterministic_output"],
    history: [("6.2.0", "Takes MINID and LIMIT.")],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XADD news 2-1 title World
      "2-1"
      > XTRIM news MAXLEN 1
      (integer) 1
      > XTRIM news MINID = 3
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try StreamTrimOptions(context, isAdding: false)
    guard let stream = try context.streamForWriting(context.key) else {
      return context.reply.integer(0)
    }
    let removed = options.trim(stream)
    if removed > 0 { context.changed(context.key, "xtrim", .stream) }
    context.reply.integer(removed)
  }
}
