import Coach
import Foundation

/// One message that was classified by weights that never saw its source.
struct Judged {
  var text: String
  var source: String
  /// The column that is right.
  var column: Int
  var result: Classification
  /// Words of the message.
  var wordCount: Int

  /// Whether the answer is right: the label, or `uncertain` for what has no label.
  var isRight: Bool {
    column == noneColumn ? result.label == .uncertain : Int(result.label.rawValue) == column
  }
}

/// Tables about judged messages.
struct Evaluation {
  let judged: [Judged]
  private let names = [
    "greeting", "confirmation", "small_talk", "coaching_request", "assessment", "(none)",
  ]

  func printAll(title: String = "Each source judged by weights that never saw any of it:") {
    print("\n" + title)
    bySource()
    byLabel()
    confusion()
    cost()
    calibration()
  }

  /// Accuracy of each source, left out as a whole; messages without a label apart.
  ///
  /// Our own messages are trained on when a public set is judged. Short ones occur in both, word
  /// for word ("how are you"), so the last columns have the messages that do not.
  func bySource() {
    print(
      pad("source", 22), "labelled  accuracy  sure only  uncertain   none  refused",
      " not in ours  accuracy")
    let own = Set(judged.filter { $0.source.isOurs }.map { Self.words(of: $0.text) })
    var groups = Set(judged.map(\.source)).sorted()
    groups += ["own (all)", "author (all)", "all"]
    for source in groups {
      let part = judged.filter {
        $0.source == source || source == "all"
          || (source == "own (all)" && $0.source.hasPrefix("own"))
          || (source == "author (all)" && $0.source.hasPrefix("author"))
      }
      if part.isEmpty { continue }
      let labelled = part.filter { $0.column != noneColumn }
      let none = part.filter { $0.column == noneColumn }
      let sure = labelled.filter { $0.result.label != .uncertain }
      let apart = labelled.filter { !own.contains(Self.words(of: $0.text)) }
      print(
        pad(source, 22), lead(labelled.count, 8),
        rate(labelled.count { $0.isRight }, labelled.count),
        rate(sure.count { $0.isRight }, sure.count), " ",
        rate(labelled.count - sure.count, labelled.count), lead(none.count, 6),
        rate(none.count { $0.isRight }, none.count), lead(apart.count, 12),
        rate(apart.count { $0.isRight }, apart.count))
    }
  }

  /// A text without capitals and signs.
  private static func words(of text: String) -> String {
    text.lowercased().replacingOccurrences(of: "'", with: "")
      .split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
  }

  func byLabel() {
    print("\n" + pad("label", 18), "messages  precision  recall  to uncertain")
    for column in 0..<noneColumn {
      let right = judged.filter { $0.column == column }
      let said = judged.filter { Int($0.result.label.rawValue) == column }
      print(
        pad(names[column], 18), lead(right.count, 8), " ",
        rate(said.count { $0.isRight }, said.count), rate(right.count { $0.isRight }, right.count),
        " ", rate(right.count { $0.result.label == .uncertain }, right.count))
    }
  }

  func confusion() {
    print("\nConfusion: rows are right, columns were answered")
    print(
      pad("", 18), names.prefix(5).map { lead(String($0.prefix(9)), 10) }.joined(), " uncertain")
    for column in 0...noneColumn {
      let part = judged.filter { $0.column == column }
      let cells = (0...noneColumn).map { said in
        lead(part.count { Int($0.result.label.rawValue) == said }, 10)
      }
      print(pad(names[column], 18), cells.joined())
    }
  }

  /// Premium messages that a cheap model would answer, by source.
  func cost() {
    let coaching = judged.filter { $0.column == 3 }
    let assessment = judged.filter { $0.column == 4 }
    let cheap = judged.filter { $0.column <= 2 }
    print(
      "\nCoaching requests sent to the economy tier: "
        + percent(coaching.count { $0.result.isEconomical }, coaching.count))
    let groups = Set(coaching.map(\.source)).sorted() + ["own", "author"]
    for source in groups {
      let part = coaching.filter { $0.source == source || $0.source.hasPrefix(source + ":") }
      let sent = part.filter { $0.result.isEconomical }
      if !sent.isEmpty { print("  " + pad(source, 18), percent(sent.count, part.count)) }
    }
    print(
      "Assessment requests sent to the economy tier: "
        + percent(assessment.count { $0.result.isEconomical }, assessment.count))
    print(
      "Cheap messages sent to the premium tier: "
        + percent(cheap.count { !$0.result.isEconomical }, cheap.count))
    for (name, part) in [
      ("public", cheap.filter { !$0.source.isOurs }),
      ("own", cheap.filter { $0.source.hasPrefix("own") }),
      ("author", cheap.filter { $0.source.hasPrefix("author") }),
    ] where !part.isEmpty {
      print("  " + pad(name, 18), percent(part.count { !$0.result.isEconomical }, part.count))
    }
    print(
      "Abstention (uncertain) among messages with a label: "
        + percent(
          judged.count { $0.column != noneColumn && $0.result.label == .uncertain },
          judged.count { $0.column != noneColumn }))
  }

  /// How often the likeliest column is right, by how likely it was said to be.
  func calibration() {
    print("\nCalibration: said probability of the likeliest, and how often it was right")
    var error = 0.0
    for bin in 0..<10 {
      let part = judged.filter {
        min(Int($0.result.confidence * 10), 9) == bin && $0.result.reason != .empty
      }
      guard !part.isEmpty else { continue }
      let said = part.reduce(0.0) { $0 + Double($1.result.confidence) } / Double(part.count)
      let right =
        Double(part.count { Int($0.result.likeliest?.rawValue ?? UInt8(noneColumn)) == $0.column })
        / Double(part.count)
      error += abs(said - right) * Double(part.count) / Double(judged.count)
      print(
        String(
          format: "  %.1f to %.1f  %6d  said %.3f  right %.3f", Double(bin) / 10,
          Double(bin + 1) / 10, part.count, said, right))
    }
    print(String(format: "  expected calibration error: %.4f", error))
  }

  func mistakes(_ count: Int) {
    for source in Set(judged.map(\.source)).sorted() {
      print("\n\(source):")
      for item in judged.filter({ $0.source == source && !$0.isRight }).prefix(count) {
        print(
          "  \(names[item.column]) → \(item.result.label.name)"
            + " (\(item.result.likeliest?.name ?? "none") \(item.result.confidence)): "
            + String(item.text.prefix(90)))
      }
    }
  }

  private func rate(_ part: Int, _ whole: Int) -> String {
    whole == 0 ? "       –" : String(format: "%8.2f", 100 * Double(part) / Double(whole))
  }
}

func pad(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

func lead(_ value: some CustomStringConvertible, _ width: Int) -> String {
  let text = value.description
  return String(repeating: " ", count: max(0, width - text.count)) + text
}
