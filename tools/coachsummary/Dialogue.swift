import Coach
import Foundation

/// A dialogue with the summary that a person wrote of it.
struct Dialogue {
  /// Which meeting it is from: dialogues of one meeting are never on both sides of a split.
  let meeting: Int
  let transcript: Transcript
  let reference: String

  /// Lengths taken, in words: shorter ones leave nothing to choose, longer ones are whole meetings.
  static let wordCounts = 60...2500

  /// Reads meetings with questions, answers, and the turns that the answers are about.
  static func meetings(in file: URL) throws -> [Dialogue] {
    let text = try String(contentsOf: file, encoding: .utf8)
    var dialogues: [Dialogue] = []
    for (number, line) in text.split(separator: "\n").enumerated() {
      let meeting = try JSONDecoder().decode(Meeting.self, from: Data(line.utf8))
      for query in meeting.queries {
        let dialogue = Dialogue(
          meeting: number, transcript: meeting.transcript(of: query), reference: query.answer)
        let words = dialogue.transcript.turns.reduce(0) { total, turn in
          total + turn.text.split(separator: 0x20).count
        }
        if wordCounts.contains(words) { dialogues.append(dialogue) }
      }
    }
    return dialogues
  }
}

private struct Meeting: Decodable {
  struct Turn: Decodable {
    let speaker: String
    let content: String
  }

  struct Query: Decodable {
    let answer: String
    let spans: [[String]]

    enum CodingKeys: String, CodingKey {
      case answer
      case spans = "relevant_text_span"
    }
  }

  let turns: [Turn]
  let queries: [Query]

  enum CodingKeys: String, CodingKey {
    case turns = "meeting_transcripts"
    case queries = "specific_query_list"
  }

  func transcript(of query: Query) -> Transcript {
    var chosen: [Transcript.Turn] = []
    for span in query.spans {
      guard let first = span.first.flatMap({ Int($0) }), let last = span.last.flatMap({ Int($0) }),
        first >= 0, first <= last
      else { continue }
      for turn in turns[min(first, turns.count)..<min(last + 1, turns.count)] {
        chosen.append(
          Transcript.Turn(speaker: Array(turn.speaker.utf8), text: Array(turn.content.utf8)))
      }
    }
    return Transcript(turns: chosen)
  }
}
