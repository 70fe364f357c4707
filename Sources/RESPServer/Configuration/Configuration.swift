public import CacheCore
internal import Platform

/// Every setting of the server, as plain typed fields.
///
/// A field is read where it is needed, without a lock or a lookup: the server changes the
/// configuration only while all loop threads stand still. What a field is called in `redis.conf`,
/// which values it takes and whether it can change at run time is said once, in the tables of
/// `ConfigurationParameter`. The initial values below are the defaults.
///
/// A parameter has a field when something reads it. The others that Redis 7.2 knows, and those of
/// modules, live in numbered slots: accepted, kept and shown.
///
/// Two defaults differ from Redis: `save` is empty, for a cache need not outlive its process, and
/// `threads` is the number of cores.
public struct Configuration: Sendable {
  // Network.
  public var port = 6379
  public var bindAddresses = ["*", "-::*"]
  public var protectedMode = true
  public var unixSocket = ""
  public var unixSocketPermissions = 0
  public var tcpBacklog = 511
  public var tcpKeepaliveSeconds = 300
  public var timeoutSeconds = 0
  public var clientCountMax = 10000
  public var threads = min(Machine.coreCount, 256)

  // The process.
  public var pidFile = ""
  public var logVerbosity = LogVerbosity.notice
  public var logFile = ""
  public var workingFolder = File.workingFolder
  public var databaseCount = 16
  public var hz = 10
  public var shutdownTimeoutSeconds = 10
  public var shutdownOnSIGINT: ShutdownOptions = []
  public var shutdownOnSIGTERM: ShutdownOptions = []

  // Limits.
  public var protocolBulkBytesMax = 512 << 20
  public var protocolArgumentCountMax = Int(Int32.max)
  public var queryBufferBytesMax = 1 << 30
  public var outputBufferLimits = OutputBufferLimits()
  /// Bytes, or a percentage of `maxMemory` when negative; 0 is no limit.
  public var maxMemoryClients = 0
  public var busyReplyThresholdMilliseconds = 5000
  /// Bytes that each interpreter may hold.
  public var scriptMemoryMax = 512 << 20

  // Memory and eviction.
  /// Bytes; 0 is no limit.
  public var maxMemory = 0
  /// Address space for entries; halved at start until the system grants it.
  public var memoryReserveBytes = 32 << 30
  public var maxMemoryPolicy = EvictionPolicy.noEviction
  public var maxMemorySamples = 5
  public var maxMemoryEvictionTenacity = 10
  public var lfuLogFactor = 10
  public var lfuDecayMinutes = 1
  public var activeExpireEffort = 1
  public var lazyEviction = false
  public var lazyExpire = false
  public var lazyServerDelete = false
  public var lazyUserDelete = false
  public var lazyUserFlush = false

  // Encodings.
  public var hashListpackEntriesMax = 512
  public var hashListpackValueBytesMax = 64
  /// Entries when positive, a size class of 4 KB to 64 KB when -1 to -5.
  public var listListpackSize = -2
  public var listCompressDepth = 0
  public var setIntsetEntriesMax = 512
  public var setListpackEntriesMax = 128
  public var setListpackValueBytesMax = 64
  public var sortedSetListpackEntriesMax = 128
  public var sortedSetListpackValueBytesMax = 64
  public var streamNodeBytesMax = 4096
  public var streamNodeEntriesMax = 100
  public var hyperLogLogSparseBytesMax = 3000
  /// Whether DUMP compresses long strings.
  public var compressesPayloads = true

  // Security.
  public var requirePassword = ""
  public var aclFile = ""
  public var aclPubSubDefault = PubSubDefault.resetchannels
  public var aclLogLengthMax = 128
  public var enableProtectedConfigurations = ProtectedAction.no
  public var enableDebugCommand = ProtectedAction.no
  public var enableModuleCommand = ProtectedAction.no
  public var sanitizeDumpPayload = PayloadChecking.no

  // Observation.
  public var notifyKeyspaceEvents: KeyspaceEvents = []
  /// Microseconds; negative logs nothing, 0 everything.
  public var slowLogMicroseconds = 10000
  public var slowLogLengthMax = 128
  public var latencyMonitorMilliseconds = 0
  public var latencyTracking = true
  public var latencyPercentiles: [Double] = [50, 99, 99.9]
  public var trackingTableKeysMax = 1_000_000

  // Persistence and replication: stored and checked, without effect so far.
  public var savePoints: [SavePoint] = []
  public var databaseFilename = "dump.rdb"
  public var appendOnly = false
  public var appendSync = AppendSync.everysec
  public var replicationSource: ReplicationSource?
  public var oomScoreAdjustments = [0, 200, 800]

  /// The file the configuration was read from, as an absolute path; nil when there is none.
  public var file: String?

  /// The arguments of each `user` directive, the word "user" excluded, in order.
  public var users: [[String]] = []

  /// Commands to rename, in order; an empty new name removes the command.
  public var renamedCommands: [RenamedCommand] = []

  /// Values of the parameters without a field, in the order of the registry.
  var slots: [ConfigurationValue] = []

  /// Whether `savePoints` are still those it started with: the first `save` line of a file
  /// replaces them, later ones add.
  var hasDefaultSavePoints = true

  /// The defaults, without slots. Use `ConfigurationRegistry.defaults`.
  init() {}

  /// The value of a parameter that a module registered.
  public subscript(slot: ConfigurationSlot) -> ConfigurationValue { slots[slot.index] }
}

/// A `rename-command` directive.
public struct RenamedCommand: Equatable, Sendable {
  /// What it was called, and is now; empty: it is gone.
  public let name: String
  /// Empty to remove the command.
  public let newName: String
}

/// Names a value that has no field of its own.
public struct ConfigurationSlot: Equatable, Sendable {
  let index: Int
}

/// The value of a parameter in its parsed form.
public enum ConfigurationValue: Equatable, Sendable {
  case boolean(Bool)
  /// Numbers, bytes, and sets of words as bits.
  case integer(Int)
  /// Texts, and words of a choice.
  case text(String)

  /// The Boolean, or false.
  public var boolean: Bool { if case .boolean(let value) = self { value } else { false } }

  /// The number, or 0.
  public var integer: Int { if case .integer(let value) = self { value } else { 0 } }

  /// The text, or the empty one.
  public var text: String { if case .text(let value) = self { value } else { "" } }
}
