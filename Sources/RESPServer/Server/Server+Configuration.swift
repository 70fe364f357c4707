internal import CacheCore
internal import Logging
internal import Platform

/// Why settings cannot be put into effect.
struct ConfigurationRefusal {
  /// The parameter that is to blame.
  let name: String
  let reason: String

  init(_ name: String, _ reason: String) {
    self.name = name
    self.reason = reason
  }
}

/// Putting settings into effect, at start and after CONFIG SET.
extension Server {
  /// CONFIG SET: takes new values and puts them into effect, or leaves everything as it was. The
  /// caller has the gate.
  ///
  /// - Returns: what to answer when nothing was changed.
  func setConfiguration(
    _ pairs: [(name: String, value: String)], isLocalClient: Bool
  ) -> ConfigurationSetFailure? {
    let old = state.pointee.configuration
    let context = ConfigurationSetContext(isLocalClient: isLocalClient)
    let changed: [String]
    switch state.pointee.registry.set(pairs, to: &state.pointee.configuration, context: context) {
    case .failure(let failure): return failure
    case .success(let names): changed = names
    }
    guard let refusal = applyConfiguration(changed: changed, from: old) else {
      for module in state.pointee.modules { module.settingsChanged(ModuleHost(server: self)) }
      return nil
    }
    let new = state.pointee.configuration
    state.pointee.configuration = old
    if let again = applyConfiguration(changed: changed, from: new) {
      log.error(
        "Cannot go back to the old configuration",
        metadata: ["parameter": "\(again.name)", "reason": "\(again.reason)"])
    }
    return .refused(name: refusal.name, reason: refusal.reason)
  }

  /// Brings what was derived from the configuration up to date. The caller has the gate.
  ///
  /// - Parameters:
  ///   - changed: names of the parameters that changed; nil at start: all.
  ///   - old: the configuration before; nil at start.
  /// - Returns: why it cannot be done, nil on success.
  func applyConfiguration(
    changed: [String]?, from old: Configuration? = nil
  ) -> ConfigurationRefusal? {
    func isChanged(_ names: String...) -> Bool {
      guard let changed else { return true }
      return names.contains { changed.contains($0) }
    }
    // First what may fail.
    if isChanged("maxclients"), let refusal = makeRoomForClients(isStart: old == nil) {
      return refusal
    }
    if isChanged("dir") {
      do throws(FileError) {
        try File.changeWorkingFolder(to: configuration.workingFolder)
      } catch {
        return ConfigurationRefusal("dir", error.message)
      }
    }
    if let old, isChanged("port", "bind"), let refusal = relisten(from: old) { return refusal }
    applyToKeyspace()
    updateSlowThreshold()
    updateNeedsCare()
    if isChanged("latency-tracking"), !configuration.latencyTracking { dropHistograms() }
    if isChanged("loglevel") { state.pointee.logThreshold?.verbosity = configuration.logVerbosity }
    if old != nil, isChanged("requirepass") { setDefaultPassword(configuration.requirePassword) }
    if old != nil, isChanged("tracking-table-max-keys") {
      loop(max(0, Thread.currentNumber)).makeRoomForTrackedKeys(limit: .max)
    }
    if isChanged("timeout") { scheduleIdleClients() }
    if old != nil, isChanged("maxmemory-clients", "maxmemory") { evictClients() }
    if old != nil, isChanged("maxmemory") { warnOfTightMemory() }
    // A lower limit is kept from now on, not from the next command on. What takes longer is left to
    // the loops' housekeeping.
    if old != nil, isChanged("maxmemory", "maxmemory-policy") {
      _ = state.pointee.keyspace.makeRoom(worker: 0, now: state.pointee.clock.milliseconds)
    }
    return nil
  }

  private func applyToKeyspace() {
    let configuration = state.pointee.configuration
    state.pointee.keyspaceEvents = configuration.notifyKeyspaceEvents
    state.pointee.keyspace.setMaxMemory(configuration.maxMemory)
    if state.pointee.keyspace.policy != configuration.maxMemoryPolicy {
      state.pointee.keyspace.setPolicy(configuration.maxMemoryPolicy)
    }
    state.pointee.keyspace.setFrequencySettings(
      logFactor: configuration.lfuLogFactor, decayMinutes: configuration.lfuDecayMinutes)
  }

  private func scheduleIdleClients() {
    guard configuration.timeoutSeconds > 0 else { return }
    // Loops look at their timers without the gate, too.
    forEachLoop { loop in
      loop.state.pointee.inbox.post(.task { $0.scheduleIdleCheck(at: $0.state.pointee.now) })
    }
  }

  private func dropHistograms() {
    forEachLoop { loop in
      let statistics = loop.state.pointee.commandStatistics
      for index in 0..<state.pointee.commands.count { statistics[index].dropHistogram() }
    }
  }

  private func warnOfTightMemory() {
    let used = state.pointee.keyspace.usedMemory
    guard configuration.maxMemory > 0, used > configuration.maxMemory else { return }
    log.warning(
      "maxmemory is below what is used now: keys will be evicted, or writes refused",
      metadata: ["maxmemory": "\(configuration.maxMemory)", "used": "\(used)"])
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
    state.pointee.needsCare =
      !state.pointee.monitors.isEmpty || state.pointee.pause.until > 0
      || state.pointee.runningScript.current != nil || state.pointee.examinesWrites
  }
}
