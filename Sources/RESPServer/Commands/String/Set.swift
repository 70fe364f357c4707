internal import Bytes
internal import CacheCore
internal import RESP

/// SET: stores a string, with conditions and an expiry.
enum SetCommand: Command {
  static let spec = CommandSpec(
    "SET", since: "1.0.0", group: .string, arity: -3,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update, .variable])],
    summary: "Sets the string value of a key, whatever it held before, and its expiry.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
      ArgumentSpec(
        "condition", .oneOf, since: "2.6.12", optional: true,
        parts: [
          ArgumentSpec("nx", .pureToken, token: "NX"),
          ArgumentSpec("xx", .pureToken, token: "XX"),
          ArgumentSpec("comparison-value", .string, token: "IFEQ"),
        ]),
      ArgumentSpec("get", .pureToken, token: "GET", since: "6.2.0", optional: true),
      ArgumentSpec(
        "expiration", .oneOf, optional: true,
        parts: [
          ArgumentSpec("seconds", .integer, token: "EX", since: "2.6.12"),
          ArgumentSpec("milliseconds", .integer, token: "PX", since: "2.6.12"),
          ArgumentSpec("unix-time-seconds", .unixTime, token: "EXAT", since: "6.2.0"),
          ArgumentSpec("unix-time-milliseconds", .unixTime, token: "PXAT", since: "6.2.0"),
          ArgumentSpec("keepttl", .pureToken, token: "KEEPTTL", since: "6.0.0"),
        ]),
      ArgumentSpec("withetag", .pureToken, token: "WITHETAG", optional: true),
    ],
    history: [
      ("2.6.12", "Takes EX, PX, NX and XX."),
      ("6.0.0", "Takes KEEPTTL."),
      ("6.2.0", "Takes GET, EXAT and PXAT."),
      ("7.0.0", "NX and GET may be given together."),
    ],
    example: """
      > SET visits 1 EX 60
      OK
      > SET visits 2 NX
      (nil)
      > SET visits 2 IFEQ 1 KEEPTTL
      OK
      > SET visits 3 GET
      "2"
      """)

  private struct Options {
    var condition = Condition.always
    var returnsOld = false
    var expiry: ExpiryOption?
    var keepsTTL = false
    var hasETag = false
  }

  private enum Condition {
    case always, ifAbsent, ifPresent
    case ifEqual(ByteView)
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 3 { return try storePlainly(&context) }
    let options = try parse(context)
    var expiry = ExpiryUpdate.clear
    if options.keepsTTL { expiry = .keep }
    if let option = options.expiry {
      expiry = .at(try context.deadline(option, command: "set"))
    }
    // With GET it is a read to the statistics too.
    let old =
      options.returnsOld ? context.find(context.key) : context.findForWriting(context.key)
    var matches = true
    switch options.condition {
    case .always: break
    case .ifAbsent: matches = old == nil
    case .ifPresent: matches = old != nil
    case .ifEqual(let expected):
      // Valkey's rule: a key of another type is an error, an absent one no match.
      matches = try context.string(of: old).map { $0 == expected } ?? false
    }
    // Written first, for the old value is gone afterwards; an error takes it back.
    let mark = context.loop.replyMark()
    if options.returnsOld { try context.replyString(of: old) }
    guard matches else {
      if !options.returnsOld { context.reply.null() }
      return
    }
    var etag: Int64?
    if options.hasETag { etag = old.flatMap { context.keyspace.etag(of: $0) } ?? 0 }
    do throws(CommandError) {
      if let etag {
        try context.store(
          context[2], at: context.key, etag: etag &+ 1, expiry: expiry, isNew: old == nil)
      } else {
        try context.storeArgument(2, expiry: expiry, isNew: old == nil, event: "set")
      }
    } catch {
      context.loop.withdrawReply(to: mark)
      throw error
    }
    context.announceExpiry(expiry)
    if let etag {
      context.reply.integer(etag &+ 1)
    } else if !options.returnsOld {
      context.reply.ok()
    }
  }

  /// SET key value, the common case.
  private static func storePlainly(_ context: inout CommandContext) throws(CommandError) {
    try context.storeArgument(
      2, expiry: .clear, isNew: context.isNewIfWanted(context.key), event: "set")
    context.reply.ok()
  }

  /// Reads the options. As in Redis, one may be given twice, and the last expiry counts.
  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var index = 3
    while index < context.count {
      let isLast = index + 1 == context.count
      if context.argument(at: index, is: "NX") {
        switch options.condition {
        case .always, .ifAbsent: options.condition = .ifAbsent
        default: throw .syntax
        }
      } else if context.argument(at: index, is: "XX") {
        switch options.condition {
        case .always, .ifPresent: options.condition = .ifPresent
        default: throw .syntax
        }
      } else if context.argument(at: index, is: "IFEQ"), !isLast {
        switch options.condition {
        case .always, .ifEqual: options.condition = .ifEqual(context[index + 1])
        default: throw .syntax
        }
        index += 1
      } else if context.argument(at: index, is: "GET") {
        options.returnsOld = true
      } else if context.argument(at: index, is: "WITHETAG") {
        options.hasETag = true
      } else if context.argument(at: index, is: "KEEPTTL"), options.expiry == nil {
        options.keepsTTL = true
      } else if let unit = ExpiryOption.Unit(context[index]), !isLast, !options.keepsTTL,
        options.expiry == nil || options.expiry?.unit == unit
      {
        options.expiry = ExpiryOption(unit: unit, argument: index + 1)
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
    // The reply is one or the other.
    if options.hasETag, options.returnsOld {
      throw .fixed("ERR WITHETAG option not allowed with GET inside of SET")
    }
    return options
  }
}

extension CommandContext {
  /// Announces that the first key has got the expiry that a write gave it, and where that has
  /// passed already, that it is gone.
  func announceExpiry(_ expiry: ExpiryUpdate) {
    guard case .at(let deadline) = expiry else { return }
    notify(key, in: database, "expire", .generic)
    if deadline <= now { notify(key, in: database, "expired", .expired) }
  }
}
