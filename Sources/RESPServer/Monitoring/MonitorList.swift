internal import Bytes
internal import CacheCore
internal import Platform
internal import Synchronization

/// The clients that MONITOR feeds, and the lines they get.
final class MonitorList: Sendable {
  private let monitors = Guarded<[Subscriber]>([])
  private let count = Atomic<Int>(0)
  private let inboxes: [Inbox]

  init(inboxes: [Inbox]) { self.inboxes = inboxes }

  /// Whether anybody monitors.
  var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

  func add(_ subscriber: Subscriber) {
    monitors.withLock { $0.append(subscriber) }
    count.wrappingAdd(1, ordering: .relaxed)
  }

  func remove(_ client: Int64) {
    let removed = monitors.withLock { monitors in
      let before = monitors.count
      monitors.removeAll { $0.client == client }
      return before - monitors.count
    }
    count.wrappingSubtract(removed, ordering: .relaxed)
  }

  /// Whether monitors are shown a command. Scripts come before the commands that they call, though
  /// their flag says that nobody is to be shown them.
  private static func shows(_ entry: UnsafePointer<CommandEntry>) -> Bool {
    let flags = entry.pointee.flags
    return !flags.contains(.admin) && (!flags.contains(.skipMonitor) || entry.pointee.runsScript)
  }

  /// Shows a command to the monitors, as in
  /// `+1700000000.123456 [0 127.0.0.1:50000] "set" "k" "v"`.
  func feed(
    _ arguments: Arguments, _ entry: UnsafePointer<CommandEntry>, of connection: Connection,
    on loop: EventLoop
  ) {
    guard !isEmpty, Self.shows(entry) else { return }
    let time = Clock.wallMicroseconds
    let fraction = String(time % 1_000_000)
    var line = Array("+\(time / 1_000_000).".utf8)
    line += [UInt8](repeating: 0x30, count: 6 - fraction.utf8.count) + Array(fraction.utf8)
    line += Array(" [\(connection.database.rawValue) \(Self.origin(of: connection))]".utf8)
    var redaction = Redaction()
    if entry.pointee.hidesArguments { redaction.hidePasswords(in: arguments) }
    for index in 0..<arguments.count {
      line.append(0x20)
      QuotedText.append(
        redaction.hides(index) ? ByteView("(redacted)") : arguments[index], to: &line)
    }
    line += [0x0D, 0x0A]
    let push = PushMessage(resp2: line, resp3: line, source: nil)
    for monitor in monitors.withLock({ $0 }) {
      inboxes[monitor.loop].post(.deliver(push, to: [monitor.client]))
    }
  }

  /// Who a command came from: an address, or "unix:" and the path of the socket.
  private static func origin(of connection: Connection) -> String {
    if connection.flags.contains(.isScript) { return "lua" }
    guard connection.flags.contains(.unixSocket) else { return connection.peerName }
    return "unix:\(connection.peerName.dropLast(2))"
  }
}

extension EventLoop {
  /// Lets a client see all commands from now on. The caller has the gate.
  func startMonitoring(_ connection: Connection) {
    connection.flags.insert(.monitors)
    server.state.pointee.monitors.add(Subscriber(loop: index, client: connection.id))
    server.updateNeedsCare()
  }

  /// Ends that.
  func stopMonitoring(_ connection: Connection) {
    guard connection.flags.contains(.monitors) else { return }
    connection.flags.remove(.monitors)
    server.state.pointee.monitors.remove(connection.id)
    runExclusively { server.updateNeedsCare() }
  }
}
