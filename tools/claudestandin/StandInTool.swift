import ArgumentParser
import ClaudeStandIn
import Foundation

/// Serves the stand-in of the API of the coach's model until it is ended.
@main
struct StandInTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claudestandin",
    abstract: "Serves a stand-in of the API of the coach's model until it is ended.",
    discussion: "See docs/coach-claude.md.")

  @Option(help: "Where it listens, on 127.0.0.1; 0 is any free port.")
  var port: UInt16 = 8089

  @Option(help: "The key that requests must have; any will do without this.")
  var key: String?

  @Argument(
    help: ArgumentHelp(
      "How requests are answered, such as 'error status=529 times=3'.",
      discussion: "Tests/Support/ClaudeStandIn/Scenario.swift has all of them.",
      valueName: "line"))
  var lines: [String] = []

  func run() throws {
    let standIn = try StandIn(port: port, key: key)
    standIn.play(lines)
    print("The stand-in serves \(standIn.url)")
    fflush(nil)
    while true { sleep(3600) }
  }
}
