import SeededRandom

/// More messages made of the given ones: with openings and endings that say nothing about the
/// label, and several requests in a row, as people write them.
///
/// Sets of messages start and end in their own ways; this keeps the weights from taking "can you
/// tell me" for small talk because one set's small talk begins so.
struct Augmentation {
  private static let openings = [
    "can you tell me", "could you tell me", "please tell me", "tell me", "i want to know",
    "i would like to know", "i'd like to know", "do you know", "let me know", "i need to know",
    "so", "ok", "well", "um", "please", "honestly", "quick question", "coach", "bro", "actually",
    "i was wondering", "by the way", "alright", "just",
  ]
  private static let greetings = ["hi", "hello", "hey", "good morning", "hey coach", "thanks"]
  private static let endings = [
    "please", "lol", "haha", "right now", "today", "coach", "bro", "man", "again", "tonight",
    "if you can", "thanks", "you know", "though", "okay", "please?", "now",
  ]

  /// The messages, each followed by variants of it.
  static func augmented(_ examples: [Example], seed: UInt64) -> [Example] {
    var generator = SeededGenerator(seed: seed)
    var all = examples
    for example in examples {
      let isShort = example.text.utf8.count < 100
      let isBare = example.column <= 1
      if isShort, !isBare, Int.random(in: 0..<100, using: &generator) < 30 {
        let opening = openings.randomElement(using: &generator) ?? ""
        all.append(with(example, opening + " " + example.text))
      }
      if isShort, Int.random(in: 0..<100, using: &generator) < 15 {
        let ending = endings.randomElement(using: &generator) ?? ""
        if !(isBare && ending == "thanks") {
          all.append(with(example, example.text + " " + ending))
        }
      }
      if isShort, example.column >= 3, Int.random(in: 0..<100, using: &generator) < 15 {
        let greeting = greetings.randomElement(using: &generator) ?? ""
        all.append(with(example, greeting + ", " + example.text))
      }
    }
    let coaching = examples.filter { $0.column == 3 && $0.isOurs }
    let own = examples.filter { $0.isOurs && $0.column != noneColumn }
    for _ in 0..<(coaching.count / 2) {
      guard let first = coaching.randomElement(using: &generator),
        let second = own.randomElement(using: &generator)
      else { break }
      // Whatever comes along, a request for coaching stays one.
      if second.column == 4 { continue }
      let parts = Bool.random(using: &generator) ? [first, second] : [second, first]
      all.append(with(first, parts.map(\.text).joined(separator: ". ")))
    }
    return all
  }

  private static func with(_ example: Example, _ text: String) -> Example {
    Example(text: text, column: example.column, source: example.source)
  }
}
