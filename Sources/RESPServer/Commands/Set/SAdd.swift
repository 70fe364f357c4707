internal import Bytes
internal import CacheCore
internal import RESP

/// SADD: adds members.
enum SAddCommand: Command {
  static let spec = CommandSpec(
    "SADD", since: "1.0.0", group: .set, arity: -3,
    flags: [.write, .denyOOM, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readWrite, .insert])],
    summary: "Adds members to a set and says how many of them are new.",
    complexity: "O(N) for N members",
    arguments: ArgumentSpec.keyAndMembers,
    history: [("2.4.0", "Takes several members.")],
    example: """
      > SADD tags swift cache swift
      (integer) 2
      > SADD tags cache
      (integer) 0
      """)

  @inline(__always)
  static func run(_ context: inout CommandContext) throws(CommandError) {
    let existing = try context.setForWriting(context.key)
    let limits = context.setLimits
    let count = context.count - 2
    let set: SetObject
    if let existing {
      set = existing
      if count > 1 { set.prepare(adding: count, limits) }
    } else {
      let first = ListpackValue(encoding: context[2])
      set = context.makeSet(for: context.key, first, count: count)
    }
    var added = 0
    for index in 2..<context.count where set.add(text: context[index], limits) { added += 1 }
    if existing == nil { try context.insertObject(set.object, at: context.key) }
    if added > 0 { context.changed(context.key, "sadd", .set) }
    context.reply.integer(added)
  }
}

/// SREM: removes members.
enum SRemCommand: Command {
  static let spec = CommandSpec(
    "SREM", since: "1.0.0", group: .set, arity: -3,
    flags: [.write, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes members from a set; without any the set itself goes.",
    complexity: "O(N) for N members",
    arguments: ArgumentSpec.keyAndMembers,
    history: [("2.4.0", "Takes several members.")],
    example: """
      > SADD tags swift cache
      (integer) 2
      > SREM tags cache redis
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let set = try context.setForWriting(context.key) else {
      return context.reply.integer(0)
    }
    var removed = 0
    var isEmpty = false
    for index in 2..<context.count where !isEmpty {
      guard set.remove(.bytes(context[index])) else { continue }
      removed += 1
      isEmpty = set.count == 0
    }
    if removed > 0 { context.changed(context.key, "srem", .set) }
    if isEmpty { context.removeEmptied(context.key) }
    context.reply.integer(removed)
  }
}

/// SMOVE: moves a member from one set to another.
enum SMoveCommand: Command {
  static let spec = CommandSpec(
    "SMOVE", since: "1.0.0", group: .set, arity: 4,
    flags: [.write, .fast],
    categories: [.set],
    keys: [
      .range(from: 1, [.readWrite, .access, .delete]), .range(from: 2, [.readWrite, .insert]),
    ],
    summary: "Moves a member from one set to another.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
      ArgumentSpec("member", .string),
    ],
    example: """
      > SADD todo write test
      (integer) 2
      > SMOVE todo done write
      (integer) 1
      > SMEMBERS done
      1) "write"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let source = context[key: 0]
    let target = context[key: 1]
    guard let from = try context.setForWriting(source) else { return context.reply.integer(0) }
    let to = try context.setForWriting(target)
    let member = context[3]
    if source.bytes == target.bytes {
      return context.reply.integer(from.contains(.bytes(member)) ? 1 : 0)
    }
    guard from.remove(.bytes(member)) else { return context.reply.integer(0) }
    context.changed(source, "srem", .set)
    if from.count == 0 { context.removeEmptied(source) }
    let set = to ?? context.makeSet(for: target, ListpackValue(encoding: member))
    let isAdded = set.add(text: member, context.setLimits)
    if to == nil { try context.insertObject(set.object, at: target) }
    if isAdded { context.changed(target, "sadd", .set) }
    context.reply.integer(1)
  }
}
