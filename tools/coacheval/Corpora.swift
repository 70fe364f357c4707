import Foundation
import ToolSupport

/// One text of a public data set.
struct SourceText {
  var source: String
  var text: String
  /// Texts of one group belong together: a conversation, a question with its answers.
  var group: Int
}

/// The public sets as texts in groups.
struct Corpora {
  let sets: PublicSets

  /// Questions and answers on mental health and relationships.
  func counselChat() throws -> [SourceText] {
    let rows = try sets.counselChat()
    guard let header = rows.first, let id = header.firstIndex(of: "questionID"),
      let title = header.firstIndex(of: "questionTitle"),
      let question = header.firstIndex(of: "questionText"),
      let answer = header.firstIndex(of: "answerText")
    else { return [] }
    var seen = Set<Int>()
    var result: [SourceText] = []
    for row in rows.dropFirst() where row.count == header.count {
      let group = Int(row[id]) ?? 0
      if seen.insert(group).inserted {
        result.append(
          SourceText(
            source: "counsel-chat-q", text: row[title] + "\n" + row[question], group: group))
      }
      if !row[answer].isEmpty {
        result.append(SourceText(source: "counsel-chat-a", text: row[answer], group: group))
      }
    }
    return result
  }

  /// Turns of meetings.
  func qmsum() throws -> [SourceText] {
    try sets.qmsum().enumerated().flatMap { group, turns in
      turns.map { SourceText(source: "qmsum", text: $0, group: group) }
    }
  }

  func clinc() throws -> [SourceText] {
    let sections = try sets.clinc150()
    let texts = sections.keys.sorted().flatMap { (sections[$0] ?? []).map { $0[0] } }
    return grouped(texts, "clinc150")
  }

  func smallTalk() throws -> [SourceText] {
    let lines = try sets.text("small-talk-rasa/nlu.md").split(separator: "\n")
    let texts = lines.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    return grouped(texts, "small-talk-rasa")
  }

  func banking() throws -> [SourceText] { grouped(try sets.banking77(), "banking77") }

  func hwu() throws -> [SourceText] { grouped(try sets.hwu64(), "hwu64") }

  /// Texts that do not belong together, thirty to a group.
  private func grouped(_ texts: [String], _ source: String) -> [SourceText] {
    texts.enumerated().map { SourceText(source: source, text: $1, group: $0 / 30) }
  }

  /// The declaration of human rights in 500 languages.
  func udhr() throws -> [SourceText] {
    try sets.objects("ctok/udhr.jsonl.gz").enumerated().flatMap { index, row in
      ((row["text"] as? String) ?? "").split(separator: "\n").map {
        SourceText(source: "udhr", text: String($0), group: index)
      }
    }
  }

  /// Programs.
  func programs() throws -> [SourceText] {
    try sets.objects("ctok/multipl_e.jsonl.gz").enumerated().map { index, row in
      SourceText(source: "multipl_e", text: (row["text"] as? String) ?? "", group: index)
    }
  }
}

/// A number with so many digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// Text padded to a column; numbers stand to the right.
func column(_ text: String, _ width: Int, right: Bool = true) -> String {
  let padding = String(repeating: " ", count: max(0, width - text.count))
  return right ? padding + text : text + padding
}
