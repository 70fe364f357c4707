internal import Bytes

/// Cuts a text into units and names the features of each.
struct EstimateScan<Visitor: EstimateVisitor> {
  private let text: ByteView
  /// Where units end: trailing space is free, or nearly so.
  private let end: Int
  /// Where the next unit begins; behind the last, the text's end.
  var position = 0
  /// The unit before ended with a closing marker.
  var isClosed = false
  var visitor: Visitor
  /// Tokens whose number needs no estimate: digits, spaces.
  var plain = 0

  // The window of the last six bytes of the unit's stream, newest lowest, and its length.
  private var window: UInt64 = 0
  private var length = 0
  private var whole: UInt64 = 0

  /// How many bytes of a unit count for its own weight; longer units have none.
  private static var wholeLengthMax: Int { 24 }

  init(_ text: ByteView, _ visitor: Visitor) {
    self.text = text
    self.visitor = visitor
    var end = text.count
    while end > 0, text[end - 1] == 0x20 || text[end - 1] &- 0x09 < 5 { end -= 1 }
    self.end = end
  }

  /// Visits every unit.
  ///
  /// - Complexity: O(n)
  mutating func run() { run(until: text.count) }

  /// Visits the units that begin in front of `limit`.
  mutating func run(until limit: Int) {
    let limit = min(limit, end)
    while position < limit {
      let byte = text[position]
      if Self.isWordByte(byte) {
        if !passKnown(limit) { word(end) }
      } else if byte <= 0x20 {
        space(end)
      } else if byte &- 0x30 < 10 {
        digits(end)
      } else if byte < 0x80 {
        punctuation(end)
      } else {
        other(end)
      }
    }
    if position >= end { position = text.count }
  }

  /// ASCII letters, and the bytes of Latin letters with accents.
  @inline(__always)
  private static func isWordByte(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  @inline(__always)
  private func isWord(at index: Int, _ end: Int) -> Bool {
    guard index < end else { return false }
    return Self.isWordByte(text[index]) || isAccented(index, end)
  }

  /// A Latin letter of two bytes: U+00C0 to U+024F.
  @inline(__always)
  private func isAccented(_ index: Int, _ end: Int) -> Bool {
    text[index] &- 0xC3 < 7 && index + 1 < end && text[index + 1] & 0xC0 == 0x80
  }

  /// Passes words of ASCII letters that were met before and begin in front of `limit`, and the
  /// single spaces between them, which cost nothing.
  ///
  /// - Returns: false when there was not one.
  @inline(__always)
  private mutating func passKnown(_ limit: Int) -> Bool {
    var start = position
    // What goes on beyond ASCII may be the same word.
    while let word = ShortWord(text, at: start), word.next < 0x80,
      visitor.recall(word.head, word.tail)
    {
      start &+= word.count
      position = start
      isClosed = true
      guard word.next == 0x20, start &+ 1 < limit, Self.isWordByte(text[start &+ 1]) else {
        return true
      }
      start &+= 1
      position = start
      isClosed = false
    }
    return false
  }

  private mutating func word(_ end: Int) {
    let start = position
    var capitals = 0
    while position < end {
      if Self.isWordByte(text[position]) {
        if text[position] < 0x60 { capitals += 1 }
        position += 1
      } else if isAccented(position, end) {
        position += 2
      } else {
        break
      }
    }
    isClosed = true
    if position - start <= WordMemory.byteCountMax, recall(start, position - start) { return }
    begin()
    let isShifted = capitals == 1 && text[start] &- 0x41 < 26
    if isShifted { push(TokenMarker.shift) }
    push(TokenMarker.wordOpens)
    push(isShifted ? text[start] | 0x20 : text[start])
    for index in start + 1..<max(position, start + 1) { push(text[index]) }
    push(TokenMarker.wordCloses)
    finish()
  }

  /// Whether the word of up to 15 bytes is known: what it costs depends on its bytes alone.
  @inline(__always)
  private mutating func recall(_ start: Int, _ count: Int) -> Bool {
    let head = text.eightBytes(at: start)
    let length = UInt64(truncatingIfNeeded: count) &<< 56
    if count <= 8 { return visitor.recall(head.first(count), length) }
    return visitor.recall(head, text.eightBytes(at: start + 8).first(count - 8) | length)
  }

  /// Whether a run of punctuation with these markers is known.
  @inline(__always)
  private mutating func recall(
    punctuation start: Int, _ count: Int, opens: Bool, closes: Bool
  ) -> Bool {
    guard count <= 8 else { return false }
    return visitor.recall(
      text.eightBytes(at: start).first(count),
      WordMemory.punctuation(count, opens: opens, closes: closes))
  }

  private mutating func space(_ end: Int) {
    let byte = text[position]
    let start = position
    while position < end, text[position] == byte { position += 1 }
    let isSingle = byte == 0x20 && position - start == 1
    if isSingle, isClosed, position < end {
      let next = text[position]
      // Left out between a closed unit and one that opens.
      let isQuote = next == UInt8(ascii: "'") && isWord(at: position + 1, end)
      if isWord(at: position, end) || next < 0x80 && next > 0x20 && next &- 0x30 >= 10 && !isQuote {
        isClosed = false
        return
      }
    }
    isClosed = false
    // Control characters are dropped.
    if byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0 {
      plain += (position - start + 15) / 16
    }
  }

  private mutating func digits(_ end: Int) {
    let start = position
    while position < end, text[position] &- 0x30 < 10 { position += 1 }
    plain += (position - start + 2) / 3
    isClosed = false
  }

  private mutating func punctuation(_ end: Int) {
    let start = position
    let contraction = contractionLength(end)
    if contraction > 0 {
      position = start + contraction + 1
      isClosed = true
      if recall(punctuation: start, contraction + 1, opens: false, closes: true) { return }
      begin()
      for index in start...start + contraction { push(text[index]) }
      push(TokenMarker.wordCloses)
      finish()
      return
    }
    while position < end, text[position] > 0x20, text[position] < 0x7F,
      !Self.isWordByte(text[position]), text[position] &- 0x30 >= 10
    {
      position += 1
    }
    if position == start {
      // DEL is dropped.
      position += 1
      return
    }
    let isQuote =
      position - start == 1 && text[start] == UInt8(ascii: "'") && isWord(at: position, end)
    let hasSpace = start == 0 || text[start - 1] == 0x20
    let opens = hasSpace && start > 0 && !isQuote
    isClosed =
      position + 1 < end && text[position] == 0x20 && text[position + 1] != 0x20
    if recall(punctuation: start, position - start, opens: opens, closes: isClosed) { return }
    begin()
    if opens { push(TokenMarker.wordOpens) }
    for index in start..<position { push(text[index]) }
    if isClosed { push(TokenMarker.wordCloses) }
    finish()
  }

  /// Letters of a contraction behind the quote at `position`; 0 when there is none.
  private func contractionLength(_ end: Int) -> Int {
    guard text[position] == UInt8(ascii: "'"), position > 0 else { return 0 }
    guard Self.isWordByte(text[position - 1]) else { return 0 }
    let start = position + 1
    guard isWord(at: start, end) else { return 0 }
    let first = text[start]
    if !isWord(at: start + 1, end) {
      let isOne =
        first == UInt8(ascii: "s") || first == UInt8(ascii: "t") || first == UInt8(ascii: "d")
        || first == UInt8(ascii: "m")
      return isOne ? 1 : 0
    }
    guard !isWord(at: start + 2, end) else { return 0 }
    let second = text[start + 1]
    let isTwo =
      first == UInt8(ascii: "l") && second == UInt8(ascii: "l")
      || (first == UInt8(ascii: "r") || first == UInt8(ascii: "v")) && second == UInt8(ascii: "e")
    return isTwo ? 2 : 0
  }

  /// One character that is no ASCII: by its block of 64 code points.
  private mutating func other(_ end: Int) {
    if isAccented(position, end) {
      word(end)
      return
    }
    var decoder = ScalarDecoder(text[position..<end])
    let code = decoder.next() ?? 0
    position += max(1, decoder.position)
    isClosed = false
    visitor.beginUnit()
    visitor.feature(Self.index(UInt64(code >> 6) << 8 | 4))
    visitor.feature(Self.index(UInt64(code >> 4) << 8 | 6))
    visitor.feature(Self.index(UInt64(code) << 8 | 5))
    visitor.endUnit()
  }

  @inline(__always)
  private mutating func begin() {
    visitor.beginUnit()
    window = 0
    length = 0
    whole = 0
  }

  /// Adds a byte; the place two bytes back then has all its context.
  @inline(__always)
  private mutating func push(_ byte: UInt8) {
    window = window << 8 | UInt64(byte)
    length += 1
    whole = (whole ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
    whole ^= whole >> 29
    if length >= 3 { place() }
  }

  /// Features of the place in front of the last two bytes.
  @inline(__always)
  private mutating func place() {
    visitor.feature(Self.index((window & 0xFFFF_FFFF) << 8 | 1))
    visitor.feature(Self.index((window & 0xFF_FFFF_FFFF) << 8 | 2))
    visitor.feature(Self.index((window >> 8 & 0xFFFF) << 8 | 3))
  }

  @inline(__always)
  private mutating func finish() {
    // The last place has one byte behind it.
    window <<= 8
    place()
    if length <= Self.wholeLengthMax { visitor.feature(Self.index(whole << 8 | 7)) }
    visitor.endUnit()
  }

  @inline(__always)
  private static func index(_ key: UInt64) -> Int {
    var hash = key &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 31
    hash &*= 0xD6E8_FEB8_6659_FD93
    return Int(hash >> UInt64(64 - TokenEstimate.tableBits))
  }
}
