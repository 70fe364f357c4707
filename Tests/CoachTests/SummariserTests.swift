import Bytes
import Foundation
import Testing

@testable import Coach

@Suite("Summariser")
struct SummariserTests {
  private func transcript(_ text: String) -> Transcript {
    Array(text.utf8).withByteView { Transcript(parsing: $0) }
  }

  private func summary(
    _ text: String, _ budget: Summariser.Budget, facts: Bool = true
  ) -> String {
    let made = Summariser(keepsFacts: facts).summarise(transcript(text), budget: budget)
    return String(decoding: made.text, as: UTF8.self)
  }

  static let story = """
    User: Hi! So, um, I wanted to tell you about last week.
    Coach: Hello. Go ahead, I am listening.
    User: Well, you know, I met Anna at the climbing hall on Tuesday, and she said that she likes \
    jazz.
    User: I was really nervous. It was a strange day, the weather was bad, I forgot my shoes.
    Coach: That happens to all of us. How did it end?
    User: I asked her for her number, and she gave me 0176 5550134.
    User: We will meet on 14 March at 7pm in the Blue Note.
    Coach: Great. What is your goal for that evening?
    User: I want to listen more than I talk. And I promise not to check my phone.
    Coach: Okay. Good. Sounds fine. Nice.
    User: Yeah. Okay. Thanks.
    """

  @Test func readsTurns() {
    let read = transcript("Ann: hello there\nBob Lee: hi: how are you?\n  fine?\nAnn: yes")
    #expect(
      read.turns.map { String(decoding: $0.speaker, as: UTF8.self) } == ["Ann", "Bob Lee", "Ann"])
    #expect(String(decoding: read.turns[1].text, as: UTF8.self).contains("fine?"))
    let plain = transcript("First line. Note: one colon only\nSecond line")
    #expect(plain.turns.count == 2)
    #expect(plain.turns.allSatisfy { $0.speaker.isEmpty })
  }

  @Test func splitsSentences() {
    let text = "Dr. Smith came at 3.5 hours, e.g. late. \"Why?\" she asked. J. Doe left! Then…  End"
    var found: [String] = []
    Array(text.utf8).withByteView { view in
      SentenceSplitter.forEach(in: view) { found.append(view[$0].string) }
    }
    #expect(
      found == [
        "Dr. Smith came at 3.5 hours, e.g. late.", "\"Why?\"", "she asked.", "J. Doe left!",
        "Then…  End",
      ])
  }

  @Test func cleansSpeech() {
    let cases = [
      ("So , um , I think , you know , it 's fine .", "I think, it's fine."),
      ("Well, yeah, okay, go there {laugh} tomorrow.", "Go there tomorrow."),
      ("No.", "No."), ("", ""), ("uh", ""), ("I do n't know .", "I don't know."),
    ]
    for (raw, clean) in cases {
      let made = Array(raw.utf8).withByteView { SentenceCleaner.clean($0) }
      #expect(String(decoding: made, as: UTF8.self) == clean)
    }
  }

  @Test func keepsFacts() {
    let made = summary(Self.story, .ratio(0.6))
    for fact in ["Anna", "Tuesday", "0176", "14 March", "7pm", "Blue Note", "promise"] {
      #expect(made.contains(fact), "\(fact) in: \(made)")
    }
    #expect(!made.contains("Sounds fine"))
  }

  @Test(arguments: [0.1, 0.3, 0.7, 1.0])
  func staysWithinTheRatio(_ ratio: Double) {
    let whole = transcript(Self.story)
    let made = Summariser().summarise(whole, budget: .ratio(ratio))
    #expect(
      made.text.withByteView { Words.scalarCount($0) }
        <= Int(Double(whole.characterCount) * ratio))
  }

  @Test func countsSentencesAndTokens() {
    #expect(Summariser().summarise(transcript(Self.story), budget: .sentences(2)).keptCount == 2)
    #expect(Summariser().summarise(transcript(Self.story), budget: .sentences(0)).text.isEmpty)
    let words: @Sendable (ByteView) -> Int = { text in
      var count = 0
      Words.forEach(in: text) { _ in count += 1 }
      return count
    }
    let made = Summariser().summarise(
      transcript(Self.story), budget: .tokens(30, measure: words))
    #expect(made.text.withByteView(words) <= 30)
    #expect(made.keptCount > 0)
  }

  @Test func isDeterministic() {
    #expect(summary(Self.story, .ratio(0.3)) == summary(Self.story, .ratio(0.3)))
  }

  @Test func bearsAnything() {
    let hostile: [[UInt8]] = [
      [], [0], [0xFF, 0xFE, 0x80], Array("🙂🙃🙂".utf8), Array(repeating: 0x2E, count: 100_000),
      Array(repeating: 0x41, count: 1_000_000), Array("a: b\n".utf8) + [0xC3],
      Array(String(repeating: "word ", count: 200_000).utf8),
      Array(String(repeating: "x: y. z\n", count: 50_000).utf8),
      Array(String(repeating: "{", count: 100_000).utf8),
    ]
    for bytes in hostile {
      let whole = bytes.withByteView { Transcript(parsing: $0) }
      let made = Summariser().summarise(whole, budget: .ratio(0.3))
      #expect(made.text.count <= bytes.count + 8)
    }
  }
}
