internal import Bytes
internal import CacheCore
internal import RESP

/// SETNX: SET with NX under its first name.
enum SetNXCommand: Command {
  static let spec = CommandSpec(
    "SETNX", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.overwrite, .insert])],
    summary: "Sets the string value of a key unless the key exists.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
    ],
    deprecatedSince: "2.6.12", replacement: "`SET` with the `NX` argument",
    example: """
      > SETNX lock alice
      (integer) 1
      > SETNX lock bob
      (integer) 0
      > GET lock
      "alice"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.findForWriting(context.key) == nil else { return context.reply.integer(0) }
    try context.storeArgument(2, expiry: .clear, isNew: true, event: "set")
    context.reply.integer(1)
  }
}
