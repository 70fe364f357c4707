internal import Bytes
internal import CacheCore
internal import RESP

/// What HEXPIRE and its kin have in common: deadlines for fields.
private enum FieldExpiry {
  /// When a deadline is set at all, from the one there was.
  enum Condition {
    case always, ifNone, ifAny, ifLater, ifEarlier

    init?(_ word: ByteView) {
      if word.equalsIgnoringCase("NX") {
        self = .ifNone
      } else if word.equalsIgnoringCase("XX") {
        self = .ifAny
      } else if word.equalsIgnoringCase("GT") {
        self = .ifLater
      } else if word.equalsIgnoringCase("LT") {
        self = .ifEarlier
      } else {
        return nil
      }
    }

    /// - Parameter old: nil: the field has none, which counts as never.
    func allows(_ new: Int64, old: Int64?) -> Bool {
      switch self {
      case .always: true
      case .ifNone: old == nil
      case .ifAny: old != nil
      case .ifLater: old.map { new > $0 } ?? false
      case .ifEarlier: old.map { new < $0 } ?? true
      }
    }
  }

  static func spec(
    _ name: String, _ argument: ArgumentSpec, _ summary: String, example: String
  ) -> CommandSpec {
    CommandSpec(
      name, since: "7.4.0", group: .hash, arity: -6,
      flags: [.write, .denyOOM, .fast],
      categories: [.hash],
      keys: [.range(from: 1, [.readWrite, .update])],
      summary: summary,
      complexity: "O(N) for N fields",
      arguments: [
        ArgumentSpec("key", .key, key: 0),
        argument,
        ArgumentSpec(
          "condition", .oneOf, optional: true,
          parts: [
            ArgumentSpec("nx", .pureToken, token: "NX"),
            ArgumentSpec("xx", .pureToken, token: "XX"),
            ArgumentSpec("gt", .pureToken, token: "GT"),
            ArgumentSpec("lt", .pureToken, token: "LT"),
          ]),
        .fieldList,
      ],
      example: example)
  }

  /// Answers for each field: -2 no such field, 0 the condition does not hold, 1 done, 2 the time
  /// has passed and the field is gone.
  static func run(
    _ context: inout CommandContext, _ unit: ExpiryOption.Unit, _ command: StaticString
  ) throws(CommandError) {
    let key = context.key
    let found = try context.hashForWriting(key)
    let deadline = try context.fieldDeadline(
      ExpiryOption(unit: unit, argument: 2), command: command)
    let condition = Condition(context[3])
    let fields = try HashFields(
      context, at: condition == nil ? 3 : 4,
      countError: "ERR Parameter `numFields` should be greater than 0")
    guard let hash = found else { return context.replyNoFields(fields) }
    let earliest = hash.object.earliestDeadline
    var updated = 0
    var removed = 0
    context.reply.array(fields.count)
    for index in fields.positions {
      let field = context[index]
      let old: Int64?
      switch hash.deadline(of: field) {
      case .absent:
        context.reply.integer(-2)
        continue
      case .none: old = nil
      case .at(let time): old = time
      }
      if let condition, !condition.allows(deadline, old: old) {
        context.reply.integer(0)
      } else if deadline <= context.now {
        _ = hash.remove(field)
        removed += 1
        context.reply.integer(2)
      } else {
        hash.setDeadline(of: field, to: deadline)
        updated += 1
        context.reply.integer(1)
      }
    }
    if updated > 0 {
      context.noteDeadlines(of: key, old: earliest)
      context.changed(key, "hexpire", .hash)
    }
    if removed > 0 { context.changed(key, "hdel", .hash) }
    if removed > 0, hash.count == 0 { context.removeEmptied(key) }
  }
}

/// HEXPIRE: seconds that fields have left.
enum HExpireCommand: Command {
  static let spec = FieldExpiry.spec(
    "HEXPIRE", ArgumentSpec("seconds", .integer),
    "Lets fields of a hash go after some seconds.",
    example: """
      > HSET user:1 name Ann code 4711
      (integer) 2
      > HEXPIRE user:1 600 FIELDS 2 code city
      1) (integer) 1
      2) (integer) -2
      > HTTL user:1 FIELDS 2 code name
      1) (integer) 600
      2) (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try FieldExpiry.run(&context, .seconds, "hexpire")
  }
}

/// HPEXPIRE: milliseconds that fields have left.
enum HPExpireCommand: Command {
  static let spec = FieldExpiry.spec(
    "HPEXPIRE", ArgumentSpec("milliseconds", .integer),
    "Lets fields of a hash go after some milliseconds.",
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HPEXPIRE user:1 600000 NX FIELDS 1 code
      1) (integer) 1
      > HPEXPIRE user:1 500000 GT FIELDS 1 code
      1) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try FieldExpiry.run(&context, .milliseconds, "hpexpire")
  }
}

/// HEXPIREAT: the second at which fields go.
enum HExpireAtCommand: Command {
  static let spec = FieldExpiry.spec(
    "HEXPIREAT", ArgumentSpec("unix-time-seconds", .unixTime),
    "Lets fields of a hash go at a Unix time in seconds.",
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HEXPIREAT user:1 33177117420 FIELDS 1 code
      1) (integer) 1
      > HEXPIRETIME user:1 FIELDS 1 code
      1) (integer) 33177117420
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try FieldExpiry.run(&context, .unixSeconds, "hexpireat")
  }
}

/// HPEXPIREAT: the millisecond at which fields go.
enum HPExpireAtCommand: Command {
  static let spec = FieldExpiry.spec(
    "HPEXPIREAT", ArgumentSpec("unix-time-milliseconds", .unixTime),
    "Lets fields of a hash go at a Unix time in milliseconds.",
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HPEXPIREAT user:1 1 FIELDS 1 code
      1) (integer) 2
      > EXISTS user:1
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try FieldExpiry.run(&context, .unixMilliseconds, "hpexpireat")
  }
}

/// HPERSIST: takes fields' deadlines away.
enum HPersistCommand: Command {
  static let spec = CommandSpec(
    "HPERSIST", since: "7.4.0", group: .hash, arity: -5,
    flags: [.write, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Takes the deadlines of fields of a hash away, so that they stay.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0), .fieldList],
    example: """
      > HSET user:1 name Ann code 4711
      (integer) 2
      > HEXPIRE user:1 600 FIELDS 1 code
      1) (integer) 1
      > HPERSIST user:1 FIELDS 3 code name city
      1) (integer) 1
      2) (integer) -1
      3) (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let found = try context.hashForWriting(context.key)
    let fields = try HashFields(context, at: 2)
    guard let hash = found else { return context.replyNoFields(fields) }
    var persisted = 0
    context.reply.array(fields.count)
    for index in fields.positions {
      switch hash.deadline(of: context[index]) {
      case .absent: context.reply.integer(-2)
      case .none: context.reply.integer(-1)
      case .at:
        hash.setDeadline(of: context[index], to: nil)
        persisted += 1
        context.reply.integer(1)
      }
    }
    if persisted > 0 { context.changed(context.key, "hpersist", .hash) }
  }
}
