internal import Bytes
internal import CacheCore
internal import RESP

/// HSET: sets fields.
enum HSetCommand: Command {
  static let spec = CommandSpec(
    "HSET", since: "2.0.0", group: .hash, arity: -4,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets fields of a hash and says how many of them are new.",
    complexity: "O(N) for N fields",
    arguments: ArgumentSpec.keyAndPairs,
    history: [("4.0.0", "Takes several fields.")],
    example: """
      > HSET user:1 name Ann age 31
      (integer) 2
      > HSET user:1 age 32 city Ulm
      (integer) 1
      > HGET user:1 age
      "32"
      """)

  @inline(__always)
  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count & 1 == 0 else { throw .wrongArity("hset") }
    context.reply.integer(try setFields(context))
  }

  /// Sets the fields that the arguments name, in order.
  ///
  /// - Returns: how many are new.
  @inline(__always)
  static func setFields(_ context: borrowing CommandContext) throws(CommandError) -> Int {
    let existing = try context.hashForWriting(context.key)
    let hash = existing ?? context.makeHash(for: context.key)
    let limits = context.hashLimits
    if (context.count - 2) / 2 > limits.entriesMax { hash.convertToTable() }
    var added = 0
    var index = 2
    while index + 1 < context.count {
      if hash.set(context[index], to: context[index + 1], limits) { added += 1 }
      index += 2
    }
    if existing == nil { try context.insertObject(hash.object, at: context.key) }
    context.changed(context.key, "hset", .hash)
    return added
  }
}

/// HMSET: HSET that answers OK.
enum HMSetCommand: Command {
  static let spec = CommandSpec(
    "HMSET", since: "2.0.0", group: .hash, arity: -4,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets fields of a hash.",
    complexity: "O(N) for N fields",
    arguments: ArgumentSpec.keyAndPairs,
    deprecatedSince: "4.0.0", replacement: "`HSET` with multiple field-value pairs",
    example: """
      > HMSET user:1 name Ann age 31
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count & 1 == 0 else { throw .wrongArity("hmset") }
    _ = try HSetCommand.setFields(context)
    context.reply.ok()
  }
}

/// HSETNX: sets a field that is not there yet.
enum HSetNXCommand: Command {
  static let spec = CommandSpec(
    "HSETNX", since: "2.0.0", group: .hash, arity: 4,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .insert])],
    summary: "Sets a field of a hash unless it is there already.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField + [ArgumentSpec("value", .string)],
    example: """
      > HSETNX user:1 name Ann
      (integer) 1
      > HSETNX user:1 name Bob
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let existing = try context.hashForWriting(context.key)
    if let existing, existing.contains(context[2]) { return context.reply.integer(0) }
    let hash = existing ?? context.makeHash(for: context.key)
    _ = hash.set(context[2], to: context[3], context.hashLimits)
    if existing == nil { try context.insertObject(hash.object, at: context.key) }
    context.changed(context.key, "hset", .hash)
    context.reply.integer(1)
  }
}
