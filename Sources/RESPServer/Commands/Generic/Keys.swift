internal import Bytes
internal import CacheCore
internal import RESP

/// KEYS: all keys that match a pattern, at once.
enum KeysCommand: Command {
  static let spec = CommandSpec(
    "KEYS", since: "1.0.0", group: .generic, arity: 2,
    flags: [.readonly],
    categories: [.keyspace, .dangerous],
    access: .selfLocking,
    summary: "Returns all keys that match a glob pattern; others wait meanwhile (see SCAN).",
    complexity: "O(N) with N the number of keys; O(1) for a pattern without special characters",
    arguments: [ArgumentSpec("pattern", .pattern)],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    example: """
      > SET user:1 ann
      OK
      > SET page:1 home
      OK
      > KEYS user:*
      1) "user:1"
      > KEYS nothing
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let pattern = context[1]
    if Glob.isLiteral(pattern) { return findOne(pattern, &context) }
    let matchesAll = pattern == "*"
    let array = context.reply.beginArray()
    var count = 0
    // All shards at once, so that the answer is the key space at one moment.
    context.keyspace.lock(ShardSet.all)
    context.keyspace.forEachKey(in: context.database, now: context.now) { key, _ in
      guard matchesAll || Glob.matches(pattern, key) else { return }
      context.reply.bulk(key)
      count += 1
    }
    context.keyspace.unlock(ShardSet.all)
    context.reply.endArray(array, count: count)
  }

  /// A pattern without special characters matches itself alone.
  private static func findOne(_ pattern: ByteView, _ context: inout CommandContext) {
    let key = context.hash(pattern)
    context.keyspace.lock(key.hash.shard)
    let isThere = context.peek(key) != nil
    context.keyspace.unlock(key.hash.shard)
    context.reply.array(isThere ? 1 : 0)
    if isThere { context.reply.bulk(pattern) }
  }
}

/// RANDOMKEY: any key.
enum RandomKeyCommand: Command {
  static let spec = CommandSpec(
    "RANDOMKEY", since: "1.0.0", group: .generic, arity: 1,
    flags: [.readonly, .touchesArbitraryKeys],
    categories: [.keyspace],
    access: .selfLocking,
    summary: "Returns some key of the database.",
    complexity: "O(1)",
    tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
    example: """
      > RANDOMKEY
      (nil)
      > SET a 1
      OK
      > RANDOMKEY
      "a"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let key = context.keyspace.randomKey(in: context.database, now: context.now) else {
      return context.reply.null()
    }
    context.reply.bulk(key)
  }
}
