internal import Bytes
internal import CacheCore
internal import RESP

/// HGET: a field's value.
enum HGetCommand: Command {
  static let spec = CommandSpec(
    "HGET", since: "2.0.0", group: .hash, arity: 3,
    flags: [.readonly, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives the value of a field of a hash.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField,
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HGET user:1 name
      "Ann"
      > HGET user:1 city
      (nil)
      """)

  @inline(__always)
  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply(try context.hashForReading(context.key)?.value(of: context[2]))
  }
}

/// HMGET: several fields' values.
enum HMGetCommand: Command {
  static let spec = CommandSpec(
    "HMGET", since: "2.0.0", group: .hash, arity: -3,
    flags: [.readonly, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives the values of fields of a hash.",
    complexity: "O(N) for N fields",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("field", .string, multiple: true),
    ],
    example: """
      > HSET user:1 name Ann age 31
      (integer) 2
      > HMGET user:1 age city
      1) "31"
      2) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let hash = try context.hashForReading(context.key)
    context.reply.array(context.count - 2)
    for index in 2..<context.count { context.reply(hash?.value(of: context[index])) }
  }
}

/// HEXISTS: whether there is a field.
enum HExistsCommand: Command {
  static let spec = CommandSpec(
    "HEXISTS", since: "2.0.0", group: .hash, arity: 3,
    flags: [.readonly, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Says whether a hash has a field.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField,
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HEXISTS user:1 name
      (integer) 1
      > HEXISTS user:1 city
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let found = try context.hashForReading(context.key)?.contains(context[2]) ?? false
    context.reply.integer(found ? 1 : 0)
  }
}

/// HSTRLEN: the length of a field's value.
enum HStrlenCommand: Command {
  static let spec = CommandSpec(
    "HSTRLEN", since: "3.2.0", group: .hash, arity: 3,
    flags: [.readonly, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Gives the length of the value of a field of a hash, in bytes.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField,
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HSTRLEN user:1 name
      (integer) 3
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let value = try context.hashForReading(context.key)?.value(of: context[2])
    context.reply.integer(value?.textCount ?? 0)
  }
}

/// HLEN: the number of fields.
enum HLenCommand: Command {
  static let spec = CommandSpec(
    "HLEN", since: "2.0.0", group: .hash, arity: 2,
    flags: [.readonly, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Gives the number of fields of a hash.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > HSET user:1 name Ann age 31
      (integer) 2
      > HLEN user:1
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.hashForReading(context.key)?.count ?? 0)
  }
}
