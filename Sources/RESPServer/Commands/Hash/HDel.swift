internal import Bytes
internal import CacheCore
internal import RESP

/// HDEL: removes fields.
enum HDelCommand: Command {
  static let spec = CommandSpec(
    "HDEL", since: "2.0.0", group: .hash, arity: -3,
    flags: [.write, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes fields of a hash; without any the hash itself goes.",
    complexity: "O(N) for N fields",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("field", .string, multiple: true),
    ],
    history: [("2.4.0", "Takes several fields.")],
    example: """
      > HSET user:1 name Ann age 31
      (integer) 2
      > HDEL user:1 age city
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let hash = try context.hashForWriting(context.key) else {
      return context.reply.integer(0)
    }
    var removed = 0
    var isEmpty = false
    for index in 2..<context.count where !isEmpty {
      guard hash.remove(context[index]) else { continue }
      removed += 1
      isEmpty = hash.count == 0
    }
    if removed > 0 { context.changed(context.key, "hdel", .hash) }
    if isEmpty { context.removeEmptied(context.key) }
    context.reply.integer(removed)
  }
}
