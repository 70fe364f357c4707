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
    let old = context.findForWriting(context.key)
    var matches = true
    switch options.condition {
    case .always: break
    case .ifAbsent: matches = old == nil
    case .ifPresent: matches = old != nil
    case .ifEqual(let expected):
      // Valkey's rule: a key of another type is an error, an absent one no match.
      matches = try context.string(of: old).map { $0 == expected } ?? false
    }
    if options.returnsOld {
      try context.replyString(of: old)
      if !matches { return }
    } else if !matches {
      return context.reply.null()
    }
    // The reply above is written already: running out of memory from here on takes it back.
    let mark = context.loop.replyMark()
    do throws(CommandError) {
      try context.storeArgument(2, expiry: expiry, isNew: old == nil, event: "set")
    } catch {
      if options.returnsOld { context.loop.withdrawReply(to: mark) }
      throw error
    }
    if options.expiry != nil { context.notify(context.key, in: context.database, "expire", .generic) }
    if !options.returnsOld { context.reply.ok() }
  }

  /// SET key value, the common case.
  private static func storePlainly(_ context: inout CommandContext) throws(CommandError) {
    try context.storeArgument(
      2, expiry: .clear, isNew: context.isNewIfWanted(context.key), event: "set")
    context.reply.ok()
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var hasCondition = false
    var index = 3
    while index < context.count {
      let isLast = index + 1 == context.count
      if context.argument(at: index, is: "NX"), !hasCondition {
        options.condition = .ifAbsent
        hasCondition = true
      } else if context.argument(at: index, is: "XX"), !hasCondition {
        options.condition = .ifPresent
        hasCondition = true
      } else if context.argument(at: index, is: "IFEQ"), !hasCondition, !isLast {
        options.condition = .ifEqual(context[index + 1])
        hasCondition = true
        index += 1
      } else if context.argument(at: index, is: "GET") {
        options.returnsOld = true
      } else if context.argument(at: index, is: "KEEPTTL"), options.expiry == nil {
        options.keepsTTL = true
      } else if let unit = ExpiryOption.Unit(context[index]), options.expiry == nil,
        !options.keepsTTL, !isLast
      {
        options.expiry = ExpiryOption(unit: unit, argument: index + 1)
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
    return options
  }
}
