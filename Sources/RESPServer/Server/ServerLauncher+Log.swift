internal import CacheCore
internal import Logging
internal import Platform

/// What the log says at start: what runs, and what about the machine will be felt.
///
/// Nothing is said about overcommit and huge pages: the server never forks, reserves address space
/// without claiming memory, and tells the system itself where huge pages are wanted.
extension ServerLauncher {
  func logStart(_ server: Server) {
    let configuration = server.configuration
    log.notice(
      "Starting",
      metadata: [
        "version": "\(Version.number)", "redis": "\(Version.redis)",
        "pid": "\(server.state.pointee.identity.processID)",
        "threads": "\(server.state.pointee.loopCount)",
        "maxmemory": "\(configuration.maxMemory)",
        "policy": "\(configuration.maxMemoryPolicy.name)",
        "config": "\(configuration.file ?? "none")",
      ])
    warnOfMachine(configuration)
  }

  private func warnOfMachine(_ configuration: Configuration) {
    let memory = Machine.memoryBytes
    if configuration.maxMemory > memory / 10 * 9 {
      log.warning(
        "maxmemory leaves the system hardly any memory",
        metadata: ["maxmemory": "\(configuration.maxMemory)", "machine": "\(memory)"])
    }
    if configuration.maxMemory > 0, !configuration.maxMemoryPolicy.evicts {
      log.info("Writes will be refused at maxmemory: the policy is noeviction")
    }
    if let limit = Machine.listenBacklogMax, configuration.tcpBacklog > limit {
      log.warning(
        "The system allows a shorter tcp-backlog",
        metadata: ["tcp-backlog": "\(configuration.tcpBacklog)", "somaxconn": "\(limit)"])
    }
    if configuration.threads > Machine.coreCount {
      log.warning(
        "There are more threads than cores",
        metadata: ["threads": "\(configuration.threads)", "cores": "\(Machine.coreCount)"])
    }
    if !configuration.savePoints.isEmpty || configuration.appendOnly {
      log.warning("Data is not kept on disk yet: save and appendonly have no effect")
    }
  }

  /// Writes the process's number where `pidfile` says.
  func writeProcessFile() {
    guard !configuration.pidFile.isEmpty else { return }
    do throws(FileError) {
      try File.replace(
        configuration.pidFile, with: Array("\(CurrentProcess.identifier)\n".utf8))
    } catch {
      log.warning(
        "Cannot write the pid file",
        metadata: ["path": "\(error.path)", "reason": "\(error.message)"])
    }
  }
}
