import ArgumentParser
import Foundation
import ToolSupport

extension CoachTrain {
  struct Clinc: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The 150 intents of CLINC150 by the same machinery.")

    @OptionGroup var options: TrainingOptions

    func run() throws { try evaluateClinc(options.data.sets, settings: .plain(seed: options.seed)) }
  }
}

/// All 150 intents of CLINC150, by the same features and the same trainer: what the machinery is
/// worth where others have measured theirs.
private func evaluateClinc(_ sets: PublicSets, settings: TrainingSettings) throws {
  let sections = try sets.clinc150()
  let names = Set((sections["train"] ?? []).map { $0[1] }).sorted()
  let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  func examples(_ section: String) -> [Example] {
    (sections[section] ?? []).map {
      Example(text: $0[0], column: numbers[$0[1]] ?? names.count, source: section)
    }
  }
  let training = EncodedExamples(
    examples("train") + examples("oos_train"), rowBits: settings.rowBits)
  let importance = training.columns.map { $0 == names.count ? Float(2) : 1 }
  let started = Date()
  let model = train(
    training, columns: names.count + 1, importance: importance, settings: settings)
  _ = model.quantise()
  print("trained on \(training.count) messages in \(seconds(since: started)) s")

  /// For each message: whether the best intent is the right one, and how sure it is of an intent.
  func judge(_ section: String) -> [(isRight: Bool, sureness: Float)] {
    let encoded = EncodedExamples(examples(section), rowBits: settings.rowBits)
    var scores: [Float] = Array(repeating: 0, count: model.width)
    return (0..<encoded.count).map { index in
      model.scores(
        encoded.features[encoded.starts[index]..<encoded.starts[index + 1]], into: &scores)
      softmax(&scores, names.count + 1)
      let best = (0..<names.count).max { scores[$0] < scores[$1] } ?? 0
      return (best == encoded.columns[index], scores[best])
    }
  }
  let validation = judge("val")
  let foreign = judge("oos_val")
  // The threshold is chosen on the validation part alone: the one that keeps the most of both.
  var threshold: Float = 0
  var best: Float = 0
  for step in 0..<500 {
    let candidate = Float(step) / 500
    let kept = share(validation.count { $0.isRight && $0.sureness >= candidate }, validation.count)
    let refused = share(foreign.count { $0.sureness < candidate }, foreign.count)
    let value = kept + 0.12 * refused
    if kept >= 0.92, value > best { (best, threshold) = (value, candidate) }
  }
  let test = judge("test")
  let outside = judge("oos_test")
  print("in scope, no threshold:       \(percent(test.count { $0.isRight }, test.count))")
  print("threshold from validation:    \(threshold)")
  print(
    "in scope, with the threshold: "
      + percent(test.count { $0.isRight && $0.sureness >= threshold }, test.count))
  print(
    "out-of-scope recall:          "
      + percent(outside.count { $0.sureness < threshold }, outside.count))
}
