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

  @Test(arguments: [
    "Mia: hi\n\nDr. Lee: hello, sit down\n\nMia: thanks",
    "Mia: hi\r\n\r\nDr. Lee:  hello, sit down \r\nMia: thanks\r\n",
    "[14:02] Mia: hi\n[14:03] Dr. Lee: hello, sit down\n[14:03] Mia: thanks",
    "14/03/24, 14:02 - Mia: hi\n14/03/24, 14:03 - Dr. Lee: hello, sit down\n1:05 - Mia: thanks",
    "**Mia:** hi\n**Dr. Lee:** hello, sit down\n**Mia**: thanks",
  ])
  func readsChats(_ text: String) {
    let read = transcript(text)
    #expect(
      read.turns.map { String(decoding: $0.speaker, as: UTF8.self) } == ["Mia", "Dr. Lee", "Mia"])
    #expect(
      read.turns.map { String(decoding: $0.text, as: UTF8.self) }
        == ["hi", "hello, sit down", "thanks"])
    #expect(read.characterCount == "Mia: hi\nDr. Lee: hello, sit down\nMia: thanks".count)
  }

  /// Whoever says it is named, fillers go, and an answer comes with its question.
  @Test func summarisesChats() {
    let chat = """
      Tom: heyyy 😂😂
      Ann: hi Tom! omg what a day lol
      Tom: haha yes. can you pick me up at the station on Friday?
      Ann: yes, sure 👍
      Tom: great, train gets in at 6.40
      Ann: ok. I'll bring Grandma's suitcase too :)
      Tom: thanks!!
      Ann: np
      Tom: bye 😘
      """
    let made = summary(chat, .ratio(0.65))
    for fact in ["Tom: ", "Ann: ", "Friday", "6.40", "Grandma"] {
      #expect(made.contains(fact), "\(fact) in: \(made)")
    }
    for filler in ["😂", "lol", "haha", ":)", "bye"] {
      #expect(!made.contains(filler), "\(filler) in: \(made)")
    }
    #expect(made.contains("on Friday?\nAnn: Yes"), "\(made)")
  }

  @Test func questionsStandBeforeTheirAnswers() {
    let chat = "Ann: Where shall we meet on Friday?\nTom: Harrow Bay, 7.\nAnn: Lovely weather."
    let made = summary(chat, .ratio(0.85))
    #expect(made.contains("Where shall we meet") && made.contains("Harrow Bay"), "\(made)")
    #expect(!summary(chat, .characters(24)).contains("Harrow Bay"))
  }

  private struct Chat: Decodable {
    let dialogue: String
    let facts: [String]
  }

  /// At 30% of the characters, as they are in the text: never more, and nearly all of it.
  @Test func chatsUseTheirBudget() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("tools/coachsummary/dialogues/chats.jsonl")
    var used = 0.0
    var kept = 0
    var keptLater = 0
    var total = 0
    let chats = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Chat.self, from: Data($0.utf8))
    }
    for (index, chat) in chats.enumerated() {
      let made = summary(chat.dialogue, .ratio(0.3))
      let limit = Double(chat.dialogue.unicodeScalars.count) * 0.3
      #expect(Double(made.unicodeScalars.count) <= limit, "\(made)")
      used += Double(made.unicodeScalars.count) / limit / Double(chats.count)
      // The same chat with two more behind it, as later compactions find it.
      let later = (index..<index + 3).map { chats[$0 % chats.count].dialogue }
      let whole = summary(later.joined(separator: "\n"), .ratio(0.3))
      total += chat.facts.count
      kept += chat.facts.count { made.localizedCaseInsensitiveContains($0) }
      keptLater += chat.facts.count { whole.localizedCaseInsensitiveContains($0) }
    }
    print("facts of chats: \(kept) of \(total) kept, \(keptLater) when two more follow")
    #expect(used > 0.9)
    #expect(kept * 100 >= total * 60 && keptLater * 100 >= total * 60)
  }

  @Test func splitsSentences() {
    let text =
      "Dr. Smith came at 3.5 hours, e.g. late. \"Why?\" she asked. J. Doe left! Then…  End. "
      + "She sent a ? at 8:12. Who ? You"
    var found: [String] = []
    Array(text.utf8).withByteView { view in
      SentenceSplitter.forEach(in: view) { found.append(view[$0].string) }
    }
    #expect(
      found == [
        "Dr. Smith came at 3.5 hours, e.g. late.", "\"Why?\"", "she asked.", "J. Doe left!",
        "Then…  End.", "She sent a ? at 8:12.", "Who ?", "You",
      ])
  }

  @Test func cleansSpeech() {
    let cases = [
      ("So , um , I think , you know , it 's fine .", "I think, it's fine."),
      ("Well, yeah, okay, go there {laugh} tomorrow.", "Go there tomorrow."),
      ("no. he is very kind", "No. he is very kind"), ("no\nhe is kind", "No. he is kind"),
      ("Nope, never did.", "Nope, never did."), ("haha no, I drink", "No, I drink"),
      ("i only own black lol. will buy green", "I only own black. will buy green"),
      ("Really, haha!! I said.", "Really! I said."),
      ("\"Hello Helen, it's Arthur.", "\"Hello Helen, it's Arthur."),
      ("she replied \"haha ok poet...\"", "She replied \"haha ok poet...\""),
      ("she sent a ? at 8:12", "She sent a ? at 8:12"), ("(tax law 🎉) is it", "(tax law) is it"),
      ("K. and should i come", "Should i come"), ("good one (lol) Tom", "Good one Tom"),
      ("No.", "No."), ("", ""), ("uh", ""), ("I do n't know .", "I don't know."),
      ("Hi Tom, how are you? 😂", "How are you?"), ("haha ok. see you at 6 :)", "See you at 6"),
      ("great, I'll come", "I'll come"), ("No, sorry", "No, sorry"),
      ("great idea lol", "Great idea"), ("hey", "Hey"),
      ("No one came to the party.", "No one came to the party."),
      ("Do you know where Anna lives?", "Do you know where Anna lives?"),
      ("What kind of dog is it?", "What kind of dog is it?"), ("❶ first", "❶ first"),
      ("❤️ ❤️", ""), ("naïve café 🎉🎉 now", "Naïve café now"),
    ]
    for (raw, clean) in cases {
      let made = Array(raw.utf8).withByteView { SentenceCleaner.clean($0) }
      #expect(String(decoding: made, as: UTF8.self) == clean)
    }
  }

  /// A yes or a no is part of what is said: without it the contrary may be left.
  @Test(arguments: [
    ("Do you want kids?", "no, but he does since last year", "No, but he does since last year"),
    ("Is he violent?", "no. he is very kind", "No. he is very kind"),
    ("Is he violent?", "No. He is very kind.", "No. He is very kind."),
    ("is he violent", "nope\nhe is very kind", "Nope. he is very kind"),
    ("Do you smoke?", "no. i drink on fridays", "No. i drink on fridays"),
    ("do you like her", "yeah, i met her on monday", "Yeah, i met her on monday"),
    ("Will you come?", "Well, sure, at nine on Friday.", "Sure, at nine on Friday."),
    ("Did he hit you?", "Never. He shouted a lot.", "Never. He shouted a lot."),
  ])
  func keepsDecisions(_ question: String, _ answer: String, _ kept: String) {
    let asked = question.prefix(1).uppercased() + question.dropFirst()
    let chat = "Ann: \(question)\nTom: \(answer)"
    #expect(summary(chat, .sentences(1000)) == "Ann: \(asked)\nTom: \(kept)")
    #expect(summary(chat, .ratio(1)) == "Ann: \(asked)\nTom: \(kept)")
  }

  /// "2" says nothing without what was asked, with a mark or without.
  @Test func numbersComeWithTheirQuestions() {
    let chat = """
      Coach: how many exes do you have
      Tom: 2
      Coach: And how many children did you want?
      Tom: 5 with men, 3 with women
      Coach: That is a lot of people in one house.
      """
    for count in 0...5 {
      let made = summary(chat, .sentences(count))
      #expect(!made.contains("5 with") || made.contains("How many children"), "\(made)")
      #expect(!made.contains("Tom: 2") || made.contains("How many exes"), "\(made)")
    }
  }

  @Test func emptyTalkIsNoCandidate() {
    let chat = """
      Ann: we could go to the beach or to the hills
      Tom: Idk. I like both of them a lot
      Ann: K. and should i bring food
      Tom: i have plenty here
      Ann: Aight. Ok cool. Thank you too.
      Tom: see you on friday at 8
      """
    let made = summary(chat, .sentences(1000))
    for empty in ["Idk", "K.", "Aight", "cool", "Thank"] {
      #expect(!made.contains(empty), "\(made)")
    }
    #expect(made.contains("Should i bring food") && made.contains("friday"), "\(made)")
  }

  @Test func sentencesEndWithAStop() {
    let chat = """
      Tom: i wrote to my prof. [NAME_1]
      Tom: Friday i have to go (tax law 🎉)
      Tom: she said "come at 8"
      Tom: Then I will see…
      Tom: it was 50%
      Tom: and Anna was there
      """
    #expect(
      summary(chat, .ratio(1)) == """
        Tom: I wrote to my prof. [NAME_1]. Friday i have to go (tax law). She said "come at 8". \
        Then I will see… It was 50%. Anna was there
        """)
  }

  /// A share of a short text is less than a sentence; the whole is the whole.
  @Test func shortTextsHaveASummary() {
    #expect(summary("I met Anna.", .ratio(0.3)) == "I met Anna.")
    let two = "I met Anna on 5 May. It was fine."
    #expect(summary(two, .ratio(0.3)) == "I met Anna on 5 May.")
    #expect(summary(two, .ratio(1)) == two)
    let three = "I met Anna on 5 May. It was fine. It was fine."
    #expect(summary(three, .ratio(1)) == three)
    #expect(summary("ok", .ratio(0.3)) == "Ok" && summary("", .ratio(0.3)).isEmpty)
  }

  @Test(arguments: [
    ("ill bring the cake", true), ("i was ill and tired", false), ("have to call mum", true),
    ("done by friday", true), ("we're meeting Tom", true), ("im picking you up", true),
    ("lemme ask her", true), ("imma cook", true), ("the ill cat", false), ("she is here", false),
  ])
  func knowsPlans(_ text: String, _ isPlan: Bool) {
    var reader = PlanReader()
    var found = false
    Array(text.utf8).withByteView { view in
      Words.forEach(in: view) { if reader.take(Words.hash(view[$0])) { found = true } }
    }
    #expect(found == isPlan)
  }

  @Test func keepsFacts() {
    let made = summary(Self.story, .ratio(0.6))
    for fact in ["Anna", "Tuesday", "0176", "14 March", "7pm", "Blue Note", "promise"] {
      #expect(made.contains(fact), "\(fact) in: \(made)")
    }
    #expect(!made.contains("Sounds fine"))
  }

  /// Many parts share a small budget: something of the whole is said, and no more than allowed.
  @Test func aSmallBudgetOfALongTextIsUsed() {
    let line = "Mia: I will meet Anna at the station on Tuesday number 17"
    let turns = (0..<6000).map { "\(line) \($0)" }.joined(separator: "\n")
    let whole = Array(turns.utf8).withByteView { Transcript(parsing: $0) }
    let made = Summariser().summarise(
      whole, budget: .tokens(100) { TokenEstimate.count($0, isFramed: false) })
    let tokens = made.text.withByteView { TokenEstimate.count($0, isFramed: false) }
    #expect(tokens > 10 && tokens <= 100)
  }

  @Test func nothingIsSaidTwiceForNothing() {
    let lines = Array(repeating: "Please buy milk.", count: 100).joined(separator: " ")
    let whole = Array(lines.utf8).withByteView { Transcript(parsing: $0) }
    let made = Summariser().summarise(whole, budget: .ratio(0.3))
    #expect(String(decoding: made.text, as: UTF8.self) == "Please buy milk.")
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
