import Foundation
import SeededRandom

/// The public sets and our own messages, each message with its label.
///
/// What a set calls its lines is mapped to our labels here and nowhere else. Lines whose label is a
/// matter of opinion are left out, both of training and of evaluation; docs/coach-classifier.md
/// lists them.
struct MessageSources {
  /// Where the public sets are.
  let folder: String
  /// Where our own messages are.
  let ownFolder: String

  /// All messages of all sources.
  func load() throws -> [Example] {
    var all = try clinc()
    all += try rasa()
    all += try hwu()
    all += try chatterbot()
    all += try counsel()
    all += try own()
    all += try authors().filter { !$0.source.hasPrefix(Self.sealedAuthors) }
    return all
  }

  // MARK: CLINC150

  /// Intents of CLINC150 that are left out: commands to repeat or cancel, and names.
  private static let clincUndecided: Set<String> = [
    "repeat", "cancel", "user_name", "change_user_name", "change_ai_name",
  ]

  private static let clincLabels: [String: Int] = [
    "greeting": 0, "yes": 1, "no": 1, "maybe": 1, "thank_you": 1, "goodbye": 2,
    "who_made_you": 2, "meaning_of_life": 2, "who_do_you_work_for": 2, "do_you_have_pets": 2,
    "what_are_your_hobbies": 2, "fun_fact": 2, "what_is_your_name": 2, "where_are_you_from": 2,
    "tell_joke": 2, "are_you_a_bot": 2, "how_old_are_you": 2, "what_can_i_ask_you": 2,
  ]

  /// The sections of CLINC150: name of the section to pairs of text and intent.
  func clincSections() throws -> [String: [[String]]] {
    let data = try file("clinc150/data_full.json")
    guard let sections = try JSONSerialization.jsonObject(with: data) as? [String: [[String]]]
    else { throw Failure("clinc150/data_full.json is not as expected") }
    return sections
  }

  private func clinc() throws -> [Example] {
    let sections = try clincSections()
    var examples: [Example] = []
    var skipped = 0
    for name in sections.keys.sorted() {
      for pair in sections[name] ?? [] {
        if Self.clincUndecided.contains(pair[1]) { continue }
        if let column = Self.clincLabels[pair[1]] {
          examples.append(Example(text: pair[0], column: column, source: "clinc150"))
        } else {
          // One in six of the other intents is plenty to know what none of the labels looks like.
          skipped += 1
          if skipped % 6 == 0 || pair[1] == "oos" {
            examples.append(Example(text: pair[0], column: noneColumn, source: "clinc150"))
          }
        }
      }
    }
    return examples
  }

  // MARK: small-talk-rasa

  /// Intents that are left out: feelings that a coach may be meant to take up; what is an answer to
  /// something unknown; and a question that is announced but not asked.
  private static let rasaUndecided: Set<String> = [
    "confirmation.cancel", "agent.can_you_help", "agent.right", "dialog.wrong",
    "dialog.i_do_not_care", "user.sad", "user.lonely", "user.can_not_sleep", "user.looks_like",
    "user.tired", "user.angry", "agent.answer_my_question",
  ]

  private static let rasaLabels: [String: Int] = [
    "greetings.hello": 0, "greetings.how_are_you": 0, "greetings.whatsup": 0,
    "greetings.goodmorning": 0, "greetings.goodevening": 0, "greetings.nice_to_meet_you": 0,
    "greetings.nice_to_see_you": 0, "confirmation.yes": 1, "confirmation.no": 1,
    "appraisal.thank_you": 1, "appraisal.no_problem": 1, "user.needs_advice": 3,
  ]

  /// The label of a message by its intent; nil when it is left out.
  private static func rasaColumn(_ intent: String, _ text: String) -> Int? {
    let words = Set(text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init))
    switch intent {
    case "appraisal.good":
      // "Good", "fine", "okay", "cool" agree as much as they praise.
      return words.isDisjoint(with: ["good", "fine", "ok", "okay", "cool", "alright"]) ? 2 : nil
    case "greetings.nice_to_meet_you", "greetings.nice_to_see_you":
      // Who says that it was nice takes leave.
      return words.isDisjoint(with: ["was", "enjoyed", "had", "i’ve", "i've"]) ? 0 : 2
    case "user.happy":
      // As in the intent of greetings.
      return text.hasSuffix("to see you") ? 0 : 2
    default: return rasaLabels[intent] ?? 2
    }
  }

  private func rasa() throws -> [Example] {
    var examples: [Example] = []
    var intent = ""
    for line in try text("small-talk-rasa/nlu.md").split(separator: "\n") {
      if line.hasPrefix("## intent:") {
        intent = line.dropFirst(10).trimmingCharacters(in: .whitespaces)
      } else if line.hasPrefix("- "), !Self.rasaUndecided.contains(intent) {
        let text = line.dropFirst(2).trimmingCharacters(in: .whitespaces)
        guard let column = Self.rasaColumn(intent, text) else { continue }
        examples.append(Example(text: text, column: column, source: "small-talk-rasa"))
      }
    }
    return examples
  }

  // MARK: HWU64

  /// Intents that are left out. "Quirky" is what fitted nowhere else: recipes, headphones, quantum
  /// physics, the weather, and now and then small talk.
  private static let hwuUndecided: Set<String> = [
    "general/dontcare", "general/repeat", "general/explain", "general/confirm",
    "general/commandstop", "general/quirky",
  ]

  /// Words of a yes, and of a no.
  private static let yesWords: Set<String> = [
    "yes", "yeah", "yeap", "yep", "yup", "ya", "sure", "ok", "okay", "right", "correct",
    "correctly", "exactly", "true", "indeed", "agreed", "alright", "perfectly", "understood",
  ]
  private static let noWords: Set<String> = ["no", "nope", "nah", "not", "never", "wrong"]

  /// The label of a message by its intent; nil when it is left out.
  private static func hwuColumn(_ intent: String, _ text: String) -> Int? {
    let words = Set(
      text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init))
    switch intent {
    case "general/affirm":
      // "Yes, that's right" confirms; "it was wonderful", without any yes, is praise as well.
      return words.isDisjoint(with: yesWords) ? nil : 1
    case "general/negate":
      // "No, that's wrong" does; "you messed up my command" complains about an assistant's work.
      return words.isDisjoint(with: noWords) ? nil : 1
    case "general/praise":
      // Thanks are a confirmation, praise without thanks is a reaction.
      let thanks = text.contains("thank") || text.contains("appreciat")
      return thanks ? 1 : 2
    case "general/joke": return 2
    default: return noneColumn
    }
  }

  private func hwu() throws -> [Example] {
    var examples: [Example] = []
    var skipped = 0
    for name in ["hwu64/KFold_1_trainset.csv", "hwu64/KFold_1_testset.csv"] {
      for row in parseCSV(try text(name), separator: ";").dropFirst() where row.count >= 5 {
        let intent = row[1] + "/" + row[2]
        if Self.hwuUndecided.contains(intent) || row[1] == "scenario" { continue }
        guard let column = Self.hwuColumn(intent, row[4]) else { continue }
        if column == noneColumn {
          skipped += 1
          if skipped % 3 != 0 { continue }
        }
        examples.append(Example(text: row[4], column: column, source: "hwu64"))
      }
    }
    return examples
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
    try text("chatterbot/\(name).yml").split(separator: "\n").compactMap { line in
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
    parseCSV(try text("counsel-chat/20200325_counsel_chat.csv"), separator: ",")
      .dropFirst().filter { $0.count >= 9 }
  }

  // MARK: Our own

  /// Labels as our files have them.
  private static let columns = [
    "greeting": 0, "confirmation": 1, "small_talk": 2, "coaching_request": 3, "assessment": 4,
    "none": noneColumn,
  ]

  private static let sealedAuthors = "author:sealed"

  /// Messages that are kept from training: some of our own, and all of some authors.
  func sealed() throws -> [Example] {
    try own("sealed.tsv") + authors().filter { $0.source.hasPrefix(Self.sealedAuthors) }
  }

  /// Messages that others wrote for this project, one file for each author.
  private func authors() throws -> [Example] {
    try ownFiles(in: "authors/").flatMap { try authored(ownFolder + "/authors/" + $0) }
  }

  /// Our own messages: one file for each author's style, lines of label, tab, text.
  ///
  /// - Parameter only: one file, also one that is kept from training.
  func own(_ only: String? = nil) throws -> [Example] {
    var examples: [Example] = []
    let names = try ownFiles().filter { $0 != "turns.tsv" && $0 != "sealed.tsv" }
    for name in only.map({ [$0] }) ?? names {
      for (number, line) in try ownLines(name).enumerated() {
        let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
        guard parts.count == 2, let column = Self.columns[parts[0]] else {
          throw Failure("\(name): line \(number + 1) is not a label, a tab and a text: \(line)")
        }
        for text in variants(of: parts[1]) {
          examples.append(Example(text: text, column: column, source: "own:" + name.dropLast(4)))
        }
      }
    }
    return examples
  }

  /// Messages of one author, or of several in one file: a line "# author: name" opens each one's.
  func authored(_ path: String) throws -> [Example] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let file = path.split(separator: "/").last.map(String.init) ?? path
    var author = "author:" + (file.hasSuffix(".tsv") ? String(file.dropLast(4)) : file)
    var examples: [Example] = []
    for line in text.split(separator: "\n").map(String.init) {
      if line.hasPrefix("# author:") {
        author = "author:" + line.dropFirst(9).trimmingCharacters(in: .whitespaces)
      } else if !line.hasPrefix("#") {
        let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
        guard parts.count == 2, let column = Self.columns[parts[0]] else {
          throw Failure("\(path): not a label, a tab and a text: \(line)")
        }
        examples.append(Example(text: parts[1], column: column, source: author))
      }
    }
    return examples
  }

  /// Variants of a pattern: of each {a|b|c} one alternative is taken; a text without is itself.
  private func variants(of pattern: String) -> [String] {
    guard pattern.contains("{") else { return [pattern] }
    // Always the same ones: the pattern itself is the seed.
    var generator = SeededGenerator(seed: pattern.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var made: [String] = []
    for _ in 0..<Self.variantsMax {
      var text = ""
      var rest = pattern[...]
      while let open = rest.firstIndex(of: "{"), let close = rest.firstIndex(of: "}") {
        text += rest[..<open]
        let choices = rest[rest.index(after: open)..<close]
          .split(separator: "|", omittingEmptySubsequences: false)
        text += choices.randomElement(using: &generator) ?? ""
        rest = rest[rest.index(after: close)...]
      }
      text += rest
      if !made.contains(text) { made.append(text) }
    }
    return made
  }

  /// Variants that are made of one pattern.
  private static let variantsMax = 16

  /// Names of our own files, in order.
  private func ownFiles(in folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: ownFolder + "/" + folder)
      .filter { $0.hasSuffix(".tsv") }.sorted()
  }

  /// Lines of one of our own files without comments and empty ones.
  func ownLines(_ name: String) throws -> [String] {
    try String(contentsOfFile: ownFolder + "/" + name, encoding: .utf8)
      .split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") && !$0.trimmingCharacters(in: .whitespaces).isEmpty }
  }

  // MARK: Files

  private func file(_ name: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: folder + "/" + name) else {
      throw Failure("\(folder)/\(name) cannot be read")
    }
    return data
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try file(name), as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
  }
}

/// Rows of a file of separated values; quotes as in RFC 4180.
func parseCSV(_ text: String, separator: Character) -> [[String]] {
  var rows: [[String]] = []
  var row: [String] = []
  var field = ""
  var isQuoted = false
  var rest = text[...]
  while let character = rest.popFirst() {
    if isQuoted {
      if character != "\"" {
        field.append(character)
      } else if rest.first == "\"" {
        field.append("\"")
        rest.removeFirst()
      } else {
        isQuoted = false
      }
    } else if character == "\"" {
      isQuoted = true
    } else if character == separator {
      row.append(field)
      field = ""
    } else if character == "\n" {
      row.append(field)
      rows.append(row)
      row = []
      field = ""
    } else {
      field.append(character)
    }
  }
  if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
  return rows
}
