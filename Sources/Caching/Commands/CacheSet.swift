internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// CACHE.SET: stores a value with its times and tags, if the lease still holds.
enum CacheSet: Command {
  static let spec = CommandSpec(
    "CACHE.SET", since: "1.0.0", group: .cache, arity: -3, flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.overwrite, .update])],
    summary: """
      Stores a string with an expiry, a time that it may be served stale, and tags; with a token, \
      only while its lease holds.
      """,
    complexity: "O(N) with N the number of tags",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("value", .string),
      ArgumentSpec("token", .string, token: "TOKEN", optional: true),
      ArgumentSpec(
        "expiration", .oneOf, optional: true,
        parts: [
          ArgumentSpec("seconds", .integer, token: "EX"),
          ArgumentSpec("milliseconds", .integer, token: "PX"),
          ArgumentSpec("unix-time-seconds", .unixTime, token: "EXAT"),
          ArgumentSpec("unix-time-milliseconds", .unixTime, token: "PXAT"),
        ]),
      ArgumentSpec("stale-milliseconds", .integer, token: "STALE", optional: true),
      ArgumentSpec(
        "tagging", .block, optional: true,
        parts: [
          ArgumentSpec("numtags", .integer, token: "TAGS"),
          ArgumentSpec("tag", .string, multiple: true),
        ]),
    ],
    example: """
      > CACHE.SET page:1 hello EX 60 STALE 10000 TAGS 2 news start
      OK
      > TTL page:1
      (integer) 70
      > CACHE.TAGS page:1
      1) "news"
      2) "start"
      > CACHE.SET page:1 late TOKEN 1
      (nil)
      """)

  private struct Options {
    var token: UInt64?
    var hasToken = false
    var expiry: ExpiryOption?
    var stale: Int64 = 0
    var tags: [[UInt8]] = []
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try parse(context)
    var expiry = ExpiryUpdate.clear
    var freshUntil: Int64?
    if let option = options.expiry {
      let deadline = try context.deadline(option, command: "cache.set")
      let (end, overflow) = deadline.addingReportingOverflow(options.stale)
      guard !overflow else { throw .invalidExpiry("cache.set") }
      if options.stale > 0 { freshUntil = deadline }
      expiry = .at(end)
    } else if options.stale > 0 {
      throw .fixed("ERR STALE needs an expiry")
    }
    let store = context.cache
    if options.hasToken {
      guard isHeld(options, context) else {
        store.figures.leasesRefused.count()
        return context.reply.null()
      }
      store.figures.leasesUsed.count()
    }
    store.followKeys()
    // The lease it was written with has done its work; any other is void.
    _ = store.existing(context.key.hash, context.database)?.leases.remove(
      context.key.hash.rawValue)
    try context.storeArgument(
      2, expiry: expiry, isNew: context.isNewIfWanted(context.key), event: "set")
    if case .at(let end) = expiry {
      context.notify(context.key, in: context.database, "expire", .generic)
      if end <= context.now { return context.reply.ok() }
    }
    let notes = store.notes(context.key.hash, context.database)
    if let freshUntil {
      notes.staleTimes[context.key.hash.rawValue] = UInt64(bitPattern: freshUntil)
    }
    for tag in options.tags.reversed() {
      _ = notes.tags.add(tag, to: context.key.hash.rawValue, context.key.bytes)
    }
    store.account(notes)
    context.reply.ok()
  }

  /// Whether the token's lease holds, and no tag was invalidated since it was given.
  private static func isHeld(
    _ options: Options, _ context: borrowing CommandContext
  ) -> Bool {
    let key = context.key
    guard let token = options.token,
      let lease = context.cache.existing(key.hash, context.database)?.leases.find(
        key.hash.rawValue, key.bytes, now: context.now), lease.token == token
    else { return false }
    return !context.cache.clock.isAnyNewer(
      options.tags, database: context.database.rawValue, than: lease.sequence)
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var index = 3
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "TOKEN"), !options.hasToken {
        options.hasToken = true
        options.token = CacheToken.parse(context[index + 1])
      } else if context.argument(at: index, is: "STALE") {
        options.stale = try context.integer(
          at: index + 1, in: 0...1 << 50, orThrow: .invalidExpiry("cache.set"))
      } else if let unit = ExpiryOption.Unit(context[index]), options.expiry == nil {
        options.expiry = ExpiryOption(unit: unit, argument: index + 1)
      } else if context.argument(at: index, is: "TAGS"), options.tags.isEmpty {
        let count = try context.integer(
          at: index + 1, in: 1...Int64(TagIndex.tagsOfKeyMax), orThrow: CacheTag.tooMany)
        guard index + 2 + Int(count) <= context.count else { throw .syntax }
        options.tags = try CacheTag.tags(context, from: index + 2, to: index + 2 + Int(count))
        index += Int(count)
      } else {
        throw .syntax
      }
      index += 2
    }
    return options
  }
}
