import Foundation
import Logging
import RESPServer

/// A server with modules of the test's own, inside the test's process, behind a Unix socket.
enum ModuleServer {
  struct Failure: Error {}

  /// Runs a server until `body` has ended.
  ///
  /// - Parameter configuration: lines of the configuration file.
  /// - Returns: after the server has ended.
  static func run(
    _ modules: [any ServerModule], configuration: String = "", threads: Int = 2,
    _ body: (_ connect: () throws -> TestClient) throws -> Void
  ) throws {
    let folder = "/tmp/wingcache-module-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let registry = try ConfigurationRegistry(modules: modules)
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(
      text: "port 0\nthreads \(threads)\nunixsocket \(folder)/socket\n\(configuration)")
    try loader.finish()
    let launcher = ServerLauncher(
      registry: registry, configuration: loader.configuration, modules: modules,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      try? launcher.run()
      ended.signal()
    }
    var client: TestClient?
    // Bounded: the server listens within milliseconds, or the test fails.
    for _ in 0..<2000 where client == nil {
      client = try? TestClient(path: "\(folder)/socket")
      if client == nil { usleep(5000) }
    }
    guard let last = client else { throw Failure() }
    try body { try TestClient(path: "\(folder)/socket") }
    try? last.write(TestClient.encode([Array("SHUTDOWN".utf8), Array("NOSAVE".utf8)]))
    guard ended.wait(timeout: .now() + 20) == .success else { throw Failure() }
  }
}
