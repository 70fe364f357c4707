internal import Bytes
internal import CacheCore
internal import RESP

extension CommandContext {
  /// RENAME and RENAMENX: the value of the first key, expiry included, becomes the second key's.
  ///
  /// - Returns: false when the target exists and must not be replaced.
  /// - Throws: when there is no source.
  fileprivate func rename(replacing: Bool) throws(CommandError) -> Bool {
    let source = key
    let target = self[key: 1]
    guard let entry = findForWriting(source) else { throw .noSuchKey }
    let hasETag = keyspace.etag(of: entry) != nil
    if source.bytes == target.bytes { return replacing }
    if !replacing, findForWriting(target) != nil { return false }
    do throws(CacheError) {
      _ = try keyspace.move(source, in: database, to: target, in: database, now: now)
    } catch {
      throw .outOfMemory
    }
    // An ETag belongs to what a name stands for; under another name it would say nothing. Garnet
    // drops it too. Without memory for that, it stays.
    if hasETag { _ = try? keyspace.setETag(target, in: database, to: nil, now: now) }
    moved(source, in: database, "rename_from", to: target, in: database, "rename_to")
    return true
  }

  /// Announces that a value went from one key to another: one change, two keys.
  func moved(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex, _ sourceEvent: StaticString,
    to target: HashedKey, in targetDatabase: DatabaseIndex, _ targetEvent: StaticString
  ) {
    // Replaced or not, the target counts as new, as in Redis.
    notify(target, in: targetDatabase, "new", .new)
    tellReaders(of: source, in: sourceDatabase)
    notify(source, in: sourceDatabase, sourceEvent, .generic)
    changed(target, in: targetDatabase, targetEvent, .generic)
  }
}

/// RENAME: gives a key another name.
enum RenameCommand: Command {
  static let spec = CommandSpec(
    "RENAME", since: "1.0.0", group: .generic, arity: 3,
    flags: [.write],
    categories: [.keyspace],
    keys: [
      .range(from: 1, [.readWrite, .access, .delete]), .range(from: 2, [.overwrite, .update]),
    ],
    summary: "Gives a key another name, replacing the key that has it.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("newkey", .key, key: 1)],
    example: """
      > SET draft hello
      OK
      > RENAME draft letter
      OK
      > GET letter
      "hello"
      > RENAME draft letter
      (error) ERR no such key
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    _ = try context.rename(replacing: true)
    context.reply.ok()
  }
}

/// RENAMENX: gives a key a name that no other key has.
enum RenameNXCommand: Command {
  static let spec = CommandSpec(
    "RENAMENX", since: "1.0.0", group: .generic, arity: 3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [
      .range(from: 1, [.readWrite, .access, .delete]), .range(from: 2, [.overwrite, .insert]),
    ],
    summary: "Gives a key another name unless there is a key of that name.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("newkey", .key, key: 1)],
    history: [("3.2.0", "Equal names are no error any more.")],
    example: """
      > SET draft hello
      OK
      > SET letter bye
      OK
      > RENAMENX draft letter
      (integer) 0
      > RENAMENX draft note
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.rename(replacing: false) ? 1 : 0)
  }
}
