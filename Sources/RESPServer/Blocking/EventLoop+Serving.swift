internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// Running blocked commands again when their keys have changed.
extension EventLoop {
  /// How often a command stands back for clients that came before it and are being served by
  /// another loop.
  private static var standsBackMax: Int { 1000 }

  /// Takes note that a key that somebody waits for has changed; its shard is locked. It is served
  /// when the command has ended and its locks are free.
  @inline(never)
  func markReady(_ key: WaitedKey) {
    guard server.state.pointee.waiters.markReady(key) else { return }
    state.pointee.readyKeys.append(key)
    state.pointee.hasReadyKeys = true
  }

  /// The same for all keys of a database. The caller has the gate.
  func markAllReady(in database: DatabaseIndex) {
    let ready = server.state.pointee.waiters.markAllReady(in: database)
    guard !ready.isEmpty else { return }
    state.pointee.readyKeys += ready
    state.pointee.hasReadyKeys = true
  }

  /// Serves the clients that wait for what has changed, and what their commands change in turn.
  /// Inside a batch; no locks are held.
  ///
  /// Every command that is served ends a wait, so this ends too.
  @inline(never)
  func serveReadyKeys() {
    // What a slow script has done so far is nobody's business until it ends.
    if state.pointee.isAnsweringBusy { return }
    while !state.pointee.readyKeys.isEmpty {
      let ready = state.pointee.readyKeys
      state.pointee.readyKeys = []
      for key in ready { serve(key) }
    }
    state.pointee.hasReadyKeys = false
  }

  /// Tries the waiters of a key in order of arrival.
  func serve(_ key: WaitedKey) {
    let waiters = server.state.pointee.waiters
    while let last = waiters.beginServing(key) {
      var sequence: UInt64 = 0
      while let blocked = waiters.next(key, after: sequence, upTo: last) {
        guard let wait = blocked.keyWait else { preconditionFailure("not a wait for keys") }
        sequence = wait.sequence
        let type = type(of: key)
        if type == nil, !waiters.wakesOnAnyChange(key) { break }
        guard type == wait.type || wait.wakesOnAnyChange, blocked.claim() else { continue }
        retry(wait, of: blocked)
      }
      guard waiters.endServing(key) else { return }
    }
  }

  /// The type of what a key holds; nil: there is no such key.
  private func type(of key: WaitedKey) -> ValueType? {
    server.state.pointee.keyspace.lock(key.shard)
    defer { server.state.pointee.keyspace.unlock(key.shard) }
    return key.bytes.withByteView {
      let hashed = server.state.pointee.keyspace.hash($0)
      let entry = server.state.pointee.keyspace.find(
        hashed, in: key.database, now: state.pointee.now, access: .peek)
      return entry.map { server.state.pointee.keyspace.type(of: $0) }
    }
  }

  /// Runs a blocked client's command again. The reply, if there is one, goes to the client's loop.
  private func retry(_ wait: KeyWait, of blocked: BlockedClient) {
    let entry = wait.entry.pointer
    let retrier = makeRetrier(for: wait)
    let version = state.pointee.writer.version
    let mark = replyMark()
    let errorsBefore = state.pointee.errorReplies
    state.pointee.wantsToWait = false
    let caller = state.pointee.caller
    state.pointee.caller = blocked.client
    do throws(CommandError) {
      try check(entry, wait.request.arguments, of: retrier)
      runLocked(entry, wait.request.arguments, hash: nil, of: retrier)
    } catch {
      state.pointee.writer.version = wait.version
      write(error)
    }
    state.pointee.caller = caller
    // Before the reply leaves, see `EventLoop+Tracking`.
    if state.pointee.hasBroadcasts { postBroadcasts() }
    if state.pointee.wantsToWait {
      withdrawReply(to: mark)
      if let outcome = blocked.giveBack() { end(blocked, outcome) }
    } else {
      let reply = takeReply(from: mark)
      let nanoseconds = countRetry(entry, failed: state.pointee.errorReplies != errorsBefore)
      blocked.finish()
      server.state.pointee.waiters.remove(wait)
      blocked.post { loop in
        reply.withByteView { loop.state.pointee.writer.output.append($0) }
        loop.noteSlowRetry(wait, of: blocked, nanoseconds: nanoseconds)
      }
    }
    if !state.pointee.ownInvalidations.isEmpty { postOwnInvalidations() }
    state.pointee.writer.version = version
  }

  /// The connection that stands for the blocked client: it has no socket and no number.
  private func makeRetrier(for wait: KeyWait) -> Connection {
    let pointer: UnsafeMutablePointer<ConnectionState>
    if let made = state.pointee.retrier {
      pointer = made
    } else {
      pointer = makeProxy()
      state.pointee.retrier = pointer
    }
    pointer.pointee.flags = .retriesCommand
    if wait.keepsAccessTimes { pointer.pointee.flags.insert(.noTouch) }
    pointer.pointee.database = wait.database
    pointer.pointee.version = wait.version
    let retrier = Connection(state: pointer)
    retrier.setUser(wait.user, in: server.state.pointee.acl)
    retrier.setTracking(wait.tracking)
    return retrier
  }

  /// Makes a connection without a socket, which is in no list.
  func makeProxy() -> UnsafeMutablePointer<ConnectionState> {
    let pointer = UnsafeMutablePointer<ConnectionState>.allocate(capacity: 1)
    pointer.initialize(
      to: ConnectionState(
        id: 0, fd: FileDescriptor(-1), slot: .max, generation: 0, createdAt: state.pointee.now,
        lastInteraction: state.pointee.now))
    return pointer
  }

  /// Records a command that has waited, and was slow when it was run again, on its client's loop.
  private func noteSlowRetry(_ wait: KeyWait, of blocked: BlockedClient, nanoseconds: UInt64) {
    guard nanoseconds >= server.state.pointee.slowNanoseconds,
      let connection = connection(ofClient: blocked.client)
    else { return }
    noteSlow(wait.entry.pointer, wait.request.arguments, nanoseconds: nanoseconds, of: connection)
  }

  /// The call was counted when it began to wait; its time and its failure are added now.
  ///
  /// - Returns: the nanoseconds it took.
  func countRetry(_ entry: UnsafePointer<CommandEntry>, failed: Bool) -> UInt64 {
    let now = TickCounter.now
    let statistics = state.pointee.commandStatistics + entry.pointee.index
    let nanoseconds = server.state.pointee.ticks.nanoseconds(now &- state.pointee.ticks)
    statistics.pointee.nanoseconds &+= nanoseconds
    if failed { statistics.pointee.failed &+= 1 }
    state.pointee.ticks = now
    return nanoseconds
  }

  /// Takes back what was written since `mark`, with the bytes of its splices in their places.
  func takeReply(from mark: ReplyMark) -> [UInt8] {
    var bytes: [UInt8] = []
    let written = state.pointee.writer.output.bytes
    let splices = state.pointee.writer.output.splices
    bytes.reserveCapacity(written.count - mark.count)
    var position = mark.count
    for index in mark.splices..<splices.count {
      bytes += written[position..<splices[index].position].buffer
      bytes += splices[index].bytes.buffer
      position = splices[index].position
    }
    bytes += written.dropFirst(position).buffer
    withdrawReply(to: mark)
    return bytes
  }

  /// Runs a command that may block, after those that wait for its keys and can be served: else a
  /// newcomer on one loop could get what another loop has just brought for them. Within EXEC and
  /// scripts, which others do not come between, nobody is served.
  func callInTurn(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, keyCount: Int,
    of connection: Connection
  ) {
    var keyCount = keyCount
    let isNewcomer = connection.flags.isDisjoint(with: [
      .retriesCommand, .executing, .mustNotWait,
    ])
    var shards = collectedShards(keyCount)
    var attempts = 0
    server.state.pointee.keyspace.lock(shards)
    while isNewcomer, attempts < Self.standsBackMax,
      let pending = pendingKey(among: keyCount, in: connection.database)
    {
      server.state.pointee.keyspace.unlock(shards)
      serve(pending)
      // Perhaps another loop is at it.
      Thread.yield()
      attempts += 1
      // Serving has used the key buffer.
      keyCount = max(0, collectKeys(entry, arguments))
      shards = collectedShards(keyCount)
      server.state.pointee.keyspace.lock(shards)
    }
    run(entry, arguments, keyCount: keyCount, of: connection)
    server.state.pointee.keyspace.unlock(shards)
  }

  private func pendingKey(among keyCount: Int, in database: DatabaseIndex) -> WaitedKey? {
    let waiters = server.state.pointee.waiters
    for index in 0..<keyCount {
      let key = state.pointee.keyBuffer[index]
      guard waiters.isWaited(key.hash.shard) else { continue }
      let waited = WaitedKey(key, in: database)
      if waiters.isPending(waited) { return waited }
    }
    return nil
  }
}

extension Server {
  /// Has a key served that somebody waits for and that has gone without a command. The caller holds
  /// its shard's lock.
  func serveLater(_ key: WaitedKey) {
    guard state.pointee.waiters.wakesOnAnyChange(key), state.pointee.waiters.markReady(key) else {
      return
    }
    state.pointee.inboxes[0].post(
      .task { loop in
        loop.state.pointee.readyKeys.append(key)
        loop.state.pointee.hasReadyKeys = true
      })
  }
}
