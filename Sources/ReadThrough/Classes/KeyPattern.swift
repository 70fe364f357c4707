internal import Bytes

/// The names of a class's keys: literal text with placeholders, as `matches:{user}:{radius}`.
///
/// A placeholder never holds a colon, and ends before the first byte of the text behind it, so a
/// key is read in one way only. `{name:type}` says what it may hold; only one spelling of each
/// value is taken, so that a change of the row 7 is a change of one key:
///
///     text     1 to 256 bytes of UTF-8 without control characters: what is meant without a type
///     int      a whole number of 64 bits, without leading zeros
///     number   digits, perhaps with a point and a sign
///     uuid     as PostgreSQL writes it, in lower case
///     word     letters, digits, `_`, `-` and `.`
///
/// Braces of the key itself are written twice: `{{`.
struct KeyPattern: Equatable, Sendable {
  /// What a placeholder may hold.
  enum Kind: String, CaseIterable, Sendable {
    case text, int, number, uuid, word
  }

  /// A name in braces.
  struct Placeholder: Equatable, Sendable {
    let name: String
    let kind: Kind
  }

  /// A piece of the pattern.
  enum Part: Equatable, Sendable {
    case literal([UInt8])
    /// By its place in `placeholders`.
    case placeholder(Int)
  }

  /// Where placeholders' values stand in a key.
  struct Values {
    var starts = SIMD8<Int32>()
    var ends = SIMD8<Int32>()

    /// The value of placeholder `index` in `key`.
    func value(_ index: Int, in key: ByteView) -> ByteView {
      key[Int(starts[index])..<Int(ends[index])]
    }
  }

  /// Why a text is no pattern.
  struct Mistake: Error, Equatable {
    let reason: String
  }

  /// As it was written.
  let text: String
  let parts: [Part]
  let placeholders: [Placeholder]

  /// Bytes of text that a pattern begins with at least, so that a slip does not make every key of
  /// the server the database's.
  static let prefixBytesMin = 3
  static let placeholdersMax = 8
  static let valueBytesMax = 256
  static let bytesMax = 512

  /// Reads a pattern.
  init(_ text: String) throws(Mistake) {
    self.text = text
    var reader = PatternReader(text)
    try reader.read()
    parts = reader.parts
    placeholders = reader.placeholders
    guard case .literal(let prefix)? = parts.first, prefix.count >= Self.prefixBytesMin else {
      throw Mistake(
        reason: "a key pattern begins with at least \(Self.prefixBytesMin) bytes of plain text")
    }
    guard !placeholders.isEmpty else { throw Mistake(reason: "there is no placeholder") }
  }

  /// The text before the first placeholder.
  var prefix: [UInt8] {
    guard case .literal(let prefix)? = parts.first else { return [] }
    return prefix
  }

  /// The place of a placeholder by its name.
  func index(of name: String) -> Int? { placeholders.firstIndex { $0.name == name } }

  /// Reads a key.
  ///
  /// - Returns: nil for a key of another kind.
  /// - Complexity: O(length of the key)
  func match(_ key: ByteView) -> Values? {
    guard key.count <= Self.bytesMax * 2 else { return nil }
    var values = Values()
    var position = 0
    for number in parts.indices {
      switch parts[number] {
      case .literal(let bytes):
        guard key.count - position >= bytes.count else { return nil }
        for offset in bytes.indices where key[position + offset] != bytes[offset] { return nil }
        position += bytes.count
      case .placeholder(let index):
        var stop: UInt8 = UInt8(ascii: ":")
        if number + 1 < parts.count, case .literal(let next) = parts[number + 1] { stop = next[0] }
        let start = position
        while position < key.count, key[position] != stop, key[position] != UInt8(ascii: ":") {
          position += 1
        }
        guard placeholders[index].kind.accepts(key[start..<position]) else { return nil }
        values.starts[index] = Int32(start)
        values.ends[index] = Int32(position)
      }
    }
    return position == key.count ? values : nil
  }

  /// The key that values make; nil when one does not fit its placeholder.
  func key(_ values: [[UInt8]]) -> [UInt8]? {
    guard values.count == placeholders.count else { return nil }
    var key: [UInt8] = []
    for part in parts {
      switch part {
      case .literal(let bytes): key += bytes
      case .placeholder(let index): key += values[index]
      }
    }
    // What has been put in must be what is read out.
    let isSame = key.withByteView { view in
      guard let found = match(view) else { return false }
      return values.indices.allSatisfy { found.value($0, in: view).array == values[$0] }
    }
    return isSame ? key : nil
  }
}

extension KeyPattern.Kind {
  /// Whether a placeholder of this kind may hold `value`.
  func accepts(_ value: ByteView) -> Bool {
    guard value.count > 0, value.count <= KeyPattern.valueBytesMax else { return false }
    switch self {
    case .text:
      for byte in value.buffer where byte < 0x20 || byte == 0x7F { return false }
      return value.buffer.allSatisfy { $0 < 0x80 }
        || String(validating: value.buffer, as: UTF8.self) != nil
    case .int: return isInteger(value)
    case .number: return isNumber(value)
    case .uuid:
      guard value.count == 36 else { return false }
      for index in 0..<36 {
        let isDash = index == 8 || index == 13 || index == 18 || index == 23
        guard isDash ? value[index] == 0x2D : isLowerHex(value[index]) else { return false }
      }
      return true
    case .word:
      return value.buffer.allSatisfy {
        isDigit($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E
      }
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private func isLowerHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte)
  }

  private func isInteger(_ value: ByteView) -> Bool {
    guard IntegerText.parseInt64(value) != nil else { return false }
    let start = value[0] == 0x2D ? 1 : 0
    // One spelling: no sign before 0, no zeros in front.
    guard value[start] == 0x30 else { return isDigit(value[start]) }
    return value.count == 1
  }

  private func isNumber(_ value: ByteView) -> Bool {
    let start = value[0] == 0x2D ? 1 : 0
    var points = 0
    for index in start..<value.count {
      if value[index] == 0x2E { points += 1 } else if !isDigit(value[index]) { return false }
    }
    return points <= 1 && value.count > start && isDigit(value[start])
      && isDigit(value[value.count - 1]) && value.count <= 32
  }
}

/// Takes a pattern's text apart.
private struct PatternReader {
  let bytes: [UInt8]
  var position = 0
  var literal: [UInt8] = []
  var parts: [KeyPattern.Part] = []
  var placeholders: [KeyPattern.Placeholder] = []

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func read() throws(KeyPattern.Mistake) {
    guard bytes.count <= KeyPattern.bytesMax else {
      throw KeyPattern.Mistake(reason: "a key pattern has at most \(KeyPattern.bytesMax) bytes")
    }
    while position < bytes.count {
      let byte = bytes[position]
      let isTwice = position + 1 < bytes.count && bytes[position + 1] == byte
      switch byte {
      case UInt8(ascii: "{") where isTwice, UInt8(ascii: "}") where isTwice:
        literal.append(byte)
        position += 2
      case UInt8(ascii: "{"): try readPlaceholder()
      case UInt8(ascii: "}"): throw KeyPattern.Mistake(reason: "a brace closes that is not open")
      case ...0x20, 0x7F: throw KeyPattern.Mistake(reason: "a key pattern holds no blanks")
      default:
        literal.append(byte)
        position += 1
      }
    }
    endLiteral()
  }

  private mutating func endLiteral() {
    if !literal.isEmpty { parts.append(.literal(literal)) }
    literal = []
  }

  private mutating func readPlaceholder() throws(KeyPattern.Mistake) {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
      throw KeyPattern.Mistake(reason: "a brace is not closed")
    }
    let inner = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    position = end + 1
    endLiteral()
    if case .placeholder? = parts.last {
      throw KeyPattern.Mistake(reason: "there is no text between two placeholders")
    }
    let halves = inner.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let name = halves.first, ClassName.isName(name), halves.count <= 2 else {
      throw KeyPattern.Mistake(reason: "'{\(inner)}' is no placeholder")
    }
    let kind = KeyPattern.Kind(rawValue: halves.count == 2 ? halves[1] : "text")
    guard let kind else {
      let known = KeyPattern.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw KeyPattern.Mistake(reason: "'\(halves[1])' is none of \(known)")
    }
    guard !placeholders.contains(where: { $0.name == name }) else {
      throw KeyPattern.Mistake(reason: "there are two placeholders called '\(name)'")
    }
    guard placeholders.count < KeyPattern.placeholdersMax else {
      throw KeyPattern.Mistake(
        reason: "a key pattern has at most \(KeyPattern.placeholdersMax) placeholders")
    }
    parts.append(.placeholder(placeholders.count))
    placeholders.append(KeyPattern.Placeholder(name: name, kind: kind))
  }
}

/// Names of classes, placeholders, tables and columns.
enum ClassName {
  static let bytesMax = 48

  /// Whether it is letters, digits and underscores, and does not begin with a digit.
  static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= bytesMax else { return false }
    return !(0x30...0x39).contains(first)
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) && $0 < 0x80 || $0 == 0x5F
      }
  }
}

extension KeyPattern {
  /// Whether a key might be of both patterns. Errs on the side of yes.
  func mayOverlap(_ other: KeyPattern) -> Bool {
    let own = segments
    let others = other.segments
    // No placeholder holds a colon, so keys of both have the same number of them.
    guard own.count == others.count else { return false }
    return zip(own, others).allSatisfy { Self.mayOverlap($0, $1) }
  }

  /// The pattern split at colons; nil stands for a placeholder.
  private var segments: [[UInt8?]] {
    var segments: [[UInt8?]] = [[]]
    for part in parts {
      switch part {
      case .placeholder: segments[segments.count - 1].append(nil)
      case .literal(let bytes):
        for byte in bytes {
          if byte == UInt8(ascii: ":") {
            segments.append([])
          } else {
            segments[segments.count - 1].append(byte)
          }
        }
      }
    }
    return segments
  }

  private static func mayOverlap(_ left: [UInt8?], _ right: [UInt8?]) -> Bool {
    if !left.contains(nil), !right.contains(nil) { return left == right }
    // What stands before the first placeholder of either, and behind the last, must agree.
    for (one, two) in zip(left, right) {
      guard let one, let two else { break }
      if one != two { return false }
    }
    for (one, two) in zip(left.reversed(), right.reversed()) {
      guard let one, let two else { break }
      if one != two { return false }
    }
    return true
  }
}
