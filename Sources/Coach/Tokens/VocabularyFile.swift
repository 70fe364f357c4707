internal import Bytes

/// Reads the two text files of a vocabulary. They come from an operator, so every line is checked
/// and an error names it.
struct VocabularyFile {
  var pieces: [[UInt8]] = []
  /// Pieces alone, without byte prefixes.
  var pieceCount = 0
  var classes: [(ClosedRange<UInt32>, CodePointTable.Kind)] = []
  var caseRows: [CodePointTable.CaseRow] = []
  var frame = TokenVocabulary.Frame()
  var laterFrame = TokenVocabulary.Frame()

  static let caseRowMax = 4096
  static let classRowMax = 65536

  /// Reads constants, prefixes and pieces.
  mutating func parsePieces(_ contents: [UInt8]) throws(VocabularyError) {
    var prefixesLeft = 0
    var isInPieces = false
    var expected = 0
    var number = 0
    for line in contents.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      if isInPieces {
        if line.isEmpty { continue }
        guard pieces.count < TokenTrie.pieceCountMax, let piece = Self.unescape(line) else {
          throw Self.failure("a piece", number)
        }
        pieces.append(piece)
        pieceCount += 1
      } else if line.first == 0x40 {
        let words = Self.words(line)
        if words[0] == "@pieces", words.count == 2, let count = Int(words[1]) {
          guard prefixesLeft == 0 else { throw Self.failure("prefixes are missing", number) }
          expected = count
          isInPieces = true
        } else if words[0] == "@prefixes", words.count == 2, let count = Int(words[1]) {
          prefixesLeft = count
        } else {
          try parseConstant(words, number)
        }
      } else if line.first != 0x23 {
        for word in Self.words(line) {
          guard let prefix = Self.bytes(hex: word) else { throw Self.failure("a prefix", number) }
          pieces.append(prefix)
          prefixesLeft -= 1
        }
      }
    }
    guard expected > 0, pieceCount == expected else {
      throw VocabularyError(message: "\(pieceCount) pieces where \(expected) were announced")
    }
  }

  private mutating func parseConstant(
    _ words: [String], _ number: Int
  ) throws(VocabularyError) {
    guard words.count == 2 else { throw Self.failure("a constant", number) }
    let value = words[1]
    switch words[0] {
    case "@format":
      guard value == "1" else { throw Self.failure("an unknown format", number) }
    case "@message_overhead", "@v5.message_overhead":
      guard let tokens = Int(value), tokens >= 0 else { throw Self.failure("a number", number) }
      if words[0].hasPrefix("@v5") { laterFrame.overhead = tokens } else { frame.overhead = tokens }
    case "@frame_bow": frame.opensWord = value == "1"
    case "@v5.frame_bow": laterFrame.opensWord = value == "1"
    case "@frame_tail": frame.hasLadder = value == "ladder"
    case "@v5.frame_tail": laterFrame.hasLadder = value == "ladder"
    case "@fold_quotes":
      guard value == "0" else { throw Self.failure("folded quotes", number) }
    case "@allcaps_min":
      guard value == "none" else { throw Self.failure("a marker of capitals", number) }
    // Calibration and figures about the file, not used in counting.
    default: break
    }
  }

  /// Reads the classes and the case map.
  mutating func parseCodePoints(_ contents: [UInt8]) throws(VocabularyError) {
    var isInCase = false
    var number = 0
    for line in contents.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      guard let first = line.first, first != 0x23 else { continue }
      let words = Self.words(line)
      if first == 0x40 {
        if words[0] == "@case" { isInCase = true }
        continue
      }
      guard words.count == (isInCase ? 5 : 3), let low = UInt32(words[0], radix: 16),
        let high = UInt32(words[1], radix: 16), low <= high, high < 0x110000
      else { throw Self.failure("a range of code points", number) }
      if isInCase {
        guard caseRows.count < Self.caseRowMax, let step = UInt32(words[2]), step > 0,
          let delta = Int32(words[3]), Int64(low) + Int64(delta) >= 0,
          Unicode.Scalar(UInt32(Int64(low) + Int64(delta))) != nil,
          Unicode.Scalar(UInt32(clamping: Int64(high) + Int64(delta))) != nil
        else { throw Self.failure("a row of the case map", number) }
        caseRows.append(
          CodePointTable.CaseRow(
            first: low, last: high, step: step, delta: delta, isUpper: words[4] == "U"))
      } else {
        guard classes.count < Self.classRowMax, let kind = Self.kind(words[2]) else {
          throw Self.failure("a class", number)
        }
        classes.append((low...high, kind))
      }
    }
    guard !classes.isEmpty, !caseRows.isEmpty else {
      throw VocabularyError(message: "no classes of code points")
    }
  }

  private static func kind(_ name: String) -> CodePointTable.Kind? {
    switch name {
    case "L": .letter
    case "W": .word
    case "X": .wordBlocking
    case "M": .mark
    case "D": .digit
    case "A": .arabicDigit
    case "P": .punctuation
    case "S": .space
    case "K": .symbol
    case "V": .variation
    case "N": .otherDigit
    case "O": .otherNumber
    default: nil
    }
  }

  private static func failure(_ what: String, _ line: Int) -> VocabularyError {
    VocabularyError(message: "line \(line): \(what) is not as it should be")
  }

  private static func words(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func bytes(hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    guard !digits.isEmpty, digits.count % 2 == 0 else { return nil }
    guard digits.count <= 2 * TokenTrie.pieceByteLimit else { return nil }
    var result: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
      guard let byte = UInt8(pair, radix: 16), byte != 0 else { return nil }
      result.append(byte)
    }
    return result
  }

  /// A piece without its escapes; nil when it is malformed.
  private static func unescape(_ line: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var index = line.startIndex
    while index < line.endIndex {
      let byte = line[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard index < line.endIndex else { return nil }
      let escape = line[index]
      index += 1
      switch escape {
      case UInt8(ascii: "<"): result.append(TokenMarker.wordOpens)
      case UInt8(ascii: ">"): result.append(TokenMarker.wordCloses)
      case UInt8(ascii: "^"): result.append(TokenMarker.shift)
      case UInt8(ascii: "_"): result.append(0x20)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "\\"): result.append(escape)
      case UInt8(ascii: "u"):
        guard let close = line[index...].firstIndex(of: UInt8(ascii: "}")),
          index < close, line[index] == UInt8(ascii: "{"),
          let code = UInt32(String(decoding: line[(index + 1)..<close], as: UTF8.self), radix: 16),
          let scalar = Unicode.Scalar(code)
        else { return nil }
        result.append(contentsOf: Array(String(Character(scalar)).utf8))
        index = close + 1
      default: return nil
      }
    }
    guard !result.isEmpty, result.count <= TokenTrie.pieceByteLimit, !result.contains(0) else {
      return nil
    }
    return result
  }
}

/// Bytes that stand for the borders of words in the marked stream; normalised text has none.
enum TokenMarker {
  static let wordOpens: UInt8 = 1
  static let wordCloses: UInt8 = 2
  static let shift: UInt8 = 3
}
