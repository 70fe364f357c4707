internal import Bytes
internal import CacheCore
internal import RESP

/// The conditions of EXPIRE and its kin.
private struct ExpiryCondition: OptionSet {
  let rawValue: UInt8
  /// Only a key without an expiry.
  static let ifNone = ExpiryCondition(rawValue: 1 << 0)
  /// Only a key with one.
  static let ifSome = ExpiryCondition(rawValue: 1 << 1)
  /// Only if the new expiry is later; no expiry is later than any.
  static let ifLater = ExpiryCondition(rawValue: 1 << 2)
  /// Only if it is earlier.
  static let ifEarlier = ExpiryCondition(rawValue: 1 << 3)

  /// Whether a key that is due at `old` (nil: never) is to be due at `new`.
  func allows(_ new: Int64, over old: Int64?) -> Bool {
    if contains(.ifNone), old != nil { return false }
    if contains(.ifSome), old == nil { return false }
    if contains(.ifLater), new <= old ?? .max { return false }
    if contains(.ifEarlier), let old, new >= old { return false }
    return true
  }

  /// What the arguments of EXPIRE all end with.
  static let argument = ArgumentSpec(
    "condition", .oneOf, since: "7.0.0", optional: true,
    parts: [
      ArgumentSpec("nx", .pureToken, token: "NX"),
      ArgumentSpec("xx", .pureToken, token: "XX"),
      ArgumentSpec("gt", .pureToken, token: "GT"),
      ArgumentSpec("lt", .pureToken, token: "LT"),
    ])

  static let history = [(version: "7.0.0", change: "Takes NX, XX, GT and LT.")]
}

extension CommandContext {
  /// EXPIRE and its kin: key, number, conditions.
  ///
  /// A time that has passed removes the key, which is announced as "del".
  fileprivate func expire(_ unit: ExpiryOption.Unit, command: StaticString) throws(CommandError) {
    let condition = try expiryCondition()
    let option = ExpiryOption(unit: unit, argument: 2)
    let deadline = try deadline(option, command: command, allowsPast: true)
    guard let entry = findForWriting(key) else { return reply.integer(0) }
    guard condition.allows(deadline, over: keyspace.expiry(of: entry)) else {
      return reply.integer(0)
    }
    if deadline <= now {
      _ = remove(key, event: "del")
      return reply.integer(1)
    }
    do throws(CacheError) {
      _ = try keyspace.setExpiry(key, in: database, at: deadline, now: now)
    } catch {
      throw .outOfMemory
    }
    changed(key, "expire", .generic)
    reply.integer(1)
  }

  private func expiryCondition() throws(CommandError) -> ExpiryCondition {
    var condition = ExpiryCondition()
    for index in 3..<max(3, count) {
      if argument(at: index, is: "NX") {
        condition.insert(.ifNone)
      } else if argument(at: index, is: "XX") {
        condition.insert(.ifSome)
      } else if argument(at: index, is: "GT") {
        condition.insert(.ifLater)
      } else if argument(at: index, is: "LT") {
        condition.insert(.ifEarlier)
      } else {
        throw .made("ERR Unsupported option \(self[index].string)")
      }
    }
    if condition.contains(.ifNone), condition != .ifNone {
      throw .fixed("ERR NX and XX, GT or LT options at the same time are not compatible")
    }
    if condition.isSuperset(of: [.ifLater, .ifEarlier]) {
      throw .fixed("ERR GT and LT options at the same time are not compatible")
    }
    return condition
  }
}

/// EXPIRE: gives a key so many seconds.
enum ExpireCommand: Command {
  static let spec = CommandSpec(
    "EXPIRE", since: "1.0.0", group: .generic, arity: -3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets the seconds that a key has left; zero or less removes it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("seconds", .integer),
      ExpiryCondition.argument,
    ],
    history: ExpiryCondition.history,
    example: """
      > SET session abc
      OK
      > EXPIRE session 100
      (integer) 1
      > TTL session
      (integer) 100
      > EXPIRE session 50 GT
      (integer) 0
      > EXPIRE session -1
      (integer) 1
      > EXISTS session
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.expire(.seconds, command: "expire")
  }
}

/// EXPIREAT: lets a key live until a second.
enum ExpireAtCommand: Command {
  static let spec = CommandSpec(
    "EXPIREAT", since: "1.2.0", group: .generic, arity: -3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets the Unix time in seconds at which a key goes.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("unix-time-seconds", .unixTime),
      ExpiryCondition.argument,
    ],
    history: ExpiryCondition.history,
    example: """
      > SET session abc
      OK
      > EXPIREAT session 33177117420
      (integer) 1
      > EXPIRETIME session
      (integer) 33177117420
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.expire(.unixSeconds, command: "expireat")
  }
}

/// PEXPIRE: gives a key so many milliseconds.
enum PExpireCommand: Command {
  static let spec = CommandSpec(
    "PEXPIRE", since: "2.6.0", group: .generic, arity: -3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets the milliseconds that a key has left; zero or less removes it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("milliseconds", .integer),
      ExpiryCondition.argument,
    ],
    history: ExpiryCondition.history,
    example: """
      > SET session abc
      OK
      > PEXPIRE session 100000
      (integer) 1
      > TTL session
      (integer) 100
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.expire(.milliseconds, command: "pexpire")
  }
}

/// PEXPIREAT: lets a key live until a millisecond.
enum PExpireAtCommand: Command {
  static let spec = CommandSpec(
    "PEXPIREAT", since: "2.6.0", group: .generic, arity: -3,
    flags: [.write, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets the Unix time in milliseconds at which a key goes.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("unix-time-milliseconds", .unixTime),
      ExpiryCondition.argument,
    ],
    history: ExpiryCondition.history,
    example: """
      > SET session abc
      OK
      > PEXPIREAT session 33177117420000
      (integer) 1
      > PEXPIRETIME session
      (integer) 33177117420000
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.expire(.unixMilliseconds, command: "pexpireat")
  }
}
