import Foundation
import ToolSupport

/// The two columns for the assistant's turn before a message: does it ask about coaching or offer
/// it, does it offer an assessment?
///
/// Each is a logistic regression of its own, trained by the same trainer with two columns (no,
/// yes), whose difference is one row of weights.
struct TurnTrainer {
  let sources: MessageSources
  var settings: TrainingSettings

  /// Kinds of turns: 0 neither, 1 coaching, 2 assessment.
  func load() throws -> [Example] {
    let kinds = ["other": 0, "coaching": 1, "assessment": 2]
    var examples: [Example] = []
    for line in try sources.own.lines("turns.tsv") {
      let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
      guard parts.count == 2, let kind = kinds[parts[0]] else {
        throw Failure("turns.tsv: not a kind, a tab and a text: \(line)")
      }
      examples.append(Example(text: parts[1], column: kind, source: "own"))
    }
    examples += try counselorsQuestions()
    for name in ["ai", "botprofile", "emotion", "gossip", "humor", "psychology", "greetings"] {
      for turn in try sources.chatterbotTurns(name) where !turn.isOpening {
        examples.append(Example(text: turn.text, column: 0, source: "chatterbot"))
      }
    }
    // What people ask a household assistant is what it would never be asked by a coach.
    for pair in try (sources.sets.clinc150()["val"] ?? []).enumerated() where pair.offset % 3 == 0 {
      examples.append(Example(text: pair.element[0] + "?", column: 0, source: "clinc150"))
    }
    return examples
  }

  /// Questions that counsellors put to those who asked them.
  private func counselorsQuestions() throws -> [Example] {
    var examples: [Example] = []
    for row in try sources.counselRows() {
      for sentence in row[8].split(whereSeparator: { $0 == "." || $0 == "!" || $0 == "\n" }) {
        let text = sentence.trimmingCharacters(in: .whitespaces)
        guard text.hasSuffix("?"), text.contains(" you"), text.count > 20, text.count < 160 else {
          continue
        }
        examples.append(Example(text: text, column: 1, source: "counsel-chat"))
      }
    }
    return examples
  }

  /// Trains the column for one kind.
  func column(for kind: Int, on examples: [Example]) -> FloatModel {
    let binary = examples.map {
      Example(text: $0.text, column: $0.column == kind ? 1 : 0, source: $0.source)
    }
    let encoded = EncodedExamples(binary, rowBits: settings.rowBits, lexicon: settings.lexicon)
    let importance = importances(binary, ownWeight: 2)
    return train(encoded, columns: 2, importance: importance, settings: settings)
  }
}

extension TurnTrainer {
  /// Judges each kind on turns that were left out, a fifth at a time, and prints what came out.
  ///
  /// - Returns: the thresholds: for each kind the score at which most turns are judged right.
  func evaluate() throws -> SIMD2<Float> {
    let all = try load()
    var thresholds = SIMD2<Float>()
    for kind in 1...2 {
      var judged: [(score: Float, isKind: Bool, isOwn: Bool)] = []
      for fold in 0..<5 {
        let training = all.enumerated().filter { $0.offset % 5 != fold }.map(\.element)
        let model = column(for: kind, on: training)
        let held = all.enumerated().filter { $0.offset % 5 == fold }.map(\.element)
        let encoded = EncodedExamples(held, rowBits: settings.rowBits, lexicon: settings.lexicon)
        var scores: [Float] = Array(repeating: 0, count: model.width)
        for (index, example) in held.enumerated() where example.text.contains("?") {
          model.scores(
            encoded.features[encoded.starts[index]..<encoded.starts[index + 1]], into: &scores)
          judged.append(
            (scores[1] - scores[0], example.column == kind, example.source == "own"))
        }
      }
      var most = -Float.infinity
      for step in -30...30 {
        let threshold = Float(step) / 10
        let hit = share(
          judged.count { $0.isKind && $0.score >= threshold }, judged.count { $0.isKind })
        let spared = share(
          judged.count { !$0.isKind && $0.score < threshold }, judged.count { !$0.isKind })
        if hit + spared > most { (most, thresholds[kind - 1]) = (hit + spared, threshold) }
      }
      let threshold = thresholds[kind - 1]
      for (name, part) in [("all", judged), ("own", judged.filter(\.isOwn))] {
        print(
          kind == 1 ? "questions that coach," : "offers of an assessment,", name + ":",
          "found",
          percent(part.count { $0.isKind && $0.score >= threshold }, part.count { $0.isKind }),
          "false",
          percent(part.count { !$0.isKind && $0.score >= threshold }, part.count { !$0.isKind }))
      }
    }
    return thresholds
  }
}

/// Weights of examples so that neither a large source nor a large label drowns the others: each
/// pair of both weighs as the square root of its size, our own messages `ownWeight` times that, and
/// messages that are none of the labels half of it.
///
/// The public sets are many short questions to household machines; what people write to a coach
/// is in our own. Small files of ours weigh as part of one of 200 messages.
func importances(_ examples: [Example], ownWeight: Float = 4) -> [Float] {
  var sizes: [String: Int] = [:]
  for example in examples { sizes["\(example.source) \(example.column)", default: 0] += 1 }
  var columns: [Int: Float] = [:]
  var weights: [Float] = []
  for example in examples {
    let size = Float(sizes["\(example.source) \(example.column)"] ?? 1)
    let own: Float = example.isOurs ? ownWeight : 1
    let least: Float = example.isOurs ? 200 : 1
    let weight = own / max(size, least).squareRoot()
    weights.append(weight)
    columns[example.column, default: 0] += weight
  }
  // In the order of the columns: another one rounds in another way, and the same seed must give the
  // same bytes.
  let sum = columns.sorted { $0.key < $1.key }.reduce(Float(0)) { $0 + $1.value }
  let total = sum / Float(max(columns.count, 1))
  let mean = sum / Float(max(examples.count, 1))
  for index in weights.indices {
    // Half of the way to labels of equal weight.
    let balance = (total / (columns[examples[index].column] ?? 1)).squareRoot()
    weights[index] = min(weights[index] / mean * balance, 8)
    if examples[index].column == noneColumn { weights[index] /= 2 }
  }
  return weights
}
