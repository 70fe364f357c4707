internal import Synchronization

/// CLIENT PAUSE's state.
struct PauseState {
  /// Cache time until which clients are held back; 0: they are not.
  var until: Int64 = 0
  /// Whether all commands wait, or only those that may change something.
  var includesReads = false
}

/// Timers: waits that time out, idle clients, paused clients.
extension EventLoop {
  /// Handles what is due.
  func runTimers() {
    guard state.pointee.timers.nextDeadline <= state.pointee.now else { return }
    enterGate()
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
    guard timeout > 0 else { return }
    var earliest = Int64.max
    forEachConnection { connection in
      guard connection.flags.isDisjoint(with: [.blocked, .monitors]),
        connection.existingSession?.subscriptions.isEmpty ?? true
      else { return }
      let deadline = connection.state.pointee.lastInteraction + timeout
      if deadline <= state.pointee.now {
        close(connection)
      } else {
        earliest = min(earliest, deadline)
      }
    }
    let next = min(earliest, state.pointee.now + timeout)
    state.pointee.timers.add(.idleClients, at: next)
  }

  /// Whether CLIENT PAUSE holds this command back.
  func isPaused(_ entry: UnsafePointer<CommandEntry>, _ connection: Connection) -> Bool {
    let pause = server.state.pointee.pause
    guard pause.until > state.pointee.now else { return false }
    if entry.pointee.isExemptFromPause { return false }
    if pause.includesReads { return true }
    let flags: CommandFlags =
      connection.flags.contains(.inTransaction)
      ? connection.existingSession?.transaction.flags ?? [] : entry.pointee.flags
    return !flags.union(entry.pointee.flags).isDisjoint(with: [.write, .mayReplicate])
  }

  /// Holds a connection back; the command that it is about to run stays in its input.
  func pause(_ connection: Connection) {
    connection.flags.insert(.paused)
    state.pointee.paused.append(connection.id)
    watch(connection)
    state.pointee.timers.add(.pauseEnds, at: server.state.pointee.pause.until)
  }

  /// Lets paused clients go on, if the pause is over.
  func resumePaused() {
    guard server.state.pointee.pause.until <= state.pointee.now else {
      if !state.pointee.paused.isEmpty {
        state.pointee.timers.add(.pauseEnds, at: server.state.pointee.pause.until)
      }
      return
    }
    let paused = state.pointee.paused
    state.pointee.paused = []
    for id in paused {
      guard let connection = connection(ofClient: id) else { continue }
      connection.flags.remove(.paused)
      resume(connection)
    }
  }

  /// Takes a sample for the rates that INFO shows.
  func sampleRates() {
    state.pointee.rates.sample(state.pointee.counters, now: state.pointee.now)
  }
}
