internal import Bytes
internal import CacheCore
internal import RESP

extension CommandContext {
  /// FLUSHDB and FLUSHALL: empties a database, or all with nil. There is no event for it, but
  /// transactions that watch a key that goes are told.
  fileprivate func flush(_ database: DatabaseIndex?) throws(CommandError) {
    var isAsynchronous = server.configuration.lazyUserFlush
    if count > 1 {
      guard count == 2 else { throw .syntax }
      if argument(at: 1, is: "ASYNC") {
        isAsynchronous = true
      } else if argument(at: 1, is: "SYNC") {
        isAsynchronous = false
      } else {
        throw .syntax
      }
    }
    let removed = empty(database, asynchronously: isAsynchronous)
    loop.state.pointee.counters.changes &+= UInt64(removed)
    reply.ok()
  }

  /// Empties a database, or all with nil, and tells those who follow keys. The caller has the gate.
  ///
  /// - Returns: the number of keys removed.
  func empty(_ database: DatabaseIndex?, asynchronously: Bool) -> Int {
    var removed = 0
    for index in 0..<server.configuration.databaseCount {
      let each = DatabaseIndex(rawValue: UInt8(index))
      guard database == nil || database == each else { continue }
      server.touchAllWatched(in: each, now: now)
      loop.markAllReady(in: each)
      removed += keyspace.count(in: each)
    }
    keyspace.flush(database, asynchronously: asynchronously)
    for follower in server.state.pointee.keyFollowers { follower.databaseEmptied(database) }
    loop.invalidateAll()
    return removed
  }

  fileprivate static var flushArguments: [ArgumentSpec] {
    [
      ArgumentSpec(
        "flush-type", .oneOf, optional: true,
        parts: [
          ArgumentSpec("async", .pureToken, token: "ASYNC", since: "4.0.0"),
          ArgumentSpec("sync", .pureToken, token: "SYNC", since: "6.2.0"),
        ])
    ]
  }

  fileprivate static var flushHistory: [(version: String, change: String)] {
    [("4.0.0", "Takes ASYNC."), ("6.2.0", "Takes SYNC; lazyfree-lazy-user-flush decides else.")]
  }
}

/// FLUSHALL: empties all databases.
enum FlushAllCommand: Command {
  static let spec = CommandSpec(
    "FLUSHALL", since: "1.0.0", group: .server, arity: -1,
    flags: [.write],
    categories: [.keyspace, .dangerous],
    access: .exclusive,
    summary: "Removes all keys of all databases.",
    complexity: "O(N) with N the number of keys; with ASYNC they are freed in the background",
    arguments: CommandContext.flushArguments,
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    history: CommandContext.flushHistory,
    example: """
      > SET a 1
      OK
      > FLUSHALL
      OK
      > DBSIZE
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.flush(nil)
  }
}

/// FLUSHDB: empties the database.
enum FlushDBCommand: Command {
  static let spec = CommandSpec(
    "FLUSHDB", since: "1.0.0", group: .server, arity: -1,
    flags: [.write],
    categories: [.keyspace, .dangerous],
    access: .exclusive,
    summary: "Removes all keys of the database.",
    complexity: "O(N) with N the number of keys; with ASYNC they are freed in the background",
    arguments: CommandContext.flushArguments,
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    history: CommandContext.flushHistory,
    example: """
      > SET a 1
      OK
      > SELECT 1
      OK
      > FLUSHDB ASYNC
      OK
      > SELECT 0
      OK
      > DBSIZE
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.flush(context.database)
  }
}
