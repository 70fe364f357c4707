internal import CacheCore

/// Putting settings into effect, at start and after CONFIG SET.
extension Server {
  /// Brings what was derived from the configuration up to date. The caller has the gate.
  ///
  /// - Parameter changed: names of the parameters that changed; nil at start: all.
  /// - Returns: why it cannot be done, nil on success.
  func applyConfiguration(changed: [String]?) -> String? {
    let configuration = state.pointee.configuration
    state.pointee.keyspaceEvents = configuration.notifyKeyspaceEvents
    state.pointee.keyspace.setMaxMemory(configuration.maxMemory)
    state.pointee.keyspace.setPolicy(configuration.maxMemoryPolicy)
    updateSlowThreshold()
    updateNeedsCare()
    if changed?.contains("timeout") ?? true, configuration.timeoutSeconds > 0 {
      forEachLoop { loop in
        loop.scheduleIdleCheck(at: loop.state.pointee.now)
        loop.state.pointee.inbox.wake()
      }
    }
    return nil
  }

  /// From how long on a command is looked at by the slow log or the latency monitor.
  private func updateSlowThreshold() {
    var limit = UInt64.max
    let slow = configuration.slowLogMicroseconds
    if slow >= 0 { limit = UInt64(slow) * 1000 }
    let latency = configuration.latencyMonitorMilliseconds
    if latency > 0 { limit = min(limit, UInt64(latency) * 1_000_000) }
    state.pointee.slowNanoseconds = limit
  }

  /// Whether commands must take the long way. The caller has the gate.
  func updateNeedsCare() {
    state.pointee.needsCare = !state.pointee.monitors.isEmpty || state.pointee.pause.until > 0
  }
}
