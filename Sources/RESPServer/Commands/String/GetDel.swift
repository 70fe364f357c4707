internal import Bytes
internal import CacheCore
internal import RESP

/// GETDEL: reads a string and removes it.
enum GetDelCommand: Command {
  static let spec = CommandSpec(
    "GETDEL", since: "6.2.0", group: .string, arity: 2,
    flags: [.write, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Returns the string value of a key and removes the key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET token abc
      OK
      > GETDEL token
      "abc"
      > GETDEL token
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let entry = context.find(context.key)
    try context.replyString(of: entry)
    if entry != nil { _ = context.remove(context.key, event: "del") }
  }
}

/// DELIFEQ: removes a string that has a certain value. Valkey 9's command for releasing locks.
enum DelIfEqCommand: Command {
  static let spec = CommandSpec(
    "DELIFEQ", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Removes a key if its string value is the given one.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
    ],
    example: """
      > SET lock alice NX
      OK
      > DELIFEQ lock bob
      (integer) 0
      > DELIFEQ lock alice
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let value = try context.stringForWriting(context.key), value == context[2] else {
      return context.reply.integer(0)
    }
    _ = context.remove(context.key, event: "del")
    context.reply.integer(1)
  }
}
