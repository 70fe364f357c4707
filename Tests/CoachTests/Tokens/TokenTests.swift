import Bytes
import Foundation
import SeededRandom
import Testing

@testable import Coach

@Suite("Token counts")
struct TokenTests {
  @Test func tilesWithTheLeastPieces() throws {
    let vocabulary = try TokenFixture.vocabulary()
    // ^<the>, <c, at>
    #expect(vocabulary.count("The cat", isFramed: false) == 3)
    #expect(vocabulary.count("the the's", isFramed: false) == 3)
    // A prefix of two bytes, and the third.
    #expect(vocabulary.count("€", isFramed: false) == 2)
    #expect(vocabulary.count("the  the", isFramed: false) == 3)
    #expect(vocabulary.count("123", isFramed: false) == 3)
    #expect(vocabulary.pieceCount == 7)
  }

  @Test func framesDiffer() throws {
    let vocabulary = try TokenFixture.vocabulary()
    #expect(vocabulary.count("", .v5) == 6)
    #expect(vocabulary.count("", .v4) == 12)
    #expect(vocabulary.count("the", .v5) == 7)
    #expect(vocabulary.count("the", .v4) == 12)
    #expect(vocabulary.count("the \n\n", .v5) == 7)
    // A digit does not own the opening marker that the older frame writes.
    #expect(vocabulary.count("1", .v4) == 13)
  }

  @Test(arguments: [
    ("@format 1\n@pieces 2\na\n", "pieces where 2 were announced"),
    ("@format 2\n@pieces 1\na\n", "line 1: an unknown format"),
    ("@format 1\n@pieces 1\n\\x\n", "line 3: a piece"),
    ("@format 1\n@prefixes 1\nzz\n@pieces 1\na\n", "line 3: a prefix"),
    ("@format 1\n@prefixes 2\ne282\n@pieces 1\na\n", "line 4: prefixes are missing"),
    ("@message_overhead x\n@pieces 1\na\n", "line 1: a number"), ("", "0 pieces"),
  ])
  func mistakesAreNamed(_ pieces: String, _ expected: String) throws {
    let error = #expect(throws: VocabularyError.self) {
      try TokenVocabulary(
        pieces: Array(pieces.utf8), codePoints: Array(TokenFixture.codePoints.utf8))
    }
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["@classes 1\n9 8 S", "@classes 1\n9 D Q", "@case 1\n41 5A 0 32 U", "", "zz"])
  func mistakesInCodePointsAreNamed(_ codePoints: String) {
    #expect(throws: VocabularyError.self) {
      try TokenVocabulary(
        pieces: Array(TokenFixture.pieces.utf8), codePoints: Array(codePoints.utf8))
    }
  }

  @Test func recordedCountsAreMatched() throws {
    guard let vocabulary = try TokenFixture.realVocabulary() else {
      print("skipped: no ../shared/data/coach/ctok beside the checkout")
      return
    }
    let recorded = try TokenFixture.recorded()
    #expect(recorded.count > 3000)
    for text in recorded {
      #expect(vocabulary.count(text.text, .v4) == text.older, "\(text.text.prefix(80))")
      #expect(vocabulary.count(text.text, .v5) == text.newer, "\(text.text.prefix(80))")
    }
  }

  @Test func growingTextsAreCountedAsWhole() throws {
    var generator = SeededGenerator(test: "growingTextsAreCountedAsWhole")
    let vocabulary = try TokenFixture.realVocabulary() ?? TokenFixture.vocabulary()
    let parts = [
      "The", " cat", " it's", "\n", "\n\n", "  ", " ", "1234567", ".", "'", "é", "日本", "🎉",
      " I", " don't", "\t", "\u{A0}", "\r\n", "- x", "A", "b c d ", "\u{301}",
    ]
    for _ in 0..<200 {
      var growing = GrowingTokenCount(vocabulary, family: generator.next() & 1 == 0 ? .v4 : .v5)
      var whole = ""
      let family: TokenFamily = growing.family
      for _ in 0..<Int.random(in: 0...30, using: &generator) {
        let part = parts.randomElement(using: &generator) ?? ""
        whole += part
        Array(part.utf8).withByteView { growing.append($0) }
        #expect(growing.count() == vocabulary.count(whole, family), "\(whole.debugDescription)")
      }
    }
  }

  @Test func growingProseKeepsLittle() throws {
    var growing = GrowingTokenCount(try TokenFixture.vocabulary(), family: .v5)
    for _ in 0..<1000 { Array("the cat sat on the mat. ".utf8).withByteView { growing.append($0) } }
    #expect(growing.openByteCount < 40)
  }

  @Test func hostileTextsAreCounted() throws {
    let vocabulary = try TokenFixture.vocabulary()
    for text in HostileTexts.all(byteCount: 20_000) {
      for family in TokenFamily.allCases {
        let exact = text.withByteView { vocabulary.count($0, family: family) }
        let estimate = text.withByteView { TokenEstimate.count($0, family: family) }
        let overhead = vocabulary.frameTokens(family)
        #expect(exact >= overhead && estimate >= overhead)
        // A byte costs one token at most, an ill-formed one three, a marker one each side.
        #expect(exact <= overhead + 3 * text.count + 3)
        #expect(estimate <= overhead + 4 * text.count + 4)
      }
    }
  }

  /// Counts of the real vocabulary, kept here so that the estimate is held to them without it.
  @Test(arguments: [
    (
      """
      Hey, I wanted to tell you about Saturday. I met someone at my friend's birthday and we \
      talked for almost two hours about music and travelling. When she left I froze and didn't \
      ask for her number. Now I keep replaying it in my head and feel stupid. Should I ask my \
      friend to introduce us again, or is that weird? I really don't want to come across as needy.
      """, 115
    ),
    (
      """
      It's not weird at all. Asking a friend to reconnect you is one of the most natural ways to \
      follow up. Keep it light: "I enjoyed talking to Anna, could you ask whether I may have her \
      number?" That way she can say yes or no without any pressure. Before you do, think about \
      what you'd like to say in your first message. One specific detail from your conversation \
      works much better than a generic hello.
      """, 121
    ),
  ])
  func estimateIsClose(_ text: String, _ exact: Int) throws {
    if let vocabulary = try TokenFixture.realVocabulary() {
      #expect(vocabulary.count(text, isFramed: false) == exact)
    }
    let estimate = Array(text.utf8).withByteView { TokenEstimate.count($0, isFramed: false) }
    #expect(abs(Double(estimate - exact)) <= 0.02 * Double(exact), "\(estimate) for \(exact)")
  }

  @Test func countersAddUp() throws {
    let exact = TokenCounter(try TokenFixture.vocabulary())
    let estimated = TokenCounter(messageFrameTokens: 4)
    #expect(exact.isExact && !estimated.isExact)
    #expect(exact.requestFrameTokens == 6 && estimated.requestFrameTokens == 6)
    #expect(exact.requestTokens(contentTokens: 100, messageCount: 1) == 106)
    #expect(estimated.requestTokens(contentTokens: 100, messageCount: 3) == 114)
    #expect(estimated.requestTokens(contentTokens: 0, messageCount: 0) == 6)
    #expect(Array("The cat".utf8).withByteView { exact.contentTokens($0) } == 3)
    #expect(estimated.growing() == nil)
    var growing = try #require(exact.growing())
    Array("The cat".utf8).withByteView { growing.append($0) }
    #expect(growing.count(isFramed: false) == 3)
  }
}
