internal import Bytes
public import CacheCore
internal import RESP
internal import Synchronization

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
    context.removeKeys()
  }
}

/// UNLINK: removes keys, whatever their size, in no time.
enum UnlinkCommand: Command {
  static let spec = CommandSpec(
    "UNLINK", since: "4.0.0", group: .generic, arity: -2,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, to: -1, [.removing, .delete])],
    summary: "Removes keys and frees their values in the background.",
    complexity: "O(N) with N the number of keys",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    example: """
      > SET a 1
      OK
      > UNLINK a b
      (integer) 1
      > GET a
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.removeKeys()
  }
}

extension CommandContext {
  /// Removes all keys of the command and answers with how many there were. Large values are always
  /// freed in the background, so DEL and UNLINK are the same.
  fileprivate func removeKeys() {
    var removed = 0
    for index in 0..<keyCount where remove(self[key: index], event: "del") { removed += 1 }
    reply.integer(removed)
  }

  /// Removes a key and announces it.
  ///
  /// - Returns: whether there was such a key.
  public func remove(_ key: HashedKey, event: StaticString) -> Bool {
    guard keyspace.remove(key, in: database, now: now) else {
      // Who waits to store a value that was read before the removal must hear of it, too.
      if server.state.pointee.followsChanges.load(ordering: .relaxed) {
        loop.tellModules(of: key, in: database, connection)
        if server.state.pointee.waiters.isWaited(key.hash.shard) {
          loop.markReady(WaitedKey(key, in: database))
        }
      }
      return false
    }
    changed(key, event, .generic)
    return true
  }
}
