import ArgumentParser
import ToolSupport

/// Measures the coach's token counts and safety rules on labelled data, and prints tables.
@main
struct CoachEvaluation: Tool {
  static let configuration = CommandConfiguration(
    commandName: "coacheval",
    abstract: "Measures the coach's token counts and safety rules; fits the token estimate.",
    discussion: """
      Works in the root of the repository. See docs/coach-tokens.md and docs/coach-safety.md.
      """,
    subcommands: [TokenEvaluation.self, EstimateFitting.self, SafetyEvaluation.self])
}
