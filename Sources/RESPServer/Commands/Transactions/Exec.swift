internal import Bytes
internal import CacheCore
internal import RESP

/// EXEC: runs what was queued since MULTI, as one.
enum ExecCommand: Command {
  static let spec = CommandSpec(
    "EXEC", since: "1.2.0", group: .transactions, arity: 1,
    flags: [.noScript, .loading, .stale, .skipSlowlog],
    categories: [.transaction],
    summary: "Runs the queued commands, with nothing in between.",
    complexity: "Depends on the commands",
    example: """
      > SET a 1
      OK
      > WATCH a
      OK
      > MULTI
      OK
      > INCR a
      QUEUED
      > EXEC
      1) (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.loop.state.pointee.didExecute = false
    guard context.connection.flags.contains(.inTransaction) else {
      throw .fixed("ERR EXEC without MULTI")
    }
    if context.connection.flags.contains(.transactionFailed) {
      context.loop.discardTransaction(of: context.connection)
      throw .fixed("EXECABORT Transaction discarded because of previous errors.")
    }
    context.loop.executeTransaction(of: context.connection)
  }
}

/// Transactions on a loop.
extension EventLoop {
  /// Runs the queued commands and writes EXEC's reply.
  ///
  /// The shards of all keys named, and of those watched, are locked together; where a command needs
  /// more than that, everything stands still.
  func executeTransaction(of connection: Connection) {
    state.pointee.didExecute = true
    let session = connection.session
    let queue = session.transaction
    let startTicks = state.pointee.ticks
    queue.fill(&state.pointee.transactionStore)
    if queue.needsGate {
      if !runExclusively(for: connection, { executeQueued(queue, of: connection) }) {
        state.pointee.didExecute = false
        write(.made(CommandTexts.transactionAborted(server.busyError)))
      }
    } else {
      let shards = shards(of: queue, watched: session.watchedKeys)
      server.state.pointee.keyspace.lock(shards)
      state.pointee.holdsLocks = true
      executeQueued(queue, of: connection)
      state.pointee.holdsLocks = false
      server.state.pointee.keyspace.unlock(shards)
    }
    // EXEC's own time starts where it was called, not where its last command ended.
    state.pointee.ticks = startTicks
    discardTransaction(of: connection)
  }

  private func shards(of queue: TransactionQueue, watched: Set<WatchedKey>) -> ShardSet {
    var shards = ShardSet()
    for key in watched { shards.insert(ShardIndex(rawValue: key.shard)) }
    var first = 0
    for command in queue.commands {
      let arguments = transactionArguments(from: first, count: command.argumentCount)
      let count = max(0, collectKeys(command.entry, arguments))
      for index in 0..<count { shards.insert(state.pointee.keyBuffer[index].hash.shard) }
      first += command.argumentCount
    }
    return shards
  }

  private func executeQueued(_ queue: TransactionQueue, of connection: Connection) {
    if let session = connection.existingSession, isSpoiled(session) {
      state.pointee.writer.nullArray()
      return
    }
    connection.flags.remove(.inTransaction)
    connection.flags.insert(.executing)
    state.pointee.writer.array(queue.commands.count)
    var first = 0
    for command in queue.commands {
      let arguments = transactionArguments(from: first, count: command.argumentCount)
      server.state.pointee.monitors.feed(arguments, command.entry, of: connection, on: self)
      if let denial = server.denial(
        connection.state.pointee.permissions, command.entry, arguments)
      {
        // The rights have changed since it was queued.
        noteDenial(denial, command.entry, arguments, of: connection)
        write(ACLTexts.refusedByExec(denial))
      } else {
        call(command.entry, arguments, hash: nil, of: connection)
      }
      first += command.argumentCount
    }
    connection.flags.remove(.executing)
  }

  /// Arguments of the transaction that is being executed. EXEC cannot be queued, so there is never
  /// more than one on a loop.
  private func transactionArguments(from first: Int, count: Int) -> Arguments {
    Arguments(
      base: state.pointee.transactionStore.arguments(from: first, count: count), count: count)
  }

  /// Whether a watched key has changed, or has become due.
  private func isSpoiled(_ session: Session) -> Bool {
    guard let watch = session.watch else { return false }
    for key in session.watchedKeys {
      // Looking removes what is due, which raises the flag. Under the gate no shard is locked yet.
      let shard = ShardIndex(rawValue: key.shard)
      if !state.pointee.holdsLocks { server.state.pointee.keyspace.lock(shard) }
      key.bytes.withByteView {
        let hashed = server.state.pointee.keyspace.hash($0)
        _ = server.state.pointee.keyspace.find(
          hashed, in: DatabaseIndex(rawValue: key.database), now: state.pointee.now,
          access: .peek)
      }
      if !state.pointee.holdsLocks { server.state.pointee.keyspace.unlock(shard) }
    }
    return watch.isRaised
  }

  /// Ends a transaction, whatever became of it.
  func discardTransaction(of connection: Connection) {
    connection.flags.subtract([.inTransaction, .transactionFailed])
    connection.existingSession?.transaction = TransactionQueue()
    unwatch(connection)
    accountMemory(of: connection)
  }

  /// Forgets a connection's watched keys. Takes their shards' locks one at a time, so no lock may
  /// be held, unless it is the gate.
  func unwatch(_ connection: Connection) {
    guard let session = connection.existingSession, let flag = session.watch else { return }
    for key in session.watchedKeys {
      let shard = ShardIndex(rawValue: key.shard)
      if !state.pointee.holdsLocks { server.state.pointee.keyspace.lock(shard) }
      server.state.pointee.watches.remove(key, flag)
      session.nameBytes -= key.bytes.count + Session.nameOverheadBytes
      if !state.pointee.holdsLocks { server.state.pointee.keyspace.unlock(shard) }
    }
    session.watchedKeys = []
    session.watch = nil
  }
}
