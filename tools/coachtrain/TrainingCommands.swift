import ArgumentParser
import Coach
import Foundation

extension CoachTrain {
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Choose thresholds, train on everything, write the weights.")

    @OptionGroup var options: TrainingOptions

    func run() throws {
      let started = Date()
      let sources = options.sources
      let settings = try options.settings()
      var (thresholds, _) = try judgeLeftOut(sources, settings)
      let turns = TurnTrainer(sources: sources, settings: .plain(seed: settings.seed))
      thresholds.offers = try turns.evaluate()
      let main = trainMean(of: 4, on: try sources.load(), settings: settings)
      let turnExamples = try turns.load()
      let columns = (1...2).map { turns.column(for: $0, on: turnExamples) }
      let data = weightsFile(main, turns: columns, thresholds)
      try data.write(to: URL(fileURLWithPath: LoadedWeights.shippedPath))
      print(
        "wrote \(LoadedWeights.shippedPath), \(data.count) bytes, in",
        "\(seconds(since: started)) s")
    }
  }

  struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "eval", abstract: "Judge each source by weights that never saw it.")

    @OptionGroup var options: TrainingOptions

    func run() throws {
      let (_, judged) = try judgeLeftOut(options.sources, options.settings())
      Evaluation(judged: judged).printAll()
    }
  }

  struct Mistakes: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The same as eval, and print wrong answers of each source.")

    @OptionGroup var options: TrainingOptions

    @Argument(help: "How many are printed of each source, at most.")
    var count = 20

    func validate() throws {
      guard count >= 0 else { throw ValidationError("no fewer than 0 mistakes can be printed") }
    }

    func run() throws {
      let (_, judged) = try judgeLeftOut(options.sources, options.settings())
      Evaluation(judged: judged).printAll()
      Evaluation(judged: judged).mistakes(count)
    }
  }
}

/// Judges each source by weights that never saw it, by the thresholds that are best then.
private func judgeLeftOut(
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
