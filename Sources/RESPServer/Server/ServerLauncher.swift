internal import Bytes
internal import CacheCore
public import Logging
internal import Platform
internal import RESP

/// Why the server did not start.
public struct StartFailure: Error, CustomStringConvertible {
  public let description: String
}

/// Builds a server from its configuration and modules, and runs it until it is told to stop.
///
///     var launcher = ServerLauncher(registry: registry, configuration: configuration, log: log)
///     try launcher.run()
public struct ServerLauncher: Sendable {
  let registry: ConfigurationRegistry
  let configuration: Configuration
  let modules: [any ServerModule]
  let log: Logger
  let logThreshold: LogThreshold?
  /// Path and arguments of the process, for INFO.
  let executablePath: String

  /// Makes a launcher.
  ///
  /// - Parameters:
  ///   - registry: all parameters, the modules' included.
  ///   - configuration: as loaded from file and command line.
  ///   - modules: native modules to start with the server.
  ///   - logThreshold: what CONFIG SET loglevel changes.
  public init(
    registry: ConfigurationRegistry, configuration: Configuration,
    modules: [any ServerModule] = [], log: Logger, logThreshold: LogThreshold? = nil,
    executablePath: String = "wingcache"
  ) {
    self.registry = registry
    self.configuration = configuration
    self.modules = modules
    self.log = log
    self.logThreshold = logThreshold
    self.executablePath = executablePath
  }

  /// Starts the server, serves, and returns when it has been stopped.
  ///
  /// - Throws: when a socket cannot be bound, memory not be reserved, or a module not be started.
  public func run() throws(StartFailure) {
    SignalSource.ignoreBrokenPipes()
    let server = try build()
    server.state.pointee.logThreshold = logThreshold
    logStart(server)
    let listeners = try openListeners()
    writeProcessFile()
    let first = server.loop(0)
    first.state.pointee.listeners = listeners
    first.state.pointee.spareDescriptor = (try? EventCounter())?.fd
    do {
      let signals = [SignalNumbers.terminate, SignalNumbers.interrupt]
      first.state.pointee.signals = try SignalSource(signals)
    } catch {
      throw StartFailure(description: "cannot wait for signals: \(error)")
    }
    for module in modules {
      do {
        try module.start(ModuleHost(server: server))
      } catch {
        throw StartFailure(description: "module \(module.name): \(error)")
      }
    }
    server.updateKeyLoader()
    for listener in listeners {
      log.notice("Ready to accept connections", metadata: ["address": "\(listener.name)"])
    }
    try serve(server)
    for module in modules.reversed() { module.stop() }
    for listener in first.state.pointee.listeners { listener.fd.close() }
    if !configuration.unixSocket.isEmpty { CurrentProcess.removeFile(configuration.unixSocket) }
    if !configuration.pidFile.isEmpty { CurrentProcess.removeFile(configuration.pidFile) }
    log.notice("Wingcache is now ready to exit, bye bye")
  }

  /// Runs loop 0 on this thread and the others on theirs.
  private func serve(_ server: Server) throws(StartFailure) {
    var threads: [Thread] = []
    for index in 1..<max(1, server.state.pointee.loopCount) {
      do throws(Errno) {
        threads.append(try Thread(name: "loop \(index)") { server.loop(index).run() })
      } catch {
        throw StartFailure(description: "cannot start a thread: \(error)")
      }
    }
    server.loop(0).run()
    for thread in threads { thread.join() }
  }

  /// Puts the shared state together. It lives as long as the process.
  func build() throws(StartFailure) -> Server {
    let loopCount = max(1, configuration.threads)
    var settings = KeyspaceConfiguration()
    settings.workerCount = loopCount
    settings.databaseCount = configuration.databaseCount
    settings.maxMemory = configuration.maxMemory
    settings.regionBytesMax = configuration.memoryReserveBytes
    settings.policy = configuration.maxMemoryPolicy
    settings.lfuLogFactor = configuration.lfuLogFactor
    settings.lfuDecayMinutes = configuration.lfuDecayMinutes
    settings.maxMemorySamples = configuration.maxMemorySamples
    let keyspace: Keyspace
    do throws(KeyspaceStartError) {
      keyspace = try Keyspace(configuration: settings)
    } catch {
      throw StartFailure(description: "\(error)")
    }
    let inboxes = try makeInboxes(loopCount)
    var commands = CommandCatalog.commands
    var specs = commands.map { $0.spec }
    for module in modules {
      commands += module.commands
      specs += module.commandSpecs
    }
    let clock = ServerClock()
    let ticks = TickCounter()
    let state = UnsafeMutablePointer<ServerState>.allocate(capacity: 1)
    let server = Server(state: state)
    let loops = UnsafeMutablePointer<EventLoopState>.allocate(capacity: loopCount)
    state.initialize(
      to: ServerState(
        configuration: configuration, keyspace: keyspace, registry: registry,
        commands: CommandTable(commands, specs: specs), gate: Gate(workerCount: loopCount),
        ticks: ticks, clock: clock,
        clockRefreshTicks: ticks.ticks(nanoseconds: 250_000), loops: loops, loopCount: loopCount,
        inboxes: inboxes, replicationID: RandomText.hexadecimal(bytes: 20),
        acl: ACLRegistry(catalog: ACLCatalog(specs: specs)),
        keyFollowers: modules.compactMap { $0.keyFollower },
        watches: WatchRegistry(), hub: PubSubHub(inboxes: inboxes),
        monitors: MonitorList(inboxes: inboxes), slowLog: SlowLog(),
        latency: LatencyMonitor(), modules: modules, log: log,
        identity: ServerIdentity(
          runID: RandomText.hexadecimal(bytes: 20), startedAt: clock.milliseconds,
          processID: CurrentProcess.identifier,
          executablePath: CurrentProcess.executablePath ?? executablePath,
          configurationPath: configuration.file)))
    state.pointee.keyspace.observer = EffectObserver(server: server)
    for index in 0..<loopCount {
      do throws(Errno) {
        (loops + index).initialize(
          to: try EventLoopState(
            index: index, server: server, inbox: inboxes[index],
            commandCount: state.pointee.commands.count))
      } catch {
        throw StartFailure(description: "cannot make an event loop: \(error)")
      }
    }
    if let refusal = server.applyConfiguration(changed: nil) {
      throw StartFailure(description: "\(refusal.name): \(refusal.reason)")
    }
    try server.makeConfiguredUsers()
    state.pointee.statistics.startupMemory = state.pointee.keyspace.usedMemory
    return server
  }

  private func makeInboxes(_ count: Int) throws(StartFailure) -> [Inbox] {
    var inboxes: [Inbox] = []
    do throws(Errno) {
      for _ in 0..<count { inboxes.append(try Inbox()) }
    } catch {
      throw StartFailure(description: "cannot make an event descriptor: \(error)")
    }
    return inboxes
  }

  /// Binds every address; one with a leading "-" may fail, as in redis.conf.
  private func openListeners() throws(StartFailure) -> [Listener] {
    var listeners: [Listener] = []
    for place in Listener.addresses(configuration) {
      do throws(Errno) {
        listeners.append(try Listener.open(place, backlog: configuration.tcpBacklog))
      } catch {
        guard place.isOptional else {
          throw StartFailure(
            description: "cannot listen on \(place.address):\(place.port): \(error)")
        }
      }
    }
    if !configuration.unixSocket.isEmpty {
      do throws(Errno) {
        let fd = try Socket.listen(
          path: configuration.unixSocket,
          permissions: UInt32(configuration.unixSocketPermissions),
          backlog: configuration.tcpBacklog)
        listeners.append(
          Listener(fd: fd, isUnixSocket: true, address: configuration.unixSocket, port: 0))
      } catch {
        throw StartFailure(description: "cannot listen on \(configuration.unixSocket): \(error)")
      }
    }
    guard !listeners.isEmpty else {
      throw StartFailure(description: "nothing to listen on: port is 0 and no unixsocket is set")
    }
    return listeners
  }
}
