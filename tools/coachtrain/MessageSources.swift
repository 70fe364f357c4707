import Foundation
import ToolSupport

/// The public sets and our own messages, each message with its label.
///
/// What a set calls its lines is mapped to our labels here and nowhere else. Lines whose label is a
/// matter of opinion are left out, both of training and of evaluation; docs/coach-classifier.md
/// lists them.
struct MessageSources {
  let sets: PublicSets
  var own = OwnMessages()

  /// All messages of all sources.
  func load() throws -> [Example] {
    var all = try clinc()
    all += try rasa()
    all += try hwu()
    all += try chatterbot()
    all += try counsel()
    all += try own.styles()
    all += try own.authors()
    return all
  }

  // MARK: ChatterBot

  private func chatterbot() throws -> [Example] {
    var examples: [Example] = []
    for (name, column) in [
      ("ai", 2), ("botprofile", 2), ("emotion", 2), ("gossip", 2), ("humor", 2),
      ("psychology", 2), ("greetings", 0),
    ] {
      for opening in try chatterbotTurns(name).filter(\.isOpening) {
        examples.append(Example(text: opening.text, column: column, source: "chatterbot"))
      }
    }
    var seen: Set<String> = []
    return examples.filter { seen.insert($0.text.lowercased()).inserted }
  }

  /// Turns of a file of dialogues: those that open one, and the answers.
  func chatterbotTurns(_ name: String) throws -> [(text: String, isOpening: Bool)] {
    try sets.text("chatterbot/\(name).yml").split(separator: "\n").compactMap { line in
      let isOpening = line.hasPrefix("- - ")
      guard isOpening || line.hasPrefix("  - ") else { return nil }
      let text = line.dropFirst(4).trimmingCharacters(in: CharacterSet(charactersIn: " '\""))
      return text.isEmpty ? nil : (text, isOpening)
    }
  }

  // MARK: Counsel Chat

  /// Questions of people, once each: the title, and the text below it.
  private func counsel() throws -> [Example] {
    var examples: [Example] = []
    var seen: Set<String> = []
    for row in try counselRows() where seen.insert(row[1]).inserted {
      for text in [row[2], row[3]] where text.split(separator: " ").count >= 3 {
        examples.append(Example(text: text, column: 3, source: "counsel-chat"))
      }
    }
    return examples
  }

  /// Rows of Counsel Chat: index, question id, title, text, link, topic, …, the answer at 8.
  func counselRows() throws -> [[String]] {
    try sets.counselChat().dropFirst().filter { $0.count >= 9 }
  }
}
