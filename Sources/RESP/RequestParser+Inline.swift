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
    var splitter = LineSplitter(line: ByteView(base: line.base, count: end))
    position += newline + 1
    while true {
      switch splitter.next(into: &store) {
      case .word: continue
      case .end: return .request
      case .unbalanced:
        store.removeAll(from: start)
        return .failure(.unbalancedQuotes)
      }
    }
  }
}

/// Splits a line into words. The line is not changed: a word without quotes is a piece of it, any
/// other is unescaped into the store's memory.
struct LineSplitter {
  enum Step {
    case word
    case end
    case unbalanced
  }

  private let line: ByteView
  private var read = 0
  /// Where the next unescaped word goes. Words never get longer by being unescaped, so the length
  /// of the rest of the line is enough for all of them.
  private var target: UnsafeMutablePointer<UInt8>?

  init(line: ByteView) { self.line = line }

  private var count: Int { line.count }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
  }

  /// Adds the next word to `store`.
  mutating func next(into store: inout ArgumentStore) -> Step {
    while read < count, Self.isSpace(line[read]) { read += 1 }
    guard read < count, line[read] != 0 else { return .end }
    let start = read
    while read < count, !Self.isSpace(line[read]), line[read] != 0 {
      let byte = line[read]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        read = start
        let place = target ?? store.makeWords(count - start)
        guard let length = unescape(to: place) else { return .unbalanced }
        target = place + length
        store.append(ByteView(base: UnsafePointer(place), count: length))
        return .word
      }
      read += 1
    }
    store.append(line[start..<read])
    endAtNUL()
    return .word
  }

  /// A NUL ends the line, as in a C string.
  private mutating func endAtNUL() {
    if read < count, line[read] == 0 { read = count }
  }

  /// Writes the word that begins at `read` as it is meant.
  ///
  /// - Returns: its length; nil when its quotes do not match.
  private mutating func unescape(to target: UnsafeMutablePointer<UInt8>) -> Int? {
    var written = 0
    var quote: UInt8 = 0
    while read < count {
      let byte = line[read]
      if quote != 0 {
        if byte == UInt8(ascii: "\\"), let (value, length) = escape(at: read, in: quote) {
          target[written] = value
          written += 1
          read += length
          continue
        }
        read += 1
        guard byte == quote else {
          target[written] = byte
          written += 1
          continue
        }
        // A word ends with its quote.
        endAtNUL()
        guard read == count || Self.isSpace(line[read]) else { return nil }
        return written
      }
      if Self.isSpace(byte) || byte == 0 { break }
      read += 1
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else {
        target[written] = byte
        written += 1
      }
    }
    guard quote == 0 else { return nil }
    endAtNUL()
    return written
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
