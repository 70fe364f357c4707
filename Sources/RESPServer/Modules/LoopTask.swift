internal import Bytes
public import CacheCore
internal import RESP

/// The way back to the key space for work that left its command: on another thread, or in steps
/// that let others go first.
///
/// A command takes one with `CommandContext.task()` before it returns, usually together with
/// `block()`. Any thread may then call `perform`: the body runs on the command's loop, between
/// other clients' commands, with all that a command has (locked keys, the present time, events for
/// what it changes), but as nobody: without a user's limits and without a reply. What a client is
/// to be told goes by `BlockedClient.complete`.
///
///     let client = context.block()
///     let task = context.task()
///     pool.submit {
///       let result = slowly(text)
///       task.perform(locking: [key]) { context in
///         … context[key: 0] … context.changed(…)
///         client.complete { $0.bulk(result) }
///       }
///     }
public struct LoopTask: Sendable {
  let inbox: Inbox
  let entry: SendableEntry
  let request: KeptRequest
  /// The database that the command's client had selected.
  public let database: DatabaseIndex

  /// Keys that a step may lock.
  public static var keysMax: Int { 64 }

  /// Runs `body` on the command's loop, soon; never at once.
  ///
  /// - Parameters:
  ///   - keys: names of up to `keysMax` keys whose shards are locked meanwhile, `context[key: 0]`
  ///     and so on. With none the body may lock by itself: `CommandContext.withLocks`,
  ///     `Keyspace.scan`.
  ///   - database: the one that keys are looked up in; nil: the client's.
  ///   - body: must be quick: the loop's clients wait.
  public func perform(
    locking keys: [[UInt8]] = [], in database: DatabaseIndex? = nil,
    _ body: @escaping @Sendable (inout CommandContext) -> Void
  ) {
    precondition(keys.count <= Self.keysMax)
    inbox.post(.task { loop in loop.perform(self, keys, database ?? self.database, body) })
  }
}

extension CommandContext {
  /// A way back to this loop for work that goes on after the command.
  public func task() -> LoopTask {
    LoopTask(
      inbox: loop.state.pointee.inbox, entry: SendableEntry(pointer: entry),
      request: KeptRequest(copying: [arguments[0].array]), database: database)
  }

  /// Locks the shards of keys that the spec does not name while `body` runs; for commands that hold
  /// no locks (`KeyspaceAccess.selfLocking`) and for `LoopTask`s without keys.
  ///
  /// - Parameter body: gets the keys in the order of `names`.
  public func withLocks<Result>(
    on names: [[UInt8]], _ body: ([HashedKey]) -> Result
  ) -> Result {
    precondition(!loop.state.pointee.holdsLocks)
    // Keeps the bytes in place that the keys point to.
    let memory = KeptRequest(copying: names)
    var keys: [HashedKey] = []
    var shards = ShardSet()
    for index in 0..<names.count {
      let key = keyspace.hash(memory.arguments[index])
      keys.append(key)
      shards.insert(key.hash.shard)
    }
    keyspace.lock(shards)
    let result = withExtendedLifetime(memory) { body(keys) }
    keyspace.unlock(shards)
    return result
  }

  /// Number of databases.
  public var databaseCount: Int { server.configuration.databaseCount }
}

extension EventLoop {
  /// Runs a step of a command's work. Inside a batch; no locks are held.
  fileprivate func perform(
    _ task: LoopTask, _ keys: [[UInt8]], _ database: DatabaseIndex,
    _ body: (inout CommandContext) -> Void
  ) {
    // Keeps the bytes in place that the key buffer points to.
    let memory = KeptRequest(copying: keys)
    for index in 0..<keys.count {
      (state.pointee.keyBuffer + index).initialize(
        to: server.state.pointee.keyspace.hash(memory.arguments[index]))
    }
    let shards = collectedShards(keys.count)
    let mark = replyMark()
    let version = state.pointee.writer.version
    state.pointee.writer.version = .resp2
    server.state.pointee.keyspace.lock(shards)
    var context = CommandContext(
      loop: self, server: server, connection: makeWorker(in: database),
      entry: task.entry.pointer, arguments: task.request.arguments, now: state.pointee.now,
      keyBase: state.pointee.keyBuffer, keyCount: keys.count)
    withExtendedLifetime(memory) { body(&context) }
    if context.connection.flags.contains(.hasFollowedKeys) {
      settleFollowed(&context, isLocked: !keys.isEmpty)
    }
    server.state.pointee.keyspace.unlock(shards)
    withdrawReply(to: mark)
    state.pointee.writer.version = version
  }

  /// The connection that stands for nobody.
  private func makeWorker(in database: DatabaseIndex) -> Connection {
    let pointer: UnsafeMutablePointer<ConnectionState>
    if let made = state.pointee.worker {
      pointer = made
    } else {
      pointer = makeProxy()
      pointer.pointee.flags = .mustNotWait
      state.pointee.worker = pointer
    }
    pointer.pointee.database = database
    return Connection(state: pointer)
  }
}
