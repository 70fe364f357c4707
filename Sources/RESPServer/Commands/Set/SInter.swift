internal import Bytes
internal import CacheCore
internal import RESP

/// SINTER: what all sets have.
enum SInterCommand: Command {
  static let spec = CommandSpec(
    "SINTER", since: "1.0.0", group: .set, arity: -2,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, to: -1, [.readOnly, .access])],
    summary: "Gives the members that all sets have.",
    complexity: "O(N × M) for M sets of which the smallest has N members",
    arguments: ArgumentSpec.someKeys,
    tips: ["nondeterministic_output_order"],
    example: """
      > SADD a 1 2 3
      (integer) 3
      > SADD b 2 3 4
      (integer) 3
      > SINTER a b
      1) "2"
      2) "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.withSets(keys: 0..<context.keyCount) { sets, isMissing in
      if isMissing { return context.reply.set(0) }
      let start = context.reply.beginArray()
      var count = 0
      SetAlgebra.intersect(sets) { member in
        context.reply.bulk(member)
        count += 1
        return true
      }
      context.reply.endSet(start, count: count)
    }
  }
}

/// SINTERCARD: how many members all sets have.
enum SInterCardCommand: Command {
  static let spec = CommandSpec(
    "SINTERCARD", since: "7.0.0", group: .set, arity: -3,
    flags: [.readonly, .movableKeys],
    categories: [.set],
    keys: [.counted(at: 1, [.readOnly, .access])],
    summary: "Gives the number of members that all sets have, counting up to a limit.",
    complexity: "O(N × M) for M sets of which the smallest has N members",
    arguments: [
      ArgumentSpec("numkeys", .integer),
      ArgumentSpec("key", .key, key: 0, multiple: true),
      ArgumentSpec("limit", .integer, token: "LIMIT", optional: true),
    ],
    example: """
      > SADD a 1 2 3
      (integer) 3
      > SADD b 2 3 4
      (integer) 3
      > SINTERCARD 2 a b
      (integer) 2
      > SINTERCARD 2 a b LIMIT 1
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let keys = IntegerText.parseInt64(context[1]), keys >= 1 else {
      throw .fixed("ERR numkeys should be greater than 0")
    }
    guard keys <= context.count - 2 else {
      throw .fixed("ERR Number of keys can't be greater than number of args")
    }
    let limit = try limit(context, from: 2 + Int(keys))
    try context.withSets(keys: 0..<context.keyCount) { sets, isMissing in
      var count = 0
      if !isMissing {
        SetAlgebra.intersect(sets) { _ in
          count += 1
          return limit == 0 || count < limit
        }
      }
      context.reply.integer(count)
    }
  }

  private static func limit(
    _ context: borrowing CommandContext, from start: Int
  ) throws(CommandError) -> Int {
    var limit = 0
    var index = start
    while index < context.count {
      guard context.argument(at: index, is: "LIMIT"), index + 1 < context.count else {
        throw .syntax
      }
      guard let number = IntegerText.parseInt64(context[index + 1]), number >= 0 else {
        throw .fixed("ERR LIMIT can't be negative")
      }
      limit = Int(number)
      index += 2
    }
    return limit
  }
}

/// SINTERSTORE: keeps what all sets have.
enum SInterStoreCommand: Command {
  static let spec = CommandSpec(
    "SINTERSTORE", since: "1.0.0", group: .set, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.set],
    keys: [
      .range(from: 1, [.overwrite, .update]), .range(from: 2, to: -1, [.readOnly, .access]),
    ],
    summary: "Keeps the members that all sets have as a set, and gives their number.",
    complexity: "O(N × M) for M sets of which the smallest has N members",
    arguments: ArgumentSpec.destinationAndKeys,
    example: """
      > SADD a 1 2 3
      (integer) 3
      > SADD b 2 3 4
      (integer) 3
      > SINTERSTORE both a b
      (integer) 2
      > SMEMBERS both
      1) "2"
      2) "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var result: SetObject?
    let limits = context.setLimits
    try context.withSets(keys: 1..<context.keyCount) { sets, isMissing in
      if isMissing { return }
      let least = sets.indices.min { sets[$0].count < sets[$1].count }
      // As Redis begins: an intset where the result must be one, else a listpack.
      let isIntset = least.map { sets[$0].encoding == .intset } ?? true
      let first: ListpackValue =
        isIntset || limits.listpackEntriesMax == 0 ? .integer(0) : .bytes(.empty)
      let set = context.makeSet(for: context.key, first)
      SetAlgebra.intersect(sets) { member in
        _ = set.add(member, limits)
        return true
      }
      set.compactResult(limits)
      result = set
    }
    try context.storeResult(result, "sinterstore")
  }
}

extension CommandContext {
  /// Calls `body` with the sets at some of the command's keys, those that exist, and whether any
  /// does not.
  ///
  /// - Throws: WRONGTYPE, before `body` is called.
  func withSets(
    keys: Range<Int>, _ body: (UnsafeMutableBufferPointer<SetObject>, Bool) -> Void
  ) throws(CommandError) {
    try withUnsafeTemporaryAllocation(
      of: SetObject.self, capacity: max(1, keys.count)
    ) { (buffer) throws(CommandError) in
      var count = 0
      for index in keys {
        guard let set = try setForReading(self[key: index]) else { continue }
        buffer.initializeElement(at: count, to: set)
        count += 1
      }
      body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), count < keys.count)
    }
  }

  /// Stores a result at the first key, or removes the key when it is empty, and answers with the
  /// number of members.
  func storeResult(_ result: SetObject?, _ event: StaticString) throws(CommandError) {
    let count = result?.count ?? 0
    if let result, count > 0 {
      try storeObject(result.object, at: key, event, .set)
    } else {
      result?.object.destroy()
      if keyspace.remove(key, in: database, now: now) { changed(key, "del", .generic) }
    }
    reply.integer(count)
  }
}
