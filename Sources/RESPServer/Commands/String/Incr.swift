internal import Bytes
internal import CacheCore
internal import RESP

/// INCR: adds one.
enum IncrCommand: Command {
  static let spec = CommandSpec(
    "INCR", since: "1.0.0", group: .string, arity: 2,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds one to the integer at a key; an absent key counts as 0.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET visits 41
      OK
      > INCR visits
      (integer) 42
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.increment(by: 1)
  }
}

/// DECR: subtracts one.
enum DecrCommand: Command {
  static let spec = CommandSpec(
    "DECR", since: "1.0.0", group: .string, arity: 2,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Subtracts one from the integer at a key; an absent key counts as 0.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > DECR stock
      (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.increment(by: -1)
  }
}

/// INCRBY: adds an integer.
enum IncrByCommand: Command {
  static let spec = CommandSpec(
    "INCRBY", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds a number to the integer at a key; an absent key counts as 0.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("increment", .integer),
    ],
    example: """
      > SET score 10
      OK
      > INCRBY score 5
      (integer) 15
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.increment(by: context.integer(at: 2))
  }
}

/// DECRBY: subtracts an integer.
enum DecrByCommand: Command {
  static let spec = CommandSpec(
    "DECRBY", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Subtracts a number from the integer at a key; an absent key counts as 0.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("decrement", .integer),
    ],
    example: """
      > SET score 10
      OK
      > DECRBY score 3
      (integer) 7
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let decrement = try context.integer(at: 2)
    // Its negative is no Int64.
    guard decrement != .min else { throw .fixed("ERR decrement would overflow") }
    try context.increment(by: -decrement)
  }
}

extension CommandContext {
  /// Adds to the integer at the first key and answers with the sum.
  fileprivate func increment(by delta: Int64) throws(CommandError) {
    let result: (value: Int64, isNew: Bool)
    do throws(IncrementFailure) {
      result = try keyspace.increment(key, in: database, by: delta, now: now)
    } catch {
      switch error {
      case .wrongType: throw .wrongType
      case .notInteger: throw .notInteger
      case .overflow: throw .fixed("ERR increment or decrement would overflow")
      case .outOfMemory: throw .outOfMemory
      }
    }
    if result.isNew { notify(key, in: database, "new", .new) }
    changed(key, "incrby", .string)
    reply.integer(result.value)
  }
}
