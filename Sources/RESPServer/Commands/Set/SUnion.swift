internal import Bytes
internal import CacheCore
internal import RESP

/// SUNION: what any of the sets has.
enum SUnionCommand: Command {
  static let spec = CommandSpec(
    "SUNION", since: "1.0.0", group: .set, arity: -2,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, to: -1, [.readOnly, .access])],
    summary: "Gives the members that at least one of the sets has.",
    complexity: "O(N) for N members in all",
    arguments: ArgumentSpec.someKeys,
    tips: ["nondeterministic_output_order"],
    example: """
      > SADD a 1 2
      (integer) 2
      > SADD b 2 3
      (integer) 2
      > SUNION a b
      1) "1"
      2) "2"
      3) "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.withSets(keys: 0..<context.keyCount) { sets, _ in
      let start = context.reply.beginArray()
      var count = 0
      SetAlgebra.unite(sets) { member in
        context.reply.bulk(member)
        count += 1
      }
      context.reply.endSet(start, count: count)
    }
  }
}

/// SUNIONSTORE: keeps what any of the sets has.
enum SUnionStoreCommand: Command {
  static let spec = CommandSpec(
    "SUNIONSTORE", since: "1.0.0", group: .set, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.set],
    keys: [
      .range(from: 1, [.overwrite, .update]), .range(from: 2, to: -1, [.readOnly, .access]),
    ],
    summary: "Keeps the members that at least one of the sets has as a set; gives their number.",
    complexity: "O(N) for N members in all",
    arguments: ArgumentSpec.destinationAndKeys,
    example: """
      > SADD a 1 2
      (integer) 2
      > SADD b 2 3
      (integer) 2
      > SUNIONSTORE any a b
      (integer) 3
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let set = context.makeSet(for: context.key, .integer(0))
    let limits = context.setLimits
    do throws(CommandError) {
      try context.withSets(keys: 1..<context.keyCount) { sets, _ in
        SetAlgebra.unite(sets) { _ = set.add($0, limits) }
      }
    } catch {
      set.object.destroy()
      throw error
    }
    try context.storeResult(set, "sunionstore")
  }
}

/// SDIFF: what only the first set has.
enum SDiffCommand: Command {
  static let spec = CommandSpec(
    "SDIFF", since: "1.0.0", group: .set, arity: -2,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, to: -1, [.readOnly, .access])],
    summary: "Gives the members of the first set that none of the others has.",
    complexity: "O(N) for N members in all",
    arguments: ArgumentSpec.someKeys,
    tips: ["nondeterministic_output_order"],
    example: """
      > SADD a 1 2 3
      (integer) 3
      > SADD b 2
      (integer) 1
      > SDIFF a b
      1) "1"
      2) "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let first = try context.setForReading(context.key)
    try context.withSets(keys: 1..<context.keyCount) { sets, _ in
      guard let first else { return context.reply.set(0) }
      let start = context.reply.beginArray()
      var count = 0
      SetAlgebra.subtract(sets, from: first) { member in
        context.reply.bulk(member)
        count += 1
      }
      context.reply.endSet(start, count: count)
    }
  }
}

/// SDIFFSTORE: keeps what only the first set has.
enum SDiffStoreCommand: Command {
  static let spec = CommandSpec(
    "SDIFFSTORE", since: "1.0.0", group: .set, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.set],
    keys: [
      .range(from: 1, [.overwrite, .update]), .range(from: 2, to: -1, [.readOnly, .access]),
    ],
    summary: "Keeps the members of the first set that none of the others has as a set.",
    complexity: "O(N) for N members in all",
    arguments: ArgumentSpec.destinationAndKeys,
    example: """
      > SADD a 1 2 3
      (integer) 3
      > SADD b 2
      (integer) 1
      > SDIFFSTORE rest a b
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let first = try context.setForReading(context[key: 1])
    let limits = context.setLimits
    var result: SetObject?
    try context.withSets(keys: 2..<context.keyCount) { sets, _ in
      guard let first else { return }
      let set = context.makeSet(for: context.key, .integer(0))
      SetAlgebra.subtract(sets, from: first) { _ = set.add($0, limits) }
      result = set
    }
    try context.storeResult(result, "sdiffstore")
  }
}
