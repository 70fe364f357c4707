import Bytes
import Coach
import Foundation

/// Prints how many facts are still in summaries.
enum Retention {
  /// Facts kept, of how many.
  private struct Share {
    var kept = 0
    var total = 0

    mutating func add(_ isKept: Bool) {
      total += 1
      if isKept { kept += 1 }
    }

    mutating func add(_ count: FactRetention.Count) {
      kept += count.kept
      total += count.total
    }

    var text: String {
      total == 0 ? "none" : "\(kept) of \(total), \((100 * kept + total / 2) / total) %"
    }
  }

  /// Compactions of a conversation that grows by a chat before each.
  private static let compactions = 4

  /// Prints a table of the facts that people have marked and of those that `FactRetention` counts,
  /// and one of conversations that are compacted again and again.
  static func print(_ dialogues: [Dialogue], training: [Dialogue], ratio: Double) throws {
    let judge = try Judge(dialogues, training: training)
    var rows: [(name: String, marked: Share, kinds: [Share])] = []
    for dialogue in dialogues {
      let transcript = dialogue.transcript
      let budget = Int(Double(transcript.characterCount) * ratio)
      let model = judge.model(of: dialogue)
      let baselines = Baselines(transcript, budget: budget)
      let texts = [
        ("first sentences, named", baselines.leadNamed),
        ("TextRank, named", baselines.textRank),
        ("summariser", text(transcript, ratio, model, keepsFacts: false)),
        ("summariser, keeping facts", text(transcript, ratio, model, keepsFacts: true)),
      ]
      for (index, (name, summary)) in texts.enumerated() {
        if rows.count == index {
          rows.append((name, Share(), Array(repeating: Share(), count: 4)))
        }
        for fact in dialogue.facts { rows[index].marked.add(summary.holds(fact)) }
        let kinds = FactRetention(of: transcript, in: Array(summary.utf8)).all
        for (kind, counted) in kinds.enumerated() { rows[index].kinds[kind].add(counted.count) }
      }
    }
    Swift.print("| | marked facts | names | numbers | dates | plans and promises |")
    Swift.print("|---|---|---|---|---|---|")
    for row in rows {
      let cells = ([row.marked] + row.kinds).map(\.text).joined(separator: " | ")
      Swift.print("| \(row.name) | \(cells) |")
    }
    if dialogues.contains(where: { !$0.facts.isEmpty }) {
      try printCompactions(dialogues, judge, ratio)
    }
  }

  /// The facts of the first chat of a conversation that goes on with others.
  private static func printCompactions(_ dialogues: [Dialogue], _ judge: Judge, _ ratio: Double)
    throws
  {
    var anew = Array(repeating: Share(), count: compactions)
    var again = anew
    // Chats of one fold follow each other, so that one model has seen none of them.
    for fold in 0..<Dialogue.folds {
      let chats = dialogues.filter { $0.fold == fold }
      for first in chats.indices where first + compactions <= chats.count {
        let model = judge.model(of: chats[first])
        var whole: [Transcript.Turn] = []
        var last = ""
        for (step, chat) in chats[first..<first + compactions].enumerated() {
          whole += chat.transcript.turns
          let fresh = text(Transcript(turns: whole), ratio, model, keepsFacts: true)
          last = text(
            Transcript(turns: last.transcript.turns + chat.transcript.turns), ratio, model,
            keepsFacts: true)
          for fact in chats[first].facts {
            anew[step].add(fresh.holds(fact))
            again[step].add(last.holds(fact))
          }
        }
      }
    }
    Swift.print("\n| facts of the first chat, compaction | of all messages | of the summary |")
    Swift.print("|---|---|---|")
    for step in 0..<compactions {
      Swift.print("| \(step + 1) | \(anew[step].text) | \(again[step].text) |")
    }
  }

  private static func text(
    _ transcript: Transcript, _ ratio: Double, _ model: SummaryModel, keepsFacts: Bool
  ) -> String {
    let summary = Summariser(keepsFacts: keepsFacts, model: model)
      .summarise(transcript, budget: .ratio(ratio))
    return String(decoding: summary.text, as: UTF8.self)
  }
}

extension String {
  /// Whether a fact is in the text, its capitals aside.
  fileprivate func holds(_ fact: String) -> Bool {
    range(of: fact, options: .caseInsensitive) != nil
  }
}
