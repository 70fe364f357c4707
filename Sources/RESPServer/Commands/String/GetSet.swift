internal import Bytes
internal import CacheCore
internal import RESP

/// GETSET: SET with GET under its first name.
enum GetSetCommand: Command {
  static let spec = CommandSpec(
    "GETSET", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Sets the string value of a key and returns the value it had.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
    ],
    deprecatedSince: "6.2.0", replacement: "`SET` with the `!GET` argument",
    example: """
      > GETSET owner alice
      (nil)
      > GETSET owner bob
      "alice"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let mark = context.loop.replyMark()
    let old = context.find(context.key)
    try context.replyString(of: old)
    do throws(CommandError) {
      try context.storeArgument(2, expiry: .clear, isNew: old == nil, event: "set")
    } catch {
      context.loop.withdrawReply(to: mark)
      throw error
    }
  }
}
