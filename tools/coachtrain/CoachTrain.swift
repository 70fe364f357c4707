import ArgumentParser
import ToolSupport

/// Trains the weights of the coaching module's classifier and says what they are worth.
@main
struct CoachTrain: Tool {
  static let configuration = CommandConfiguration(
    commandName: "coachtrain",
    abstract: "Trains the classifier's weights and says what they are worth.",
    discussion: "Works in the root of the repository. See docs/coach-classifier.md.",
    subcommands: [
      Train.self, Evaluate.self, Mistakes.self, Sealed.self, Judge.self, Clinc.self, Bench.self,
      Classify.self,
    ])
}

/// What training begins with.
struct TrainingOptions: ParsableArguments {
  @OptionGroup var data: DataOptions

  @Option(help: "The seed of everything that is random.")
  var seed: UInt64 = 2026

  var sources: MessageSources { MessageSources(sets: data.sets) }

  func settings() throws -> TrainingSettings {
    TrainingSettings(seed: seed, lexicon: try Lexicon(lines: sources.own.lines("kinds.txt")))
  }
}
