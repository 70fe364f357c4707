internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// DEBUG: what test suites ask of a server. Everything else stands still meanwhile.
///
/// What only makes sense inside Redis (its crash handling, its tables' internals) is refused; what
/// switches something off that is not there is accepted.
enum DebugCommand: Command {
  static let spec = CommandSpec(
    "DEBUG", since: "1.0.0", group: .server, arity: -2,
    flags: [.admin, .noScript, .loading, .stale, .protected],
    access: .exclusive,
    summary: "Holds subcommands for testing the server.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let name = context[1].string.uppercased()
    switch (name, context.count) {
    case ("HELP", 2): help(context)
    case ("SLEEP", 3): try sleep(&context)
    case ("LOG", 3):
      context.server.log.warning("DEBUG LOG: \(context[2].string)")
      context.reply.ok()
    case ("ERROR", 3): throw .made(context[2].string)
    case ("PROTOCOL", 3): try DebugProtocol.reply(&context)
    case ("SET-ACTIVE-EXPIRE", 3), ("PAUSE-CRON", 3): try setExpiry(&context, name)
    case ("CHANGE-REPL-ID", 2):
      context.server.state.pointee.replicationID = RandomText.hexadecimal(bytes: 20)
      context.reply.ok()
    case ("CONFIG-REWRITE-FORCE-ALL", 2):
      try ConfigRewriteCommand.rewrite(context.server, isForced: true)
      context.reply.ok()
    case ("REPLYBUFFER", 4): try acceptReplyBuffer(&context)
    case ("QUICKLIST-PACKED-THRESHOLD", 3): try setPlainThreshold(&context)
    case ("SET-SKIP-CHECKSUM-VALIDATION", 3):
      context.server.state.pointee.skipsChecksums = try context.integer(at: 2) != 0
      context.reply.ok()
    case ("SET-DISABLE-DENY-SCRIPTS", 3):
      context.server.state.pointee.deniesScripts = try context.integer(at: 2) == 0
      context.reply.ok()
    case ("DICT-RESIZING", 3), ("AOF-FLUSH-SLEEP", 3),
      ("DROP-CLUSTER-PACKET-FILTER", 3), ("CLIENT-ENFORCE-REPLY-LIST", 3):
      // Switches for what this server does not do.
      context.reply.ok()
    case ("RELOAD", _), ("LOADAOF", 2): try DebugReload.run(&context)
    case ("RESTART", _), ("CRASH-AND-RECOVER", _):
      throw .made("ERR DEBUG \(name) needs data on disk, which this server does not keep yet")
    case ("REPLICATE", 3...), ("CLUSTERLINK", 5), ("JMAP", _), ("STRUCTSIZE", 2),
      ("MALLCTL", 3...4), ("MALLCTL-STR", 3...4), ("CLIENT-EVICTION", 2),
      ("STRINGMATCH-TEST", 2):
      throw .made("ERR DEBUG \(name) is about what this server has not got")
    case ("SEGFAULT", 2), ("PANIC", 2), ("ASSERT", 2), ("OOM", 2), ("LEAK", 3):
      throw .made("ERR DEBUG \(name) is refused: this server does not harm itself")
    default:
      guard try DebugData.run(&context, name) else { throw context.unknownSubcommand() }
    }
  }

  /// Nobody is served for so many seconds.
  private static func sleep(_ context: inout CommandContext) throws(CommandError) {
    // As with C's strtod, what is no number is no time at all.
    let seconds = FloatText.parse(context[2]) ?? 0
    guard seconds >= 0, seconds < 86400 else { throw .notFloat }
    CurrentProcess.sleep(microseconds: Int64(seconds * 1_000_000))
    // For a script no time passes.
    if !context.connection.flags.contains(.isScript) { context.loop.updateTime() }
    context.reply.ok()
  }

  /// Stops and starts the removal of due keys that nobody asks for. There are no other periodic
  /// jobs that PAUSE-CRON could stop.
  private static func setExpiry(
    _ context: inout CommandContext, _ name: String
  ) throws(CommandError) {
    let number = try context.integer(at: 2)
    context.server.setExpiresActively((number == 0) == (name == "PAUSE-CRON"))
    context.reply.ok()
  }

  /// From which size on elements of lists stand alone; 0: the usual one.
  private static func setPlainThreshold(_ context: inout CommandContext) throws(CommandError) {
    guard let bytes = MemorySizeText.parse(context[2]) else {
      throw .fixed("ERR argument must be a memory value")
    }
    // As in Redis: a listpack could not hold more.
    guard bytes <= 1 << 32 - 4096 else { throw .fixed("ERR argument must be a memory value") }
    context.server.state.pointee.listPlainBytesMin = Int(bytes)
    context.reply.ok()
  }

  /// Reply buffers belong to loops, not to clients, and grow and shrink as they are used.
  private static func acceptReplyBuffer(_ context: inout CommandContext) throws(CommandError) {
    if context.argument(at: 2, is: "PEAK-RESET-TIME") {
      if !context.argument(at: 3, is: "NEVER"), !context.argument(at: 3, is: "RESET") {
        _ = try context.integer(at: 3)
      }
    } else if context.argument(at: 2, is: "RESIZING") {
      _ = try context.integer(at: 3)
    } else {
      throw context.unknownSubcommand()
    }
    context.reply.ok()
  }

  private static func help(_ context: borrowing CommandContext) {
    context.replyHelp([
      "CHANGE-REPL-ID",
      "    Take a new replication identity.",
      "CONFIG-REWRITE-FORCE-ALL",
      "    CONFIG REWRITE with all parameters, those with default values included.",
      "DIGEST",
      "    Show a signature of all data.",
      "DIGEST-VALUE <key> [<key> ...]",
      "    Show signatures of values.",
      "ERROR <text>",
      "    Answer with an error.",
      "HTSTATS <database>",
      "    Show figures of the table.",
      "HTSTATS-KEY <key>",
      "    Show figures of a value's table.",
      "LISTPACK <key>",
      "    Log the elements of a listpack.",
      "LOADAOF",
      "    The same as RELOAD: there is no append log.",
      "LOG <text>",
      "    Write to the log.",
      "OBJECT <key>",
      "    Show how a value is stored.",
      "PAUSE-CRON <0|1>",
      "    Stop periodic jobs.",
      "POPULATE <count> [<prefix>] [<size>]",
      "    Make string keys.",
      "PROTOCOL <type>",
      "    Answer with a value of a type.",
      "QUICKLIST <key> [<0|1>]",
      "    Log the nodes of a list.",
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "    From this size on elements of lists stand alone.",
      "RELOAD [MERGE] [NOFLUSH]",
      "    Turn all data into payloads, remove it, and make it anew of the payloads.",
      "SDSLEN <key>",
      "    Show the lengths of a key and a string.",
      "SET-ACTIVE-EXPIRE <0|1>",
      "    With 0, due keys go only when a command meets them.",
      "SET-DISABLE-DENY-SCRIPTS <0|1>",
      "    With 1, scripts may run commands that are not for scripts.",
      "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
      "    With 1, RESTORE takes payloads with a wrong checksum.",
      "SLEEP <seconds>",
      "    Serve nobody for a while.",
      "STRINGMATCH-LEN <length> <pattern>",
      "    Match a pattern against a run of one letter.",
    ])
  }
}

/// DEBUG PROTOCOL: a value of every type that the protocol has.
enum DebugProtocol {
  static func reply(_ context: inout CommandContext) throws(CommandError) {
    let isRESP3 = context.reply.version == .resp3
    switch context[2].string.lowercased() {
    case "string": context.reply.bulk("Hello World")
    case "integer": context.reply.integer(12345)
    case "double": context.reply.double(3.141)
    case "null": context.reply.null()
    case "array":
      context.reply.array(3)
      for number in 0..<3 { context.reply.integer(number) }
    case "set":
      context.reply.set(3)
      for number in 0..<3 { context.reply.integer(number) }
    case "map":
      context.reply.map(3)
      for number in 0..<3 {
        context.reply.integer(number)
        context.reply.boolean(number == 1)
      }
    case "attrib":
      if isRESP3 {
        context.reply.attribute(1)
        context.reply.bulk("key-popularity")
        context.reply.array(2)
        context.reply.bulk("key:123")
        context.reply.integer(90)
      }
      context.reply.bulk("Some real reply following the attribute")
    case "push":
      guard isRESP3 else { throw .fixed("ERR RESP2 is not supported by this command") }
      context.reply.push(2)
      context.reply.bulk("server-cpu-usage")
      context.reply.integer(42)
      // Clients take a push for no reply.
      context.reply.bulk("Some real reply following the push reply")
    case "verbatim": context.reply.verbatim("This is a verbatim\nstring")
    case "bignum":
      context.reply.bigNumber(ByteView("1234567999999999999999999999999999999"))
    case "true": context.reply.boolean(true)
    case "false": context.reply.boolean(false)
    default:
      throw .fixed(
        """
        ERR Wrong protocol type name. Please use one of the following: \
        string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
        """)
    }
  }
}
