import Foundation
import Glibc
import Synchronization

/// A real server process on a free port of the loopback interface, killed with its last owner.
///
///     let server = try TestServer("--maxmemory", "10mb")
///     let client = try server.connect()
///     #expect(try client.send("PING") == .simple("PONG"))
final class TestServer: Sendable {
  let port: UInt16
  let process: pid_t
  /// A directory of the server's own, for sockets and files; removed at the end.
  let directory: String
  private let log = ServerLog()
  private let hasEnded = Mutex<Int32?>(nil)

  /// What can go wrong before a test begins.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The server under test: beside the test bundle, unless WINGCACHE_BINARY names another.
  static let binary: String = {
    if let path = ProcessInfo.processInfo.environment["WINGCACHE_BINARY"] { return path }
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    var folder = bundle.deletingLastPathComponent()
    for _ in 0..<5 {
      let candidate = folder.appendingPathComponent("wingcache").path
      if access(candidate, X_OK) == 0 { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return ".build/debug/wingcache"
  }()

  /// Starts a server and waits until it listens.
  ///
  /// - Parameter options: as on its command line, behind those for port and address.
  convenience init(_ options: String...) throws { try self.init(options: options) }

  /// The same with a configuration file.
  convenience init(file: String) throws { try self.init(file: file, options: []) }

  /// A redis-server to compare with, where one is installed; 7.0 knows the options used here.
  static let redisBinary: String? = ["/usr/bin", "/usr/local/bin"].map { "\($0)/redis-server" }
    .first { access($0, X_OK) == 0 }

  /// Starts a redis-server that keeps nothing on disk.
  static func redis() throws -> TestServer {
    try TestServer(options: ["--save", ""], binary: redisBinary ?? "redis-server")
  }

  init(file: String? = nil, options: [String], binary: String = TestServer.binary) throws {
    let directory = "/tmp/wingcache-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    self.directory = directory
    var lastOutput = ""
    // The port is free when it is picked; somebody may take it before the server does.
    for _ in 0..<10 {
      let port = Self.freePort()
      let arguments =
        (file.map { [$0] } ?? []) + [
          "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory,
          "--enable-debug-command", "yes",
        ] + options
      let (process, output) = try Self.spawn(binary, arguments)
      lastOutput = ""
      if Self.waitUntilReady(output, &lastOutput) {
        self.port = port
        self.process = process
        LiveServers.add(process)
        log.startReading(output, behind: lastOutput)
        return
      }
      kill(process, SIGKILL)
      var status: Int32 = 0
      waitpid(process, &status, 0)
      close(output)
      guard lastOutput.contains("Address already in use") else { break }
    }
    throw Failure(description: "the server did not start: \(lastOutput)")
  }

  deinit {
    tellOfCrash()
    kill(process, SIGKILL)
    _ = waitForExit()
    LiveServers.remove(process)
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Prints the log of a server that ended by a signal of its own making.
  private func tellOfCrash() {
    let status = hasEnded.withLock { known in
      if let known { return known }
      var status: Int32 = 0
      guard waitpid(process, &status, WNOHANG) == process else { return Int32(0) }
      known = status
      return status
    }
    let signal = status & 0x7F
    guard signal != 0, signal != SIGKILL, signal != SIGTERM else { return }
    log.waitForEnd()
    print("the server on port \(port) was ended by signal \(signal); its log:\n\(logged)")
  }

  /// Connects a client over TCP.
  func connect() throws -> TestClient { try TestClient(port: port) }

  /// Everything that the server has logged so far.
  var logged: String { log.text }

  /// Sends a signal.
  func send(signal: Int32) { kill(process, signal) }

  /// Waits for the process to end.
  ///
  /// - Returns: the wait status: 0 is a clean end, otherwise the exit code in the second byte or
  ///   the signal in the lowest.
  func waitForExit() -> Int32 {
    hasEnded.withLock { known in
      if let known { return known }
      var status: Int32 = 0
      waitpid(process, &status, 0)
      known = status
      return status
    }
  }

  /// Resident memory in bytes.
  var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func freePort() -> UInt16 {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(fd) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(fd, $0, length)
        _ = getsockname(fd, $0, &length)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func spawn(
    _ path: String, _ arguments: [String]
  ) throws -> (process: pid_t, output: Int32) {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw Failure(description: "no pipe") }
    // Other servers that tests start meanwhile must not hold the ends.
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let result = posix_spawn(&process, path, &actions, nil, &words, environ)
    close(pipes[1])
    guard result == 0 else {
      close(pipes[0])
      throw Failure(description: "cannot start \(path): error \(result)")
    }
    return (process, pipes[0])
  }

  /// Reads the log until the line that says that the port is open. False at its end.
  private static func waitUntilReady(_ output: Int32, _ text: inout String) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !text.contains("Ready to accept connections") {
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else { return false }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    return true
  }
}

/// What a server writes, read on a thread of its own until the server has ended.
private final class ServerLog: Sendable {
  private let content = Mutex<String>("")
  private let end = DispatchGroup()

  var text: String { content.withLock { $0 } }

  /// Reads `output` to its end, and closes it.
  func startReading(_ output: Int32, behind start: String) {
    content.withLock { $0 = start }
    end.enter()
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(output, &buffer, buffer.count)
        guard count > 0 else { break }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        content.withLock { $0 += text }
      }
      close(output)
      end.leave()
    }
  }

  /// Waits until the server has closed its end.
  func waitForEnd() { _ = end.wait(timeout: .now() + 5) }
}

/// Servers that are running, so that none outlives the tests.
enum LiveServers {
  private static let processes = Mutex<Set<pid_t>>([])

  private static let installed: Void = {
    atexit { LiveServers.processes.withLock { for process in $0 { kill(process, SIGKILL) } } }
  }()

  static func add(_ process: pid_t) {
    _ = installed
    processes.withLock { _ = $0.insert(process) }
  }

  static func remove(_ process: pid_t) {
    processes.withLock { _ = $0.remove(process) }
  }
}
