internal import Bytes

/// Cuts a text into the tagger's tokens.
///
/// A possessive "'s" is a token of its own wherever it stands, so that a text reads the same with
/// "Ada's" and with "[NAME_1]'s".
struct TokenReader {
  let text: ByteView
  var position: Int
  var findingIndex: Int

  /// The next token; nil at the end.
  ///
  /// - Complexity: O(length of the token and of the blanks before it)
  mutating func next(_ found: [PersonalDataFinding]) -> TagToken? {
    let before = position
    while position < text.count, isBlank(text[position]) { position += 1 }
    guard position < text.count else { return nil }
    let start = position
    while findingIndex < found.count, found[findingIndex].end <= start { findingIndex += 1 }
    var limit = text.count
    var ruled = NameTag.other
    if findingIndex < found.count {
      let finding = found[findingIndex]
      if finding.start <= start {
        limit = finding.end
        switch finding.kind {
        case .name: ruled = .name
        case .address: ruled = .address
        default: return fixed(start, finding.end, ByteView(finding.kind.label), before)
        }
      } else {
        limit = finding.start
      }
    }
    var token = read(start, limit)
    token.ruled = UInt8(truncatingIfNeeded: ruled.rawValue)
    position = Int(token.end)
    return token
  }

  private mutating func fixed(
    _ start: Int, _ end: Int, _ label: ByteView, _ before: Int
  ) -> TagToken {
    var token = TagToken(.fixed, start, end)
    token.word = FoldedWord(label).hash
    position = end
    return token
  }

  private func read(_ start: Int, _ limit: Int) -> TagToken {
    let first = text[start]
    if first == UInt8(ascii: "["), let end = placeholderEnd(start), end <= limit {
      var token = TagToken(.fixed, start, end)
      var letters = start + 1
      while text[letters] &- 0x41 < 26 { letters += 1 }
      token.word = FoldedWord(text[start + 1..<letters]).hash
      return token
    }
    if first == 0x0A { return TagToken(.newline, start, newlinesEnd(start, limit)) }
    if let end = possessiveEnd(start), end <= limit { return TagToken(.sign, start, end) }
    if first &- 0x30 < 10 { return TagToken(.number, start, numberEnd(start, limit)) }
    let end = wordEnd(start, limit)
    if end > start { return TagToken(.word, start, end) }
    return TagToken(.sign, start, min(limit, start + max(1, signLength(start))))
  }

  @inline(__always)
  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  @inline(__always)
  private func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

  private func isDigit(_ index: Int) -> Bool { byte(index) &- 0x30 < 10 }

  /// The length of a sign beyond ASCII that is no letter: dashes, quotation marks; else 0.
  private func signLength(_ index: Int) -> Int {
    let next = byte(index + 1)
    let length =
      switch byte(index) {
      case 0xC2: 2
      // U+2000 to U+2BFF: hearts, arrows, stars.
      case 0xE2 where next < 0xB0: 3
      case 0xE3 where next == 0x80: 3
      // What chooses how an emoji looks; the mark of the byte order.
      case 0xEF where next == 0xB8 || next == 0xBB: 3
      case 0xF0...0xF7: 4
      case 0xF8...: 1
      default: 0
      }
    // No more than belongs to it: behind a damaged one a name may begin.
    var end = 1
    while end < length, byte(index + end) & 0xC0 == 0x80 { end += 1 }
    return min(end, length)
  }

  private func isLetter(_ index: Int) -> Bool {
    let byte = byte(index)
    return (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 && signLength(index) == 0
  }

  /// Behind a new line, and empty ones after it.
  private func newlinesEnd(_ start: Int, _ limit: Int) -> Int {
    var end = start + 1
    var index = end
    while index < limit, isBlank(text[index]) || text[index] == 0x0A {
      index += 1
      if text[index - 1] == 0x0A { end = index }
    }
    return end
  }

  /// Behind "'s" with no letter after it; nil where there is none.
  private func possessiveEnd(_ start: Int) -> Int? {
    var end = start + 1
    if byte(start) == 0xE2, byte(start + 1) == 0x80, byte(start + 2) == 0x99 {
      end = start + 3
    } else if byte(start) != UInt8(ascii: "'") {
      return nil
    }
    guard byte(end) | 0x20 == UInt8(ascii: "s"), !isLetter(end + 1), !isDigit(end + 1) else {
      return nil
    }
    return end + 1
  }

  /// Digits with the letters and signs that belong to them: "48b", "10/16/1987", "18:02".
  private func numberEnd(_ start: Int, _ limit: Int) -> Int {
    var end = start
    while end < limit {
      if isDigit(end) || (text[end] | 0x20) &- 0x61 < 26 {
        end += 1
      } else if end + 1 < limit, isDigit(end + 1), isDigit(end - 1),
        text[end] == UInt8(ascii: "/") || text[end] == UInt8(ascii: "-")
          || text[end] == UInt8(ascii: ".") || text[end] == UInt8(ascii: ":")
      {
        end += 2
      } else {
        break
      }
    }
    return end
  }

  /// Letters and digits, with hyphens and apostrophes inside.
  private func wordEnd(_ start: Int, _ limit: Int) -> Int {
    var end = start
    while end < limit {
      if isLetter(end) || end > start && isDigit(end) {
        end += 1
        // The rest of a letter of several bytes.
        while end < limit, text[end] & 0xC0 == 0x80 { end += 1 }
      } else if end > start, end + 1 < limit, possessiveEnd(end) == nil {
        let length =
          text[end] == UInt8(ascii: "'") || text[end] == UInt8(ascii: "-")
          ? 1 : text[end] == 0xE2 && byte(end + 1) == 0x80 && byte(end + 2) == 0x99 ? 3 : 0
        guard length > 0, end + length < limit, isLetter(end + length) else { break }
        end += length
      } else {
        break
      }
    }
    return end
  }

  /// Behind a placeholder "[NAME_1]"; nil where there is none.
  private func placeholderEnd(_ start: Int) -> Int? {
    var end = start + 1
    while end < start + 24, byte(end) &- 0x41 < 26 { end += 1 }
    guard end > start + 1, byte(end) == UInt8(ascii: "_") else { return nil }
    let digits = end + 1
    end = digits
    while end < digits + 10, isDigit(end) { end += 1 }
    guard end > digits, byte(end) == UInt8(ascii: "]") else { return nil }
    return end + 1
  }
}

/// How a token is written.
struct TagShape {
  private(set) var hash: UInt64 = 0

  init(_ text: ByteView, _ form: TagToken.Form) {
    switch form {
    case .fixed: hash = 1
    case .newline: hash = text.count > 1 ? 3 : 2
    case .sign: hash = 8 + UInt64(text[0])
    case .number: hash = Self.number(text)
    case .word: hash = Self.word(text)
    }
  }

  /// Each digit as one, letters as others, up to twelve.
  private static func number(_ text: ByteView) -> UInt64 {
    var code: UInt64 = 1
    for index in 0..<min(text.count, 12) {
      let byte = text[index]
      let part: UInt64 =
        byte &- 0x30 < 10
        ? 1 : (byte | 0x20) &- 0x61 < 26 ? 2 : UInt64(byte & 7) + 3
      code = code << 4 | part
    }
    return code << 4 | 15
  }

  /// Case, length, and whether signs, digits or letters beyond ASCII are inside.
  private static func word(_ text: ByteView) -> UInt64 {
    var capitals = 0
    var marks: UInt64 = 0
    for index in 0..<min(text.count, 24) {
      let byte = text[index]
      if isCapital(text, index) { capitals += 1 }
      if byte == UInt8(ascii: "-") { marks |= 1 }
      if byte == UInt8(ascii: "'") { marks |= 2 }
      if byte &- 0x30 < 10 { marks |= 4 }
      if byte >= 0x80 { marks |= 8 }
    }
    let length = text.count
    let lengths: UInt64 = length <= 3 ? UInt64(length) : length <= 6 ? 4 : length <= 10 ? 5 : 6
    let cases: UInt64 =
      if capitals == 0 {
        0
      } else if isCapital(text, 0) {
        capitals == 1 ? (length == 1 ? 5 : 1) : capitals * 2 >= length ? 2 : 3
      } else {
        4
      }
    return 1 << 40 | cases << 16 | lengths << 8 | marks
  }

  /// Whether a capital letter stands at `index`.
  static func isCapital(_ text: ByteView, _ index: Int) -> Bool {
    let byte = text[index]
    if byte < 0x80 { return byte &- 0x41 < 26 }
    guard index + 1 < text.count else { return false }
    let next = text[index + 1]
    return switch byte {
    case 0xC3: next <= 0x9E
    case 0xC4, 0xC5: next < 0xB9 || byte == 0xC4 ? next & 1 == 0 : next & 1 == 1
    case 0xCE: next <= 0xAB
    case 0xD0: next <= 0xAF
    default: false
    }
  }
}
