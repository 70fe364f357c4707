import Foundation
import ToolSupport

// The sets whose messages have intents: which of our labels each intent is.
extension MessageSources {
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

  func clinc() throws -> [Example] {
    let sections = try sets.clinc150()
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

  func rasa() throws -> [Example] {
    var examples: [Example] = []
    var intent = ""
    for line in try sets.text("small-talk-rasa/nlu.md").split(separator: "\n") {
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

  func hwu() throws -> [Example] {
    var examples: [Example] = []
    var skipped = 0
    for name in ["hwu64/KFold_1_trainset.csv", "hwu64/KFold_1_testset.csv"] {
      for row in try sets.rows(name, by: ";").dropFirst() where row.count >= 5 {
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
}
