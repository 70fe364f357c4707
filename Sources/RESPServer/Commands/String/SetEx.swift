internal import Bytes
internal import CacheCore
internal import RESP

/// SETEX: SET with EX under its first name.
enum SetExCommand: Command {
  static let spec = CommandSpec(
    "SETEX", since: "2.0.0", group: .string, arity: 4,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.overwrite, .update])],
    summary: "Sets the string value of a key and its time to live in seconds.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("seconds", .integer),
      ArgumentSpec("value", .string),
    ],
    deprecatedSince: "2.6.12", replacement: "`SET` with the `EX` argument",
    example: """
      > SETEX session 60 alice
      OK
      > TTL session
      (integer) 60
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.storeWithLifetime(.seconds, command: "setex")
  }
}

/// PSETEX: the same in milliseconds.
enum PSetExCommand: Command {
  static let spec = CommandSpec(
    "PSETEX", since: "2.6.0", group: .string, arity: 4,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.overwrite, .update])],
    summary: "Sets the string value of a key and its time to live in milliseconds.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("milliseconds", .integer),
      ArgumentSpec("value", .string),
    ],
    deprecatedSince: "2.6.12", replacement: "`SET` with the `PX` argument",
    example: """
      > PSETEX session 60000 alice
      OK
      > GET session
      "alice"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.storeWithLifetime(.milliseconds, command: "psetex")
  }
}

extension CommandContext {
  /// Stores argument 3 with the lifetime that argument 2 says.
  fileprivate func storeWithLifetime(
    _ unit: ExpiryOption.Unit, command: StaticString
  ) throws(CommandError) {
    let deadline = try deadline(ExpiryOption(unit: unit, argument: 2), command: command)
    try storeArgument(3, expiry: .at(deadline), isNew: isNewIfWanted(key), event: "set")
    announceExpiry(.at(deadline))
    reply.ok()
  }
}
