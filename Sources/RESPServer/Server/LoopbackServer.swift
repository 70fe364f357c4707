internal import CacheCore
internal import Logging
internal import Platform
internal import Synchronization

/// A whole server without port and threads, for tests and fuzzing: its one loop turns when it is
/// told to, and its connections are sockets that the caller made.
///
///     let server = try LoopbackServer(configuration: configuration, registry: registry)
///     server.adopt(descriptor)       // one end of a socketpair
///     ... write to the other end ...
///     server.turn()
///     ... read the replies there ...
package struct LoopbackServer {
  private let server: Server
  private let initial: Configuration

  private var loop: EventLoop { server.loop(0) }

  /// Makes a server; it lives as long as the process.
  ///
  /// - Parameter configuration: `threads` and addresses to listen on are ignored.
  package init(
    configuration: Configuration, registry: ConfigurationRegistry
  ) throws(StartFailure) {
    SignalSource.ignoreBrokenPipes()
    var configuration = configuration
    configuration.threads = 1
    configuration.port = 0
    initial = configuration
    let log = Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
    server = try ServerLauncher(registry: registry, configuration: configuration, log: log).build()
    loop.watchInternalEvents()
    loop.updateTime()
  }

  /// Makes a connection of a socket, which must be non-blocking. The server closes it.
  package func adopt(_ descriptor: CInt) {
    server.state.pointee.clientCount.wrappingAdd(1, ordering: .relaxed)
    loop.enterGate()
    loop.adopt(FileDescriptor(descriptor), isUnixSocket: true)
    loop.leaveGate()
  }

  /// Handles what has arrived and what is due, without waiting.
  package func turn() { loop.runOnce() }

  /// Number of connections.
  package var connectionCount: Int { server.state.pointee.clientCount.load(ordering: .relaxed) }

  /// Takes back what clients have set: configuration, pauses, a stop that was asked for.
  package func reset() {
    server.state.pointee.stopping.store(false, ordering: .relaxed)
    server.state.pointee.pause = PauseState()
    let old = server.state.pointee.configuration
    server.state.pointee.configuration = initial
    _ = server.applyConfiguration(changed: nil, from: old)
  }

  /// Checks the key space's own invariants.
  ///
  /// - Complexity: O(keys)
  package func checkInvariants() { server.state.pointee.keyspace.checkInvariants() }
}
