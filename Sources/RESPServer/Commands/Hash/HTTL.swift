internal import Bytes
internal import CacheCore
internal import RESP

/// What HTTL and its kin have in common: telling fields' deadlines.
private enum FieldTime {
  static func spec(
    _ name: String, _ summary: String, tips: [String], example: String
  ) -> CommandSpec {
    CommandSpec(
      name, since: "7.4.0", group: .hash, arity: -5,
      flags: [.readonly, .fast],
      categories: [.hash],
      keys: [.range(from: 1, [.readOnly, .access])],
      summary: summary,
      complexity: "O(N) for N fields",
      arguments: [ArgumentSpec("key", .key, key: 0), .fieldList],
      tips: tips,
      example: example)
  }

  /// Answers for each field: -2 no such field, -1 no deadline, or what `figure` makes of the
  /// deadline in cache time.
  static func run(
    _ context: inout CommandContext, _ figure: (Int64) -> Int64
  ) throws(CommandError) {
    let found = try context.hashForReading(context.key)
    let fields = try HashFields(context, at: 2)
    guard let hash = found else { return context.replyNoFields(fields) }
    context.reply.array(fields.count)
    for index in fields.positions {
      switch hash.deadline(of: context[index]) {
      case .absent: context.reply.integer(-2)
      case .none: context.reply.integer(-1)
      case .at(let deadline): context.reply.integer(figure(deadline))
      }
    }
  }

  /// Whole seconds, rounded up, as Redis rounds for fields.
  static func seconds(_ milliseconds: Int64) -> Int64 { (milliseconds + 999) / 1000 }
}

/// HTTL: the seconds that fields have left.
enum HTTLCommand: Command {
  static let spec = FieldTime.spec(
    "HTTL", "Gives the seconds that fields of a hash have left.",
    tips: ["nondeterministic_output"],
    example: """
      > HSET user:1 name Ann code 4711
      (integer) 2
      > HEXPIRE user:1 600 FIELDS 1 code
      1) (integer) 1
      > HTTL user:1 FIELDS 3 code name city
      1) (integer) 600
      2) (integer) -1
      3) (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let now = context.now
    try FieldTime.run(&context) { FieldTime.seconds($0 - now) }
  }
}

/// HPTTL: the milliseconds that fields have left.
enum HPTTLCommand: Command {
  static let spec = FieldTime.spec(
    "HPTTL", "Gives the milliseconds that fields of a hash have left.",
    tips: ["nondeterministic_output"],
    example: """
      > HSET user:1 name Ann
      (integer) 1
      > HPTTL user:1 FIELDS 2 name city
      1) (integer) -1
      2) (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let now = context.now
    try FieldTime.run(&context) { $0 - now }
  }
}

/// HEXPIRETIME: the second at which fields go.
enum HExpireTimeCommand: Command {
  static let spec = FieldTime.spec(
    "HEXPIRETIME", "Gives the Unix second at which fields of a hash go.", tips: [],
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HEXPIREAT user:1 33177117420 FIELDS 1 code
      1) (integer) 1
      > HEXPIRETIME user:1 FIELDS 2 code name
      1) (integer) 33177117420
      2) (integer) -2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let step = context.wallStep
    try FieldTime.run(&context) { FieldTime.seconds($0 + step) }
  }
}

/// HPEXPIRETIME: the millisecond at which fields go.
enum HPExpireTimeCommand: Command {
  static let spec = FieldTime.spec(
    "HPEXPIRETIME", "Gives the Unix millisecond at which fields of a hash go.", tips: [],
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HPEXPIREAT user:1 33177117420123 FIELDS 1 code
      1) (integer) 1
      > HPEXPIRETIME user:1 FIELDS 1 code
      1) (integer) 33177117420123
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let step = context.wallStep
    try FieldTime.run(&context) { $0 + step }
  }
}
