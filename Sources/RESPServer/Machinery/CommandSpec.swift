internal import Bytes
internal import CacheCore
internal import RESP

/// Everything that can be said about a command without running it.
public struct CommandSpec: Sendable {
  /// The wire name in capitals; a subcommand's container stands before it: "CLIENT|KILL".
  public var name: String
  /// One line on what the command does.
  public var summary: String
  /// The Redis version that brought it (or Wingcache's for our own).
  public var since: String
  public var group: CommandGroup
  /// Number of arguments with the name (and the subcommand's); negative: at least so many.
  public var arity: Int
  public var flags: CommandFlags
  /// Categories that do not follow from the flags and the group.
  public var categories: ACLCategories
  /// Names of further categories, without "@" and in lower case: a module may bring its own.
  public var ownCategories: [String]
  /// Where the keys stand.
  public var keys: [KeySpec]
  /// What the command needs of the key space.
  public var access: KeyspaceAccess
  public var complexity: String
  public var arguments: [ArgumentSpec]
  /// Hints for clients and proxies, such as "nondeterministic_output".
  public var tips: [String]
  /// Versions that changed it, each with what changed.
  public var history: [(version: String, change: String)]
  /// The version since which `replacement` is preferred.
  public var deprecatedSince: String?
  public var replacement: String?
  /// A dialogue as in redis-cli, run as a test. Lines starting with "> " are typed.
  public var example: String

  public init(
    _ name: String, since: String, group: CommandGroup, arity: Int, flags: CommandFlags = [],
    categories: ACLCategories = [], ownCategories: [String] = [], keys: [KeySpec] = [],
    access: KeyspaceAccess? = nil,
    summary: String, complexity: String, arguments: [ArgumentSpec] = [], tips: [String] = [],
    history: [(version: String, change: String)] = [], deprecatedSince: String? = nil,
    replacement: String? = nil, example: String = ""
  ) {
    self.name = name
    self.since = since
    self.group = group
    self.arity = arity
    self.flags = flags
    self.categories = categories
    self.ownCategories = ownCategories
    self.keys = keys
    self.access = access ?? (keys.isEmpty ? .none : .keys)
    self.summary = summary
    self.complexity = complexity
    self.arguments = arguments
    self.tips = tips
    self.history = history
    self.deprecatedSince = deprecatedSince
    self.replacement = replacement
    self.example = example
  }
}

/// What a command needs of the key space while it runs.
public enum KeyspaceAccess: Sendable {
  /// Nothing.
  case none
  /// It takes shard locks by itself, one at a time (SCAN); inside EXEC it gets everything.
  case selfLocking
  /// The shards of its keys, locked together in index order.
  case keys
  /// Everything: all other loops stand still at a batch border meanwhile.
  case exclusive
}

/// The groups of Redis's documentation, and ours.
public enum CommandGroup: String, Sendable, CaseIterable {
  case string, bitmap, generic, connection, transactions, pubsub, server, scripting
  case list, hash, set
  case sortedSet = "sorted-set"
  case stream, geo, hyperloglog, cluster, sentinel
  case module, coach, cache
}

/// The flags of COMMAND INFO.
public struct CommandFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let write = CommandFlags(rawValue: 1 << 0)
  public static let readonly = CommandFlags(rawValue: 1 << 1)
  /// May be refused when memory is short.
  public static let denyOOM = CommandFlags(rawValue: 1 << 2)
  public static let module = CommandFlags(rawValue: 1 << 3)
  public static let admin = CommandFlags(rawValue: 1 << 4)
  public static let pubsub = CommandFlags(rawValue: 1 << 5)
  public static let noScript = CommandFlags(rawValue: 1 << 6)
  public static let blocking = CommandFlags(rawValue: 1 << 7)
  public static let loading = CommandFlags(rawValue: 1 << 8)
  public static let stale = CommandFlags(rawValue: 1 << 9)
  public static let skipMonitor = CommandFlags(rawValue: 1 << 10)
  public static let skipSlowlog = CommandFlags(rawValue: 1 << 11)
  public static let asking = CommandFlags(rawValue: 1 << 12)
  public static let fast = CommandFlags(rawValue: 1 << 13)
  /// Runs before AUTH.
  public static let noAuth = CommandFlags(rawValue: 1 << 14)
  public static let mayReplicate = CommandFlags(rawValue: 1 << 15)
  /// Keys are optional.
  public static let noMandatoryKeys = CommandFlags(rawValue: 1 << 16)
  /// Off unless the configuration allows it (DEBUG).
  public static let protected = CommandFlags(rawValue: 1 << 17)
  /// Keys cannot be told from the arguments' positions alone.
  public static let movableKeys = CommandFlags(rawValue: 1 << 18)
  public static let allowBusy = CommandFlags(rawValue: 1 << 19)
  public static let noMulti = CommandFlags(rawValue: 1 << 20)
  public static let noAsyncLoading = CommandFlags(rawValue: 1 << 21)
  public static let touchesArbitraryKeys = CommandFlags(rawValue: 1 << 22)
  /// Changes keys of any name, so that it takes the right to write them all; ours, and not printed.
  public static let writesEveryKey = CommandFlags(rawValue: 1 << 23)

  /// The names as COMMAND INFO prints them, in Redis's order.
  public static let names: [(CommandFlags, String)] = [
    (.write, "write"), (.readonly, "readonly"), (.denyOOM, "denyoom"), (.module, "module"),
    (.admin, "admin"), (.pubsub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"),
    (.loading, "loading"), (.stale, "stale"), (.skipMonitor, "skip_monitor"),
    (.skipSlowlog, "skip_slowlog"), (.asking, "asking"), (.fast, "fast"), (.noAuth, "no_auth"),
    (.mayReplicate, "may_replicate"), (.protected, "protected"),
    (.movableKeys, "movablekeys"), (.allowBusy, "allow_busy"), (.noMulti, "no_multi"),
    (.noAsyncLoading, "no_async_loading"), (.touchesArbitraryKeys, "touches_arbitrary_keys"),
    (.noMandatoryKeys, "no_mandatory_keys"),
  ]
}

/// The categories of ACL rules.
public struct ACLCategories: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let keyspace = ACLCategories(rawValue: 1 << 0)
  public static let read = ACLCategories(rawValue: 1 << 1)
  public static let write = ACLCategories(rawValue: 1 << 2)
  public static let set = ACLCategories(rawValue: 1 << 3)
  public static let sortedSet = ACLCategories(rawValue: 1 << 4)
  public static let list = ACLCategories(rawValue: 1 << 5)
  public static let hash = ACLCategories(rawValue: 1 << 6)
  public static let string = ACLCategories(rawValue: 1 << 7)
  public static let bitmap = ACLCategories(rawValue: 1 << 8)
  public static let hyperloglog = ACLCategories(rawValue: 1 << 9)
  public static let geo = ACLCategories(rawValue: 1 << 10)
  public static let stream = ACLCategories(rawValue: 1 << 11)
  public static let pubsub = ACLCategories(rawValue: 1 << 12)
  public static let admin = ACLCategories(rawValue: 1 << 13)
  public static let fast = ACLCategories(rawValue: 1 << 14)
  public static let slow = ACLCategories(rawValue: 1 << 15)
  public static let blocking = ACLCategories(rawValue: 1 << 16)
  public static let dangerous = ACLCategories(rawValue: 1 << 17)
  public static let connection = ACLCategories(rawValue: 1 << 18)
  public static let transaction = ACLCategories(rawValue: 1 << 19)
  public static let scripting = ACLCategories(rawValue: 1 << 20)

  /// The names without the leading @, in Redis's order.
  public static let names: [(ACLCategories, String)] = [
    (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"),
    (.sortedSet, "sortedset"), (.list, "list"), (.hash, "hash"), (.string, "string"),
    (.bitmap, "bitmap"), (.hyperloglog, "hyperloglog"), (.geo, "geo"), (.stream, "stream"),
    (.pubsub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
    (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
    (.transaction, "transaction"), (.scripting, "scripting"),
  ]
}

extension CommandSpec {
  /// All categories: those given, and those that follow from the flags.
  public var allCategories: ACLCategories {
    var all = categories
    if flags.contains(.write) { all.insert(.write) }
    // Redis keeps @read for commands on data, not for those of scripts and connections.
    if flags.contains(.readonly), !all.contains(.scripting) { all.insert(.read) }
    if flags.contains(.admin) { all.formUnion([.admin, .dangerous]) }
    if flags.contains(.pubsub) { all.insert(.pubsub) }
    if flags.contains(.blocking) { all.insert(.blocking) }
    all.insert(flags.contains(.fast) ? .fast : .slow)
    return all
  }

  /// The names of all categories, Redis's first, without "@".
  public var categoryNames: [String] {
    let all = allCategories
    return ACLCategories.names.filter { all.contains($0.0) }.map(\.1) + ownCategories
  }

  /// The name of the container in front of "|", or the whole name.
  public var containerName: String {
    name.split(separator: "|", maxSplits: 1).first.map(String.init) ?? name
  }

  /// The subcommand's own name, nil for a command that is none.
  public var subcommandName: String? {
    let parts = name.split(separator: "|", maxSplits: 1)
    return parts.count == 2 ? String(parts[1]) : nil
  }
}
