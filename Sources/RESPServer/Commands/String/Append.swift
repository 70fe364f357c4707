internal import Bytes
internal import CacheCore
internal import RESP

/// APPEND: adds to the end of a string.
enum AppendCommand: Command {
  static let spec = CommandSpec(
    "APPEND", since: "2.0.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .insert])],
    summary: "Adds to the end of a string, or makes it.",
    complexity: "O(N) with N the bytes added, amortised: strings that grow get room to spare",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
    ],
    example: """
      > APPEND greeting Hello
      (integer) 5
      > APPEND greeting " World"
      (integer) 11
      > GET greeting
      "Hello World"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let value = context[2]
    guard let old = try context.string(of: context.peek(context.key)) else {
      try context.storeArgument(2, expiry: .clear, isNew: true, event: "append")
      return context.reply.integer(value.count)
    }
    let start = old.count
    let end = try context.checkedLength(Int64(start), adding: value.count)
    // An ETag names what the bytes are, so appending nothing leaves it alone.
    if value.count > 0 || !context.hasETag(context.key) {
      let target = try context.mutableString(count: end)
      // In bounds: the string is now start + count bytes long.
      if let base = target.baseAddress {
        (base + start).copyMemory(from: value.base, byteCount: value.count)
      }
    }
    context.changed(context.key, "append", .string)
    context.reply.integer(end)
  }
}
