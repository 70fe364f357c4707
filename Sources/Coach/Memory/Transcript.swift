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
  /// them; a line without one goes on with the turn before. Blank lines between turns, a time in
  /// front of the name ("[14:02] Mia: …") and Markdown's asterisks around it are passed over. Other
  /// text is one turn for each line, without a speaker.
  ///
  /// - Complexity: O(n)
  public init(parsing text: ByteView) {
    var lines: [Range<Int>] = []
    var start = 0
    while start < text.count {
      let stop = text.dropFirst(start).firstIndex(of: 0x0A).map { $0 + start } ?? text.count
      let line = Self.trimmed(text, start..<stop)
      if !line.isEmpty { lines.append(line) }
      start = stop + 1
    }
    let labels = lines.map { Label(text, $0) }
    let isDialogue = labels.lazy.filter { $0 != nil }.prefix(2).count == 2
    var turns: [Turn] = []
    // What is said is gathered, not appended to a turn, which would copy it for each line.
    var speaker: [UInt8] = []
    var said: [UInt8]?
    for (line, label) in zip(lines, labels) {
      if isDialogue, label == nil, said != nil {
        said?.append(0x0A)
        said?.append(contentsOf: text[line].buffer)
        continue
      }
      if let said { turns.append(Turn(speaker: speaker, text: said)) }
      speaker = []
      said = nil
      if isDialogue, let label {
        speaker = text[label.name].array
        said = text[Self.trimmed(text, label.end..<line.upperBound)].array
      } else {
        said = text[line].array
      }
    }
    if let said { turns.append(Turn(speaker: speaker, text: said)) }
    self.turns = turns
  }

  private static func trimmed(_ text: ByteView, _ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, Words.isBlank(text[low]) { low += 1 }
    while high > low, Words.isBlank(text[high - 1]) { high -= 1 }
    return low..<high
  }

  /// "Name:" at the start of a line.
  private struct Label {
    let name: Range<Int>
    /// Where what was said begins.
    let end: Int

    /// Finds it; nil when the line does not begin with a name.
    init?(_ text: ByteView, _ line: Range<Int>) {
      var start = Self.behindStamp(text, line)
      let isBold = text[start..<line.upperBound].buffer.starts(with: "**".utf8)
      if isBold { start += 2 }
      // The colon of the name has a blank behind it.
      let limit = min(line.upperBound, start + Transcript.speakerBytesMax + 1)
      var colon = start
      while colon < limit, text[colon] != 0x3A { colon += 1 }
      guard colon < limit, colon > start, !Words.isBlank(text[start]) else { return nil }
      var high = colon
      var next = colon + 1
      if isBold, text[next..<line.upperBound].buffer.starts(with: "**".utf8) { next += 2 }
      if isBold, text[max(start, colon - 2)..<colon] == ByteView("**") { high -= 2 }
      guard next == line.upperBound || Words.isBlank(text[next]), high > start,
        Self.isName(text[start..<high])
      else { return nil }
      name = start..<high
      end = next
    }

    /// Not a sentence, a quotation or a link; "Dr. Lee" is one.
    private static func isName(_ name: ByteView) -> Bool {
      var blanks = 0
      for index in 0..<name.count {
        switch name[index] {
        case 0x20: blanks += 1
        case 0x2E:
          // A full stop belongs to an abbreviation: up to four letters with a capital.
          var first = index
          while first > 0, name[first - 1] != 0x20 { first -= 1 }
          guard index + 1 < name.count, index > first, index - first <= 4,
            Words.isUpper(name[first])
          else { return false }
        case UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: ","), 0x22: return false
        default: break
        }
      }
      return blanks <= 3
    }

    /// Behind "[14:02] " or "14/03/24, 14:02 - "; the line's start when there is no such thing.
    private static func behindStamp(_ text: ByteView, _ line: Range<Int>) -> Int {
      let limit = min(line.upperBound, line.lowerBound + 32)
      var index = line.lowerBound
      var digits = 0
      if text[index] == 0x5B {
        while index < limit, text[index] != 0x5D {
          if Words.isDigit(text[index]) { digits += 1 }
          index += 1
        }
        guard index < limit, digits > 0 else { return line.lowerBound }
        index += 1
      } else {
        // Digits with what stands between those of times and dates.
        while index < limit, text[index] &- 0x2C < 0x0F || text[index] == 0x20 {
          if Words.isDigit(text[index]) { digits += 1 }
          index += 1
        }
        guard digits >= 3 else { return line.lowerBound }
      }
      while index < limit, text[index] == 0x20 || text[index] == 0x2D { index += 1 }
      return index < limit ? index : line.lowerBound
    }
  }

  /// Characters of the whole, as it would be written down: "speaker: text", line breaks between.
  public var characterCount: Int {
    var count = 0
    for turn in turns {
      count += turn.text.withByteView { Words.scalarCount($0) } + 1
      if !turn.speaker.isEmpty {
        count += turn.speaker.withByteView { Words.scalarCount($0) } + 2
      }
    }
    return max(0, count - 1)
  }
}
