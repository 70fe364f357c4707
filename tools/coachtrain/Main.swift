import Bytes
import Coach
import Foundation

/// Trains the weights of the coaching module's classifier and says what they are worth.
@main
enum Main {
  private static let usage = """
    coachtrain COMMAND [options], in the root of the repository

      train          choose thresholds, train on everything, write the weights
      eval           judge each source by weights that never saw it
      mistakes N     the same, and print up to N wrong answers of each source
      sealed         judge the messages that were never trained on, by the shipped weights
      judge FILE     the same for a file of label, tab, text, with lines "# author: name"
      clinc          the 150 intents of CLINC150 by the same machinery
      bench          nanoseconds per message of the shipped weights
      classify TEXT  what the shipped weights say of a text

      --data FOLDER  the public sets (default ../shared/data/coach)
      --seed N       of everything that is random (default 2026)
    """

  /// Where the server takes the weights from.
  private static let weightsPath = "Sources/CCoach/weights.bin"

  static func main() {
    do {
      try run()
    } catch {
      FileHandle.standardError.write(Data("coachtrain: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    func option(_ name: String) -> String? {
      guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
        return nil
      }
      let value = arguments[index + 1]
      arguments.removeSubrange(index...(index + 1))
      return value
    }
    let sources = MessageSources(
      folder: option("--data") ?? "../shared/data/coach",
      ownFolder: "tools/coachtrain/messages")
    var settings = TrainingSettings()
    if let seed = option("--seed").flatMap(UInt64.init) { settings.seed = seed }
    settings.lexicon = try Lexicon(lines: sources.ownLines("kinds.txt"))
    switch arguments.first {
    case "train": try train(sources, settings)
    case "eval", "mistakes":
      let (_, judged) = try judge(sources, settings)
      Evaluation(judged: judged).printAll()
      if arguments[0] == "mistakes" {
        Evaluation(judged: judged).mistakes(arguments.dropFirst().first.flatMap(Int.init) ?? 20)
      }
    case "sealed": try judged(sources.sealed())
    case "judge":
      for path in arguments.dropFirst() { try judged(sources.authored(path)) }
    case "clinc":
      settings = .plain(seed: settings.seed)
      try evaluateClinc(sources, settings: settings)
    case "bench": try benchmark(sources, weights: try shipped())
    case "classify":
      var classifier = Classifier(model: try shipped().model())
      classifier.replaceRules(with: try RuleFile.parse(BuiltInRules.text))
      print(MessageScratch().classify(arguments.dropFirst().joined(separator: " "), by: classifier))
    default: print(usage)
    }
  }

  private static func shipped() throws -> LoadedWeights {
    guard let data = FileManager.default.contents(atPath: weightsPath) else {
      throw Failure("\(weightsPath) cannot be read")
    }
    return LoadedWeights(data)
  }

  private static func judge(
    _ sources: MessageSources, _ settings: TrainingSettings
  ) throws -> (Thresholds, [Judged]) {
    let raw = try LeaveOneOut(
      examples: try sources.load(), settings: settings, rules: BuiltInRules.text
    ).run(Thresholds())
    let search = ThresholdSearch(judged: raw)
    let thresholds = search.best(Thresholds())
    print("thresholds chosen on left-out sources: \(thresholds.decision)")
    return (thresholds, search.rejudged(thresholds.decision))
  }

  private static func train(_ sources: MessageSources, _ settings: TrainingSettings) throws {
    let started = Date()
    var (thresholds, _) = try judge(sources, settings)
    let turns = TurnTrainer(sources: sources, settings: .plain(seed: settings.seed))
    thresholds.offers = try turns.evaluate()
    let main = trainMean(of: 4, on: try sources.load(), settings: settings)
    let turnExamples = try turns.load()
    let columns = (1...2).map { turns.column(for: $0, on: turnExamples) }
    let data = weightsFile(main, turns: columns, thresholds)
    try data.write(to: URL(fileURLWithPath: weightsPath))
    print("wrote \(weightsPath), \(data.count) bytes, in \(seconds(since: started)) s")
  }

  /// Judges messages by the shipped weights.
  private static func judged(_ examples: [Example]) throws {
    var classifier = Classifier(model: try shipped().model())
    classifier.replaceRules(with: try RuleFile.parse(BuiltInRules.text))
    let scratch = MessageScratch()
    let judged = examples.map {
      Judged(
        text: $0.text, source: $0.source, column: $0.column,
        result: scratch.classify($0.text, by: classifier), wordCount: scratch.reader.wordCount)
    }
    Evaluation(judged: judged).printAll(title: "Judged by the shipped weights:")
  }
}
