import ArgumentParser
import ToolSupport

/// Replays conversations and traffic, and prints what they cost in each way of sending them.
@main
struct CoachSimulate: Tool {
  static let configuration = CommandConfiguration(
    commandName: "coachsimulate",
    abstract: "Says what conversations and traffic cost in each way of sending them.",
    discussion: """
      Prices and limits are those of the built-in model catalog. See docs/coach-routing.md.
      """,
    subcommands: [Memory.self, Traffic.self])
}

extension CoachSimulate {
  struct Memory: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One long conversation, strategy by strategy.")

    @Argument(help: "How many turns it has.")
    var turns = 60

    func validate() throws {
      guard turns > 0 else { throw ValidationError("a conversation has at least one turn") }
    }

    func run() { MemorySimulation(turns: turns).print() }
  }

  struct Traffic: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Arrivals of real chat requests, with a mix of labels.")

    @Argument(help: "A file of requests, a JSON object a line.")
    var trace: String

    func run() throws { try TrafficSimulation(trace: trace).print() }
  }
}
