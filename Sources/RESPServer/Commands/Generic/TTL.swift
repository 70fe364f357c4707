internal import Bytes
internal import CacheCore
internal import RESP

extension CommandContext {
  /// Answers with what `figure` makes of the key's deadline in cache time: -2 without a key, -1
  /// without a deadline.
  @inline(__always)
  fileprivate func replyExpiry(_ figure: (Int64) -> Int64) {
    guard let entry = inspect(key) else { return reply.integer(-2) }
    reply.integer(keyspace.expiry(of: entry).map { figure(shown($0, of: key)) } ?? -1)
  }

  /// The same for the member behind the key, where there is one.
  fileprivate func replyExpiry(
    _ command: StaticString, _ figure: (Int64) -> Int64
  ) throws(CommandError) {
    guard count > 2 else { return replyExpiry(figure) }
    guard count == 3 else { throw .wrongArity(command) }
    switch try memberDeadline(inspect(key)) {
    case .absent: reply.integer(-2)
    case .none: reply.integer(-1)
    case .at(let deadline): reply.integer(figure(deadline))
    }
  }

  /// Unix time in milliseconds of a time in cache milliseconds.
  fileprivate static func unixTime(_ time: Int64, step: Int64) -> Int64 {
    // Clients may set deadlines up to the end of 64 bits.
    let (sum, isTooLate) = time.addingReportingOverflow(step)
    return isTooLate ? .max : sum
  }

  /// Whole seconds, rounded, so that a key just set for 10 seconds shows 10.
  fileprivate static func seconds(_ milliseconds: Int64) -> Int64 {
    milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)
  }
}

/// TTL: the seconds that a key has left.
enum TTLCommand: Command {
  static let spec = CommandSpec(
    "TTL", since: "1.0.0", group: .generic, arity: -2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the seconds a key or one of its members has left: -1 for ever, -2 absent.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0), ArgumentSpec("member", .string, optional: true),
    ],
    tips: ["nondeterministic_output"],
    history: [("2.8.0", "Tells -2, no key, from -1, no expiry.")],
    example: """
      > SET session abc EX 100
      OK
      > TTL session
      (integer) 100
      > PERSIST session
      (integer) 1
      > TTL session
      (integer) -1
      > TTL nothing
      (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let now = context.now
    try context.replyExpiry("ttl") { CommandContext.seconds($0 - now) }
  }
}

/// PTTL: the milliseconds that a key has left.
enum PTTLCommand: Command {
  static let spec = CommandSpec(
    "PTTL", since: "2.6.0", group: .generic, arity: -2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the milliseconds a key or a member has left: -1 for ever, -2 absent.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0), ArgumentSpec("member", .string, optional: true),
    ],
    tips: ["nondeterministic_output"],
    history: [("2.8.0", "Tells -2, no key, from -1, no expiry.")],
    example: """
      > SET session abc
      OK
      > PTTL session
      (integer) -1
      > PTTL nothing
      (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let now = context.now
    try context.replyExpiry("pttl") { $0 - now }
  }
}

/// EXPIRETIME: the second at which a key goes.
enum ExpireTimeCommand: Command {
  static let spec = CommandSpec(
    "EXPIRETIME", since: "7.0.0", group: .generic, arity: 2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the Unix second at which a key goes: -1 for never, -2 without a key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET session abc EXAT 33177117420
      OK
      > EXPIRETIME session
      (integer) 33177117420
      > EXPIRETIME nothing
      (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let step = context.wallStep
    context.replyExpiry { CommandContext.seconds(CommandContext.unixTime($0, step: step)) }
  }
}

/// PEXPIRETIME: the millisecond at which a key goes.
enum PExpireTimeCommand: Command {
  static let spec = CommandSpec(
    "PEXPIRETIME", since: "7.0.0", group: .generic, arity: 2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the Unix millisecond at which a key goes: -1 for never, -2 without a key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET session abc PXAT 33177117420123
      OK
      > PEXPIRETIME session
      (integer) 33177117420123
      > PEXPIRETIME nothing
      (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let step = context.wallStep
    context.replyExpiry { CommandContext.unixTime($0, step: step) }
  }
}

/// PERSIST: takes a key's expiry away.
enum PersistCommand: Command {
  static let spec = CommandSpec(
    "PERSIST", since: "2.2.0", group: .generic, arity: -2,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Takes the expiry of a key or of one of its members away, so that it stays.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0), ArgumentSpec("member", .string, optional: true),
    ],
    example: """
      > SET session abc EX 100
      OK
      > PERSIST session
      (integer) 1
      > PERSIST session
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count == 2 else { return try persistMember(&context) }
    guard let entry = context.findForWriting(context.key),
      context.keyspace.expiry(of: entry) != nil
    else { return context.reply.integer(0) }
    do throws(CacheError) {
      _ = try context.keyspace.setExpiry(
        context.key, in: context.database, at: nil, now: context.now)
    } catch {
      throw .outOfMemory
    }
    context.changed(context.key, "persist", .generic)
    context.reply.integer(1)
  }

  private static func persistMember(_ context: inout CommandContext) throws(CommandError) {
    guard context.count == 3 else { throw .wrongArity("persist") }
    guard let entry = context.findForWriting(context.key),
      case .at = try context.memberDeadline(entry)
    else { return context.reply.integer(0) }
    let object = try context.collection(of: entry, context.key)
    TimedMembers(object, now: context.now)?.setDeadline(of: context[2], to: nil)
    context.changed(context.key, "persist", .generic)
    context.reply.integer(1)
  }
}
