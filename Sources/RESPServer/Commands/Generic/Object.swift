internal import Bytes
internal import CacheCore
internal import RESP

/// OBJECT: how values are stored and used. Its subcommands look without a trace.
enum ObjectCommand: Command {
  static let spec = CommandSpec(
    "OBJECT", since: "2.2.3", group: .generic, arity: -2,
    summary: "Holds the commands that tell how values are stored and used.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("object")
  }
}

extension CommandContext {
  /// The entry that an OBJECT subcommand is about.
  fileprivate var object: EntryHandle? {
    keyspace.find(key, in: database, now: now, access: .inspect)
  }
}

/// OBJECT ENCODING: how a value is stored.
enum ObjectEncodingCommand: Command {
  static let spec = CommandSpec(
    "OBJECT|ENCODING", since: "2.2.3", group: .generic, arity: 3,
    flags: [.readonly],
    categories: [.keyspace],
    keys: [.range(from: 2, [.readOnly])],
    summary: "Returns the name of the form in which a value is stored.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output"],
    example: """
      > SET number 42
      OK
      > OBJECT ENCODING number
      "int"
      > SET text hello
      OK
      > OBJECT ENCODING text
      "embstr"
      > OBJECT ENCODING nothing
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.object else { return context.reply.null() }
    context.reply.bulk(encoding(of: entry, context))
  }

  static func encoding(
    of entry: EntryHandle, _ context: borrowing CommandContext
  ) -> StaticString {
    guard context.keyspace.type(of: entry) == .string else {
      return context.keyspace.objectEncoding(of: entry).name
    }
    return switch context.keyspace.stringEncoding(of: entry) {
    case .int: "int"
    case .embstr: "embstr"
    case .raw: "raw"
    }
  }
}

/// OBJECT FREQ: how often a key is used.
enum ObjectFreqCommand: Command {
  static let spec = CommandSpec(
    "OBJECT|FREQ", since: "4.0.0", group: .generic, arity: 3,
    flags: [.readonly],
    categories: [.keyspace],
    keys: [.range(from: 2, [.readOnly])],
    summary: "Returns the logarithmic counter of accesses that the LFU policies keep.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.object else { return context.reply.null() }
    guard context.keyspace.policy.isLFU else { throw .fixed(noLFU) }
    context.reply.integer(Int(context.keyspace.frequency(of: entry, now: context.now)))
  }

  private static let noLFU: StaticString = """
    ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
    when switching between policies at runtime LRU and LFU data will take some time to adjust.
    """
}

/// OBJECT IDLETIME: how long a key was not used.
enum ObjectIdleTimeCommand: Command {
  static let spec = CommandSpec(
    "OBJECT|IDLETIME", since: "2.2.3", group: .generic, arity: 3,
    flags: [.readonly],
    categories: [.keyspace],
    keys: [.range(from: 2, [.readOnly])],
    summary: "Returns the seconds since a key was last used, about.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output"],
    example: """
      > SET a 1
      OK
      > OBJECT IDLETIME a
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.object else { return context.reply.null() }
    guard !context.keyspace.policy.isLFU else { throw .fixed(isLFU) }
    context.reply.integer(context.keyspace.idleSeconds(of: entry, now: context.now))
  }

  private static let isLFU: StaticString = """
    ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
    switching between policies at runtime LRU and LFU data will take some time to adjust.
    """
}

/// OBJECT REFCOUNT: how many share a value.
enum ObjectRefCountCommand: Command {
  static let spec = CommandSpec(
    "OBJECT|REFCOUNT", since: "2.2.3", group: .generic, arity: 3,
    flags: [.readonly],
    categories: [.keyspace],
    keys: [.range(from: 2, [.readOnly])],
    summary: "Returns the number of references to a value: 1, or 2147483647 for a small integer.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output"],
    example: """
      > SET text hello
      OK
      > OBJECT REFCOUNT text
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.object else { return context.reply.null() }
    context.reply.integer(isSmallInteger(entry, context) ? Int(Int32.max) : 1)
  }

  /// Redis keeps the integers below 10000 once for all keys, unless an eviction policy needs an
  /// access time for each key, and gives them this count. Here they cost no more than any short
  /// string, but who asks is told what Redis tells.
  private static func isSmallInteger(
    _ entry: EntryHandle, _ context: borrowing CommandContext
  ) -> Bool {
    let configuration = context.server.configuration
    let isShared =
      configuration.maxMemory == 0 || !configuration.maxMemoryPolicy.needsAccessTimes
    guard isShared, context.keyspace.type(of: entry) == .string,
      context.keyspace.stringEncoding(of: entry) == .int,
      let value = IntegerText.parseInt64(context.keyspace.string(of: entry))
    else { return false }
    return value >= 0 && value < 10000
  }
}

/// OBJECT HELP: what OBJECT can tell.
enum ObjectHelpCommand: Command {
  static let spec = CommandSpec(
    "OBJECT|HELP", since: "6.2.0", group: .generic, arity: 2,
    flags: [.loading, .stale],
    categories: [.keyspace],
    summary: "Lists the subcommands of OBJECT.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "ENCODING <key>",
      "    Tell in which form the value of <key> is stored.",
      "FREQ <key>",
      "    Tell the logarithmic counter of accesses to <key>; under an LFU policy only.",
      "IDLETIME <key>",
      "    Tell how many seconds ago <key> was last used; not under an LFU policy.",
      "REFCOUNT <key>",
      "    Tell how many references there are to the value of <key>.",
    ])
  }
}
