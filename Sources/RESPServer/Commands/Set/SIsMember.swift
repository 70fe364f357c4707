internal import Bytes
internal import CacheCore
internal import RESP

/// SISMEMBER: whether a set has a member.
enum SIsMemberCommand: Command {
  static let spec = CommandSpec(
    "SISMEMBER", since: "1.0.0", group: .set, arity: 3,
    flags: [.readonly, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Says whether a set has a member.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("member", .string),
    ],
    example: """
      > SADD tags swift
      (integer) 1
      > SISMEMBER tags swift
      (integer) 1
      > SISMEMBER tags redis
      (integer) 0
      """)

  @inline(__always)
  static func run(_ context: inout CommandContext) throws(CommandError) {
    let found = try context.setForReading(context.key)?.contains(.bytes(context[2])) ?? false
    context.reply.integer(found ? 1 : 0)
  }
}

/// SMISMEMBER: which of some members a set has.
enum SMIsMemberCommand: Command {
  static let spec = CommandSpec(
    "SMISMEMBER", since: "6.2.0", group: .set, arity: -3,
    flags: [.readonly, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Says of each of some members whether a set has it.",
    complexity: "O(N) for N members",
    arguments: ArgumentSpec.keyAndMembers,
    example: """
      > SADD tags swift cache
      (integer) 2
      > SMISMEMBER tags swift redis
      1) (integer) 1
      2) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let set = try context.setForReading(context.key)
    context.reply.array(context.count - 2)
    for index in 2..<context.count {
      let found = set?.contains(.bytes(context[index])) ?? false
      context.reply.integer(found ? 1 : 0)
    }
  }
}

/// SCARD: the number of members.
enum SCardCommand: Command {
  static let spec = CommandSpec(
    "SCARD", since: "1.0.0", group: .set, arity: 2,
    flags: [.readonly, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Gives the number of members of a set.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SADD tags swift cache
      (integer) 2
      > SCARD tags
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(try context.setForReading(context.key)?.count ?? 0)
  }
}

/// SMEMBERS: all members.
enum SMembersCommand: Command {
  static let spec = CommandSpec(
    "SMEMBERS", since: "1.0.0", group: .set, arity: 2,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives all members of a set.",
    complexity: "O(N) for N members",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output_order"],
    example: """
      > SADD primes 5 2 3
      (integer) 3
      > SMEMBERS primes
      1) "2"
      2) "3"
      3) "5"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let set = try context.setForReading(context.key) else { return context.reply.set(0) }
    context.reply.set(set.count)
    set.forEachMember { context.reply.bulk($0) }
  }
}

/// SSCAN: all members of a set, some at a time.
enum SScanCommand: Command {
  static let spec = CommandSpec(
    "SSCAN", since: "2.8.0", group: .set, arity: -3,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Walks through the members of a set: each call returns the cursor for the next.",
    complexity: "O(COUNT) for a call, O(N) for a walk through N members",
    arguments: ArgumentSpec.collectionScan,
    tips: ["nondeterministic_output"],
    example: """
      > SADD primes 2 3 5 53
      (integer) 4
      > SSCAN primes 0 MATCH 5*
      1) "0"
      2) 1) "5"
         2) "53"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var scan = try CollectionScan(cursorOf: context)
    guard let set = try context.setForReading(context.key) else {
      return context.replyEmptyScan()
    }
    try scan.parseOptions(context)
    let page = context.reply.beginPage()
    var count = 0
    let next = set.scan(from: scan.cursor, count: scan.count) { member in
      guard member.withText({ scan.matches($0) }) else { return }
      context.reply.bulk(member)
      count += 1
    }
    context.reply.endPage(page, cursor: next, count: count)
  }
}
