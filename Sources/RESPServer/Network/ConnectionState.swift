internal import CacheCore
internal import Platform
internal import RESP

/// What a connection is doing, and how it wants to be treated.
struct ConnectionFlags: OptionSet {
  let rawValue: UInt32

  /// To be closed once what has been written is sent.
  static let closesAfterReply = ConnectionFlags(rawValue: 1 << 0)
  /// To be closed as soon as its loop gets to it.
  static let closesNow = ConnectionFlags(rawValue: 1 << 1)
  /// Between MULTI and EXEC.
  static let inTransaction = ConnectionFlags(rawValue: 1 << 2)
  /// A queued command was wrong: EXEC will refuse.
  static let transactionFailed = ConnectionFlags(rawValue: 1 << 3)
  /// Subscribed to something, under RESP2: few commands are allowed.
  static let subscribed = ConnectionFlags(rawValue: 1 << 4)
  /// Fed by MONITOR.
  static let monitors = ConnectionFlags(rawValue: 1 << 5)
  /// Waits for something off the loop; its input stays unread.
  static let blocked = ConnectionFlags(rawValue: 1 << 6)
  /// Held back by CLIENT PAUSE.
  static let paused = ConnectionFlags(rawValue: 1 << 7)
  /// Has yet to authenticate.
  static let unauthenticated = ConnectionFlags(rawValue: 1 << 8)
  /// CLIENT REPLY OFF.
  static let replyOff = ConnectionFlags(rawValue: 1 << 9)
  /// CLIENT REPLY SKIP: no reply to the next command.
  static let replySkipNext = ConnectionFlags(rawValue: 1 << 10)
  /// No reply to the command being executed.
  static let replySkip = ConnectionFlags(rawValue: 1 << 11)
  /// CLIENT NO-TOUCH.
  static let noTouch = ConnectionFlags(rawValue: 1 << 12)
  /// CLIENT NO-EVICT.
  static let noEvict = ConnectionFlags(rawValue: 1 << 13)
  /// Came over the Unix socket.
  static let unixSocket = ConnectionFlags(rawValue: 1 << 14)
  /// epoll does not watch it for reading (blocked, paused, about to be closed).
  static let ignoresRead = ConnectionFlags(rawValue: 1 << 16)
  /// Executes EXEC's commands right now.
  static let executing = ConnectionFlags(rawValue: 1 << 17)
  /// In the loop's list of connections to close.
  static let listedForClosing = ConnectionFlags(rawValue: 1 << 18)
  /// Peer is on this machine.
  static let local = ConnectionFlags(rawValue: 1 << 19)

  /// Has no socket: stands for a client whose command is run again, see `EventLoop.retry`.
  static let retriesCommand = ConnectionFlags(rawValue: 1 << 21)
  /// Its commands must not wait (scripts).
  static let mustNotWait = ConnectionFlags(rawValue: 1 << 22)

  /// Its script runs: it is not read.
  static let runsScript = ConnectionFlags(rawValue: 1 << 24)
  /// Has no socket: stands for a client while its script runs.
  static let isScript = ConnectionFlags(rawValue: 1 << 25)

  /// Its user may not do everything: each command is checked.
  static let restricted = ConnectionFlags(rawValue: 1 << 23)

  /// What it reads is remembered, see `TrackingTable`.
  static let tracksReads = ConnectionFlags(rawValue: 1 << 26)
  /// CLIENT CACHING came before the command that is executed.
  static let cachingGiven = ConnectionFlags(rawValue: 1 << 27)

  /// In the loop's list of connections that were sent messages in this turn.
  static let hasNewMessages = ConnectionFlags(rawValue: 1 << 20)

  /// Its command has changed or read keys that a module wants to settle, see `KeyFollower`.
  static let hasFollowedKeys = ConnectionFlags(rawValue: 1 << 28)

  /// Flags that take a command off the straight path.
  static let needsAttention: ConnectionFlags = [
    .inTransaction, .subscribed, .unauthenticated, .replyOff, .replySkipNext, .replySkip,
    .closesAfterReply, .closesNow, .monitors, .restricted,
    .cachingGiven,
  ]

  /// Flags that stop the execution of what has been read.
  static let stopsInput: ConnectionFlags = [.closesAfterReply, .closesNow, .blocked, .paused]
}

/// What every connection has; the rarer part is in `Session`.
struct ConnectionState {
  /// The client's number (CLIENT ID), never used again.
  let id: Int64
  let fd: FileDescriptor
  /// Place in the loop's table, and how often the place was used, as epoll carries them.
  let slot: UInt32
  let generation: UInt32
  var flags: ConnectionFlags = []
  /// What epoll watches the socket for.
  var watchedEvents: Epoll.Events = .read
  var version: ProtocolVersion = .resp2
  var database = DatabaseIndex(rawValue: 0)
  /// Index of the last command in the table, -1 before the first.
  var lastCommand: Int32 = -1
  /// Cache time in milliseconds.
  let createdAt: Int64
  var lastInteraction: Int64
  var commandCount: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var bytesSent: UInt64 = 0
  /// When its output first exceeded the soft limit, in cache time; 0: it does not.
  var softLimitSince: Int64 = 0
  /// Client memory already counted with the key space.
  var accountedBytes = 0
  var input: UnsafeMutablePointer<PendingInput>?
  var output: UnsafeMutablePointer<OutputQueue>?
  /// Whose connection it is, owned; nil: that of "default".
  var user: Unmanaged<ACLUser>?
  /// Its user's, see there; nil: everything is allowed.
  var permissions: UnsafeMutablePointer<ACLPermissions>?
  /// Owned; made when first needed.
  var session: Unmanaged<Session>?
}

/// A connection's state, passed around by reference. Only its own loop touches it, or whoever has
/// the gate.
struct Connection {
  let state: UnsafeMutablePointer<ConnectionState>

  var id: Int64 { state.pointee.id }

  var flags: ConnectionFlags {
    get { state.pointee.flags }
    nonmutating set { state.pointee.flags = newValue }
  }

  var database: DatabaseIndex {
    get { state.pointee.database }
    nonmutating set { state.pointee.database = newValue }
  }

  /// The rarer part of the state; made when first asked for.
  var session: Session {
    if let session = state.pointee.session { return session.takeUnretainedValue() }
    let session = Session()
    state.pointee.session = Unmanaged.passRetained(session)
    return session
  }

  /// The rarer part of the state, if it was ever needed.
  var existingSession: Session? { state.pointee.session?.takeUnretainedValue() }

  /// Bytes that wait to be sent.
  var outputBytes: Int { state.pointee.output?.pointee.waitingBytes ?? 0 }
}

extension Connection {
  /// The peer's address as CLIENT LIST shows it: "127.0.0.1:50000", or "/path:0".
  var peerName: String {
    if flags.contains(.unixSocket) { return localName }
    return Socket.peerName(of: state.pointee.fd) ?? "?:0"
  }

  /// The own address of the connection.
  var localName: String { Socket.localName(of: state.pointee.fd) ?? "?:0" }
}
