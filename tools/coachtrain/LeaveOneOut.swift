import Coach
import Foundation

/// Judges every source by weights that never saw any message of it.
struct LeaveOneOut {
  let examples: [Example]
  let settings: TrainingSettings
  /// The rules in force, as text.
  let rules: String

  /// Messages with their probabilities; the labels are those of `thresholds`.
  func run(_ thresholds: Thresholds) throws -> [Judged] {
    var judged: [Judged] = []
    let scratch = MessageScratch()
    for source in Set(examples.map(\.source)).sorted() {
      let started = Date()
      let training = Augmentation.augmented(
        examples.filter { $0.source != source }, seed: settings.seed)
      let model = train(
        EncodedExamples(training, rowBits: settings.rowBits), columns: 6,
        importance: importances(training), settings: settings)
      let weights = LoadedWeights(weightsFile(model, turns: [], thresholds))
      var classifier = Classifier(model: try weights.model())
      classifier.replaceRules(with: try RuleFile.parse(rules))
      for example in examples where example.source == source {
        judged.append(
          Judged(
            text: example.text, source: example.source, column: example.column,
            result: scratch.classify(example.text, by: classifier)))
      }
      FileHandle.standardError.write(
        Data("  without \(source): \(seconds(since: started)) s\n".utf8))
    }
    return judged
  }
}

/// Chooses the thresholds on messages of left-out sources.
///
/// First the temperature, by likelihood. Then the bounds: of all on a grid that send at most
/// `coachingToEconomyMax` of the coaching requests to the economy tier, of the public ones and of
/// our own by themselves, the ones that answer most messages right.
struct ThresholdSearch {
  static let coachingToEconomyMax: Float = 0.0095
  let judged: [Judged]

  func best(_ start: Thresholds) -> Thresholds {
    var thresholds = start
    thresholds.decision.temperature = temperature()
    let tempered = judged.map { Self.tempered($0, by: thresholds.decision.temperature) }
    let isOwn = judged.map { $0.source.hasPrefix("own") }
    let coaching = [false, true].map { own in
      Float(max(zip(judged, isOwn).count { $0.column == 3 && $1 == own }, 1))
    }
    var best = -Float.infinity
    for none in stride(from: Float(0.5), through: 0.9, by: 0.05) {
      for premium in stride(from: Float(0.02), through: 0.30, by: 0.01) {
        for confidence in stride(from: Float(0.25), through: 0.5, by: 0.05) {
          let decision = DecisionThresholds(
            temperature: thresholds.decision.temperature, confidenceMin: confidence,
            premiumShareMax: premium, noneMin: none)
          var sent: [Float] = [0, 0]
          var value: Float = 0
          for (index, item) in judged.enumerated() {
            let result = decision.decide(tempered[index])
            if item.column == 3, result.isEconomical { sent[isOwn[index] ? 1 : 0] += 1 }
            let isRight =
              item.column == noneColumn
              ? result.label == .uncertain : Int(result.label.rawValue) == item.column
            // A message without a label counts a fifth: on the platform they are rare.
            if isRight { value += item.column == noneColumn ? 0.2 : 1 }
          }
          let share = max(sent[0] / coaching[0], sent[1] / coaching[1])
          if share <= Self.coachingToEconomyMax, value > best {
            best = value
            thresholds.decision = decision
          }
        }
      }
    }
    return thresholds
  }

  /// The temperature under which what happened was likeliest.
  private func temperature() -> Float {
    var best: Float = 1
    var least = Double.infinity
    for candidate in stride(from: Float(0.6), through: 2.5, by: 0.05) {
      let loss = judged.reduce(0.0) {
        $0 - log(Double(max(Self.tempered($1, by: candidate)[$1.column], 1e-6)))
      }
      if loss < least { (least, best) = (loss, candidate) }
    }
    return best
  }

  /// Probabilities after dividing the scores by a temperature.
  static func tempered(_ item: Judged, by temperature: Float) -> SIMD8<Float> {
    var powers = SIMD8<Float>()
    for column in 0...noneColumn {
      powers[column] = Float(
        pow(Double(max(item.result.probabilities[column], 1e-9)), 1 / Double(temperature)))
    }
    return powers / powers.sum()
  }

  /// The same messages as they are judged with other thresholds.
  func rejudged(_ thresholds: DecisionThresholds) -> [Judged] {
    judged.map { item in
      var copy = item
      copy.result = thresholds.decide(Self.tempered(item, by: thresholds.temperature))
      return copy
    }
  }
}
