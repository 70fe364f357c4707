internal import Bytes
internal import CacheCore
internal import RESP

/// Deadlines of single members, for every type that has them, under KeyDB's names.
///
/// A field of a hash and a member of a set or of a sorted set go by themselves, as exactly as keys
/// do. TTL, PTTL and PERSIST take the member behind the key. A sorted set's member keeps its
/// deadline when it gets another score.
enum MemberExpiry {
  static func spec(
    _ name: String, arity: Int, _ summary: String, _ more: [ArgumentSpec], example: String
  ) -> CommandSpec {
    CommandSpec(
      name, since: "1.0.0", group: .generic, arity: arity,
      flags: [.write, .denyOOM, .fast],
      categories: [.keyspace],
      keys: [.range(from: 1, [.readWrite, .update])],
      summary: summary,
      complexity: "O(log N) for N members with a deadline",
      arguments: [ArgumentSpec("key", .key, key: 0), ArgumentSpec("member", .string)] + more,
      example: example)
  }

  /// Gives the member a deadline, and answers 1, or 0 when there is no such member. A time that has
  /// passed removes it.
  static func run(
    _ context: inout CommandContext, _ unit: ExpiryOption.Unit, _ command: StaticString
  ) throws(CommandError) {
    let deadline = try context.deadline(
      ExpiryOption(unit: unit, argument: 3), command: command, allowsPast: true)
    let key = context.key
    guard let entry = context.findForWriting(key) else { return context.reply.integer(0) }
    let member = TimedMembers(try context.collection(of: entry, key), now: context.now)
    guard let member else { throw .wrongType }
    guard member.deadline(of: context[2]) != .absent else { return context.reply.integer(0) }
    context.reply.integer(1)
    if deadline <= context.now {
      member.remove(context[2])
      context.changed(key, member.removalEvent, member.events)
      if member.count == 0 { context.removeEmptied(key) }
      return
    }
    let earliest = member.object.earliestDeadline
    member.setDeadline(of: context[2], to: deadline)
    context.noteDeadlines(of: key, old: earliest)
    context.changed(key, "expiremember", .generic)
  }
}

/// A collection whose members may have deadlines.
struct TimedMembers {
  private enum Kind {
    case hash(HashObject)
    case set(SetObject)
    case sortedSet(SortedSet)
  }

  private let kind: Kind
  let object: ObjectReference

  /// Nil for types without.
  init?(_ object: ObjectReference, now: Int64) {
    self.object = object
    switch object.type {
    case .hash: kind = .hash(HashObject(object, now: now))
    case .set: kind = .set(SetObject(object, now: now))
    case .sortedSet: kind = .sortedSet(SortedSet(object))
    default: return nil
    }
  }

  var count: Int {
    switch kind {
    case .hash(let hash): hash.count
    case .set(let set): set.count
    case .sortedSet(let set): set.count
    }
  }

  func deadline(of member: ByteView) -> FieldDeadline {
    switch kind {
    case .hash(let hash): hash.deadline(of: member)
    case .set(let set): set.deadline(of: member)
    case .sortedSet(let set): set.deadline(of: member)
    }
  }

  func setDeadline(of member: ByteView, to deadline: Int64?) {
    switch kind {
    case .hash(let hash): hash.setDeadline(of: member, to: deadline)
    case .set(let set): set.setDeadline(of: member, to: deadline)
    case .sortedSet(let set): set.setDeadline(of: member, to: deadline)
    }
  }

  func remove(_ member: ByteView) {
    switch kind {
    case .hash(let hash): _ = hash.remove(member)
    case .set(let set): _ = set.remove(.bytes(member))
    case .sortedSet(let set): _ = set.remove(member)
    }
  }

  var removalEvent: StaticString {
    switch kind {
    case .hash: "hdel"
    case .set: "srem"
    case .sortedSet: "zrem"
    }
  }

  var events: KeyspaceEvents {
    switch kind {
    case .hash: .hash
    case .set: .set
    case .sortedSet: .sortedSet
    }
  }
}

extension CommandContext {
  /// The collection that an entry holds.
  ///
  /// - Throws: WRONGTYPE for a string.
  func collection(
    of entry: EntryHandle, _ key: HashedKey
  ) throws(CommandError) -> ObjectReference {
    guard keyspace.type(of: entry) != .string else { throw .wrongType }
    return keyspace.object(of: entry, key)
  }

  /// The deadline of the member named behind the key; absent without a key.
  ///
  /// - Throws: WRONGTYPE for what has no members with deadlines.
  func memberDeadline(_ entry: EntryHandle?) throws(CommandError) -> FieldDeadline {
    guard let entry else { return .absent }
    guard let members = TimedMembers(try collection(of: entry, key), now: now) else {
      throw .wrongType
    }
    return members.deadline(of: arguments[2])
  }
}

/// EXPIREMEMBER: the time that a member has left.
enum ExpireMemberCommand: Command {
  static let spec = MemberExpiry.spec(
    "EXPIREMEMBER", arity: -4,
    "Lets a member of a set or sorted set, or a field of a hash, go after some time.",
    [
      ArgumentSpec("delay", .integer),
      ArgumentSpec(
        "unit", .oneOf, optional: true,
        parts: [
          ArgumentSpec("seconds", .pureToken, token: "S"),
          ArgumentSpec("milliseconds", .pureToken, token: "MS"),
        ]),
    ],
    example: """
      > SADD online ann bob
      (integer) 2
      > EXPIREMEMBER online bob 60
      (integer) 1
      > TTL online bob
      (integer) 60
      > TTL online ann
      (integer) -1
      > EXPIREMEMBER online cid 60
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 5 else { throw .wrongArity("expiremember") }
    var unit = ExpiryOption.Unit.seconds
    if context.count == 5 {
      if context.argument(at: 4, is: "MS") {
        unit = .milliseconds
      } else if !context.argument(at: 4, is: "S") {
        throw .fixed("ERR Invalid unit arg")
      }
    }
    try MemberExpiry.run(&context, unit, "expiremember")
  }
}

/// EXPIREMEMBERAT: the second at which a member goes.
enum ExpireMemberAtCommand: Command {
  static let spec = MemberExpiry.spec(
    "EXPIREMEMBERAT", arity: 4,
    "Lets a member of a set or sorted set, or a field of a hash, go at a Unix second.",
    [ArgumentSpec("unix-time-seconds", .unixTime)],
    example: """
      > ZADD ranking 12 ann 40 bob
      (integer) 2
      > EXPIREMEMBERAT ranking bob 1
      (integer) 1
      > ZRANGE ranking 0 -1
      1) "ann"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try MemberExpiry.run(&context, .unixSeconds, "expirememberat")
  }
}

/// PEXPIREMEMBERAT: the millisecond at which a member goes.
enum PExpireMemberAtCommand: Command {
  static let spec = MemberExpiry.spec(
    "PEXPIREMEMBERAT", arity: 4,
    "Lets a member of a set or sorted set, or a field of a hash, go at a Unix millisecond.",
    [ArgumentSpec("unix-time-milliseconds", .unixTime)],
    example: """
      > HSET user:1 name Ann code 4711
      (integer) 2
      > PEXPIREMEMBERAT user:1 code 33177117420123
      (integer) 1
      > HPEXPIRETIME user:1 FIELDS 1 code
      1) (integer) 33177117420123
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try MemberExpiry.run(&context, .unixMilliseconds, "pexpirememberat")
  }
}
