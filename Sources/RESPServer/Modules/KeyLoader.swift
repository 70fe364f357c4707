public import Bytes
public import CacheCore
public import RESP

/// A module that fetches keys when they are read: what a read-only command does not find, or finds
/// to be old, is got from somewhere else first.
///
/// A module has one by answering it from `ServerModule.keyLoader`. It is asked before every command
/// that names keys, on the command's loop, wherever the command comes from: a client, EXEC, a
/// script. So a rule about who may see a key belongs here too, and holds everywhere.
///
///     func admit(_ context: borrowing CommandContext) throws(CommandError) -> Bool {
///       guard isMissing(context.key), context.mayRunAgain else { return true }
///       let client = context.waitToRunAgain(timeoutMilliseconds: 5000)
///       fetch(context.key) { client.runAgain() }                   // from any thread
///       return false
///     }
///
/// Without a loader every command pays one test of a flag.
public protocol KeyLoader: AnyObject, Sendable {
  /// Decides about a command before it runs.
  ///
  /// `context.holdsKeys` says whether the keys' shards are locked: only then may the key space be
  /// looked at. The command's reply has not begun.
  ///
  /// - Returns: whether it runs now; false: `waitToRunAgain` was called.
  /// - Throws: what the client is told instead.
  func admit(_ context: borrowing CommandContext) throws(CommandError) -> Bool

  /// The deadline that TTL and its kin show for a key whose own deadline is `expiry`, in cache
  /// milliseconds: a value that is kept as a reserve after its time shows its time.
  func shownExpiry(_ expiry: Int64, of key: ByteView, in database: DatabaseIndex) -> Int64

  /// Whether a key is one that it fetches, and may have rules about.
  func fetches(_ key: ByteView, in database: DatabaseIndex) -> Bool

  /// Whether the client's user may not read all keys whatever their name, so that commands which
  /// make names up while they run (SORT with BY and GET) are refused.
  func hidesKeys(from context: borrowing CommandContext) -> Bool
}

extension CommandContext {
  /// Whether the command's keys are locked.
  public var holdsKeys: Bool {
    switch entry.pointee.access {
    case .keys, .exclusive: true
    case .none, .selfLocking: false
    }
  }

  /// Whether the command changes nothing.
  public var isReadOnly: Bool { entry.pointee.flags.contains(.readonly) }

  /// The user that the client is logged in as, "default" unless it is another.
  public var userName: [UInt8] { connection.ownUser?.name ?? ACLRegistry.defaultName }

  /// Whether `waitToRunAgain` may be called: not inside EXEC and scripts, nor for a client that
  /// has waited for a key already.
  public var mayRunAgain: Bool {
    connection.flags.isDisjoint(with: [.executing, .mustNotWait, .retriesCommand])
  }

  /// How often the command has been held back and run again already.
  public var rerunCount: Int { loop.state.pointee.rerunCount }

  /// Lets the client wait until `BlockedClient.runAgain` is called from any thread: then its
  /// command runs from the beginning, admission included.
  ///
  /// Pipelined requests behind it wait, so replies keep their order.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: more than 0; how long it waits at most.
  ///   - onTimeout: writes the reply when the time is up.
  public func waitToRunAgain(
    timeoutMilliseconds: Int64, onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void
  ) -> BlockedClient {
    precondition(mayRunAgain && timeoutMilliseconds > 0)
    let rerun = Rerun(
      entry: SendableEntry(pointer: entry), request: KeptRequest(copying: arguments),
      flags: connection.flags.intersection([.cachingGiven, .replySkip]), count: rerunCount + 1)
    return block(
      timeoutMilliseconds: timeoutMilliseconds, keyWait: nil, rerun: rerun,
      onTimeout: onTimeout, onCancel: nil)
  }

  /// Evicts until there is room for more.
  ///
  /// For steps of a module's own work (`LoopTask` without keys), which no dispatcher has checked.
  /// No shard may be locked.
  ///
  /// - Throws: OOM when nothing can be evicted.
  public func makeRoom() throws(CommandError) {
    guard !loop.hasRoom() else { return }
    guard keyspace.makeRoom(worker: loop.state.pointee.index, now: now) else { throw .outOfMemory }
  }

  /// The deadline that is shown for one that an entry has.
  func shown(_ expiry: Int64, of key: HashedKey) -> Int64 {
    guard server.state.pointee.hasKeyLoader, let loader = server.state.pointee.keyLoader else {
      return expiry
    }
    return loader.shownExpiry(expiry, of: key.bytes, in: database)
  }

  /// Whether a loader has the say over a key, so that it is to be read by commands only, which ask
  /// the loader first.
  public func isFetched(_ key: HashedKey) -> Bool {
    server.state.pointee.keyLoader?.fetches(key.bytes, in: database) ?? false
  }

  /// Whether a loader keeps some keys from the client's user.
  var hasHiddenKeys: Bool {
    server.state.pointee.keyLoader?.hidesKeys(from: self) ?? false
  }
}

/// What a command needs to be run from the beginning on its client's own connection.
struct Rerun: Sendable {
  let entry: SendableEntry
  let request: KeptRequest
  /// Those flags of the connection that are about this one command.
  let flags: ConnectionFlags
  /// How often it has been run again then, this time included.
  let count: Int
}

extension BlockedClient {
  /// Runs the command again that `waitToRunAgain` has held back, soon, on the client's loop. Calls
  /// after the first do nothing, nor do calls for a client that waits no longer.
  public func runAgain() {
    guard rerun != nil, take() else { return }
    post { loop in loop.runAgain(self) }
  }
}

extension EventLoop {
  /// Asks the loader whether a command may run now; if not, the reply is written or will come.
  @inline(never)
  func admit(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, keyCount: Int,
    of connection: Connection
  ) -> Bool {
    guard let loader = server.state.pointee.keyLoader else { return true }
    var keyCount = keyCount
    switch entry.pointee.access {
    case .keys, .exclusive: break
    // The command itself finds its keys later.
    case .none, .selfLocking: keyCount = collectAllKeys(entry, arguments)
    }
    guard keyCount > 0 else { return true }
    let context = CommandContext(
      loop: self, server: server, connection: connection, entry: entry, arguments: arguments,
      now: state.pointee.now, keyBase: state.pointee.keyBuffer, keyCount: keyCount)
    do throws(CommandError) {
      return try loader.admit(context)
    } catch {
      write(error)
      return false
    }
  }

  /// Runs a held-back command on its client's connection, which waits no longer.
  fileprivate func runAgain(_ blocked: BlockedClient) {
    guard let rerun = blocked.rerun, let connection = connection(ofClient: blocked.client) else {
      return
    }
    let entry = rerun.entry.pointer
    let mark = replyMark()
    let errorsBefore = state.pointee.errorReplies
    let caller = state.pointee.caller
    state.pointee.caller = blocked.client
    state.pointee.rerunCount = rerun.count
    beginTiming()
    connection.flags.formUnion(rerun.flags)
    do throws(CommandError) {
      // Rights may have changed since.
      try check(entry, rerun.request.arguments, of: connection)
      runLocked(entry, rerun.request.arguments, hash: nil, of: connection)
    } catch {
      write(error)
    }
    connection.flags.subtract(rerun.flags)
    state.pointee.caller = caller
    state.pointee.rerunCount = 0
    let nanoseconds = countRetry(entry, failed: state.pointee.errorReplies != errorsBefore)
    if state.pointee.hasTrackingWork { finishTracking(of: connection) }
    if rerun.flags.contains(.replySkip) { withdrawReply(to: mark) }
    if nanoseconds >= server.state.pointee.slowNanoseconds {
      noteSlow(entry, rerun.request.arguments, nanoseconds: nanoseconds, of: connection)
    }
  }
}

extension Server {
  /// Takes the modules' loader into use, or out of it. The caller has the gate, or no loop runs.
  func updateKeyLoader() {
    var loader: (any KeyLoader)?
    for module in state.pointee.modules {
      guard let own = module.keyLoader else { continue }
      precondition(loader == nil, "two modules load keys")
      loader = own
    }
    state.pointee.keyLoader = loader
    state.pointee.hasKeyLoader = loader != nil
  }
}
