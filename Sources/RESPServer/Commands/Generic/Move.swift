internal import Bytes
internal import CacheCore
internal import RESP

/// MOVE: takes a key to another database.
enum MoveCommand: Command {
  static let spec = CommandSpec(
    "MOVE", since: "1.0.0", group: .generic, arity: 3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Takes a key to another database unless that has the key already.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("db", .integer)],
    example: """
      > SET a 1
      OK
      > MOVE a 1
      (integer) 1
      > EXISTS a
      (integer) 0
      > SELECT 1
      OK
      > GET a
      "1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let key = context.key
    let source = context.database
    let target = try context.databaseIndex(at: 2)
    guard source != target else { throw .sameObject }
    // A key's shard is the same in every database, so one lock covers both ends.
    guard context.findForWriting(key) != nil,
      context.keyspace.find(key, in: target, now: context.now, access: .write) == nil
    else { return context.reply.integer(0) }
    do throws(CacheError) {
      _ = try context.keyspace.move(key, in: source, to: key, in: target, now: context.now)
    } catch {
      throw .outOfMemory
    }
    context.moved(key, in: source, "move_from", to: key, in: target, "move_to")
    context.reply.integer(1)
  }
}
