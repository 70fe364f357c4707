internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import Synchronization

/// Remembering reads, and telling clients of changes.
///
/// The promise: once the client that changed a key has its reply, any other client that has read
/// the key and sends a command gets the invalidation before the reply. Here is why it holds.
///
/// 1. A read is remembered, and a change looks for those who read, under the lock of the key's
///    shard. So the change finds every read that did not see it.
/// 2. The change puts the message into the letter box of the reader's loop (of the loop of the
///    client it redirects to) before the lock is released, and broadcasts are put there before any
///    reply is sent (`flush`). The writer's reply leaves after that.
/// 3. A command that the reader sends when the writer has its reply arrives later than the message.
///    Each loop looks into its letter box *after* it has received bytes and *before* it executes
///    what they contain (`EventLoop.takeUrgentMessages`, one load when there is nothing).
///    The message goes into the connection's output queue, and replies written later line up
///    behind it.
///
/// A client's own changes are different: their messages come behind the reply of the command that
/// made them, a script's or EXEC's as a whole, and before the next reply, as in Redis. What was
/// evicted to make room for a command comes before its reply.
extension EventLoop {
  /// Keys that may change before broadcasts about them go out.
  private static var broadcastKeysMax: Int { 1024 }

  /// Keys that leave the table after one command, beyond those it has added.
  private static var trackedEvictionsMax: Int { 1000 }

  // MARK: Reads

  /// Remembers that the client reads the keys in the key buffer.
  ///
  /// After the command, the shards locked; of a command that locks by itself before it, so that no
  /// change between reading and remembering is missed.
  @inline(never)
  func rememberReads(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, keyCount: Int,
    of connection: Connection
  ) {
    guard let client = connection.existingSession?.tracking, client.remembersReads else { return }
    let isChosen = connection.flags.contains(.cachingGiven)
    if client.options.optsIn, !isChosen { return }
    if client.options.optsOut, isChosen { return }
    if entry.pointee.traits.contains(.runsScript) {
      // A script that has read anything counts as having read the keys it was called with.
      // What it has read itself is remembered already, under locks.
      guard state.pointee.scriptHasRead else { return }
      state.pointee.scriptHasRead = false
      return rememberUnlocked(max(0, collectKeys(entry, arguments)), client)
    }
    guard entry.pointee.flags.contains(.readonly), !entry.pointee.flags.contains(.pubsub) else {
      return
    }
    if connection.flags.contains(.isScript) { state.pointee.scriptHasRead = true }
    if entry.pointee.access == .selfLocking {
      return rememberUnlocked(max(0, collectKeys(entry, arguments)), client)
    }
    remember(keyCount, client)
  }

  /// The same where their shards are not locked, unless by a transaction or script.
  private func rememberUnlocked(_ keyCount: Int, _ client: TrackingClient) {
    if state.pointee.holdsLocks { return remember(keyCount, client) }
    let shards = collectedShards(keyCount)
    server.state.pointee.keyspace.lock(shards)
    remember(keyCount, client)
    server.state.pointee.keyspace.unlock(shards)
  }

  private func remember(_ keyCount: Int, _ client: TrackingClient) {
    let table = server.state.pointee.tracking
    var bytes = 0
    for index in 0..<keyCount {
      let (added, displaced) = table.remember(state.pointee.keyBuffer[index], client)
      bytes += added
      if let displaced { tell(displaced) }
    }
    server.state.pointee.keyspace.addOverhead(bytes)
    let limit = server.configuration.trackingTableKeysMax
    if limit > 0, table.keyCount > limit { state.pointee.hasTrackingWork = true }
  }

  // MARK: Changes

  /// Tells those who have read `key`, or broadcast for it, that it has changed. Its shard is
  /// locked.
  ///
  /// - Parameter isOwn: whether the command that runs has changed it; else it has expired or was
  ///   evicted.
  @inline(never)
  func invalidate(_ key: HashedKey, isOwn: Bool) {
    let table = server.state.pointee.tracking
    if !table.prefixes.isEmpty {
      let bytes = key.bytes.array
      var isWanted = false
      table.forEachPrefix(of: bytes) { _ in isWanted = true }
      if isWanted {
        state.pointee.broadcasts[bytes] = isOwn ? state.pointee.caller : 0
        state.pointee.hasBroadcasts = true
        if state.pointee.broadcasts.count >= Self.broadcastKeysMax { postBroadcasts() }
      }
    }
    if let entry = table.take(key) {
      server.state.pointee.keyspace.addOverhead(-entry.memoryUsage)
      tell(entry)
    }
  }

  /// Tells all clients of an entry that has left the table.
  private func tell(_ entry: TrackingTable.Entry) {
    let message = PushMessage.invalidation(of: [entry.key])
    var byLoop: [Int: [TrackingClient]] = [:]
    func tell(_ client: TrackingClient) {
      guard client.remembersReads else { return }
      guard client.id == state.pointee.caller else {
        return byLoop[client.receiver.loop, default: []].append(client)
      }
      if client.options.sparesOwnChanges { return }
      state.pointee.ownInvalidations.append((message, client))
      state.pointee.hasTrackingWork = true
    }
    tell(entry.first)
    for client in entry.others.values { tell(client) }
    for (loop, clients) in byLoop {
      server.state.pointee.inboxes[loop].post(.invalidate(message, clients))
    }
  }

  /// Tells all clients that track that any key may have changed: a database was emptied. The caller
  /// has the gate.
  func invalidateAll() {
    let table = server.state.pointee.tracking
    guard !table.clients.isEmpty else { return }
    let message = PushMessage.invalidation(of: nil)
    for client in table.clients.values {
      if client.id == state.pointee.caller {
        state.pointee.ownInvalidations.append((message, client))
        state.pointee.hasTrackingWork = true
      } else {
        server.state.pointee.inboxes[client.receiver.loop].post(.invalidate(message, [client]))
      }
    }
    server.state.pointee.keyspace.addOverhead(-table.removeAllKeys())
  }

  /// Sends what has gathered for those who broadcast: a message for each prefix.
  @inline(never)
  func postBroadcasts() {
    let changes = state.pointee.broadcasts
    state.pointee.broadcasts = [:]
    state.pointee.hasBroadcasts = false
    let table = server.state.pointee.tracking
    var byPrefix: [[UInt8]: [[UInt8]]] = [:]
    for key in changes.keys {
      table.forEachPrefix(of: key) { byPrefix[$0, default: []].append(key) }
    }
    for (prefix, keys) in byPrefix {
      let common = PushMessage.invalidation(of: keys)
      for client in (table.prefixes[prefix] ?? [:]).values {
        var message = common
        if client.options.sparesOwnChanges {
          let others = keys.filter { changes[$0] != client.id }
          if others.isEmpty { continue }
          if others.count < keys.count { message = .invalidation(of: others) }
        }
        server.state.pointee.inboxes[client.receiver.loop].post(.invalidate(message, [client]))
      }
    }
  }

  // MARK: After a command

  /// Sends the caller's own invalidations behind its reply, and makes room in the table. No locks
  /// are held.
  @inline(never)
  func finishTracking(of connection: Connection) {
    // Other clients are answered while the caller's script runs on.
    guard !state.pointee.isAnsweringBusy else { return }
    state.pointee.hasTrackingWork = false
    makeRoomForTrackedKeys(limit: Self.trackedEvictionsMax)
    state.pointee.hasTrackingWork = false
    writeOwnInvalidations(to: connection)
  }

  /// Writes them where the connection's replies are being written.
  func writeOwnInvalidations(to connection: Connection) {
    let waiting = state.pointee.ownInvalidations
    guard !waiting.isEmpty else { return }
    state.pointee.ownInvalidations = []
    let version = connection.state.pointee.version
    for (message, client) in waiting where client.isOn {
      if client.id == connection.id, client.options.redirection == nil {
        guard version == .resp3 else { continue }
        message.resp3.withByteView { state.pointee.writer.output.append($0) }
      } else {
        server.state.pointee.inboxes[client.receiver.loop].post(.invalidate(message, [client]))
      }
    }
  }

  /// The same for a client whose blocked command has been run again here: behind its reply, which
  /// goes through its loop's letter box, too.
  func postOwnInvalidations() {
    for (message, client) in state.pointee.ownInvalidations {
      server.state.pointee.inboxes[client.receiver.loop].post(.invalidate(message, [client]))
    }
    state.pointee.ownInvalidations = []
  }

  /// Drops random keys until the table is within `tracking-table-max-keys`, as if they had changed.
  /// No locks are held, unless it is the gate.
  ///
  /// - Parameter limit: keys that are dropped at most.
  func makeRoomForTrackedKeys(limit: Int) {
    let table = server.state.pointee.tracking
    let keysMax = server.configuration.trackingTableKeysMax
    guard keysMax > 0 else { return }
    // Nobody has changed these keys: all who have read them are told.
    let caller = state.pointee.caller
    state.pointee.caller = 0
    defer { state.pointee.caller = caller }
    var generator = SystemRandomNumberGenerator()
    var dropped = 0
    while table.keyCount > keysMax, dropped < limit {
      let shard = table.nextVictim()
      server.state.pointee.keyspace.lock(shard)
      if let entry = table.takeAny(of: shard, random: generator.next()) {
        server.state.pointee.keyspace.addOverhead(-entry.memoryUsage)
        tell(entry)
        dropped += 1
      }
      server.state.pointee.keyspace.unlock(shard)
    }
  }

  // MARK: Delivery

  /// Looks into the letter box if somebody has put an invalidation there: between receiving
  /// requests and executing them.
  @inline(__always)
  func takeUrgentMessages() {
    if state.pointee.urgent.pointee.isRaised { takeMessages() }
  }

  /// Puts a message into the output of its receivers. They are on this loop.
  func deliver(_ message: PushMessage, to clients: [TrackingClient]) {
    for client in clients where client.isOn {
      let receiver = client.receiver
      guard let connection = connection(ofClient: receiver.client),
        connection.flags.isDisjoint(with: [.closesNow, .closesAfterReply])
      else {
        if client.options.redirection != nil {
          server.state.pointee.inboxes[client.loop].post(
            .task { loop in loop.breakRedirection(of: client) })
        }
        continue
      }
      if connection.state.pointee.version == .resp3 {
        append(message.resp3, to: connection)
      } else if client.options.redirection != nil, connection.isSubscriber {
        append(message.resp2, to: connection)
      }
    }
  }

  /// Takes note that the client that was to get another's messages is gone, and tells that one.
  private func breakRedirection(of client: TrackingClient) {
    guard client.isOn, let redirection = client.options.redirection,
      let connection = connection(ofClient: client.id)
    else { return }
    client.isRedirectionBroken = true
    guard connection.state.pointee.version == .resp3 else { return }
    let message = PushMessage.encoded { writer in
      writer.push(2)
      writer.bulk("tracking-redir-broken")
      writer.integer(redirection.client)
    }
    append(message.resp3, to: connection)
  }
}

/// Turning tracking on and off. The caller has the gate.
extension EventLoop {
  /// Turns it on for a client of this loop, or changes how it is done.
  func startTracking(
    _ connection: Connection, _ options: TrackingClient.Options, prefixes: [[UInt8]]
  ) {
    let table = server.state.pointee.tracking
    let session = connection.session
    let client = session.tracking ?? TrackingClient(id: connection.id, loop: index)
    session.tracking = client
    client.isOn = true
    client.options = options
    client.isRedirectionBroken = false
    table.add(client)
    if options.broadcasts {
      let added = prefixes.isEmpty && client.prefixes.isEmpty ? [[]] : prefixes
      let before = Self.prefixBytes(of: client)
      table.add(added, of: client)
      session.nameBytes += Self.prefixBytes(of: client) - before
      connection.flags.remove(.tracksReads)
    } else {
      connection.flags.insert(.tracksReads)
    }
    connection.flags.remove(.cachingGiven)
    server.state.pointee.tracksKeys = true
    server.state.pointee.followsChanges.store(true, ordering: .relaxed)
    accountMemory(of: connection)
  }

  /// Turns it off. What was remembered for the client leaves in time.
  func stopTracking(_ connection: Connection) {
    guard let session = connection.existingSession, let client = session.tracking, client.isOn
    else { return }
    session.nameBytes -= Self.prefixBytes(of: client)
    connection.flags.subtract([.tracksReads, .cachingGiven])
    stopTracking(client)
  }

  private func stopTracking(_ client: TrackingClient) {
    let table = server.state.pointee.tracking
    client.isOn = false
    client.options = TrackingClient.Options()
    table.remove(client)
    if table.clients.isEmpty {
      server.state.pointee.tracksKeys = false
      server.state.pointee.followsChanges.store(
        server.state.pointee.keyspace.tellsOfEntries, ordering: .relaxed)
      server.state.pointee.keyspace.addOverhead(-table.removeAllKeys())
    }
  }

  /// Forgets a client whose connection is being closed; takes the gate itself. While a slow script
  /// has it, the client stays, and what is sent to it finds nobody.
  func forgetTracking(of client: TrackingClient) {
    guard client.isOn, !runExclusively({ stopTracking(client) }) else { return }
    state.pointee.inbox.post(.task { loop in loop.forgetTracking(of: client) })
  }

  private static func prefixBytes(of client: TrackingClient) -> Int {
    client.prefixes.reduce(0) { $0 + $1.count + Session.nameOverheadBytes }
  }
}

extension Server {
  /// A key has gone without a command: it was due, or evicted. Its shard is locked.
  func invalidateVanished(_ key: HashedKey) {
    let number = Thread.currentNumber
    // Keys go on loops only, whose threads are numbered.
    guard number >= 0, number < state.pointee.loopCount else { return }
    loop(number).invalidate(key, isOwn: false)
  }
}
