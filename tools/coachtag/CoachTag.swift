import ArgumentParser
import Bytes
import Coach
import Foundation
import ToolSupport

/// Trains the tagger of names and addresses, and says what it and the rules before it are worth.
@main
struct CoachTag: Tool {
  static let configuration = CommandConfiguration(
    commandName: "coachtag",
    abstract: "Trains the tagger of names, and says what it and the rules before it are worth.",
    discussion: "Works in the root of the repository. See docs/coach-redaction.md.",
    subcommands: [
      Train.self, Evaluate.self, Rules.self, Alarms.self, TagText.self, Bench.self,
    ])

  static let weightsPath = "Sources/CCoach/names.bin"
}

/// What an experiment begins with.
struct ExperimentOptions: ParsableArguments {
  @OptionGroup var data: DataOptions

  @Option(help: "The seed of everything that is random.")
  var seed: UInt64 = 2026

  func experiment() throws -> Experiment {
    try Experiment(Corpus(sets: data.sets), TrainingSettings(seed: seed))
  }
}

extension CoachTag {
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Train on everything and write the weights.")

    @OptionGroup var options: ExperimentOptions

    func run() throws {
      let data = try options.experiment().trainAll()
      try data.write(to: URL(fileURLWithPath: weightsPath))
      print("wrote \(weightsPath), \(data.count) bytes")
    }
  }

  struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "eval",
      abstract: "Judge by weights that did not see what they are judged on.",
      discussion: """
        Each sentence is judged by weights that saw none of its template or similar ones, and by \
        weights trained without any of these sentences. False alarms on other texts follow.
        """)

    @OptionGroup var options: ExperimentOptions

    @Option(help: "Parts that the templates are divided into.")
    var folds = 10

    @Option(
      help: ArgumentHelp(
        "Print what is missed or wrong of a type, such as PERSON.", valueName: "type"))
    var show: String?

    func validate() throws {
      guard folds > 0 else { throw ValidationError("there is at least one fold") }
    }

    func run() throws { try options.experiment().evaluate(folds: folds, shown: show) }
  }

  struct Rules: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Judge the rules, which find what is introduced.")

    @OptionGroup var data: DataOptions

    @Option(
      help: ArgumentHelp(
        "Print what is missed or wrong of a type, such as PERSON.", valueName: "type"))
    var show: String?

    func run() throws {
      var board = Scoreboard(shown: show)
      for sentence in try Corpus(sets: data.sets).presidio() {
        var found: [PersonalDataFinding] = []
        Array(sentence.text.utf8).withByteView { Redactor().scan($0, into: &found) }
        board.add(sentence, found)
      }
      board.write("by the rules alone, what is introduced")
    }
  }

  struct Alarms: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What the shipped weights find in texts that hardly name anybody.")

    @OptionGroup var options: ExperimentOptions

    @Option(
      help: ArgumentHelp("Print what is found of a kind, such as place.", valueName: "kind"))
    var show: String?

    func run() throws {
      try options.experiment().alarms(loaded(contents(of: weightsPath)), "shipped", show)
    }
  }

  struct TagText: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tag", abstract: "What the shipped weights find in a text.")

    @Argument(help: ArgumentHelp("The text.", valueName: "text"))
    var words: [String]

    func run() {
      let bytes = Array(words.joined(separator: " ").utf8)
      let result = bytes.withByteView { Redactor(level: .all).redact($0) }
      print(String(decoding: result.bytes, as: UTF8.self))
    }
  }
}
