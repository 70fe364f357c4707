import Bytes
import Foundation
import Testing

@testable import Coach

@Suite("Facts kept by summaries")
struct FactRetentionTests {
  @Test func countsKinds() {
    let text = """
      User: Yesterday I met Anna and Tom at the gym. She is 27.
      User: I promise to call Anna on Friday about the concert.
      """
    let transcript = Array(text.utf8).withByteView { Transcript(parsing: $0) }
    let none = FactRetention(of: transcript, in: [])
    #expect(none.names == .init(total: 2, kept: 0))
    #expect(none.numbers == .init(total: 1, kept: 0))
    #expect(none.dates == .init(total: 2, kept: 0))
    #expect(none.commitments == .init(total: 1, kept: 0))
    let some = FactRetention(
      of: transcript, in: Array("I promise to call Anna on Friday about the concert.".utf8))
    #expect(some.names == .init(total: 2, kept: 1))
    #expect(some.dates == .init(total: 2, kept: 1))
    #expect(some.commitments == .init(total: 1, kept: 1))
  }

  private struct Meeting: Decodable {
    struct Turn: Decodable {
      let speaker: String
      let content: String
    }
    let turns: [Turn]
    enum CodingKeys: String, CodingKey { case turns = "meeting_transcripts" }
  }

  /// The first 60 turns of real meetings, at 30% of their tokens: more facts are kept than the
  /// share of the text.
  @Test func keepsFactsOfRealTalk() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("../shared/data/coach/qmsum/val.jsonl").standardized
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      print("skipped: no meetings at \(file.path)")
      return
    }
    let counter = TokenCounter()
    var sums: [String: (total: Int, kept: Int)] = [:]
    for line in text.split(separator: "\n").prefix(8) {
      let meeting = try JSONDecoder().decode(Meeting.self, from: Data(line.utf8))
      let transcript = Transcript(
        turns: meeting.turns.prefix(60).map {
          .init(speaker: Array($0.speaker.utf8), text: Array($0.content.utf8))
        })
      let tokens = transcript.turns.reduce(0) { sum, turn in
        sum + turn.text.withByteView { counter.contentTokens($0) }
      }
      let made = SummaryMaker.make(
        transcript, limit: tokens * 3 / 10, redacts: false, counter)
      let retention = FactRetention(of: transcript, in: made.text)
      for (name, count) in retention.all {
        let old = sums["\(name)"] ?? (0, 0)
        sums["\(name)"] = (old.total + count.total, old.kept + count.kept)
      }
    }
    for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
      print("\(name): \(sum.kept) of \(sum.total) kept")
      #expect(sum.kept * 10 >= sum.total * 4, "\(name)")
    }
  }
}
