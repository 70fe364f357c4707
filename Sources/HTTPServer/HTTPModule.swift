internal import Platform
public import RESPServer

/// HTTP on a port of its own: static content with ETags, health, and metrics for Prometheus.
///
/// Off until `http-port` is set; then nothing of it exists: no thread, no socket, no memory. When
/// it is on, one thread of SwiftNIO's serves it, which sleeps while nobody asks. That thread reads
/// keys by `LoopTask`s, as any module may, so HTTP clients wait for the loops and never the other
/// way round.
///
///     HTTPListener      sockets, limits, one pipeline of handlers a connection
///       HTTPHandler     a connection's requests, one after the other, and its deadlines
///         HTTPTarget    what a request line asks for
///         HTTPService   the answers: StaticContent, health, Exposition
public final class HTTPModule: ServerModule {
  public let name = "http"
  public let version = 1

  /// What can go wrong at the start, in words.
  struct StartError: Error, CustomStringConvertible {
    var description: String
  }

  private struct State {
    var listener: HTTPListener?
    var service: HTTPService?
  }

  private let state = Guarded(State())

  /// Makes the module; it starts with the server.
  public init() {}

  public var commands: [any Command.Type] { [] }

  public var parameters: [ConfigurationParameter] { HTTPSettings.parameters }

  public func start(_ host: ModuleHost) throws {
    let settings = HTTPSettings { host.setting($0) }
    guard settings.port > 0 else { return }
    let service = HTTPService(host: host, settings: settings)
    let listener = try HTTPListener(settings, service, log: host.log)
    state.withLock { $0 = State(listener: listener, service: service) }
  }

  public func settingsChanged(_ host: ModuleHost) {
    let service = state.withLock { $0.service }
    service?.change(HTTPSettings { host.setting($0) })
  }

  public func stop() {
    let listener = state.withLock { state in
      defer { state = State() }
      return state.listener
    }
    listener?.stop()
  }

  public func infoSections() -> [InfoSection] {
    let service = state.withLock { $0.service }
    return [InfoSection("http", service?.statistics.fields ?? [("http_listening", "0")])]
  }
}
