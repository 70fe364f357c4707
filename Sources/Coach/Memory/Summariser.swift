public import Bytes

/// Makes a short text of a long conversation, without a network: the sentences that say most, in
/// their order, under their speakers' names.
///
///     transcript → sentences, cleaned → words → what each is worth ─┐
///                                                                    choice → text
///     names, numbers, dates, plans ─────────── what they add to that ┘
///
/// A linear model says how likely each word is to be in a person's summary (`WordFeatures`). A
/// sentence gains what its words are worth that the summary has not yet, so nothing is said twice
/// for nothing (coverage of weighted concepts: Gillick and Favre 2009), and the first sentence of a
/// speaker gains the name in front of it. Where facts are to be kept, a name, a number, a time and
/// a sentence of plans is worth more than its words.
///
/// Each step takes the sentence with the largest gain for its length. Gains only shrink while the
/// summary grows, so a gain computed earlier is an upper bound, and most need not be computed again
/// (lazy greedy, Minoux 1978). Of short summaries sentences are then exchanged until nothing gains,
/// which also uses up their budget. A short answer comes with its question.
///
/// A long conversation is done in parts of 80 KB and `sentencesMax` sentences at most, each with
/// its share of the budget, which bounds the time for any input: O(n log n) with n the characters
/// of a part.
public struct Summariser: Sendable {
  /// How long a summary may be.
  public enum Budget: Sendable {
    /// Unicode scalars.
    case characters(Int)
    /// A share of the transcript's characters, above 0 and up to 1. At least one sentence is
    /// taken, and of 1 all of them.
    case ratio(Double)
    case sentences(Int)
    /// Tokens as `measure` counts them for a text.
    case tokens(Int, measure: @Sendable (ByteView) -> Int)
  }

  /// What came out.
  public struct Summary: Sendable {
    /// The text, UTF-8 where the transcript was.
    public let text: [UInt8]
    /// Turns of which something is in it, in order.
    public let turns: [Int]
    /// Sentences read and sentences kept.
    public let sentenceCount: Int
    public let keptCount: Int
  }

  /// Sentences that are weighed against each other.
  public static var sentencesMax: Int { 2000 }

  /// Whether names, numbers, dates and commitments are preferred.
  public var keepsFacts: Bool

  private let model: SummaryModel

  /// Makes a summariser.
  public init(keepsFacts: Bool = true) { self.init(keepsFacts: keepsFacts, model: .fitted) }

  package init(keepsFacts: Bool, model: SummaryModel) {
    self.keepsFacts = keepsFacts
    self.model = model
  }

  /// Summarises `transcript`. The empty transcript has the empty summary.
  public func summarise(_ transcript: Transcript, budget: Budget) -> Summary {
    let meter = BudgetMeter(budget, transcript)
    var sentences: [Choice.Picked] = []
    var best: Choice.Picked?
    var read = 0
    var firstTurn = 0
    // Parts of about equal size, at turn borders.
    for part in Self.parts(of: transcript) {
      let table = SentenceTable(transcript.turns[part], sentencesMax: Self.sentencesMax)
      var names: [[UInt8]] = Array(repeating: [], count: table.speakers.count)
      for (turn, speaker) in zip(transcript.turns[part], table.turnSpeakers) {
        names[speaker] = turn.speaker
      }
      let values = WordFeatures.values(of: table, model.weights(for: table))
      var choice = Choice(
        table: table, values: values, names: names, meter, keepsFacts: keepsFacts)
      read += table.sentences.count
      defer { firstTurn += part.count }
      if meter.isWhole {
        sentences += choice.all(firstTurn: firstTurn)
        continue
      }
      if meter.takesOne, let found = choice.best(firstTurn: firstTurn),
        found.gain > best?.gain ?? -.infinity
      {
        best = found
      }
      let share =
        meter.share(of: transcript.turns[part]) + (firstTurn == 0 ? meter.lastSeparator : 0)
      sentences += choice.pick(within: share, firstTurn: firstTurn)
    }
    if !meter.isWhole {
      sentences = meter.trimmed(sentences, speakers: transcript.turns.map(\.speaker))
    }
    if sentences.isEmpty, let best { sentences = [best] }
    return Summary(
      text: Self.render(sentences, speakers: transcript.turns.map(\.speaker)),
      turns: Self.turns(of: sentences), sentenceCount: read, keptCount: sentences.count)
  }

  /// How many sentences `summarise` reads.
  ///
  /// - Complexity: O(bytes)
  static func sentenceCount(of transcript: Transcript) -> Int {
    parts(of: transcript).reduce(0) { count, part in
      count + SentenceTable(transcript.turns[part], sentencesMax: sentencesMax).sentences.count
    }
  }

  private static func parts(of transcript: Transcript) -> [Range<Int>] {
    // A sentence is 40 bytes and more as a rule, and a short turn is one, so a part holds most of
    // its text.
    let bytesMax = sentencesMax * 40
    var parts: [Range<Int>] = []
    var start = 0
    var bytes = 0
    for (number, turn) in transcript.turns.enumerated() {
      let size = max(turn.text.count, 40)
      if bytes > 0 && bytes + size > bytesMax {
        parts.append(start..<number)
        start = number
        bytes = 0
      }
      bytes += size
    }
    if start < transcript.turns.count { parts.append(start..<transcript.turns.count) }
    return parts
  }

  private static func turns(of picked: [Choice.Picked]) -> [Int] {
    var turns: [Int] = []
    for sentence in picked where turns.last != sentence.turn { turns.append(sentence.turn) }
    return turns
  }

  /// Whether a text ends within a sentence: without a mark, quotes and brackets aside.
  static func needsStop(_ text: [UInt8]) -> Bool {
    var count = text.count
    func ends(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
      count >= 3 && text[count - 3] == first && text[count - 2] == second
        && text[count - 1] == third
    }
    while count > 0 {
      switch text[count - 1] {
      case 0x22, 0x27, 0x29, 0x5D, 0x7D: count -= 1
      // ” and ’
      case 0x9D where ends(0xE2, 0x80, 0x9D), 0x99 where ends(0xE2, 0x80, 0x99): count -= 3
      case 0x2E, 0x3F, 0x21, 0x3A, 0x3B, 0x2C: return false
      // The ellipsis, and the marks of Chinese and Japanese.
      case 0xA6: return !ends(0xE2, 0x80, 0xA6)
      case 0x82: return !ends(0xE3, 0x80, 0x82)
      case 0x81, 0x9F: return !ends(0xEF, 0xBC, text[count - 1])
      default: return true
      }
    }
    return false
  }

  /// "Speaker: text text", a line for each change of speaker.
  static func render(_ picked: [Choice.Picked], speakers: [[UInt8]]) -> [UInt8] {
    var text: [UInt8] = []
    var last: [UInt8]?
    for sentence in picked {
      let speaker = speakers[sentence.turn]
      if speaker == last {
        // What was typed without a full stop gets one where something follows.
        if needsStop(text) { text.append(0x2E) }
        text.append(0x20)
      } else {
        if last != nil { text.append(0x0A) }
        if !speaker.isEmpty { text += speaker + [0x3A, 0x20] }
      }
      text += sentence.text
      last = speaker
    }
    return text
  }
}
