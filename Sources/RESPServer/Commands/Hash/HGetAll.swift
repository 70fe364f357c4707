internal import CacheCore
internal import RESP

/// HGETALL: all fields with their values.
enum HGetAllCommand: Command {
  static let spec = CommandSpec(
    "HGETALL", since: "2.0.0", group: .hash, arity: 2,
    flags: [.readonly],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives all fields of a hash with their values.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output_order"],
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HGETALL user:1
      1) "name"
      2) "Ann"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let hash = try context.hashForReading(context.key) else { return context.reply.map(0) }
    context.reply.map(hash.count)
    hash.forEachField { field, value in
      context.reply.bulk(field)
      context.reply.bulk(value)
    }
  }
}

/// HKEYS: the names of all fields.
enum HKeysCommand: Command {
  static let spec = CommandSpec(
    "HKEYS", since: "2.0.0", group: .hash, arity: 2,
    flags: [.readonly],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives the names of all fields of a hash.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output_order"],
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HKEYS user:1
      1) "name"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let hash = try context.hashForReading(context.key) else {
      return context.reply.array(0)
    }
    context.reply.array(hash.count)
    hash.forEachField { field, _ in context.reply.bulk(field) }
  }
}

/// HVALS: the values of all fields.
enum HValsCommand: Command {
  static let spec = CommandSpec(
    "HVALS", since: "2.0.0", group: .hash, arity: 2,
    flags: [.readonly],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives the values of all fields of a hash.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output_order"],
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HVALS user:1
      1) "Ann"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let hash = try context.hashForReading(context.key) else {
      return context.reply.array(0)
    }
    context.reply.array(hash.count)
    hash.forEachField { _, value in context.reply.bulk(value) }
  }
}
