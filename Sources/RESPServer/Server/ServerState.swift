internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import Synchronization

/// What all loops share.
///
/// Three kinds of state stand here. What the hot path reads is fixed at start or changed only with
/// the gate held, so it is read without locks. What threads change side by side is atomic or guards
/// itself. The rest (`let` references to classes) is the control plane, off the hot path.
struct ServerState: ~Copyable {
  /// Stands first: changing one part counts as touching the first, and nobody reads the settings
  /// without the gate or a batch.
  var configuration: Configuration
  var keyspace: Keyspace
  /// Changed only with the gate held.
  let registry: ConfigurationRegistry
  let commands: CommandTable
  let gate: Gate
  let ticks: TickCounter
  let clock: ServerClock
  /// A quarter of a millisecond, see `EventLoop.beginTiming`.
  let clockRefreshTicks: UInt64

  let loops: UnsafeMutablePointer<EventLoopState>
  let loopCount: Int
  /// The loops' letter boxes, for threads that are no loops.
  let inboxes: [Inbox]

  /// Whether commands must take the long way through the dispatcher: somebody monitors, or
  /// clients are paused. Changed with the gate held.
  var needsCare = false
  /// Commands that take at least so long are looked at by the slow log and the latency monitor.
  var slowNanoseconds = UInt64.max
  /// `notify-keyspace-events`; changed with the gate held.
  var keyspaceEvents: KeyspaceEvents = []
  /// Whether loops remove due keys that nobody asks for; see `Server.setExpiresActively`. Read by
  /// loops that go to sleep.
  let expiresActively = Atomic<Bool>(true)
  /// The identity of the data set for replicas; changed with the gate held.
  var replicationID: String
  /// CLIENT PAUSE; changed with the gate held.
  var pause = PauseState()
  /// Whether due keys stay where they are, unseen, because clients are paused. Changed with the
  /// gate held, read by loops that go to sleep.
  let holdsExpiry = Atomic<Bool>(false)

  /// Elements of lists of so many bytes stand alone, for tests; 0: those too large for a node.
  /// Changed with the gate held.
  var listPlainBytesMin = 0
  /// Whether RESTORE takes payloads with a wrong checksum, for tests. Changed with the gate held.
  var skipsChecksums = false

  let acl: ACLRegistry
  let tracking = TrackingTable()
  /// Whether any client tracks; changed with the gate held.
  var tracksKeys = false
  /// Whether somebody follows changes: clients that track, or modules. Where modules begin to, the
  /// key's shard is locked (see `ModuleHost.followKeys`), so the load may be relaxed.
  let followsChanges = Atomic<Bool>(false)
  /// Whether modules hear of reads, and see writing commands before they run; changed with the gate
  /// held.
  var followsReads = false
  var examinesWrites = false
  let keyFollowers: [any KeyFollower]
  let watches: WatchRegistry
  let waiters = KeyWaiters()
  let migrator = Migrator()
  let scripts = ScriptCache()
  /// Touched with the gate held only.
  var functions: FunctionStore?
  let runningScript = RunningScript()
  /// Whether scripts may not run commands that are not for scripts (DEBUG
  /// SET-DISABLE-DENY-SCRIPTS); changed with the gate held.
  var deniesScripts = true
  let hub: PubSubHub
  let monitors: MonitorList
  let slowLog: SlowLog
  let latency: LatencyMonitor
  let modules: [any ServerModule]
  /// What fetches keys that are read, and whether there is one; changed with the gate held.
  var keyLoader: (any KeyLoader)?
  var hasKeyLoader = false
  let log: Logger
  let identity: ServerIdentity

  let nextClientID = Atomic<Int64>(1)
  let clientCount = Atomic<Int>(0)
  let blockedCount = Atomic<Int>(0)
  /// Bytes that all connections hold.
  let clientBytes = Atomic<Int>(0)
  /// Set once by SHUTDOWN or a signal; every loop ends at its next turn.
  let stopping = Atomic<Bool>(false)

  /// What CONFIG SET loglevel changes.
  var logThreshold: LogThreshold?

  /// Counters of the server as a whole; changed with the gate held, or by loop 0.
  var statistics = ServerStatistics()
}

/// Counters that no loop owns.
struct ServerStatistics {
  var rejectedConnections: UInt64 = 0
  /// Closed because of `maxmemory-clients`.
  var evictedClients: UInt64 = 0
  var peakMemory = 0
  /// Memory used when the server was ready.
  var startupMemory = 0
  /// What the loops had counted when CONFIG RESETSTAT was called.
  var countersAtReset = LoopCounters()
  var errorRepliesAtReset: UInt64 = 0
}

/// What stays the same for the life of the process.
struct ServerIdentity {
  let runID: String
  let startedAt: Int64
  let processID: Int32
  let executablePath: String
  var configurationPath: String?
}

/// The shared state, passed around by reference.
struct Server: @unchecked Sendable {
  let state: UnsafeMutablePointer<ServerState>

  /// The present configuration, plain to read inside a batch.
  var configuration: Configuration {
    _read { yield state.pointee.configuration }
  }

  var log: Logger { state.pointee.log }

  /// The loop at `index`.
  func loop(_ index: Int) -> EventLoop {
    precondition(index >= 0 && index < state.pointee.loopCount)
    return EventLoop(state: state.pointee.loops + index)
  }

  /// Calls `body` with every loop; the caller has the gate, or only reads what is atomic.
  func forEachLoop(_ body: (EventLoop) -> Void) {
    for index in 0..<state.pointee.loopCount { body(loop(index)) }
  }

  /// Calls `body` with every connection of every loop. The caller has the gate.
  func forEachConnection(_ body: (Connection, EventLoop) -> Void) {
    forEachLoop { loop in loop.forEachConnection { body($0, loop) } }
  }
}
