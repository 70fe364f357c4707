import Foundation
import Testing

/// A server with key classes in front of a database.
struct ReadThroughServer {
  let server: TestServer
  let postgres: ScratchPostgres
  private let classes: TemporaryFile

  /// Starts a server whose classes are `classes`, and waits until it listens to the database.
  ///
  /// - Parameter isReachable: whether the database can be reached now.
  init(
    _ postgres: ScratchPostgres, classes: String, _ options: [String] = [],
    isReachable: Bool = true
  ) throws {
    self.postgres = postgres
    self.classes = try TemporaryFile(classes)
    server = try TestServer(
      options: [
        "--postgres-url", postgres.url, "--cache-classes-file", self.classes.path,
        "--postgres-install-triggers", "yes",
        // A slow machine is no reason for errors.
        "--postgres-load-timeout", "60000", "--postgres-statement-timeout", "50000",
        "--postgres-connect-timeout", "60000", "--postgres-heartbeat", "20000",
      ] + options)
    guard isReachable else { return }
    let client = try connect()
    if classes.contains("watch") {
      try eventually("listening") {
        try figure("postgres_listening", client) == "1"
          && figure("postgres_notification_lag_us", client) != "0"
          && figure("postgres_triggers_installed", client) != "0"
      }
    }
  }

  func connect() throws -> TestClient { try server.connect() }

  /// Gives the file of classes other contents.
  func rewrite(_ text: String) throws { try classes.write(text) }

  /// A field of INFO.
  func figure(_ name: String, _ client: TestClient) throws -> String {
    let text = try client.send("INFO", "everything").string ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
    return line.map { String($0.dropFirst(name.count + 1)) } ?? ""
  }

  /// Waits for something to become true; bounded, for a test that fails.
  func eventually(
    _ what: String, seconds: Double = 60, _ condition: () throws -> Bool
  ) throws {
    let end = Date() + seconds
    while !(try condition()) {
      guard Date() < end else {
        Issue.record("never happened: \(what)\n\(server.logged)")
        throw ScratchPostgres.Failure(description: what)
      }
      usleep(3000)
    }
  }
}

/// A file that goes with its last owner.
final class TemporaryFile {
  let path = "/tmp/wingcache-file-\(getpid())-\(UInt64.random(in: 0 ... .max))"

  init(_ text: String) throws { try write(text) }

  deinit { unlink(path) }

  /// Gives it other contents.
  func write(_ text: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}

extension Reply {
  /// All its texts, one behind the other.
  var allText: String {
    if let elements { return elements.map(\.allText).joined(separator: "\n") }
    return string ?? number.map { String($0) } ?? ""
  }
}
