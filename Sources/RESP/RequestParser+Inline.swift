internal import Bytes

extension RequestParser {
  /// Parses a line of words, as typed into telnet.
  ///
  /// Words may be quoted: `"..."` knows \n \r \t \b \a and \xHH, `'...'` knows \'. A closing quote
  /// must be followed by white space.
  @usableFromInline
  mutating func parseInline(
    in bytes: UnsafeMutablePointer<UInt8>, count: Int, into store: inout ArgumentStore
  ) -> ParseOutcome {
    let line = ByteView(base: UnsafePointer(bytes + position), count: count - position)
    guard let newline = line.firstIndex(of: 0x0A) else {
      return line.count > ParserLimits.lineLengthMax ? .failure(.inlineTooLong) : .incomplete
    }
    // A longer line may arrive in one piece; the limit holds for it all the same.
    guard newline <= ParserLimits.lineLengthMax else { return .failure(.inlineTooLong) }
    var end = newline
    if end > 0, line[end - 1] == 0x0D { end -= 1 }
    let start = store.count
    var splitter = LineSplitter(line: bytes + position, count: end)
    position += newline + 1
    while true {
      switch splitter.next() {
      case .word(let word): store.append(word)
      case .end: return .request
      case .unbalanced:
        store.removeAll(from: start)
        return .failure(.unbalancedQuotes)
      }
    }
  }
}

/// Splits a line into words, unescaping them in place.
struct LineSplitter {
  enum Step {
    case word(ByteView)
    case end
    case unbalanced
  }

  private let line: UnsafeMutablePointer<UInt8>
  private let count: Int
  private var read = 0

  init(line: UnsafeMutablePointer<UInt8>, count: Int) {
    self.line = line
    self.count = count
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
  }

  /// The next word. Bytes are moved towards the start of the word as escapes shrink, never beyond
  /// what was read already.
  mutating func next() -> Step {
    while read < count, Self.isSpace(line[read]) { read += 1 }
    guard read < count else { return .end }
    let start = read
    var written = read
    var quote: UInt8 = 0
    while read < count {
      let byte = line[read]
      if quote != 0 {
        if byte == UInt8(ascii: "\\"), let (value, length) = escape(at: read, in: quote) {
          line[written] = value
          written += 1
          read += length
          continue
        }
        read += 1
        guard byte == quote else {
          line[written] = byte
          written += 1
          continue
        }
        // A word ends with its quote.
        guard read == count || Self.isSpace(line[read]) else { return .unbalanced }
        return word(from: start, to: written)
      }
      if Self.isSpace(byte) || byte == 0 { break }
      read += 1
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else {
        line[written] = byte
        written += 1
      }
    }
    guard quote == 0 else { return .unbalanced }
    if read < count, line[read] == 0 { read = count }  // a NUL ends the line, as in a C string
    return word(from: start, to: written)
  }

  private func word(from start: Int, to end: Int) -> Step {
    .word(ByteView(base: UnsafePointer(line + start), count: end - start))
  }

  /// The byte that the backslash at `index` stands for, and how many bytes spell it.
  private func escape(at index: Int, in quote: UInt8) -> (UInt8, Int)? {
    guard index + 1 < count else { return nil }
    let next = line[index + 1]
    if quote == UInt8(ascii: "'") { return next == quote ? (next, 2) : nil }
    if next == UInt8(ascii: "x"), index + 3 < count,
      let high = Self.hexValue(line[index + 2]), let low = Self.hexValue(line[index + 3])
    {
      return (high << 4 | low, 4)
    }
    switch next {
    case UInt8(ascii: "n"): return (0x0A, 2)
    case UInt8(ascii: "r"): return (0x0D, 2)
    case UInt8(ascii: "t"): return (0x09, 2)
    case UInt8(ascii: "b"): return (0x08, 2)
    case UInt8(ascii: "a"): return (0x07, 2)
    default: return (next, 2)
    }
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
