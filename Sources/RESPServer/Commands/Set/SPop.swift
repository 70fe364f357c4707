internal import Bytes
internal import CacheCore
internal import RESP

/// SPOP: takes random members out.
enum SPopCommand: Command {
  static let spec = CommandSpec(
    "SPOP", since: "1.0.0", group: .set, arity: -2,
    flags: [.write, .fast],
    categories: [.set],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Removes random members from a set and gives them.",
    complexity: "O(N) for N members given",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer, since: "3.2.0", optional: true),
    ],
    tips: ["nondeterministic_output"],
    history: [("3.2.0", "Takes a count.")],
    example: """
      > SADD only one
      (integer) 1
      > SPOP only
      "one"
      > SPOP only
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw .syntax }
    var wanted = 1
    let isOne = context.count == 2
    if !isOne {
      wanted = Int(
        try context.integer(
          at: 2, in: 0...Int64.max,
          orThrow: .fixed("ERR value is out of range, must be positive")))
    }
    guard let set = try context.setForWriting(context.key) else {
      return isOne ? context.reply.null() : context.reply.set(0)
    }
    if wanted == 0 { return context.reply.set(0) }
    context.removeDueMembers(of: context.key)
    let total = set.count
    if !isOne { context.reply.set(min(wanted, total)) }
    if wanted >= total {
      set.forEachMember { context.reply.bulk($0) }
      context.changed(context.key, "spop", .set)
      return context.removeEmptied(context.key)
    }
    set.popMembers(wanted, seed: context.randomSeed) { context.reply.bulk($0) }
    context.changed(context.key, "spop", .set)
  }
}

/// SRANDMEMBER: random members.
enum SRandMemberCommand: Command {
  static let spec = CommandSpec(
    "SRANDMEMBER", since: "1.0.0", group: .set, arity: -2,
    flags: [.readonly],
    categories: [.set],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives random members of a set: different ones, or with a negative count any.",
    complexity: "O(N) for N members given",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer, since: "2.6.0", optional: true),
    ],
    tips: ["nondeterministic_output"],
    history: [("2.6.0", "Takes a count.")],
    example: """
      > SADD only one
      (integer) 1
      > SRANDMEMBER only
      "one"
      > SRANDMEMBER only -2
      1) "one"
      2) "one"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw .syntax }
    if context.count == 2 {
      guard let set = try context.setForReading(context.key) else { return context.reply.null() }
      context.removeDueMembers(of: context.key)
      return set.drawMembers(1, seed: context.randomSeed) { member in
        context.reply.bulk(member)
        return true
      }
    }
    let count = try context.drawCount(at: 2)
    guard let set = try context.setForReading(context.key) else { return context.reply.array(0) }
    try context.checkDraws(count)
    context.removeDueMembers(of: context.key)
    let seed = context.randomSeed
    if count < 0 {
      context.reply.array(-count)
      set.drawMembers(-count, seed: seed) { member in
        context.reply.bulk(member)
        return true
      }
    } else {
      let total = min(count, set.count)
      context.reply.array(total)
      set.sampleMembers(total, seed: seed) { context.reply.bulk($0) }
    }
  }
}
