internal import Bytes
internal import CacheCore
internal import RESP

// Garnet's ETag commands: a string carries a number that goes up with every change, clients
// compare it before they write (optimistic concurrency) or transfer (conditional reads). A string
// without one counts as 0. How it is kept: `Keyspace+ETags`.

/// GETWITHETAG: a string and its ETag.
enum GetWithETagCommand: Command {
  static let spec = CommandSpec(
    "GETWITHETAG", since: "1.0.0", group: .string, arity: 2,
    flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the ETag (0: none) and the string value of a key.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET page draft WITHETAG
      (integer) 1
      > GETWITHETAG page
      1) (integer) 1
      2) "draft"
      > APPEND page "!"
      (integer) 6
      > GETWITHETAG page
      1) (integer) 2
      2) "draft!"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = try context.findTagged() else { return context.reply.null() }
    context.replyTagged(entry)
  }
}

/// GETIFNOTMATCH: a string that has changed.
enum GetIfNotMatchCommand: Command {
  static let spec = CommandSpec(
    "GETIFNOTMATCH", since: "1.0.0", group: .string, arity: 3,
    flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the ETag of a key, and its string value unless the ETag is the given one.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("etag", .integer),
    ],
    example: """
      > SET page draft WITHETAG
      (integer) 1
      > GETIFNOTMATCH page 1
      1) (integer) 1
      2) (nil)
      > GETIFNOTMATCH page 7
      1) (integer) 1
      2) "draft"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let expected = try context.integer(at: 2)
    guard let entry = try context.findTagged() else { return context.reply.null() }
    context.replyTagged(
      entry, withValue: context.keyspace.etag(of: entry) ?? 0 != expected)
  }
}

/// SETIFMATCH: stores a string that nobody else has changed.
enum SetIfMatchCommand: Command {
  static let spec = CommandSpec(
    "SETIFMATCH", since: "1.0.0", group: .string, arity: -4,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Sets the string value of a key if its ETag is the given one, and counts it up.",
    complexity: "O(1)",
    arguments: ETagWriting.arguments,
    example: """
      > SET page draft WITHETAG
      (integer) 1
      > SETIFMATCH page final 1
      1) (integer) 2
      2) (nil)
      > SETIFMATCH page other 1
      1) (integer) 2
      2) "final"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try ETagWriting.match.run(context, command: "setifmatch")
  }
}

/// SETIFGREATER: stores a newer version of a string.
enum SetIfGreaterCommand: Command {
  static let spec = CommandSpec(
    "SETIFGREATER", since: "1.0.0", group: .string, arity: -4,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Sets the string value and the ETag of a key if the new ETag is above the old one.",
    complexity: "O(1)",
    arguments: ETagWriting.arguments,
    example: """
      > SETIFGREATER page draft 10
      1) (integer) 10
      2) (nil)
      > SETIFGREATER page older 9
      1) (integer) 10
      2) "draft"
      > SETIFGREATER page newest 12
      1) (integer) 12
      2) (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try ETagWriting.greater.run(context, command: "setifgreater")
  }
}

/// DELIFGREATER: removes a string unless it is as new as the given ETag.
enum DelIfGreaterCommand: Command {
  static let spec = CommandSpec(
    "DELIFGREATER", since: "1.0.0", group: .string, arity: 3,
    flags: [.write, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Removes a key if the given ETag is above its own.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("etag", .integer),
    ],
    example: """
      > SET page draft WITHETAG
      (integer) 1
      > DELIFGREATER page 1
      (integer) 0
      > DELIFGREATER page 2
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let given = try ETagWriting.etag(context, at: 2)
    guard let entry = context.findForWriting(context.key) else {
      return context.reply.integer(0)
    }
    guard context.keyspace.type(of: entry) == .string else { throw .wrongType }
    guard given > context.keyspace.etag(of: entry) ?? 0 else { return context.reply.integer(0) }
    _ = context.remove(context.key, event: "del")
    context.reply.integer(1)
  }
}

/// The two conditional writes.
private enum ETagWriting {
  case match, greater

  /// Whether a key with the ETag `current` may be written.
  func accepts(_ given: Int64, over current: Int64) -> Bool {
    self == .match ? given == current : given > current
  }

  /// The ETag after the write.
  func successor(of given: Int64) -> Int64 { self == .match ? given + 1 : given }

  static let arguments = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("value", .string),
    ArgumentSpec("etag", .integer),
    ArgumentSpec(
      "expiration", .oneOf, optional: true,
      parts: [
        ArgumentSpec("seconds", .integer, token: "EX"),
        ArgumentSpec("milliseconds", .integer, token: "PX"),
      ]),
    ArgumentSpec("noget", .pureToken, token: "NOGET", optional: true),
  ]

  /// An ETag among the arguments; the largest Int64 is left out, for it could not count up.
  static func etag(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> Int64 {
    try context.integer(
      at: index, in: 0...Int64.max - 1,
      orThrow: .fixed("ETAG must be a numerical value greater than or equal to 0"))
  }

  /// Runs either command. An absent key is written whatever ETag is given.
  func run(
    _ context: borrowing CommandContext, command: StaticString
  ) throws(CommandError) {
    let given = try Self.etag(context, at: 3)
    // Without an expiry the key keeps the one it has, unlike with SET.
    var expiry = ExpiryUpdate.keep
    var returnsValue = true
    var index = 4
    while index < context.count {
      if context.argument(at: index, is: "NOGET") {
        returnsValue = false
      } else if let unit = ExpiryOption.Unit(context[index]), !unit.isAbsolute,
        index + 1 < context.count, case .keep = expiry
      {
        index += 1
        expiry = .at(
          try context.deadline(ExpiryOption(unit: unit, argument: index), command: command))
      } else {
        throw .syntax
      }
      index += 1
    }
    let entry = context.findForWriting(context.key)
    if let entry {
      guard context.keyspace.type(of: entry) == .string else { throw .wrongType }
      guard accepts(given, over: context.keyspace.etag(of: entry) ?? 0) else {
        return context.replyTagged(entry, withValue: returnsValue)
      }
    }
    let new = successor(of: given)
    try context.store(
      context[2], at: context.key, etag: new, expiry: expiry, isNew: entry == nil)
    context.announceExpiry(expiry)
    context.reply.array(2)
    context.reply.integer(new)
    context.reply.null()
  }
}

extension CommandContext {
  /// Looks the first key up as a string.
  fileprivate func findTagged() throws(CommandError) -> EntryHandle? {
    guard let entry = find(key) else { return nil }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    return entry
  }

  /// Answers with an entry's ETag, and its string or null.
  fileprivate func replyTagged(_ entry: EntryHandle, withValue: Bool = true) {
    reply.array(2)
    reply.integer(keyspace.etag(of: entry) ?? 0)
    if withValue {
      replyBytes(keyspace.string(of: entry), of: entry)
    } else {
      reply.null()
    }
  }

  /// Stores a string with an ETag and announces "set", and "new" where there was no such key.
  func store(
    _ value: ByteView, at key: HashedKey, etag: Int64, expiry: ExpiryUpdate, isNew: Bool
  ) throws(CommandError) {
    do throws(CacheError) {
      try keyspace.setString(
        key, in: database, to: value, etag: etag, expiry: expiry, now: now)
    } catch {
      throw .outOfMemory
    }
    if isNew { notify(key, in: database, "new", .new) }
    changed(key, "set", .string)
  }
}
