internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// A request that has been parsed and waits for its turn in the batch.
struct ParsedRequest {
  /// Where its arguments start in the store, and how many there are.
  var firstArgument: Int
  var argumentCount: Int
  /// Where it ends in the buffer.
  var end: Int
  /// Nil: no such command.
  var entry: UnsafePointer<CommandEntry>?
  /// The hash of its first key, if `hasKey`.
  var hash: KeyHash
  var hasKey: Bool
  /// Where that key's bucket is being loaded from.
  var bucket: PrefetchedBucket
}

/// The command that was named last: clients name the same one over and over.
///
/// Names of up to seven bytes are compared as they came, as one number with their length in front.
/// That is a quarter of the instructions of asking the command table, which knows no upper case.
struct LastNamedCommand {
  private var word: UInt64 = 0
  private(set) var entry: UnsafePointer<CommandEntry>?

  /// The name as a number; 0 where it is longer, or too close to the end of readable memory.
  @inline(__always)
  static func word(_ name: ByteView, readableBytes: Int) -> UInt64 {
    guard name.count <= 7, readableBytes >= 8 else { return 0 }
    let raw = UnsafeRawPointer(name.base).loadUnaligned(as: UInt64.self).littleEndian
    let length = UInt64(truncatingIfNeeded: name.count)
    return raw & (1 &<< (length &* 8) &- 1) | length &<< 56
  }

  /// Whether it was named by this word.
  @inline(__always)
  func isNamed(_ word: UInt64) -> Bool { word != 0 && word == self.word }

  @inline(__always)
  mutating func remember(_ word: UInt64, _ entry: UnsafePointer<CommandEntry>?) {
    self.word = word
    self.entry = entry
  }
}

/// Counters of one loop; others read them with the gate held.
struct LoopCounters {
  var commands: UInt64 = 0
  var connections: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var bytesSent: UInt64 = 0
  /// Changes of keys since the start.
  var changes: UInt64 = 0
  var protocolErrors: UInt64 = 0
  var authenticationErrors: UInt64 = 0
  /// Commands that a user's rights did not allow, by what was not allowed.
  var deniedCommands: UInt64 = 0
  var deniedKeys: UInt64 = 0
  var deniedChannels: UInt64 = 0
  var queryBufferClosings: UInt64 = 0
  var outputBufferClosings: UInt64 = 0
  var turns: UInt64 = 0
  /// Reads and writes of sockets that moved something.
  var reads: UInt64 = 0
  var writes: UInt64 = 0
  var batches: UInt64 = 0
  /// Listpacks and such of RESTORE's payloads that were checked element by element.
  var checkedBlocks: UInt64 = 0
}

/// One command's statistics on one loop.
struct CommandStatistics {
  var calls: UInt64 = 0
  var nanoseconds: UInt64 = 0
  /// Refused before they ran (arity, authentication, memory).
  var rejected: UInt64 = 0
  /// Answered with an error.
  var failed: UInt64 = 0
  /// Made at the first call.
  var histogram: UnsafeMutablePointer<LatencyHistogram>?
}

/// What other loops change, too, with the gate held. Not in the loop's own state, of which the loop
/// changes parts without the gate: one variable must not be changed by two threads in any part.
struct GuardedLoopState {
  /// Errors by their code, for INFO errorstats.
  var errorCounts: [String: UInt64] = [:]
  var rates = RateSampler()
  /// Runs the loop's scripts; made when first needed.
  var scripts: ScriptEngine?
}

/// A loop: a thread, its epoll, its connections, and the buffers they share.
struct EventLoopState: ~Copyable {
  /// Requests that are parsed, hashed and prefetched together. With 16 the entries of the last
  /// have arrived when the first is done; 64 gained nothing (design measurements).
  static let batchSize = 16
  /// Bytes read from a socket at once.
  static let readBufferSize = 64 * 1024
  /// Room behind the read buffer, so that eight bytes can be loaded anywhere in it.
  static let readBufferSlack = 64
  /// Replies are sent once so many bytes have gathered, even before the input is used up.
  static let flushThreshold = 256 * 1024

  let index: Int
  let server: Server
  let epoll: Epoll
  let inbox: Inbox

  /// Cache time in milliseconds, as of this turn or batch.
  var now: Int64 = 0
  /// The tick counter when `now` was read.
  var clockTicks: UInt64 = 0
  /// The tick counter when the last command ended.
  var ticks: UInt64 = 0

  var writer = ReplyWriter(capacity: 64 * 1024)
  var store = ArgumentStore(capacity: 1024)
  var readBuffer: UnsafeMutablePointer<UInt8>
  var requests: UnsafeMutablePointer<ParsedRequest>
  var lastNamed = LastNamedCommand()
  var keyBuffer: UnsafeMutablePointer<HashedKey>
  var keyCapacity = 64
  /// Names of keys that templates have made, for those in the key buffer.
  var madeNames = MadeNames()

  /// Whether the present command's reply is sent whatever CLIENT REPLY says.
  var keepsReply = false
  /// The client whose requests are being executed, or for which a blocked command runs again; 0:
  /// what happens now is nobody's doing.
  var caller: Int64 = 0
  /// How often the command that runs was held back by a module's loader, see `Rerun`.
  var rerunCount = 0
  /// Bytes in the read buffer, for CLIENT LIST.
  var inputBytes = 0
  /// The connection whose command runs; its blobs may be adopted when `blobsAreAdoptable`.
  var blobsAreAdoptable = false
  /// When keys are due next, as of the last wait.
  var nextExpiry = Int64.max
  /// Whether anything happened since the last housekeeping of an idle loop.
  var wasActive = true
  /// Whether the key space asked for more housekeeping.
  var hasMoreUpkeep = false
  /// Whether EXEC holds the locks of all keys of the commands it runs.
  var holdsLocks = false
  /// Whether the last EXEC got as far as running what was queued.
  var didExecute = false
  /// Arguments that the slow log must not show of the command that runs.
  var redaction = Redaction()
  /// Error replies written so far.
  var errorReplies: UInt64 = 0
  /// Arguments of the transaction that is being executed.
  var transactionStore = ArgumentStore(capacity: 64)
  /// Whether this loop holds the gate.
  var holdsGate = false
  /// Whether it goes on beside a slow script that holds it, see `Gate`.
  var isAside = false
  /// Whether clients are answered while a script of this loop runs.
  var isAnsweringBusy = false
  /// Messages that have to wait for a slow script's end.
  var deferred: [InboxMessage] = []
  /// Stands for the client whose script runs; made when first needed.
  var scriptProxy: UnsafeMutablePointer<ConnectionState>?
  /// Whether the last script ended with an error.
  var scriptFailed = false

  /// See `Inbox.urgent`.
  let urgent: UnsafeMutablePointer<UrgentFlag>
  /// Invalidations that the caller has caused itself: they go out behind its reply.
  var ownInvalidations: [(PushMessage, TrackingClient)] = []
  /// Whether there are any, or tracked keys too many: one byte to look at after each command.
  var hasTrackingWork = false
  /// Keys that have changed, with the client that did it, and are to be broadcast.
  var broadcasts: [[UInt8]: Int64] = [:]
  var hasBroadcasts = false
  /// Whether a command of the script that runs has read something.
  var scriptHasRead = false

  /// Keys waited for that commands of this loop have changed, see `KeyWaiters`.
  var readyKeys: [WaitedKey] = []
  /// Whether there are any: one byte to look at after each command.
  var hasReadyKeys = false
  /// Whether a command that is run again has asked to go on waiting.
  var wantsToWait = false
  /// Stands for the clients whose commands are run again; made when first needed.
  var retrier: UnsafeMutablePointer<ConnectionState>?
  /// Stands for nobody, in work that goes on after its command; made when first needed.
  var worker: UnsafeMutablePointer<ConnectionState>?

  /// What modules settle when the command that runs has ended.
  var followedKeys = FollowedKeys()

  /// Connections by slot; free slots are nil and listed in `freeSlots`.
  var slots: [UnsafeMutablePointer<ConnectionState>?] = []
  var generations: [UInt32] = []
  var freeSlots: [UInt32] = []
  var slotOfClient: [Int64: UInt32] = [:]
  var closing: [Connection] = []
  /// Connections that were sent messages in this turn.
  var messaged: [Connection] = []
  /// Connections held back by CLIENT PAUSE.
  var paused: [Int64] = []

  /// Whether all clients together were found to hold too much.
  var wantsClientEviction = false

  var timers = TimerQueue()
  /// From how many timers on those that have become pointless are looked for.
  var timerSweepThreshold = 1024
  /// When idle clients are looked for next.
  var idleCheckAt: Int64 = 0
  var counters = LoopCounters()
  let commandStatistics: UnsafeMutablePointer<CommandStatistics>
  let guarded: UnsafeMutablePointer<GuardedLoopState>

  /// Only loop 0 has these.
  var listeners: [Listener] = []
  var signals: SignalSource?
  var nextAcceptor = 0
  /// Given up to refuse a connection when there are no descriptors left.
  var spareDescriptor: FileDescriptor?

  init(index: Int, server: Server, inbox: Inbox, commandCount: Int) throws(Errno) {
    self.index = index
    self.server = server
    self.inbox = inbox
    urgent = inbox.urgent
    epoll = try Epoll(capacity: 256)
    readBuffer = .allocate(capacity: Self.readBufferSize + Self.readBufferSlack)
    requests = .allocate(capacity: Self.batchSize)
    keyBuffer = .allocate(capacity: keyCapacity)
    guarded = .allocate(capacity: 1)
    guarded.initialize(to: GuardedLoopState())
    commandStatistics = .allocate(capacity: commandCount)
    commandStatistics.initialize(repeating: CommandStatistics(), count: commandCount)
  }
}

/// A loop's state, passed around by reference. Only its own thread touches it, or whoever has the
/// gate.
struct EventLoop: @unchecked Sendable {
  let state: UnsafeMutablePointer<EventLoopState>

  var index: Int { state.pointee.index }
  var server: Server { state.pointee.server }

  /// What other loops change, too. By this way changing it is no access to the state itself.
  var guarded: UnsafeMutablePointer<GuardedLoopState> { state.pointee.guarded }

  /// The connection of a client, if it is on this loop and still there.
  func connection(ofClient id: Int64) -> Connection? {
    guard let slot = state.pointee.slotOfClient[id] else { return nil }
    return state.pointee.slots[Int(slot)].map { Connection(state: $0) }
  }

  /// Calls `body` with every connection.
  func forEachConnection(_ body: (Connection) -> Void) {
    for slot in 0..<state.pointee.slots.count {
      if let connection = state.pointee.slots[slot] { body(Connection(state: connection)) }
    }
  }
}
