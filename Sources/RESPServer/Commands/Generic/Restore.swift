internal import Bytes
internal import CacheCore
internal import RESP

/// RESTORE: a value from bytes that DUMP gave.
enum RestoreCommand: Command {
  static let spec = CommandSpec(
    "RESTORE", since: "2.6.0", group: .generic, arity: -4,
    flags: [.write, .denyOOM],
    categories: [.keyspace, .dangerous],
    keys: [.range(from: 1, [.overwrite, .update])],
    summary: "Makes a key of what DUMP returned, here or in Redis.",
    complexity: "O(N) for N bytes, O(N log N) for sorted sets",
    arguments: arguments,
    history: history,
    example: """
      > RESTORE greeting 0 "\\x00\\x05hello\\n\\x00\\x1f\\xf4`\\x18\\x82\\xd5\\xed\\xd6"
      (error) ERR DUMP payload version or checksum are wrong
      """)

  static let arguments = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("ttl", .integer),
    ArgumentSpec("serialized-value", .string),
    ArgumentSpec("replace", .pureToken, token: "REPLACE", since: "3.0.0", optional: true),
    ArgumentSpec("absttl", .pureToken, token: "ABSTTL", since: "5.0.0", optional: true),
    ArgumentSpec("seconds", .integer, token: "IDLETIME", since: "5.0.0", optional: true),
    ArgumentSpec("frequency", .integer, token: "FREQ", since: "5.0.0", optional: true),
  ]

  static let history: [(version: String, change: String)] = [
    ("3.0.0", "Takes REPLACE."),
    ("5.0.0", "Takes ABSTTL."),
    ("5.0.0", "Takes IDLETIME and FREQ."),
  ]

  private struct Options {
    var replaces = false
    var isAbsolute = false
    var idleSeconds: UInt32?
    var frequency: UInt8?
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try parse(context)
    let key = context.key
    guard options.replaces || context.find(key) == nil else {
      throw .fixed("BUSYKEY Target key name already exists.")
    }
    let lifetime = try context.integer(at: 2)
    guard lifetime >= 0 else { throw .fixed("ERR Invalid TTL value, must be >= 0") }
    let deadline = lifetime == 0 ? nil : deadline(lifetime, options, context)
    let wasThere = options.replaces && context.peek(key) != nil
    let isStored = try store(context, deadline)
    guard isStored else {
      // Its time has passed already.
      if wasThere { context.changed(key, "del", .generic) }
      return context.reply.ok()
    }
    if let entry = context.peek(key) {
      if let seconds = options.idleSeconds {
        context.keyspace.setIdleSeconds(seconds, of: entry, now: context.now)
      }
      if let frequency = options.frequency {
        context.keyspace.setFrequency(frequency, of: entry)
      }
    }
    context.notify(key, in: context.database, "new", .new)
    context.changed(key, "restore", .generic)
    context.reply.ok()
  }

  /// When the key is due, in cache time; what is too far away for that is as far as can be.
  private static func deadline(
    _ lifetime: Int64, _ options: Options, _ context: borrowing CommandContext
  ) -> Int64 {
    let (time, overflow) =
      options.isAbsolute
      ? lifetime.subtractingReportingOverflow(context.wallStep)
      : lifetime.addingReportingOverflow(context.now)
    return overflow ? .max : time
  }

  /// Reads the payload and stores its value in the place of whatever is there.
  ///
  /// - Returns: false when there is no key now, for its time has passed.
  private static func store(
    _ context: borrowing CommandContext, _ deadline: Int64?
  ) throws(CommandError) -> Bool {
    let key = context.key
    let expiry = deadline.map { ExpiryUpdate.at($0) } ?? .clear
    var decoder = DumpDecoder(
      try checked(context), context.keyspace.objectMemory(for: key), context.dumpLimits)
    let value: DumpedValue
    defer {
      if context.countsPayloadChecks {
        context.loop.state.pointee.counters.checkedBlocks &+= UInt64(decoder.checkedBlockCount)
      }
    }
    do throws(DumpError) {
      value = try decoder.value()
    } catch {
      throw .fixed("ERR Bad data format")
    }
    do throws(CacheError) {
      switch value {
      case .string(let text):
        try context.keyspace.setString(
          key, in: context.database, to: text, expiry: expiry, now: context.now)
      case .object(let object):
        guard object.type == .stream || object.count > 0 else {
          object.destroy()
          _ = context.keyspace.remove(key, in: context.database, now: context.now)
          return false
        }
        try context.keyspace.setObject(
          key, in: context.database, to: object, expiry: expiry, now: context.now)
        context.keyspace.noteElementDeadline(
          key, in: context.database, old: nil, now: context.now)
      }
    } catch {
      throw .outOfMemory
    }
    return deadline.map { $0 > context.now } ?? true
  }

  /// The type and value of the payload, whose version and checksum are right.
  private static func checked(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> ByteView {
    do throws(DumpError) {
      return try DumpPayload.check(
        context[3], checksChecksum: !context.server.state.pointee.skipsChecksums)
    } catch {
      throw .fixed("ERR DUMP payload version or checksum are wrong")
    }
  }

  private static func parse(_ context: borrowing CommandContext) throws(CommandError) -> Options {
    var options = Options()
    var index = 4
    while index < context.count {
      let hasMore = index + 1 < context.count
      if context.argument(at: index, is: "REPLACE") {
        options.replaces = true
      } else if context.argument(at: index, is: "ABSTTL") {
        options.isAbsolute = true
      } else if context.argument(at: index, is: "IDLETIME"), hasMore, options.frequency == nil {
        let seconds = try context.integer(at: index + 1)
        guard seconds >= 0 else { throw .fixed("ERR Invalid IDLETIME value, must be >= 0") }
        options.idleSeconds = UInt32(clamping: seconds)
        index += 1
      } else if context.argument(at: index, is: "FREQ"), hasMore, options.idleSeconds == nil {
        let frequency = try context.integer(at: index + 1)
        guard let small = UInt8(exactly: frequency) else {
          throw .fixed("ERR Invalid FREQ value, must be >= 0 and <= 255")
        }
        options.frequency = small
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
    return options
  }
}

extension CommandContext {
  /// Whether INFO counts how payloads of this client are checked. They always are, in whole, for
  /// nothing else keeps the memory safe from them; `sanitize-dump-payload` and the user's
  /// `skip-sanitize-payload` decide in Redis whether they are at all.
  fileprivate var countsPayloadChecks: Bool {
    switch server.configuration.sanitizeDumpPayload {
    case .no: false
    case .yes: true
    case .clients:
      connection.state.pointee.user?.takeUnretainedValue().rules.payloadChecking ?? true
    }
  }
}

/// RESTORE-ASKING: RESTORE as the nodes of a cluster send it to each other.
enum RestoreAskingCommand: Command {
  static let spec = CommandSpec(
    "RESTORE-ASKING", since: "3.0.0", group: .server, arity: -4,
    flags: [.write, .denyOOM, .asking],
    categories: [.keyspace, .dangerous],
    keys: [.range(from: 1, [.overwrite, .update])],
    summary: "RESTORE, as nodes of a cluster send it to each other.",
    complexity: "O(N) for N bytes, O(N log N) for sorted sets",
    arguments: RestoreCommand.arguments,
    history: RestoreCommand.history)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try RestoreCommand.run(&context)
  }
}
