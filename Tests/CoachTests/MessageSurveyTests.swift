import Bytes
import Foundation
import SeededRandom
import Testing

@testable import Coach

/// What one walk for three readers says is what each of them says alone.
@Suite("Reading a message once")
struct MessageSurveyTests {
  /// Compares both ways; returns whether there was personal data.
  @discardableResult
  private func compare(_ text: [UInt8]) -> Bool {
    let shown = String(decoding: text.prefix(300), as: UTF8.self)
    return text.withByteView { view in
      let all = MessageSurvey(view, [.personalData, .tokens, .crisis], .v5)
      let finds = Redactor().finds(in: view)
      #expect((all == nil) == finds, "\(shown)")
      let quiet = SafetyDetector.isQuiet(view)
      let tokens = TokenEstimate.count(view, family: .v5, isFramed: false)
      if let all { #expect(all.tokens == tokens && all.isQuiet == quiet, "\(shown)") }
      // Not asked for personal data, it counts and judges whatever there is.
      let two = MessageSurvey(view, [.tokens, .crisis], .v5)
      #expect(two?.tokens == tokens && two?.isQuiet == quiet, "\(shown)")
      let one = MessageSurvey(view, [.tokens], .v4)
      #expect(one?.tokens == TokenEstimate.count(view, family: .v4, isFramed: false), "\(shown)")
      #expect(one?.isQuiet == false)
      let crisis = MessageSurvey(view, [.crisis], .v5)
      #expect(crisis?.isQuiet == quiet && crisis?.tokens == 0, "\(shown)")
      return finds
    }
  }

  @Test(arguments: [
    "", " ", "a", "I", "I a m", "a b c d", "hi", "hi.", "hi!", "hi?", "hi, ", "hi,you", "k!ll me",
    "don't", "don't.", "I'll", "I'll!", "rock'n'roll", "'tis", "o'clock", "x''y", "it's 7pm.",
    "Room 12", "room 12 or 0176 5550134", "I am at 12 Main Street", "my name is Ada", "Hi Ada, how",
    "max@example.org", "a: b", "well-known", "7pm", "é", "café au lait", "don’t", "😂 😂", "\0 \0",
    "word\tword\nword\r\nword", "  two  spaces ", "congratulations unfortunately", "a.b.c. d",
    "supercalifragilisticexpialidocious is long",
    "He said he would kill me.",
    "I feel afraid of him",
    "\u{FEFF}text", "[NAME_1] is here", "call me. call 911", "x.", ". x", ", and", "! x", "ok?!",
  ])
  func oneWalkSaysTheSame(_ text: String) {
    // Twice: words are new, and then known.
    for _ in 0..<2 { compare(Array(text.utf8)) }
    for cut in 0..<text.utf8.count { compare(Array(text.utf8.prefix(cut))) }
  }

  @Test func oneWalkSaysTheSameOfMixtures() {
    var generator = SeededGenerator(test: "oneWalkSaysTheSameOfMixtures")
    let parts = [
      "I", "was", "really", "nervous", "and", "didn't", "call", "her", "she", "is", "it's", "we're",
      "can't", "Anna", "Mr", "Hi", "hello", "dear", "name", "kill", "myself", "him", "he", "hit",
      "afraid", "of", "number", "7pm", "14", "March", "12", "Street", "0176", "5550134", "555-0134",
      "a", "b", "k", "max@example.org", "http://a:b@c.example/?k=v", "1990-01-02", "born", "ssn",
      "123-45-6789", "4111111111111111", "é", "naïve", "😂", "don’t",
      "ok", "lol", "hmmmm",
      "[NAME_1]",
      "unfortunately", "congratulations", "metamorphosis's", "x'y'z", "'", "-", "--", ":", "(", ")",
    ]
    let between = [
      " ", " ", " ", " ", " ", " ", ", ", ". ", "! ", "? ", "\n", "-", "'", "…", "  ", "", ".", "!",
      "?", "\t", ": ", "\u{0}", "@", "*",
    ]
    var personal = 0
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<Int.random(in: 1...16, using: &generator) {
        text += parts.randomElement(using: &generator) ?? ""
        text += between.randomElement(using: &generator) ?? ""
      }
      var bytes = Array(text.utf8)
      if Int.random(in: 0..<8, using: &generator) == 0, !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
          UInt8.random(in: .min ... .max, using: &generator)
      }
      if compare(bytes) { personal += 1 }
    }
    #expect(personal > 1000 && personal < 19_000)
  }

  /// The public sets, where they lie beside the checkout.
  @Test func oneWalkSaysTheSameOfRealTexts() throws {
    let folder = URL(filePath: "../shared/data/coach")
    let file = folder.appending(path: "presidio-research/generated_large.json")
    guard let data = try? Data(contentsOf: file),
      let rows = try JSONSerialization.jsonObject(with: data) as? [[String: Any]]
    else {
      print("skipped: no \(file.path)")
      return
    }
    for row in rows { compare(Array((row["full_text"] as? String ?? "").utf8)) }
    let posts = folder.appending(path: "counsel-chat/20200325_counsel_chat.csv")
    guard let data = try? Data(contentsOf: posts) else { return }
    for line in data.split(separator: 0x0A).prefix(3000) { compare(Array(line)) }
  }
}
