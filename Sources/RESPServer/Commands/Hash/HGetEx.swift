internal import Bytes
internal import CacheCore
internal import RESP

/// What HGETEX and HSETEX take between the key and FIELDS.
private struct FieldOptions {
  enum Presence { case any, none, all }

  var expiry: ExpiryOption?
  /// PERSIST for HGETEX, KEEPTTL for HSETEX.
  var isKept = false
  /// FNX and FXX.
  var presence = Presence.any
  /// Where FIELDS stands.
  var fieldsIndex = 2

  init(
    _ context: borrowing CommandContext, keepWord: StaticString, allowsPresence: Bool
  ) throws(CommandError) {
    while fieldsIndex < context.count {
      let index = fieldsIndex
      if context.argument(at: index, is: "FIELDS") { return }
      if context.argument(at: index, is: keepWord) {
        try refuseSecond()
        isKept = true
      } else if allowsPresence, context.argument(at: index, is: "FNX") {
        guard presence == .any else { throw .syntax }
        presence = .none
      } else if allowsPresence, context.argument(at: index, is: "FXX") {
        guard presence == .any else { throw .syntax }
        presence = .all
      } else if let unit = ExpiryOption.Unit(context[index]), index + 1 < context.count {
        try refuseSecond()
        expiry = ExpiryOption(unit: unit, argument: index + 1)
        fieldsIndex += 1
      } else {
        throw .made(
          "ERR unknown argument: \(context[index][0..<min(64, context[index].count)].string)")
      }
      fieldsIndex += 1
    }
  }

  private func refuseSecond() throws(CommandError) {
    guard expiry == nil, !isKept else { throw .syntax }
  }
}

extension ArgumentSpec {
  /// The expiries that a field may be given, and a word for none of them.
  fileprivate static func fieldExpiry(_ keepWord: String) -> ArgumentSpec {
    ArgumentSpec(
      "expiration", .oneOf, optional: true,
      parts: [
        ArgumentSpec("seconds", .integer, token: "EX"),
        ArgumentSpec("milliseconds", .integer, token: "PX"),
        ArgumentSpec("unix-time-seconds", .unixTime, token: "EXAT"),
        ArgumentSpec("unix-time-milliseconds", .unixTime, token: "PXAT"),
        ArgumentSpec(keepWord.lowercased(), .pureToken, token: keepWord),
      ])
  }
}

/// HGETEX: fields' values, and another deadline for them.
enum HGetExCommand: Command {
  static let spec = CommandSpec(
    "HGETEX", since: "8.0.0", group: .hash, arity: -5,
    flags: [.write, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Gives the values of fields of a hash, and sets or clears their deadlines.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0), .fieldExpiry("PERSIST"), .fieldList],
    example: """
      > HSET user:1 code 4711
      (integer) 1
      > HGETEX user:1 EX 600 FIELDS 2 code city
      1) "4711"
      2) (nil)
      > HTTL user:1 FIELDS 1 code
      1) (integer) 600
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let key = context.key
    let found = try context.hashForWriting(key)
    let options = try FieldOptions(context, keepWord: "PERSIST", allowsPresence: false)
    let fields = try HashFields(context, at: options.fieldsIndex)
    var deadline: Int64?
    if let expiry = options.expiry {
      deadline = try context.fieldDeadline(expiry, command: "hgetex")
    }
    context.reply.array(fields.count)
    guard let hash = found else {
      for _ in 0..<fields.count { context.reply.null() }
      return
    }
    let earliest = hash.object.earliestDeadline
    var updated = 0
    var removed = 0
    for index in fields.positions {
      let field = context[index]
      let value = hash.value(of: field)
      context.reply(value)
      guard value != nil else { continue }
      if let deadline, deadline <= context.now {
        _ = hash.remove(field)
        removed += 1
      } else if deadline != nil || options.isKept {
        if deadline == nil, hash.deadline(of: field) == .none { continue }
        hash.setDeadline(of: field, to: deadline)
        updated += 1
      }
    }
    if updated > 0 {
      if deadline != nil { context.noteDeadlines(of: key, old: earliest) }
      context.changed(key, deadline == nil ? "hpersist" : "hexpire", .hash)
    }
    if removed > 0 { context.changed(key, "hdel", .hash) }
    if removed > 0, hash.count == 0 { context.removeEmptied(key) }
  }
}

/// HGETDEL: fields' values, which go with it.
enum HGetDelCommand: Command {
  static let spec = CommandSpec(
    "HGETDEL", since: "8.0.0", group: .hash, arity: -5,
    flags: [.write, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .access, .delete])],
    summary: "Gives the values of fields of a hash and removes them.",
    complexity: "O(N) for N fields",
    arguments: [ArgumentSpec("key", .key, key: 0), .fieldList],
    example: """
      > HSET user:1 name Ann code 4711
      (integer) 2
      > HGETDEL user:1 FIELDS 2 code city
      1) "4711"
      2) (nil)
      > HLEN user:1
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let found = try context.hashForWriting(context.key)
    let fields = try HashFields(context, at: 2)
    var removed = 0
    context.reply.array(fields.count)
    for index in fields.positions {
      let value = found?.value(of: context[index])
      context.reply(value)
      guard let hash = found, value != nil else { continue }
      _ = hash.remove(context[index])
      removed += 1
    }
    guard let hash = found, removed > 0 else { return }
    context.changed(context.key, "hdel", .hash)
    if hash.count == 0 { context.removeEmptied(context.key) }
  }
}

/// HSETEX: sets fields with a deadline.
enum HSetExCommand: Command {
  static let spec = CommandSpec(
    "HSETEX", since: "8.0.0", group: .hash, arity: -6,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Sets fields of a hash with a deadline, if wanted only when all or none are there.",
    complexity: "O(N) for N fields",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "condition", .oneOf, optional: true,
        parts: [
          ArgumentSpec("fnx", .pureToken, token: "FNX"),
          ArgumentSpec("fxx", .pureToken, token: "FXX"),
        ]),
      .fieldExpiry("KEEPTTL"),
      ArgumentSpec(
        "fields", .block, token: "FIELDS",
        parts: [
          ArgumentSpec("numfields", .integer),
          ArgumentSpec(
            "data", .block, multiple: true,
            parts: [
              ArgumentSpec("field", .string),
              ArgumentSpec("value", .string),
            ]),
        ]),
    ],
    example: """
      > HSETEX user:1 EX 600 FIELDS 1 code 4711
      (integer) 1
      > HTTL user:1 FIELDS 1 code
      1) (integer) 600
      > HSETEX user:1 FNX FIELDS 1 code 4712
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let key = context.key
    let existing = try context.hashForWriting(key)
    let options = try FieldOptions(context, keepWord: "KEEPTTL", allowsPresence: true)
    let fields = try HashFields(context, at: options.fieldsIndex, step: 2)
    var deadline: Int64?
    if let expiry = options.expiry {
      deadline = try context.fieldDeadline(expiry, command: "hsetex")
    }
    if options.presence != .any {
      let wanted = options.presence == .all
      for index in fields.positions
      where (existing?.contains(context[index]) ?? false) != wanted {
        return context.reply.integer(0)
      }
    }
    context.reply.integer(1)
    if let deadline, deadline <= context.now {
      return removeFields(fields, of: existing, context)
    }
    let hash = existing ?? context.makeHash(for: key)
    let earliest = hash.object.earliestDeadline
    let limits = context.hashLimits
    if fields.count > limits.entriesMax { hash.convertToTable() }
    for index in fields.positions {
      _ = hash.set(
        context[index], to: context[index + 1], limits, keepsDeadline: options.isKept)
      if let deadline { hash.setDeadline(of: context[index], to: deadline) }
    }
    if existing == nil {
      try context.insertObject(hash.object, at: key)
    } else if deadline != nil {
      context.noteDeadlines(of: key, old: earliest)
    }
    context.changed(key, "hset", .hash)
    if deadline != nil { context.notify(key, in: context.database, "hexpire", .hash) }
  }

  /// What setting fields comes to when their time has passed.
  private static func removeFields(
    _ fields: HashFields, of hash: HashObject?, _ context: borrowing CommandContext
  ) {
    guard let hash else { return }
    var removed = 0
    for index in fields.positions where hash.remove(context[index]) { removed += 1 }
    guard removed > 0 else { return }
    context.changed(context.key, "hdel", .hash)
    if hash.count == 0 { context.removeEmptied(context.key) }
  }
}
