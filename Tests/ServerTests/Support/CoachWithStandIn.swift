import ClaudeStandIn
import Coach
import Foundation
import RESPServer

/// A server with the coach, and the provider's stand-in behind it.
struct CoachWithStandIn {
  static let key = "sk-test-key-0123456789"

  /// Runs `body` against it; `lines` are further lines of configuration. A `folder` of its own is
  /// there meanwhile, with `files` in it, by name.
  static func run(
    _ standIn: StandIn, in folder: String = temporaryFolder(), _ lines: String = "",
    files: [String: String] = [:], _ body: (_ connect: () throws -> TestClient) throws -> Void
  ) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(key.utf8).write(to: URL(fileURLWithPath: folder + "/key"))
    for (name, text) in files {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    defer { standIn.stop() }
    let configuration = """
      coach-corrections-file ""
      coach-spend-file ""
      coach-api-key-file \(folder)/key
      coach-api-url \(standIn.url)
      \(lines)
      """
    try ModuleServer.run([CoachModule()], configuration: configuration, body)
  }

  static func temporaryFolder() -> String {
    "/tmp/wingcache-coach-\(getpid())-\(UInt32.random(in: 0 ... .max))"
  }
}
