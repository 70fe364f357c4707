import Bytes
import Coach
import Foundation

/// Prints one JSON object a dialogue: the reference and what each way of summarising makes of it.
/// `tools/rouge.py` scores them.
enum Evaluation {
  /// Judges dialogues, each by weights that have not seen it.
  ///
  /// - Parameter training: what the weights are fitted on; a dialogue that is among them is judged
  ///   by weights fitted without its fold, any other by those of the repository.
  static func print(_ dialogues: [Dialogue], training: [Dialogue], ratio: Double) throws {
    let judge = try Judge(dialogues, training: training)
    for dialogue in dialogues {
      let transcript = dialogue.transcript
      let budget = Int(Double(transcript.characterCount) * ratio)
      let baselines = Baselines(transcript, budget: budget)
      let model = judge.model(of: dialogue)
      var object: [String: Any] = [
        "style": dialogue.style,
        "reference": dialogue.reference,
        "1 first sentences": baselines.lead,
        "2 first sentences, named": baselines.leadNamed,
        "3 TextRank, named": baselines.textRank,
        "4 LexRank, named": baselines.lexRank,
        "6 summariser": text(
          Summariser(keepsFacts: false, model: model).summarise(transcript, budget: .ratio(ratio))),
        "7 summariser, keeping facts": text(
          Summariser(keepsFacts: true, model: model).summarise(transcript, budget: .ratio(ratio))),
      ]
      if transcript.turns.count <= oracleTurnsMax {
        object["turns"] = transcript.turns.map { turn in
          String(decoding: turn.speaker + [0x3A, 0x20] + turn.text, as: UTF8.self)
        }
      }
      let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
      Swift.print(String(decoding: data, as: UTF8.self))
    }
  }

  /// Of longer dialogues the scorer does not try all choices of three turns.
  private static let oracleTurnsMax = 40

  private static func text(_ summary: Summariser.Summary) -> String {
    String(decoding: summary.text, as: UTF8.self)
  }
}

/// Gives each dialogue weights that were fitted without it.
struct Judge {
  private var known = Set<String>()
  private var models: [SummaryModel] = []

  /// Fits as many models as there are folds, if any dialogue needs one.
  init(_ dialogues: [Dialogue], training: [Dialogue]) throws {
    known = Set(training.map(\.group))
    guard dialogues.contains(where: { known.contains($0.group) }) else { return }
    for fold in 0..<Dialogue.folds {
      models.append(try Training.fit(training.filter { $0.fold != fold }))
    }
  }

  func model(of dialogue: Dialogue) -> SummaryModel {
    known.contains(dialogue.group) ? models[dialogue.fold] : .fitted
  }
}
