internal import CPostgres

/// A connection to the database as far as its socket goes: opened and closed without waiting, and
/// sending what libpq has gathered. What is said on it is for those who have one.
///
///     closed ──open──▶ connecting ──▶ ready ──▶ closed
///                           └──────────────────────┘
struct DatabaseLink: ~Copyable {
  enum State {
    case closed, connecting, ready
  }

  private(set) var state = State.closed
  /// libpq's connection; nil while closed.
  private(set) var handle: OpaquePointer?
  /// Whether there is something to be sent when the socket can be written.
  private(set) var wantsToWrite = false
  /// Why it is closed, or of no more use.
  private(set) var problem = ""

  deinit {
    if let handle { cpg_close(handle) }
  }

  /// The socket; -1 while there is none.
  var socket: Int32 { handle.map { cpg_socket($0) } ?? -1 }

  /// Begins to connect.
  ///
  /// - Returns: false when it has failed at once, as where nobody listens; `problem` says why.
  mutating func open(_ url: DatabaseURL) -> Bool {
    handle = url.secret.withCString { cpg_connect($0) }
    guard let handle, cpg_has_failed(handle) == 0 else { return fail() }
    state = .connecting
    // libpq's rule: first it waits to be written.
    wantsToWrite = true
    return true
  }

  /// Goes on connecting when the socket is ready for it; `state` says how far it is.
  ///
  /// - Returns: false when it has failed; `problem` says why.
  mutating func connectFurther() -> Bool {
    guard let handle else { return fail() }
    switch Int(cpg_connect_poll(handle)) {
    case Int(CPG_READING): wantsToWrite = false
    case Int(CPG_WRITING): wantsToWrite = true
    case Int(CPG_CONNECTED):
      state = .ready
      wantsToWrite = false
    default: return fail()
    }
    return true
  }

  /// Sends what has gathered, as far as the socket takes it.
  ///
  /// - Returns: false when the connection is of no more use.
  mutating func flush() -> Bool {
    guard let handle else { return false }
    switch cpg_flush(handle) {
    case 1: wantsToWrite = false
    case 2: wantsToWrite = true
    default: return fail()
    }
    return true
  }

  /// Keeps what libpq says is wrong.
  ///
  /// - Returns: false, which says that the connection is of no more use.
  mutating func fail() -> Bool {
    problem = handle.map { String(cString: cpg_problem($0)) } ?? "no memory"
    return false
  }

  mutating func close(_ reason: String) {
    if let handle { cpg_close(handle) }
    handle = nil
    state = .closed
    wantsToWrite = false
    problem = reason
  }
}
