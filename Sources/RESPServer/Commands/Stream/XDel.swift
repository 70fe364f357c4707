internal import Bytes
internal import CacheCore
internal import RESP

/// XDEL: deletes entries of a stream.
enum XDelCommand: Command {
  static let spec = CommandSpec(
    "XDEL", since: "5.0.0", group: .stream, arity: -3,
    flags: [.write, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Deletes entries of a stream by their IDs; an emptied stream stays.",
    complexity: "O(log N) for each entry",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("ID", .string, multiple: true),
    ],
    example: """
      > XADD news 1-1 title Hello
      "1-1"
      > XDEL news 1-1 2-1
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let stream = try context.streamForWriting(context.key) else {
      return context.reply.integer(0)
    }
    // All are read before the first is deleted.
    for index in 2..<context.count { _ = try context.streamID(at: index) }
    var removed = 0
    for index in 2..<context.count {
      if stream.remove(try context.streamID(at: index)) { removed += 1 }
    }
    if removed > 0 { context.changed(context.key, "xdel", .stream) }
    context.reply.integer(removed)
  }
}
