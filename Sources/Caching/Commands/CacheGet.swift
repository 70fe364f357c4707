internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// CACHE.GET: reads a value and says who is to refresh it.
enum CacheGet: Command {
  /// Ten minutes: who has not written by then is gone.
  static let leaseMillisecondsMax: Int64 = 600_000

  static let spec = CommandSpec(
    "CACHE.GET", since: "1.0.0", group: .cache, arity: -2, flags: [.readonly, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: """
      Reads a string and says whether it is fresh; one client gets the lease to refresh or load it.
      """,
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("left", .integer, token: "STALE", optional: true),
      ArgumentSpec("duration", .integer, token: "LEASE", optional: true),
      ArgumentSpec("milliseconds", .integer, token: "WAIT", optional: true),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > CACHE.SET page:1 hello PX 60000
      OK
      > CACHE.GET page:none LEASE 0
      1) "value"
      2) (nil)
      3) "state"
      4) "miss"
      5) "token"
      6) (nil)
      7) "ms"
      8) (integer) 0
      """)

  private struct Options {
    var staleLeft: Int64 = 0
    var lease: Int64?
    var wait: Int64 = 0
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try parse(context)
    let store = context.cache
    let key = context.key
    let entry = context.find(key)
    if let entry, context.keyspace.type(of: entry) != .string { throw .wrongType }
    let now = context.now
    if let entry {
      let end = freshUntil(key, entry, options, context)
      if end > now {
        store.figures.fresh.count()
        return try write(context, entry, "fresh", nil, end == .max ? -1 : end - now)
      }
    }
    let held = store.existing(key.hash, context.database)?.leases.find(
      key.hash.rawValue, key.bytes, now: now)
    if let held {
      if let entry {
        store.figures.stale.count()
        return try write(context, entry, "stale", nil, held.endsAt - now)
      }
      store.figures.waits.count()
      return wait(context, options, left: held.endsAt - now)
    }
    if entry == nil { store.figures.misses.count() } else { store.figures.stale.count() }
    let duration = options.lease ?? store.leaseMilliseconds
    let state: StaticString = entry == nil ? "miss" : "stale"
    guard duration > 0 else { return try write(context, entry, state, nil, 0) }
    let lease = store.giveLease(key, context.database, milliseconds: duration, now: now)
    try write(context, entry, state, lease.token, duration)
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    var index = 2
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "STALE") {
        options.staleLeft = try milliseconds(context, index + 1, max: 1 << 50)
      } else if context.argument(at: index, is: "LEASE") {
        options.lease = try milliseconds(context, index + 1, max: leaseMillisecondsMax)
      } else if context.argument(at: index, is: "WAIT") {
        options.wait = try milliseconds(context, index + 1, max: leaseMillisecondsMax)
      } else {
        throw .syntax
      }
      index += 2
    }
    return options
  }

  private static func milliseconds(
    _ context: borrowing CommandContext, _ index: Int, max: Int64
  ) throws(CommandError) -> Int64 {
    try context.integer(
      at: index, in: 0...max, orThrow: .made("ERR milliseconds are between 0 and \(max)"))
  }

  /// Until when the value counts as fresh, in cache time; `Int64.max` without end.
  private static func freshUntil(
    _ key: HashedKey, _ entry: EntryHandle, _ options: Options,
    _ context: borrowing CommandContext
  ) -> Int64 {
    var end = Int64.max
    if options.staleLeft > 0, let expiry = context.keyspace.expiry(of: entry) {
      end = expiry - options.staleLeft
    }
    let notes = context.cache.existing(key.hash, context.database)
    if let word = notes?.staleTimes[key.hash.rawValue] {
      end = min(end, Int64(bitPattern: word))
    }
    return end
  }

  /// Somebody loads the value: lets the client wait for it, or tells it to.
  private static func wait(
    _ context: borrowing CommandContext, _ options: Options, left: Int64
  ) {
    let timeout = min(options.wait, left)
    guard timeout > 0, context.mayWait else {
      return writeWait(&context.reply, left: left)
    }
    context.waitForKeys(
      timeoutMilliseconds: timeout, wakesOnAnyChange: true,
      onTimeout: { writeWait(&$0, left: left - timeout) })
  }

  private static func writeWait(_ reply: inout ReplyWriter, left: Int64) {
    reply.map(4)
    reply.bulk("value")
    reply.null()
    reply.bulk("state")
    reply.bulk("wait")
    reply.bulk("token")
    reply.null()
    reply.bulk("ms")
    reply.integer(left)
  }

  private static func write(
    _ context: borrowing CommandContext, _ entry: EntryHandle?, _ state: StaticString,
    _ token: UInt64?, _ milliseconds: Int64
  ) throws(CommandError) {
    context.reply.map(4)
    context.reply.bulk("value")
    try context.replyString(of: entry)
    context.reply.bulk("state")
    context.reply.bulk(state)
    context.reply.bulk("token")
    if let token {
      context.reply.bulk(CacheToken.text(token))
    } else {
      context.reply.null()
    }
    context.reply.bulk("ms")
    context.reply.integer(milliseconds)
  }
}

/// Tokens as clients see them.
enum CacheToken {
  /// A token as text.
  static func text(_ token: UInt64) -> String { String(token, radix: 16) }

  /// The token that a text shows.
  static func parse(_ text: ByteView) -> UInt64? {
    text.count <= 16 ? UInt64(text.string, radix: 16) : nil
  }
}
