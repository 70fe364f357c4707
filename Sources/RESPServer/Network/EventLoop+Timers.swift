internal import Bytes
internal import CacheCore
internal import Synchronization

/// CLIENT PAUSE's state.
struct PauseState {
  /// Cache time until which clients are held back; 0: they are not.
  var until: Int64 = 0
  /// Whether all commands wait, or only those that may change something.
  var includesReads = false
}

extension Server {
  /// Holds clients back until `time`. Of two pauses at once the longer and the stricter counts. The
  /// caller has the gate.
  func pauseClients(until time: Int64, includingReads: Bool, now: Int64) {
    var pause = state.pointee.pause
    if pause.until <= now { pause = PauseState() }
    pause.until = max(pause.until, time)
    pause.includesReads = pause.includesReads || includingReads
    setPause(pause)
    // Loops look at their timers without the gate, too.
    let end = pause.until
    forEachLoop { loop in
      loop.state.pointee.inbox.post(.task { $0.state.pointee.timers.add(.pauseEnds, at: end) })
    }
  }

  /// Ends a pause. The caller has the gate.
  func unpauseClients() {
    setPause(PauseState())
    forEachLoop { $0.state.pointee.inbox.post(.attend) }
  }

  /// While clients are paused the data must not change, so nothing expires either: a due key is not
  /// found any more, but stays.
  private func setPause(_ pause: PauseState) {
    state.pointee.pause = pause
    let isPaused = pause.until > 0
    state.pointee.holdsExpiry.store(isPaused, ordering: .relaxed)
    state.pointee.keyspace.setKeepsDueKeys(isPaused)
    updateNeedsCare()
  }
}

/// Timers: waits that time out, idle clients, paused clients.
extension EventLoop {
  /// Handles what is due.
  func runTimers() {
    guard state.pointee.timers.nextDeadline <= state.pointee.now else { return }
    guard enterGate() else { return leaveGate() }
    while let event = state.pointee.timers.popDue(now: state.pointee.now) {
      switch event {
      case .blockedTimeout(let client, let token):
        if let connection = connection(ofClient: client),
          connection.existingSession?.blocked?.token == token
        {
          endWait(of: connection, .timeout)
        }
      case .idleClients: closeIdleClients()
      case .pauseEnds: resumePaused()
      case .softLimits: checkSoftLimits()
      }
    }
    leaveGate()
    closeMarked()
  }

  /// Closes clients that have been silent for `timeout` seconds, and looks again in time.
  func closeIdleClients() {
    let timeout = Int64(server.state.pointee.configuration.timeoutSeconds) * 1000
    // `timeout` was set again since: a later timer stands for it.
    guard timeout > 0, state.pointee.idleCheckAt <= state.pointee.now else { return }
    var earliest = Int64.max
    forEachConnection { connection in
      guard connection.flags.isDisjoint(with: [.blocked, .monitors, .closesNow]),
        !connection.isSubscriber
      else { return }
      let deadline = connection.state.pointee.lastInteraction + timeout
      if deadline <= state.pointee.now {
        close(connection)
      } else {
        earliest = min(earliest, deadline)
      }
    }
    scheduleIdleCheck(at: min(earliest, state.pointee.now + timeout))
  }

  /// Looks for idle clients at `time`, and at no other.
  func scheduleIdleCheck(at time: Int64) {
    state.pointee.idleCheckAt = time
    state.pointee.timers.add(.idleClients, at: time)
  }

  /// Whether CLIENT PAUSE holds this command back.
  func isPaused(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, _ connection: Connection
  ) -> Bool {
    let pause = server.state.pointee.pause
    guard pause.until > state.pointee.now else { return false }
    if entry.pointee.isExemptFromPause { return false }
    if pause.includesReads { return true }
    var flags = effectiveFlags(entry, arguments)
    if entry.pointee.isExec, let session = connection.existingSession {
      flags.formUnion(session.transaction.flags)
    }
    return !flags.isDisjoint(with: [.write, .mayReplicate])
  }

  /// What a command may do: its own flags, or what a script or function says of itself.
  func effectiveFlags(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) -> CommandFlags {
    var flags = entry.pointee.flags
    guard entry.pointee.runsScript, let declared = declaredFlags(entry, arguments),
      !declared.contains(.compatible)
    else { return flags }
    flags.subtract([.write, .mayReplicate])
    if !declared.contains(.noWrites) { flags.insert(.write) }
    return flags
  }

  /// What the script or function that a command is about to run says of itself; nil: it is unknown,
  /// or broken.
  private func declaredFlags(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) -> ScriptFlags? {
    switch server.state.pointee.commands.specs[entry.pointee.index].name {
    case "EVAL", "EVAL_RO": return try? ScriptHeader(scriptBody: arguments[1]).flags
    case "EVALSHA", "EVALSHA_RO":
      return ScriptDigest(arguments[1]).flatMap { server.state.pointee.scripts.find($0)?.flags }
    default: return server.state.pointee.functions?.function(arguments[1].string)?.flags
    }
  }

  /// Holds a connection back; the command that it is about to run stays in its input.
  func pause(_ connection: Connection) {
    connection.flags.insert(.paused)
    state.pointee.paused.append(connection.id)
    server.state.pointee.blockedCount.wrappingAdd(1, ordering: .relaxed)
    watch(connection)
  }

  /// Lets paused clients go on, if the pause is over.
  func resumePaused() {
    // Whoever prolonged the pause has set a timer for its new end.
    guard server.state.pointee.pause.until <= state.pointee.now else { return }
    if server.state.pointee.pause.until > 0 {
      runExclusively {
        guard server.state.pointee.pause.until <= state.pointee.now else { return }
        server.unpauseClients()
      }
    }
    let paused = state.pointee.paused
    state.pointee.paused = []
    for id in paused {
      guard let connection = connection(ofClient: id) else { continue }
      guard connection.flags.contains(.paused) else { continue }
      connection.flags.remove(.paused)
      server.state.pointee.blockedCount.wrappingSubtract(1, ordering: .relaxed)
      if !connection.flags.contains(.closesNow) { resume(connection) }
    }
  }

  /// Takes a sample for the rates that INFO shows.
  func sampleRates() {
    guarded.pointee.rates.sample(state.pointee.counters, now: state.pointee.now)
  }
}
