internal import Bytes
internal import CacheCore
internal import RESP

/// WATCH: EXEC will do nothing if one of these keys changes before it.
enum WatchCommand: Command {
  static let spec = CommandSpec(
    "WATCH", since: "2.2.0", group: .transactions, arity: -2,
    flags: [.noScript, .loading, .stale, .fast, .allowBusy],
    categories: [.transaction],
    keys: [.range(from: 1, to: -1, [.readOnly])],
    summary: "Makes the next EXEC depend on keys staying as they are.",
    complexity: "O(1) for each key",
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    example: """
      > WATCH balance
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard !context.connection.flags.contains(.inTransaction) else {
      throw .fixed("ERR WATCH inside MULTI is not allowed")
    }
    let session = context.connection.session
    let flag = session.watch ?? WatchFlag()
    session.watch = flag
    for index in 0..<context.keyCount {
      let key = context[key: index]
      let watched = WatchedKey(
        database: context.database.rawValue, shard: key.hash.shard.rawValue,
        bytes: key.bytes.array)
      // A key that is due already is removed by this look, before it is watched: its going is no
      // change.
      _ = context.peek(key)
      guard session.watchedKeys.insert(watched).inserted else { continue }
      session.nameBytes += watched.bytes.count + Session.nameOverheadBytes
      context.server.state.pointee.watches.add(watched, flag)
    }
    context.loop.accountMemory(of: context.connection)
    context.reply.ok()
  }
}

/// UNWATCH: forgets all watched keys.
enum UnwatchCommand: Command {
  static let spec = CommandSpec(
    "UNWATCH", since: "2.2.0", group: .transactions, arity: 1,
    flags: [.noScript, .loading, .stale, .fast, .allowBusy],
    categories: [.transaction],
    summary: "Forgets the keys that WATCH named.",
    complexity: "O(1)",
    example: """
      > UNWATCH
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.loop.unwatch(context.connection)
    context.reply.ok()
  }
}
