internal import Bytes
internal import CacheCore
internal import RESP

/// SWAPDB: exchanges two databases.
enum SwapDBCommand: Command {
  static let spec = CommandSpec(
    "SWAPDB", since: "4.0.0", group: .server, arity: 3,
    flags: [.write, .fast],
    categories: [.keyspace, .dangerous],
    access: .exclusive,
    summary: "Exchanges two databases: their clients see the other's keys at once.",
    complexity: "O(N) with N the number of keys that clients watch",
    arguments: [ArgumentSpec("index1", .integer), ArgumentSpec("index2", .integer)],
    example: """
      > SET a 1
      OK
      > SWAPDB 0 1
      OK
      > GET a
      (nil)
      > SELECT 1
      OK
      > GET a
      "1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    // Both must be numbers before either is checked to be a database.
    guard isNumber(context[1]) else { throw .fixed("ERR invalid first DB index") }
    guard isNumber(context[2]) else { throw .fixed("ERR invalid second DB index") }
    let first = try context.databaseIndex(at: 1)
    let second = try context.databaseIndex(at: 2)
    if first != second {
      context.server.touchAllWatched(in: first, replacement: second, now: context.now)
      context.server.touchAllWatched(in: second, replacement: first, now: context.now)
      context.keyspace.swapDatabases(first, second)
      for follower in context.server.state.pointee.keyFollowers {
        follower.databasesSwapped(first, second)
      }
      context.loop.invalidateAll()
      context.loop.markAllReady(in: first)
      context.loop.markAllReady(in: second)
    }
    context.loop.state.pointee.counters.changes &+= 1
    context.reply.ok()
  }

  private static func isNumber(_ text: ByteView) -> Bool {
    IntegerText.parseInt64(text).map { Int32(exactly: $0) != nil } ?? false
  }
}
