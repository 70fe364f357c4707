internal import Bytes
public import CacheCore
internal import RESP

/// DEL: removes keys.
enum DelCommand: Command {
  static let spec = CommandSpec(
    "DEL", since: "1.0.0", group: .generic, arity: -2,
    flags: [.write],
    categories: [.keyspace],
    keys: [.range(from: 1, to: -1, [.removing, .delete])],
    summary: "Removes keys and says how many there were.",
    complexity: "O(N) with N the number of keys; large values are freed in the background",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    example: """
      > SET a 1
      OK
      > DEL a b
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var removed = 0
    for index in 0..<context.keyCount where context.remove(context[key: index], event: "del") {
      removed += 1
    }
    context.reply.integer(removed)
  }
}

extension CommandContext {
  /// Removes a key and announces it.
  ///
  /// - Returns: whether there was such a key.
  public func remove(_ key: HashedKey, event: StaticString) -> Bool {
    guard keyspace.remove(key, in: database, now: now) else { return false }
    changed(key, event, .generic)
    return true
  }
}
