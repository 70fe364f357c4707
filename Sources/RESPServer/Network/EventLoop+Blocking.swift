internal import Bytes
public import RESP
internal import Synchronization

/// A client whose command waits for something off the loop.
///
/// Any thread may complete it, once: the reply is written on the client's own loop. A client that
/// is gone, timed out or was unblocked by then is left alone.
///
///     waiting ──take──→ over
///        │ ↑                        a loop that runs the command again has claimed the wait: what
///      claim giveBack               would end it meanwhile is kept until that loop is done
///        ↓ │
///     serving ──finish──→ over
public final class BlockedClient: Sendable {
  /// How a wait can end from outside.
  enum Outcome: UInt8 {
    case timeout, error
    /// The client is gone.
    case cancel
  }

  /// Values of `phase`; from `firstKept` on: claimed, and an outcome is kept.
  private enum Phase {
    static let waiting: UInt8 = 0
    static let serving: UInt8 = 1
    static let over: UInt8 = 2
    static let firstKept: UInt8 = 3
  }

  let client: Int64
  let token: UInt64
  /// The keys it waits for; nil when a module lets it wait.
  let keyWait: KeyWait?
  /// What runs when a module's `runAgain` ends the wait.
  let rerun: Rerun?
  private let inbox: Inbox
  private let phase = Atomic<UInt8>(Phase.waiting)
  /// Writes the reply of a wait that has timed out.
  let onTimeout: @Sendable (inout ReplyWriter) -> Void
  /// Told when nobody waits any more (gone, timed out, unblocked), to stop the work.
  let onCancel: (@Sendable () -> Void)?

  init(
    client: Int64, token: UInt64, inbox: Inbox, keyWait: KeyWait?,
    rerun: Rerun?,
    onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void,
    onCancel: (@Sendable () -> Void)?
  ) {
    self.client = client
    self.token = token
    self.inbox = inbox
    self.keyWait = keyWait
    self.rerun = rerun
    self.onTimeout = onTimeout
    self.onCancel = onCancel
  }

  /// Ends the wait with a reply. Calls after the first do nothing.
  ///
  /// - Parameter write: writes exactly one reply; runs on the client's loop.
  public func complete(_ write: @escaping @Sendable (inout ReplyWriter) -> Void) {
    guard take() else { return }
    post { loop in write(&loop.state.pointee.writer) }
  }

  /// Goes on with the client on its own loop, `write` writing its reply.
  func post(_ write: @escaping @Sendable (EventLoop) -> Void) {
    inbox.post(.task { [self] loop in loop.unblock(self) { write(loop) } })
  }

  /// Whether the wait has ended.
  var isOver: Bool { phase.load(ordering: .acquiring) == Phase.over }

  private func change(from old: UInt8, to new: UInt8) -> Bool {
    phase.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing)
      .exchanged
  }

  /// Claims the right to end the wait.
  func take() -> Bool { change(from: Phase.waiting, to: Phase.over) }

  /// The same; while the command is being run again, `outcome` is kept for when that is over.
  func take(orKeep outcome: Outcome) -> Bool {
    while true {
      if take() { return true }
      if change(from: Phase.serving, to: Phase.firstKept + outcome.rawValue) { return false }
      // Between the two attempts the claim may have been given back.
      if phase.load(ordering: .acquiring) != Phase.waiting { return false }
    }
  }

  /// Claims the right to run the command again.
  func claim() -> Bool { change(from: Phase.waiting, to: Phase.serving) }

  /// Gives that right back: the command wants to go on waiting.
  ///
  /// - Returns: what was to end the wait meanwhile; the caller now has the right to end it so.
  func giveBack() -> Outcome? {
    if change(from: Phase.serving, to: Phase.waiting) { return nil }
    let kept = phase.exchange(Phase.over, ordering: .acquiringAndReleasing)
    return Outcome(rawValue: kept - Phase.firstKept)
  }

  /// Ends the wait: the command that was run again has a reply.
  func finish() { phase.store(Phase.over, ordering: .releasing) }
}

extension CommandContext {
  /// Lets the client wait: the command returns without a reply, which comes later, from any thread,
  /// by `BlockedClient.complete`. Nothing of the client is read or executed meanwhile.
  ///
  /// Must not be called where nothing may wait, see `mayWait`.
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
    block(
      timeoutMilliseconds: timeoutMilliseconds, keyWait: nil, onTimeout: onTimeout,
      onCancel: onCancel)
  }

  func block(
    timeoutMilliseconds: Int64, keyWait: KeyWait?, rerun: Rerun? = nil,
    onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void,
    onCancel: (@Sendable () -> Void)?
  ) -> BlockedClient {
    precondition(mayWait)
    let token = connection.state.pointee.commandCount
    let blocked = BlockedClient(
      client: clientID, token: token, inbox: loop.state.pointee.inbox, keyWait: keyWait,
      rerun: rerun, onTimeout: onTimeout, onCancel: onCancel)
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
    guard let blocked = connection.existingSession?.blocked, blocked.take(orKeep: outcome)
    else { return false }
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
    end(blocked, outcome)
    return true
  }

  /// Ends a wait that was taken, of a client of any loop.
  func end(_ blocked: BlockedClient, _ outcome: BlockedClient.Outcome) {
    blocked.post { loop in loop.writeOutcome(outcome, of: blocked) }
    blocked.onCancel?()
  }

  private func writeOutcome(_ outcome: BlockedClient.Outcome, of blocked: BlockedClient) {
    switch outcome {
    case .timeout: blocked.onTimeout(&state.pointee.writer)
    case .cancel: break
    case .error:
      write(.fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
      // The call was counted when it began to wait.
      if let command = connection(ofClient: blocked.client)?.state.pointee.lastCommand, command >= 0
      {
        state.pointee.commandStatistics[Int(command)].failed &+= 1
      }
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
    if blocked.take(orKeep: .cancel) { blocked.onCancel?() }
  }

  /// Goes on with a connection's input after a wait or a pause.
  func resume(_ connection: Connection) {
    watch(connection)
    executePending(connection)
    flush(connection)
    accountMemory(of: connection)
  }
}
