internal import Bytes
internal import CacheCore
internal import RESP

/// MSET: stores several strings at one moment.
enum MSetCommand: Command {
  static let spec = CommandSpec(
    "MSET", since: "1.0.1", group: .string, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, to: -1, step: 2, [.overwrite, .update])],
    summary: "Sets the string values of keys, all at once.",
    complexity: "O(N) with N the number of keys",
    arguments: [
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("value", .string)])
    ],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    example: """
      > MSET a 1 b 2
      OK
      > GET b
      "2"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count % 2 == 1 else { throw .wrongArity("mset") }
    try context.storeAllPairs()
    context.reply.ok()
  }
}

/// MSETNX: stores several strings if none of the keys exists.
enum MSetNXCommand: Command {
  static let spec = CommandSpec(
    "MSETNX", since: "1.0.1", group: .string, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, to: -1, step: 2, [.overwrite, .insert])],
    summary: "Sets the string values of keys, all at once, unless one of the keys exists.",
    complexity: "O(N) with N the number of keys",
    arguments: [
      ArgumentSpec(
        "data", .block, multiple: true,
        parts: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("value", .string)])
    ],
    example: """
      > MSETNX a 1 b 2
      (integer) 1
      > MSETNX b 3 c 4
      (integer) 0
      > MGET a b c
      1) "1"
      2) "2"
      3) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count % 2 == 1 else { throw .wrongArity("msetnx") }
    for index in 0..<context.keyCount
    where context.findForWriting(context[key: index]) != nil {
      return context.reply.integer(0)
    }
    try context.storeAllPairs()
    context.reply.integer(1)
  }
}

extension CommandContext {
  /// Stores argument 2, 4, ... at the first, second, ... key; the shards of all are locked.
  ///
  /// - Throws: when memory is exhausted, the one way to leave a part of the pairs stored.
  fileprivate func storeAllPairs() throws(CommandError) {
    assert(keyCount * 2 + 1 == count)
    for index in 0..<keyCount {
      try storeArgument(
        index * 2 + 2, at: self[key: index], expiry: .clear, isNew: isNewIfWanted(self[key: index]),
        event: "set")
    }
  }
}
