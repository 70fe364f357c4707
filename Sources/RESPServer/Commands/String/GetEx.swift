internal import Bytes
internal import CacheCore
internal import RESP

/// GETEX: reads a string and changes its expiry.
enum GetExCommand: Command {
  static let spec = CommandSpec(
    "GETEX", since: "6.2.0", group: .string, arity: -2,
    flags: [.write, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Returns the string value of a key and sets or removes its expiry.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "expiration", .oneOf, optional: true,
        parts: [
          ArgumentSpec("seconds", .integer, token: "EX"),
          ArgumentSpec("milliseconds", .integer, token: "PX"),
          ArgumentSpec("unix-time-seconds", .unixTime, token: "EXAT"),
          ArgumentSpec("unix-time-milliseconds", .unixTime, token: "PXAT"),
          ArgumentSpec("persist", .pureToken, token: "PERSIST"),
        ]),
    ],
    example: """
      > SET session alice
      OK
      > GETEX session EX 60
      "alice"
      > TTL session
      (integer) 60
      > GETEX session PERSIST
      "alice"
      > TTL session
      (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (option, persists) = try parse(context)
    guard let entry = context.find(context.key) else { return context.reply.null() }
    guard context.keyspace.type(of: entry) == .string else { throw .wrongType }
    var deadline: Int64?
    if let option { deadline = try context.deadline(option, command: "getex") }
    if deadline == nil, !persists || context.keyspace.expiry(of: entry) == nil {
      return try context.replyString(of: entry)
    }
    let mark = context.loop.replyMark()
    try context.replyString(of: entry)
    do throws(CacheError) {
      _ = try context.keyspace.setExpiry(
        context.key, in: context.database, at: deadline, now: context.now)
    } catch {
      context.loop.withdrawReply(to: mark)
      throw .outOfMemory
    }
    if let deadline {
      // A time that has passed deletes the key.
      context.changed(context.key, deadline <= context.now ? "del" : "expire", .generic)
    } else {
      context.changed(context.key, "persist", .generic)
    }
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (expiry: ExpiryOption?, persists: Bool) {
    var expiry: ExpiryOption?
    var persists = false
    var index = 2
    while index < context.count {
      if context.argument(at: index, is: "PERSIST"), expiry == nil {
        persists = true
      } else if let unit = ExpiryOption.Unit(context[index]), index + 1 < context.count,
        !persists, expiry == nil || expiry?.unit == unit
      {
        expiry = ExpiryOption(unit: unit, argument: index + 1)
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
    return (expiry, persists)
  }
}
