import Bytes
import Coach
import Foundation

/// Prints one JSON object a dialogue: the reference and what each way of summarising makes of it.
/// `tools/rouge.py` scores them.
enum Evaluation {
  /// Parts that meetings are split into; each is judged by a model fitted on the others.
  static let folds = 5

  static func print(_ dialogues: [Dialogue], ratio: Double) throws {
    for fold in 0..<folds {
      let model = try Training.fit(dialogues.filter { $0.meeting % folds != fold })
      let ours = Summariser(keepsFacts: false, model: model)
      let facts = Summariser(keepsFacts: true, model: model)
      for dialogue in dialogues where dialogue.meeting % folds == fold {
        let object = [
          "reference": dialogue.reference,
          "lead": lead(dialogue.transcript, ratio: ratio),
          "summariser": text(ours.summarise(dialogue.transcript, budget: .ratio(ratio))),
          "keeping facts": text(facts.summarise(dialogue.transcript, budget: .ratio(ratio))),
        ]
        let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
        Swift.print(String(decoding: data, as: UTF8.self))
      }
    }
  }

  private static func text(_ summary: Summariser.Summary) -> String {
    String(decoding: summary.text, as: UTF8.self)
  }

  /// The baseline: sentences from the start until the budget is used up.
  private static func lead(_ transcript: Transcript, ratio: Double) -> String {
    let budget = Int(Double(transcript.characterCount) * ratio)
    var text = ""
    for turn in transcript.turns {
      let whole = String(decoding: turn.text, as: UTF8.self)
      for sentence in sentences(whole) {
        if text.count + sentence.count + 1 > budget { return text }
        text += text.isEmpty ? sentence : " " + sentence
      }
    }
    return text
  }

  private static func sentences(_ text: String) -> [String] {
    var found: [String] = []
    var start = text.startIndex
    var index = start
    while index < text.endIndex {
      let next = text.index(after: index)
      if ".?!".contains(text[index]), next == text.endIndex || text[next] == " " {
        found.append(String(text[start..<next]).trimmingCharacters(in: .whitespaces))
        start = next
      }
      index = next
    }
    let rest = text[start...].trimmingCharacters(in: .whitespaces)
    return rest.isEmpty ? found : found + [rest]
  }
}
