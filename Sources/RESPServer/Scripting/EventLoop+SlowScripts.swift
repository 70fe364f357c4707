internal import Bytes
internal import Logging
internal import Platform
internal import RESP
internal import Synchronization

/// The script that has run for longer than `busy-reply-threshold`; there is at most one, for it has
/// the gate.
final class RunningScript: Sendable {
  /// What FUNCTION STATS tells.
  struct Description: Sendable {
    let kind: ScriptRun.Kind
    let name: String
    let command: [[UInt8]]
    let startTicks: UInt64
    var hasWritten: Bool
    var isToEnd = false
  }

  private let description = Guarded<Description?>(nil)

  /// What runs; nil: nothing that is slow.
  var current: Description? { description.withLock { $0 } }

  func begin(_ new: Description) { description.withLock { $0 = new } }

  func end() { description.withLock { $0 = nil } }

  func noteWrite() { description.withLock { $0?.hasWritten = true } }

  /// Whether somebody wants it to end.
  func takeKill() -> Bool { description.withLock { $0?.isToEnd ?? false } }

  /// SCRIPT KILL and FUNCTION KILL.
  ///
  /// - Parameter kind: what is to be ended.
  func kill(_ kind: ScriptRun.Kind) throws(CommandError) {
    let refusal = description.withLock { running -> CommandError? in
      guard let script = running else {
        return .fixed("NOTBUSY No scripts in execution right now.")
      }
      if script.kind != kind { return Self.busyError(script.kind) }
      if script.hasWritten { return .fixed(Self.unkillable) }
      running?.isToEnd = true
      return nil
    }
    if let refusal { throw refusal }
  }

  static func busyError(_ kind: ScriptRun.Kind) -> CommandError {
    kind == .function
      ? .fixed(
        """
        BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.
        """)
      : .fixed(
        """
        BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.
        """)
  }

  private static let unkillable: StaticString = """
    UNKILLABLE Sorry the script already executed write commands against the dataset. You can \
    either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE \
    command.
    """
}

extension Server {
  /// What commands are answered with while a slow script runs.
  var busyError: CommandError {
    RunningScript.busyError(state.pointee.runningScript.current?.kind ?? .script)
  }
}

extension EventLoop {
  /// Lets all loops answer with BUSY from now on.
  func beginSlowScript(_ run: ScriptRun) {
    let command = (0..<run.arguments.count).map { run.arguments[$0].array }
    server.state.pointee.runningScript.begin(
      RunningScript.Description(
        kind: run.kind, name: run.name, command: command, startTicks: run.startTicks,
        hasWritten: run.hasWritten))
    let killer = run.kind == .function ? "FUNCTION KILL" : "SCRIPT KILL"
    server.log.warning(
      """
      Slow script detected: still in execution after \(run.milliseconds) milliseconds. You can \
      try killing the script using the \(killer) command.
      """, metadata: ["script": "\(run.name)"])
    // Nobody is inside a batch now; who goes on aside sees this.
    server.state.pointee.needsCare = true
    server.state.pointee.gate.beginBusy()
  }

  /// Ends that.
  func endSlowScript() {
    server.state.pointee.gate.endBusy(worker: index)
    server.state.pointee.runningScript.end()
    server.updateNeedsCare()
    // What had to wait for the end.
    for inbox in server.state.pointee.inboxes { inbox.wake() }
  }

  /// Answers this loop's clients while its script runs on: with buffers of its own, for those of
  /// the loop hold the request that the script came with.
  func answerBesideScript() {
    var writer = ReplyWriter(capacity: 4096)
    var store = ArgumentStore(capacity: 64)
    let readBuffer = state.pointee.readBuffer
    let requests = state.pointee.requests
    let keyBuffer = state.pointee.keyBuffer
    let keyCapacity = state.pointee.keyCapacity
    let ticks = state.pointee.ticks
    let now = state.pointee.now
    swap(&writer, &state.pointee.writer)
    swap(&store, &state.pointee.store)
    state.pointee.readBuffer = .allocate(
      capacity: EventLoopState.readBufferSize + EventLoopState.readBufferSlack)
    state.pointee.requests = .allocate(capacity: EventLoopState.batchSize)
    state.pointee.keyCapacity = 16
    state.pointee.keyBuffer = .allocate(capacity: state.pointee.keyCapacity)
    state.pointee.isAnsweringBusy = true
    handleEvents(state.pointee.epoll.wait(timeout: 0))
    state.pointee.isAnsweringBusy = false
    state.pointee.readBuffer.deallocate()
    state.pointee.requests.deallocate()
    state.pointee.keyBuffer.deallocate()
    state.pointee.readBuffer = readBuffer
    state.pointee.requests = requests
    state.pointee.keyBuffer = keyBuffer
    state.pointee.keyCapacity = keyCapacity
    // For the script no time passes.
    state.pointee.ticks = ticks
    state.pointee.now = now
    swap(&writer, &state.pointee.writer)
    swap(&store, &state.pointee.store)
  }
}
