internal import Bytes
public import RESP
internal import Synchronization

/// A client whose command waits for something off the loop.
///
/// Any thread may complete it, once: the reply is written on the client's own loop. A client that
/// is gone, timed out or was unblocked by then is left alone.
public final class BlockedClient: Sendable {
  /// How a wait can end from outside.
  enum Outcome {
    case timeout, error
  }

  let client: Int64
  let token: UInt64
  private let inbox: Inbox
  private let isDone = Atomic<Bool>(false)
  /// Writes the reply of a wait that has timed out.
  let onTimeout: @Sendable (inout ReplyWriter) -> Void
  /// Told when nobody waits any more (gone, timed out, unblocked), to stop the work.
  let onCancel: (@Sendable () -> Void)?

  init(
    client: Int64, token: UInt64, inbox: Inbox,
    onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void,
    onCancel: (@Sendable () -> Void)?
  ) {
    self.client = client
    self.token = token
    self.inbox = inbox
    self.onTimeout = onTimeout
    self.onCancel = onCancel
  }

  /// Ends the wait with a reply. Calls after the first do nothing.
  ///
  /// - Parameter write: writes exactly one reply; runs on the client's loop.
  public func complete(_ write: @escaping @Sendable (inout ReplyWriter) -> Void) {
    guard take() else { return }
    inbox.post(
      .task { [self] loop in loop.unblock(self) { write(&loop.state.pointee.writer) } })
  }

  /// Claims the right to end the wait.
  func take() -> Bool {
    isDone.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
      .exchanged
  }
}

extension CommandContext {
  /// Lets the client wait: the command returns without a reply, which comes later, from any thread,
  /// by `BlockedClient.complete`. Nothing of the client is read or executed meanwhile.
  ///
  /// Must not be called inside a transaction, see `isInTransaction`.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: 0 waits without end.
  ///   - onTimeout: writes the reply when the time is up.
  ///   - onCancel: told when nobody waits any more and the work may stop.
  public func block(
    timeoutMilliseconds: Int64 = 0,
    onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void = { $0.nullArray() },
    onCancel: (@Sendable () -> Void)? = nil
  ) -> BlockedClient {
    precondition(!isInTransaction)
    let token = connection.state.pointee.commandCount
    let blocked = BlockedClient(
      client: clientID, token: token, inbox: loop.state.pointee.inbox, onTimeout: onTimeout,
      onCancel: onCancel)
    connection.session.blocked = blocked
    connection.flags.insert(.blocked)
    server.state.pointee.blockedCount.wrappingAdd(1, ordering: .relaxed)
    loop.watch(connection)
    if timeoutMilliseconds > 0 {
      loop.state.pointee.timers.add(
        .blockedTimeout(client: clientID, token: token), at: now + timeoutMilliseconds)
      loop.sweepTimers()
    }
    return blocked
  }
}

extension EventLoop {
  /// Writes a blocked client's reply and goes on with its input.
  func unblock(_ blocked: BlockedClient, _ write: () -> Void) {
    guard let connection = connection(ofClient: blocked.client),
      let session = connection.existingSession, session.blocked === blocked
    else { return }
    session.blocked = nil
    connection.flags.remove(.blocked)
    server.state.pointee.blockedCount.wrappingSubtract(1, ordering: .relaxed)
    guard connection.flags.isDisjoint(with: [.closesNow]) else { return }
    state.pointee.writer.version = connection.state.pointee.version
    let mark = replyMark()
    write()
    if connection.flags.contains(.replyOff) { withdrawReply(to: mark) }
    resume(connection)
  }

  /// Ends a wait from outside: its time is up, or CLIENT UNBLOCK was called.
  ///
  /// - Returns: whether it was still waiting.
  @discardableResult
  func endWait(of connection: Connection, _ outcome: BlockedClient.Outcome) -> Bool {
    guard let blocked = connection.existingSession?.blocked, blocked.take() else { return false }
    unblock(blocked) { writeOutcome(outcome, of: blocked) }
    blocked.onCancel?()
    return true
  }

  /// Ends the wait of a client of any loop; the caller has the gate and may be inside a command, so
  /// the reply is written later.
  ///
  /// - Returns: whether it was still waiting.
  func endWaitLater(of connection: Connection, _ outcome: BlockedClient.Outcome) -> Bool {
    guard let blocked = connection.existingSession?.blocked, blocked.take() else { return false }
    state.pointee.inbox.post(
      .task { loop in
        loop.unblock(blocked) { loop.writeOutcome(outcome, of: blocked) }
        blocked.onCancel?()
      })
    return true
  }

  private func writeOutcome(_ outcome: BlockedClient.Outcome, of blocked: BlockedClient) {
    switch outcome {
    case .timeout: blocked.onTimeout(&state.pointee.writer)
    case .error: write(.fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
    }
  }

  /// Drops the timers of waits that are over, once they may be half of all.
  func sweepTimers() {
    guard state.pointee.timers.count > state.pointee.timerSweepThreshold else { return }
    state.pointee.timers.keep { event in
      guard case .blockedTimeout(let client, let token) = event else { return true }
      return connection(ofClient: client)?.existingSession?.blocked?.token == token
    }
    state.pointee.timerSweepThreshold = max(1024, state.pointee.timers.count * 2)
  }

  /// Withdraws a wait whose client is going.
  func cancel(_ blocked: BlockedClient, of connection: Connection) {
    connection.existingSession?.blocked = nil
    server.state.pointee.blockedCount.wrappingSubtract(1, ordering: .relaxed)
    if blocked.take() { blocked.onCancel?() }
  }

  /// Goes on with a connection's input after a wait or a pause.
  func resume(_ connection: Connection) {
    watch(connection)
    executePending(connection)
    flush(connection)
    accountMemory(of: connection)
  }
}
