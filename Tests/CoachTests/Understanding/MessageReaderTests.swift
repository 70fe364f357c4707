import Bytes
import SeededRandom
import Testing

@testable import Coach

@Suite struct MessageReaderTests {
  @Test(arguments: [
    (
      "Heyyy!! I don’t know… señor 😂 1-10?",
      ["hey", "i", "dont", "know", "senor", "😂", "0", "0", "?"]
    ),
    ("don't DON’T dont", ["dont", "dont", "dont"]),
    ("this", ["this"]),
    ("Ünïcödé ÀÉ Łódź", ["unicode", "ae", "lodz"]),
    ("555-123 4567", ["0", "0", "0"]),
    ("cool coool goooood", ["cool", "col", "god"]),
    ("👍🏽", ["👍"]),
    ("a × b ÷ c", ["a", "b", "c"]),
    ("Привет мир", ["Привет", "мир"]),
    ("", []),
    (" \n\t.,;!", []),
    ("'", []),
    ("'tis", ["tis"]),
  ])
  func readsInOneForm(text: String, words: [String]) throws {
    let fixture = try ClassifierFixture()
    #expect(fixture.words(Array(text.utf8)) == words)
  }

  /// Bytes that are no UTF-8 separate words and harm nobody.
  @Test func wrongBytesSeparate() throws {
    let fixture = try ClassifierFixture()
    #expect(fixture.words([0x61, 0xFF, 0x62, 0xC3]) == ["a", "b"])
    #expect(fixture.words([0xE2, 0x80]) == [])
    #expect(fixture.words([0xC0, 0xAF, 0x61]) == ["a"])  // overlong
    #expect(fixture.words([0xED, 0xA0, 0x80, 0x61]) == ["a"])  // surrogate
    #expect(fixture.words([0xF5, 0x80, 0x80, 0x80, 0x61]) == ["a"])  // beyond Unicode
    #expect(fixture.words([0x61, 0x00, 0x62]) == ["a", "b"])
  }

  @Test func allLettersWithMarksAreKnown() throws {
    let fixture = try ClassifierFixture()
    for scalar in UInt32(0xC0)...0x17F {
      let text = String(Unicode.Scalar(scalar).map(Character.init) ?? "?")
      let words = fixture.words(Array(text.utf8))
      if scalar == 0xD7 || scalar == 0xF7 {
        #expect(words.isEmpty)
      } else {
        #expect(
          words.count == 1 && words[0].utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }, "\(text)")
      }
    }
  }

  @Test func longMessagesAreReadAtBothEnds() throws {
    let fixture = try ClassifierFixture()
    let text = "first " + String(repeating: "x y ", count: 2_500_000) + "last"
    let words = fixture.words(Array(text.utf8))
    #expect(words.first == "first")
    #expect(words.count == MessageReader.tokensMax || words.last == "last")
    let token = fixture.words(Array(("a " + String(repeating: "bcd", count: 900) + " end").utf8))
    #expect(token.last == "end")
  }

  /// Where a word came from is where it stands in the message.
  @Test func wordsKnowTheirSource() throws {
    let fixture = try ClassifierFixture()
    let text = Array("Do’nt — señor 😂, 12?".utf8)
    let words = fixture.words(text)
    let sources = (0..<words.count).map { index -> String in
      let token = fixture.reader.token(index)
      let start = Int(token.sourceStart)
      return String(decoding: text[start..<start + Int(token.sourceLength)], as: UTF8.self)
    }
    #expect(sources == ["Do’nt", "señor", "😂", "12", "?"])
  }

  /// Any bytes at all: bounds hold, and reading what was read changes nothing.
  @Test func readingIsIdempotent() throws {
    var generator = SeededGenerator(test: #function)
    let fixture = try ClassifierFixture()
    let alphabet: [[UInt8]] = [
      Array("a".utf8), Array("b".utf8), Array("Z".utf8), Array("7".utf8), Array("?".utf8),
      Array("'".utf8), Array(" ".utf8), Array("é".utf8), Array("😂".utf8), Array("’".utf8),
      Array("漢".utf8), [0xFF], [0xC3], [0xE2, 0x80], [0xF0, 0x9F], Array("🏽".utf8),
    ]
    for _ in 0..<3000 {
      let length = Int.random(in: 0..<60, using: &generator)
      let text = (0..<length).flatMap { _ in alphabet.randomElement(using: &generator) ?? [] }
      let words = fixture.words(text)
      #expect(words.count <= MessageReader.tokensMax)
      let again = fixture.words(Array(words.joined(separator: " ").utf8))
      #expect(again == words, "\(text)")
    }
  }
}
