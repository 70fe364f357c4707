import Coach
import Foundation

/// Judges every source by weights that never saw any message of it.
///
/// A public set is left out by itself, our own styles `ownFolds`th by `ownFolds`th: each is judged
/// by weights that saw neither it nor the styles left out with it.
struct LeaveOneOut {
  let examples: [Example]
  let settings: TrainingSettings
  /// The rules in force, as text.
  let rules: String

  /// Parts into which our own styles are divided.
  static let ownFolds = 8

  /// Messages with their probabilities; the labels are those of `thresholds`.
  func run(_ thresholds: Thresholds) throws -> [Judged] {
    var judged: [Judged] = []
    let scratch = MessageScratch()
    let sources = Set(examples.map(\.source)).sorted()
    var parts = sources.filter { !$0.isOurs }.map { [$0] }
    let own = sources.filter(\.isOurs)
    for fold in 0..<Self.ownFolds {
      let part = own.enumerated().filter { $0.offset % Self.ownFolds == fold }.map(\.element)
      if !part.isEmpty { parts.append(part) }
    }
    for part in parts {
      let started = Date()
      let training = Augmentation.augmented(
        examples.filter { !part.contains($0.source) }, seed: settings.seed)
      let model = train(
        EncodedExamples(training, rowBits: settings.rowBits, lexicon: settings.lexicon), columns: 6,
        importance: importances(training), settings: settings)
      let weights = LoadedWeights(weightsFile(model, turns: [], thresholds))
      let classifier = try weights.classifier(rules: rules)
      for example in examples where part.contains(example.source) {
        judged.append(
          Judged(
            text: example.text, source: example.source, column: example.column,
            result: scratch.classify(example.text, by: classifier),
            wordCount: scratch.reader.wordCount))
      }
      FileHandle.standardError.write(
        Data("  without \(part.joined(separator: ", ")): \(seconds(since: started)) s\n".utf8))
    }
    return judged
  }
}

/// Chooses the thresholds on messages of left-out sources.
///
/// First the temperature, by likelihood. Then the bounds: of all on a grid that send at most
/// `coachingToEconomyMax` of the coaching requests to the economy tier, of the public ones and of
/// those by other authors by themselves, the ones that answer most messages right. For long
/// messages the bound stays under `longPremiumShareMax`, whatever the few hundred that we have say.
struct ThresholdSearch {
  static let coachingToEconomyMax: Float = 0.005
  static let longPremiumShareMax: Float = 0.16
  let judged: [Judged]

  func best(_ start: Thresholds) -> Thresholds {
    var thresholds = start
    thresholds.decision.temperature = temperature()
    let tempered = judged.map { Self.tempered($0, by: thresholds.decision.temperature) }
    var best = -Float.infinity
    for none in stride(from: Float(0.35), through: 0.6, by: 0.05) {
      for confidence in stride(from: Float(0.3), through: 0.5, by: 0.05) {
        for short in stride(from: Float(0.1), through: 0.35, by: 0.05) {
          for long in stride(from: Float(0.04), through: Self.longPremiumShareMax, by: 0.02) {
            let decision = DecisionThresholds(
              temperature: thresholds.decision.temperature, confidenceMin: confidence,
              premiumShareMax: long, premiumShareMaxShort: short, noneMin: none)
            if let value = value(of: decision, tempered), value > best {
              best = value
              thresholds.decision = decision
            }
          }
        }
      }
    }
    return thresholds
  }

  /// How many messages are answered right; nil when too many coaching requests go to the economy
  /// tier.
  private func value(of decision: DecisionThresholds, _ tempered: [SIMD8<Float>]) -> Float? {
    var sent = SIMD2<Float>()
    var coaching = SIMD2<Float>()
    var value: Float = 0
    for (index, item) in judged.enumerated() {
      let result = decision.decide(tempered[index], wordCount: item.wordCount)
      if item.column == 3, !item.source.hasPrefix("own") {
        let group = item.source.isOurs ? 1 : 0
        coaching[group] += 1
        if result.isEconomical { sent[group] += 1 }
      }
      let isRight =
        item.column == noneColumn
        ? result.label == .uncertain : Int(result.label.rawValue) == item.column
      // A message without a label counts a fifth: on the platform they are rare.
      if isRight { value += item.column == noneColumn ? 0.2 : 1 }
    }
    let shares = sent / pointwiseMax(coaching, SIMD2(repeating: 1))
    return shares.max() <= Self.coachingToEconomyMax ? value : nil
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
      copy.result = thresholds.decide(
        Self.tempered(item, by: thresholds.temperature), wordCount: item.wordCount)
      return copy
    }
  }
}
