import Bytes
import SeededRandom
import Testing

@testable import Coach

@Suite struct AnswerCacheTests {
  private func key(_ number: Int) -> AnswerCache.Key {
    AnswerCache.Key(digest: Array("\(number)".utf8))
  }

  private func answer(_ text: String) -> ClaudeAnswer {
    var answer = ClaudeAnswer()
    answer.text = text
    return answer
  }

  @Test func answersEndByTime() {
    let cache = AnswerCache()
    cache.insert(
      answer("a"), for: key(1), owner: [], conversation: [], endsAt: 10, bytesMax: 10_000)
    #expect(cache.find(key(1), now: 9)?.text == "a")
    #expect(cache.find(key(2), now: 9) == nil)
    #expect(cache.find(key(1), now: 10) == nil)
    #expect(cache.size.bytes == 0)
  }

  @Test func usersAreForgotten() {
    let cache = AnswerCache()
    let ann = Array("u:ann".utf8)
    for number in 0..<10 {
      cache.insert(
        answer("a"), for: key(number), owner: number < 5 ? ann : [], conversation: [UInt8(number)],
        endsAt: 10, bytesMax: 100_000)
    }
    cache.forget(user: Array("ann".utf8))
    #expect(cache.size.entries == 5)
    cache.forget(user: [])
    cache.forget(conversation: [7])
    #expect(cache.size.entries == 4)
    cache.checkInvariants()
  }

  /// Random use: within its bytes, and the newest is there.
  @Test func itIsBounded() {
    var random = SeededGenerator(test: "AnswerCacheTests.itIsBounded")
    let cache = AnswerCache()
    for step in 0..<4000 {
      let key = key(Int.random(in: 0..<200, using: &random))
      let text = String(repeating: "x", count: Int.random(in: 0..<500, using: &random))
      switch Int.random(in: 0..<20, using: &random) {
      case 0: cache.forget(conversation: [UInt8.random(in: 0..<9, using: &random)])
      case 1: _ = cache.find(key, now: .max)
      default:
        cache.insert(
          answer(text), for: key, owner: [], conversation: [UInt8(step % 9)], endsAt: 10,
          bytesMax: 20_000)
        #expect(cache.find(key, now: 0)?.text == text)
      }
      #expect(cache.size.bytes <= 20_000)
      if step % 16 == 0 { cache.checkInvariants() }
    }
    cache.insert(
      answer(String(repeating: "x", count: AnswerCache.answerBytesMax + 1)), for: key(-1),
      owner: [], conversation: [], endsAt: 10, bytesMax: 1_000_000)
    #expect(cache.find(key(-1), now: 0) == nil)
  }

  @Test(arguments: [
    ("  Hello   THERE!! ", "hello there"), ("What\u{2019}s up?", "what's up?"),
    ("Really.", "really"),
    ("really?", "really?"), ("...", ""), ("a\n\tb .", "a b"), ("GR\u{DC}N!", "gr\u{FC}n"),
  ])
  func normalForm(text: String, normal: String) {
    #expect(Array(text.utf8).withByteView { NormalText.of($0) } == normal)
  }

  @Test func staticQuestionsAreReadFromAFile() {
    let questions = StaticQuestions(
      "# of the platform\n\nHow do I  pay?\r\nWhat is a challenge? \n")
    #expect(questions.count == 2)
    #expect(questions.contains("how do i pay?"))
    #expect(!questions.contains("# of the platform"))
  }
}
