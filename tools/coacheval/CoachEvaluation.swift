import Foundation

/// Measures the coach's algorithms on labelled data and prints tables.
@main
enum CoachEvaluation {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "tokens": TokenEvaluation.run(Array(arguments.dropFirst()))
    case "safety": SafetyEvaluation.run(Array(arguments.dropFirst()))
    case "fit-tokens": EstimateFitting.run(Array(arguments.dropFirst()))
    default:
      print("usage: coacheval tokens|fit-tokens|safety [--data FOLDER]")
      exit(2)
    }
  }
}
