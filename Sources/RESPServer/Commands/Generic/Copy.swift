internal import Bytes
internal import CacheCore
internal import RESP

/// COPY: the same value under another key.
enum CopyCommand: Command {
  static let spec = CommandSpec(
    "COPY", since: "6.2.0", group: .generic, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.keyspace],
    keys: [
      .range(from: 1, [.readOnly, .access]), .range(from: 2, [.overwrite, .update]),
    ],
    summary: "Copies a value and its expiry to another key.",
    complexity: "O(1) for strings, O(N) for N elements of a collection",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
      ArgumentSpec("destination-db", .integer, token: "DB", optional: true),
      ArgumentSpec("replace", .pureToken, token: "REPLACE", optional: true),
    ],
    example: """
      > SET draft hello
      OK
      > COPY draft letter
      (integer) 1
      > COPY draft letter
      (integer) 0
      > COPY draft letter REPLACE
      (integer) 1
      > GET letter
      "hello"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var database = context.database
    var replaces = false
    var index = 3
    while index < context.count {
      if context.argument(at: index, is: "REPLACE") {
        replaces = true
      } else if context.argument(at: index, is: "DB"), index + 1 < context.count {
        index += 1
        database = try context.databaseIndex(at: index)
      } else {
        throw .syntax
      }
      index += 1
    }
    let source = context.key
    let target = context[key: 1]
    guard database != context.database || source.bytes != target.bytes else { throw .sameObject }
    guard context.find(source) != nil else { return context.reply.integer(0) }
    let isThere =
      context.keyspace.find(target, in: database, now: context.now, access: .write) != nil
    guard !isThere || replaces else { return context.reply.integer(0) }
    do throws(CacheError) {
      _ = try context.keyspace.copy(
        source, in: context.database, to: target, in: database, now: context.now)
    } catch {
      throw .outOfMemory
    }
    // Replaced or not, the target counts as new, as in Redis.
    context.notify(target, in: database, "new", .new)
    context.changed(target, in: database, "copy_to", .generic)
    context.reply.integer(1)
  }
}
