import Bytes
import Coach
import Foundation
import ToolSupport

/// A dialogue with the summary that a person wrote of it.
struct Dialogue {
  /// Dialogues of one group are never on both sides of a split: a meeting, or a chat.
  let group: String
  /// Which part of the data is held out together with it.
  let fold: Int
  /// "meeting", or what the file says.
  let style: String
  let transcript: Transcript
  let reference: String
  /// Words that a good summary keeps, where a person has marked them.
  var facts: [String] = []

  /// Parts that dialogues are split into; each is judged by a model fitted on the others.
  static let folds = 5
  /// Lengths taken of meetings, in words: shorter ones leave nothing to choose, longer ones are
  /// whole meetings.
  static let wordCounts = 60...2500

  /// Reads meetings with questions, answers, and the turns that the answers are about.
  static func meetings(in file: String) throws -> [Dialogue] {
    var dialogues: [Dialogue] = []
    for (number, line) in try text(of: file).split(separator: "\n").enumerated() {
      let meeting = try JSONDecoder().decode(Meeting.self, from: Data(line.utf8))
      for query in meeting.queries {
        let dialogue = Dialogue(
          group: "meeting \(number)", fold: number % folds, style: "meeting",
          transcript: meeting.transcript(of: query), reference: query.answer)
        let words = dialogue.transcript.turns.reduce(0) { total, turn in
          total + turn.text.split(separator: 0x20).count
        }
        if wordCounts.contains(words) { dialogues.append(dialogue) }
      }
    }
    return dialogues
  }

  /// Reads chats, a JSON object a line: `dialogue` (lines of "Name: text") and `summary`; `style`
  /// and `facts` may be there, too. The public sets of dialogues have the same fields.
  static func chats(in file: String) throws -> [Dialogue] {
    try text(of: file).split(separator: "\n").enumerated().map { number, line in
      let chat = try JSONDecoder().decode(Chat.self, from: Data(line.utf8))
      return Dialogue(
        group: chat.dialogue, fold: number % folds, style: chat.style ?? "chat",
        transcript: chat.dialogue.transcript, reference: chat.summary, facts: chat.facts ?? [])
    }
  }

  /// All chats of a folder's files.
  static func chats(inFolder folder: String) throws -> [Dialogue] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".jsonl") }.sorted().flatMap { try chats(in: folder + "/" + $0) }
  }
}

private struct Chat: Decodable {
  let style: String?
  let dialogue: String
  let summary: String
  let facts: [String]?
}

extension String {
  /// The text as the server would read it.
  var transcript: Transcript { Array(utf8).withByteView { Transcript(parsing: $0) } }
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
