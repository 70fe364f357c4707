internal import Logging
internal import Platform
internal import Synchronization

/// How the server ends.
extension Server {
  /// Tells every loop to end at its next turn. Any thread may call it.
  func stop() {
    state.pointee.stopping.store(true, ordering: .releasing)
    for inbox in state.pointee.inboxes { inbox.wake() }
  }
}

extension EventLoop {
  /// Handles SIGTERM and SIGINT: what has been received is answered, then the server stops.
  func handleSignals() {
    guard let source = state.pointee.signals else { return }
    while let signal = source.next() {
      server.log.notice("Stopping", metadata: ["signal": "\(signal)"])
      server.stop()
    }
  }

  /// Sends what is still waiting, as far as sockets take it, and closes all connections.
  func drain() {
    // A script that is slow ends because the server does.
    while !enterGate() {
      leaveGate()
      Thread.sleep(microseconds: 100)
    }
    forEachConnection { connection in
      if connection.state.pointee.output != nil { sendWaiting(connection) }
      close(connection)
    }
    leaveGate()
    closeMarked()
  }
}
