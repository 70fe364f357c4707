internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// From the loop's reply buffer to the socket.
extension EventLoop {
  /// Sends the replies that have gathered for `connection`; what the socket does not take waits.
  func flush(_ connection: Connection) {
    guard !state.pointee.writer.output.isEmpty else {
      if connection.flags.contains(.closesAfterReply) { closeIfSent(connection) }
      return
    }
    if connection.flags.contains(.closesNow) { return discardOutput() }
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
    let count = UInt64(state.pointee.writer.output.count)
    connection.state.pointee.bytesSent &+= count
    state.pointee.counters.bytesSent &+= count
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
    case .failed: close(connection)
    }
    accountMemory(of: connection)
  }

  private func closeIfSent(_ connection: Connection) {
    if connection.state.pointee.output == nil { close(connection) }
  }

  /// Watches the socket for what the connection's state asks for.
  func watch(_ connection: Connection) {
    var events: Epoll.Events = []
    if connection.flags.isDisjoint(with: [.blocked, .paused]) {
      connection.flags.remove(.ignoresRead)
    } else {
      connection.flags.insert(.ignoresRead)
    }
    if !connection.flags.contains(.ignoresRead) { events.insert(.read) }
    if connection.state.pointee.output != nil { events.insert(.write) }
    let pointer = connection.state
    let data = UInt64(pointer.pointee.generation) << 32 | UInt64(pointer.pointee.slot)
    do {
      try state.pointee.epoll.modify(pointer.pointee.fd, events: events, data: data)
    } catch {
      close(connection)
    }
  }

  /// Closes a client that lets too much output pile up (`client-output-buffer-limit`).
  private func checkOutputLimits(_ connection: Connection) {
    accountMemory(of: connection)
    let limits = server.configuration.outputBufferLimits
    let isSubscriber = connection.existingSession?.subscriptions.isEmpty == false
    let limit = isSubscriber ? limits.pubsub : limits.normal
    let waiting = connection.outputBytes
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

  /// Counts a connection's buffers as used memory.
  func accountMemory(of connection: Connection) {
    let held =
      (connection.state.pointee.input?.pointee.memoryUsage ?? 0)
      + (connection.state.pointee.output?.pointee.memoryUsage ?? 0)
    let difference = held - connection.state.pointee.accountedBytes
    guard difference != 0 else { return }
    connection.state.pointee.accountedBytes = held
    server.state.pointee.keyspace.addOverhead(difference)
  }

  /// Sends a push message to clients of this loop.
  func deliver(_ push: PushMessage, to clients: [Int64]) {
    for id in clients {
      guard let connection = connection(ofClient: id),
        connection.flags.isDisjoint(with: [.closesNow, .closesAfterReply])
      else { continue }
      let bytes = connection.state.pointee.version == .resp3 ? push.resp3 : push.resp2
      bytes.withByteView { state.pointee.writer.output.append($0) }
      flush(connection)
    }
  }
}
