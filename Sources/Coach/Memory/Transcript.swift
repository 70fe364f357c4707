public import Bytes

/// A conversation as text: who said what, in order.
public struct Transcript: Sendable {
  /// What somebody said.
  public struct Turn: Sendable {
    /// Who; may be empty.
    public let speaker: [UInt8]
    /// What; UTF-8 as a rule, any bytes are taken.
    public let text: [UInt8]

    /// Joins speaker and text.
    public init(speaker: [UInt8], text: [UInt8]) {
      self.speaker = speaker
      self.text = text
    }
  }

  /// The turns in order.
  public var turns: [Turn]

  /// Makes a transcript of turns.
  public init(turns: [Turn]) { self.turns = turns }

  /// The longest speaker's name that `init(parsing:)` takes for one, in bytes.
  public static var speakerBytesMax: Int { 40 }

  /// Reads text. Lines that begin with a name and a colon are turns, provided that there are two of
  /// them; a line without one goes on with the turn before. Other text is one turn for each line,
  /// without a speaker.
  ///
  /// - Complexity: O(n)
  public init(parsing text: ByteView) {
    var lines: [Range<Int>] = []
    var start = 0
    while start < text.count {
      let stop = text.dropFirst(start).firstIndex(of: 0x0A).map { $0 + start } ?? text.count
      if stop > start { lines.append(start..<stop) }
      start = stop + 1
    }
    let colons = lines.map { Self.speakerEnd(in: text[$0]) }
    let isDialogue = colons.lazy.filter { $0 != nil }.prefix(2).count == 2
    var turns: [Turn] = []
    for (line, colon) in zip(lines, colons) {
      if isDialogue, let colon {
        let name = text[line.lowerBound..<line.lowerBound + colon]
        let rest = text[line.lowerBound + colon + 1..<line.upperBound]
        turns.append(Turn(speaker: name.array, text: rest.array))
      } else if isDialogue, let last = turns.popLast() {
        turns.append(Turn(speaker: last.speaker, text: last.text + [0x0A] + text[line].array))
      } else {
        turns.append(Turn(speaker: [], text: text[line].array))
      }
    }
    self.turns = turns
  }

  /// The position of the colon behind a speaker's name; nil when the line does not begin with one.
  private static func speakerEnd(in line: ByteView) -> Int? {
    guard let colon = line[0..<min(line.count, speakerBytesMax + 1)].firstIndex(of: 0x3A),
      colon > 0, colon + 1 == line.count || Words.isBlank(line[colon + 1]),
      !Words.isBlank(line[0])
    else { return nil }
    var blanks = 0
    for index in 0..<colon {
      switch line[index] {
      case 0x20: blanks += 1
      // A sentence, a quotation or a link, not a name.
      case UInt8(ascii: "."), UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: ","), 0x22:
        return nil
      default: break
      }
    }
    return blanks <= 3 ? colon : nil
  }

  /// Characters of the whole, as it would be written down: "speaker: text" and a line break.
  public var characterCount: Int {
    var count = 0
    for turn in turns {
      count += turn.text.withByteView { Words.scalarCount($0) } + 1
      if !turn.speaker.isEmpty {
        count += turn.speaker.withByteView { Words.scalarCount($0) } + 2
      }
    }
    return count
  }
}
