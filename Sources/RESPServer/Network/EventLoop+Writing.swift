internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// From the loop's reply buffer to the socket.
extension EventLoop {
  /// Sends the replies that have gathered for `connection`; what the socket does not take waits.
  func flush(_ connection: Connection) {
    if state.pointee.hasBroadcasts { postBroadcasts() }
    guard !state.pointee.writer.output.isEmpty else {
      if connection.flags.contains(.closesAfterReply) { closeIfSent(connection) }
      return
    }
    if connection.flags.contains(.closesNow) { return discardOutput() }
    guard isWithinHardLimit(connection) else { return discardOutput() }
    if let queue = connection.state.pointee.output {
      queue.pointee.append(state.pointee.writer.output, from: OutputCursor())
      forgetOutput(of: connection)
      checkOutputLimits(connection)
    } else {
      sendOutput(connection)
    }
    if connection.flags.contains(.closesAfterReply) { closeIfSent(connection) }
  }

  private func sendOutput(_ connection: Connection) {
    var cursor = OutputCursor()
    let fd = connection.state.pointee.fd
    let result = fd.send(state.pointee.writer.output, from: &cursor)
    switch result {
    case .complete: break
    case .blocked:
      let queue = UnsafeMutablePointer<OutputQueue>.allocate(capacity: 1)
      queue.initialize(
        to: OutputQueue(capacity: max(1024, state.pointee.writer.output.count - cursor.byte)))
      queue.pointee.append(state.pointee.writer.output, from: cursor)
      connection.state.pointee.output = queue
      watch(connection)
    case .failed:
      releaseSplices(from: cursor.splice)
      close(connection)
    }
    forgetOutput(of: connection)
    if result == .blocked { checkOutputLimits(connection) }
  }

  /// Empties the reply buffer, whose splices have found new owners.
  private func forgetOutput(of connection: Connection) {
    var count = UInt64(state.pointee.writer.output.count)
    for splice in state.pointee.writer.output.splices { count &+= UInt64(splice.bytes.count) }
    connection.state.pointee.bytesSent &+= count
    state.pointee.counters.bytesSent &+= count
    state.pointee.counters.writes &+= 1
    state.pointee.writer.output.removeAll()
    state.pointee.writer.output.shrink(to: 4 * EventLoopState.flushThreshold)
  }

  private func releaseSplices(from first: Int) {
    for index in first..<state.pointee.writer.output.spliceCount {
      Blob(owner: state.pointee.writer.output.splices[index].owner).release()
    }
  }

  private func discardOutput() {
    releaseSplices(from: 0)
    state.pointee.writer.output.removeAll()
  }

  /// Goes on sending what waits, now that the socket takes more.
  func sendWaiting(_ connection: Connection) {
    guard let queue = connection.state.pointee.output else { return watch(connection) }
    let before = queue.pointee.waitingBytes
    let result = queue.pointee.send(to: connection.state.pointee.fd)
    switch result {
    case .complete:
      queue.deinitialize(count: 1)
      queue.deallocate()
      connection.state.pointee.output = nil
      connection.state.pointee.softLimitSince = 0
      watch(connection)
      if connection.flags.contains(.closesAfterReply) { close(connection) }
    case .blocked:
      if queue.pointee.waitingBytes < before {
        connection.state.pointee.lastInteraction = state.pointee.now
      }
      watch(connection)
    case .failed: close(connection)
    }
    accountMemory(of: connection)
  }

  private func closeIfSent(_ connection: Connection) {
    if connection.state.pointee.output == nil {
      close(connection)
    } else {
      watch(connection)
    }
  }

  /// Watches the socket for what the connection's state asks for.
  func watch(_ connection: Connection) {
    var events: Epoll.Events = []
    if connection.flags.contains(.closesAfterReply) {
      // Only its output matters now, even to a peer that sends no more.
      connection.flags.insert(.ignoresRead)
    } else if connection.flags.isDisjoint(with: [.blocked, .paused]) {
      connection.flags.remove(.ignoresRead)
      events.insert(.read)
    } else {
      connection.flags.insert(.ignoresRead)
      events.insert(.readHangUp)
    }
    if connection.state.pointee.output != nil { events.insert(.write) }
    guard events != connection.state.pointee.watchedEvents else { return }
    connection.state.pointee.watchedEvents = events
    let pointer = connection.state
    let data = UInt64(pointer.pointee.generation) << 32 | UInt64(pointer.pointee.slot)
    do {
      try state.pointee.epoll.modify(pointer.pointee.fd, events: events, data: data)
    } catch {
      close(connection)
    }
  }

  /// Bytes that may wait for a client that has yet to authenticate: errors that nobody reads.
  private static var unauthenticatedOutputMax: Int { 16 * 1024 }

  /// Closes a client that lets too much output pile up (`client-output-buffer-limit`).
  private func checkOutputLimits(_ connection: Connection) {
    accountMemory(of: connection)
    let limit = outputLimit(of: connection)
    let waiting = connection.outputBytes
    if connection.flags.contains(.unauthenticated), waiting > Self.unauthenticatedOutputMax {
      return closeForOutput(connection, waiting)
    }
    if limit.hardBytes > 0, waiting > limit.hardBytes {
      return closeForOutput(connection, waiting)
    }
    guard limit.softBytes > 0, waiting > limit.softBytes else {
      connection.state.pointee.softLimitSince = 0
      return
    }
    let now = state.pointee.now
    if connection.state.pointee.softLimitSince == 0 {
      connection.state.pointee.softLimitSince = now
      state.pointee.timers.add(.softLimits, at: now + Int64(limit.softSeconds) * 1000 + 1)
    } else if now - connection.state.pointee.softLimitSince > Int64(limit.softSeconds) * 1000 {
      closeForOutput(connection, waiting)
    }
  }

  /// The limit of the connection's class. A client that monitors has nobody to wait for it and can
  /// fall behind without end, so it is held to the limit of replicas, whose equal it is.
  private func outputLimit(of connection: Connection) -> OutputBufferLimit {
    if connection.flags.contains(.monitors) {
      return server.configuration.outputBufferLimits.replica
    }
    return connection.isSubscriber
      ? server.configuration.outputBufferLimits.pubsub
      : server.configuration.outputBufferLimits.normal
  }

  /// Whether the replies that have gathered, and what waits already, are within the hard limit;
  /// the client is closed if not. As in Redis, what the socket might still take does not count.
  @inline(__always)
  private func isWithinHardLimit(_ connection: Connection) -> Bool {
    guard
      server.configuration.outputBufferLimits.normal.hardBytes > 0
        || connection.state.pointee.session != nil
    else { return true }
    return checkHardLimit(connection)
  }

  @inline(never)
  private func checkHardLimit(_ connection: Connection) -> Bool {
    let limit = outputLimit(of: connection).hardBytes
    guard limit > 0 else { return true }
    var waiting = connection.outputBytes + state.pointee.writer.output.count
    for splice in state.pointee.writer.output.splices { waiting += splice.bytes.count }
    guard waiting > limit else { return true }
    closeForOutput(connection, waiting)
    return false
  }

  private func closeForOutput(_ connection: Connection, _ waiting: Int) {
    server.log.warning(
      "Closing a client that does not read its output",
      metadata: ["client": "\(connection.id)", "bytes": "\(waiting)"])
    state.pointee.counters.outputBufferClosings &+= 1
    close(connection)
  }

  /// Closes clients that have been over the soft limit for too long.
  func checkSoftLimits() {
    forEachConnection { connection in
      if connection.state.pointee.softLimitSince != 0 { checkOutputLimits(connection) }
    }
  }

  /// Queues a message for clients of this loop; `sendMessages` sends it, with all others that have
  /// come in the same turn.
  func deliver(_ push: PushMessage, to clients: [Int64]) {
    for id in clients {
      guard let connection = connection(ofClient: id),
        connection.flags.isDisjoint(with: [.closesNow, .closesAfterReply]),
        connection.wants(push)
      else { continue }
      append(
        connection.state.pointee.version == .resp3 ? push.resp3 : push.resp2, to: connection)
    }
  }

  /// Puts bytes that no command asked for into a connection's output; `sendMessages` sends them.
  func append(_ bytes: [UInt8], to connection: Connection) {
    let queue: UnsafeMutablePointer<OutputQueue>
    if let existing = connection.state.pointee.output {
      queue = existing
    } else {
      queue = .allocate(capacity: 1)
      queue.initialize(to: OutputQueue(capacity: max(1024, bytes.count)))
      connection.state.pointee.output = queue
    }
    bytes.withByteView { queue.pointee.append($0) }
    connection.state.pointee.bytesSent &+= UInt64(bytes.count)
    state.pointee.counters.bytesSent &+= UInt64(bytes.count)
    if !connection.flags.contains(.hasNewMessages) {
      connection.flags.insert(.hasNewMessages)
      state.pointee.messaged.append(connection)
    }
  }

  /// Delivers what is on its way to this loop's clients, before `connection` unsubscribes: it still
  /// gets what was published before, by itself too. The caller is inside its batch, so its messages
  /// are sent once epoll says that the socket takes them, with the batch's replies behind.
  func deliverWaiting(before connection: Connection) {
    let deliveries = state.pointee.inbox.takeDeliveries()
    guard !deliveries.isEmpty else { return }
    for case .deliver(let push, let clients) in deliveries { deliver(push, to: clients) }
    if connection.flags.contains(.hasNewMessages) {
      connection.flags.remove(.hasNewMessages)
      state.pointee.messaged.removeAll { $0.id == connection.id }
      watch(connection)
    }
    sendMessages()
  }

  /// Sends what `deliver` has queued in this turn.
  func sendMessages() {
    guard !state.pointee.messaged.isEmpty else { return }
    let messaged = state.pointee.messaged
    state.pointee.messaged.removeAll(keepingCapacity: true)
    for connection in messaged {
      connection.flags.remove(.hasNewMessages)
      guard !connection.flags.contains(.closesNow) else { continue }
      checkOutputLimits(connection)
      guard !connection.flags.contains(.closesNow) else { continue }
      // A client that did not take its output before is served when epoll says that it does.
      if !connection.state.pointee.watchedEvents.contains(.write) { sendWaiting(connection) }
    }
  }
}

extension Connection {
  /// Whether it is subscribed to anything.
  var isSubscriber: Bool { existingSession?.subscriptions.isEmpty == false }

  /// Whether a message still concerns the client: between publishing and delivery it may have
  /// unsubscribed, or stopped to monitor, and been told so.
  func wants(_ push: PushMessage) -> Bool {
    guard let source = push.source else { return flags.contains(.monitors) }
    guard let session = existingSession else { return false }
    guard session.unsubscribedAt >= source.sequence else { return true }
    return session.subscriptions[source.kind].contains(source.name)
  }
}
