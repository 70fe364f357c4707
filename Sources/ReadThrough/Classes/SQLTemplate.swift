/// A query whose parameters are named after a key's placeholders: `WHERE id = :challenge_id`.
///
/// The names become `$1`, `$2` and values are sent beside the query, never in it: no key can change
/// what is asked. Names are looked for where SQL has expressions only, not in strings, quoted
/// names, dollar quotes and comments, and `::` is a cast.
struct SQLTemplate: Equatable, Sendable {
  /// Why a text is no template.
  struct Mistake: Error, Equatable {
    let reason: String
  }

  /// The query with `$1` and so on.
  let sql: String
  /// For each parameter the placeholder that it gets its value from.
  let parameters: [Int]

  static let bytesMax = 16 * 1024

  /// Reads a query.
  ///
  /// - Parameter placeholders: their names; all must be used, or many keys would be one value.
  init(_ text: String, placeholders: [String]) throws(Mistake) {
    guard text.utf8.count <= Self.bytesMax else {
      throw Mistake(reason: "a query has at most \(Self.bytesMax) bytes")
    }
    var reader = SQLReader(text)
    try reader.read(placeholders)
    var made = reader.made
    while let last = made.last, last <= 0x20 || last == UInt8(ascii: ";") { made.removeLast() }
    sql = String(decoding: made, as: UTF8.self)
    parameters = reader.parameters
    guard !sql.isEmpty else { throw Mistake(reason: "there is no query") }
    for (index, name) in placeholders.enumerated() where !parameters.contains(index) {
      throw Mistake(reason: "the query does not use :\(name)")
    }
  }
}

/// Copies SQL and replaces names.
private struct SQLReader {
  let bytes: [UInt8]
  var position = 0
  var made: [UInt8] = []
  var parameters: [Int] = []

  init(_ text: String) { bytes = Array(text.utf8) }

  private func byte(_ offset: Int = 0) -> UInt8 {
    position + offset < bytes.count ? bytes[position + offset] : 0
  }

  private mutating func copy(_ count: Int = 1) {
    made += bytes[position..<min(position + count, bytes.count)]
    position += count
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || byte == 0x5F || byte >= 0x80
      || (0x41...0x5A).contains(byte & 0xDF)
  }

  mutating func read(_ placeholders: [String]) throws(SQLTemplate.Mistake) {
    while position < bytes.count {
      switch byte() {
      case 0: throw SQLTemplate.Mistake(reason: "the query holds a zero byte")
      case UInt8(ascii: "'"):
        let isEscaped = isEscapeString
        try copyQuoted(UInt8(ascii: "'"), escapes: isEscaped)
      case UInt8(ascii: "\""): try copyQuoted(UInt8(ascii: "\""), escapes: false)
      case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): skipLine()
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): try skipComment()
      case UInt8(ascii: "$"): try readDollar()
      case UInt8(ascii: ":") where byte(1) == UInt8(ascii: ":"): copy(2)
      case UInt8(ascii: ":") where isNameByte(byte(1)) && !(0x30...0x39).contains(byte(1)):
        try readName(placeholders)
      case UInt8(ascii: ";"):
        let rest = bytes[position...]
        guard rest.allSatisfy({ $0 <= 0x20 || $0 == UInt8(ascii: ";") }) else {
          throw SQLTemplate.Mistake(reason: "there is more than one statement")
        }
        position = bytes.count
      default: copy()
      }
    }
  }

  /// Whether the string that begins here is `E'…'`, in which a backslash escapes.
  private var isEscapeString: Bool {
    guard let last = made.last, last & 0xDF == UInt8(ascii: "E") else { return false }
    return made.count < 2 || !isNameByte(made[made.count - 2])
  }

  private mutating func copyQuoted(_ quote: UInt8, escapes: Bool) throws(SQLTemplate.Mistake) {
    copy()
    while position < bytes.count {
      if escapes, byte() == UInt8(ascii: "\\") {
        copy(2)
      } else if byte() == quote {
        copy()
        // Written twice it is itself.
        guard byte() == quote else { return }
        copy()
      } else {
        copy()
      }
    }
    throw SQLTemplate.Mistake(reason: "a quote is not closed")
  }

  private mutating func skipLine() {
    while position < bytes.count, byte() != 0x0A { position += 1 }
    made.append(0x20)
  }

  private mutating func skipComment() throws(SQLTemplate.Mistake) {
    var depth = 0
    repeat {
      if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth += 1
        position += 2
      } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        position += 2
      } else {
        position += 1
      }
      guard position <= bytes.count else { break }
    } while depth > 0 && position < bytes.count
    guard depth == 0 else { throw SQLTemplate.Mistake(reason: "a comment is not closed") }
    made.append(0x20)
  }

  /// `$tag$…$tag$`; `$1` would be a parameter of another kind.
  private mutating func readDollar() throws(SQLTemplate.Mistake) {
    if let last = made.last, isNameByte(last) { return copy() }
    guard !(0x30...0x39).contains(byte(1)) else {
      throw SQLTemplate.Mistake(reason: "parameters are written as :name, not as $1")
    }
    var end = position + 1
    while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else { return copy() }
    let tag = Array(bytes[position...end])
    copy(tag.count)
    while position + tag.count <= bytes.count {
      if bytes[position..<(position + tag.count)].elementsEqual(tag) { return copy(tag.count) }
      copy()
    }
    throw SQLTemplate.Mistake(reason: "a dollar quote is not closed")
  }

  private mutating func readName(_ placeholders: [String]) throws(SQLTemplate.Mistake) {
    var end = position + 1
    while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
    let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    guard let placeholder = placeholders.firstIndex(of: name) else {
      throw SQLTemplate.Mistake(reason: "the query uses :\(name), which the key does not have")
    }
    position = end
    let number: Int
    if let known = parameters.firstIndex(of: placeholder) {
      number = known + 1
    } else {
      parameters.append(placeholder)
      number = parameters.count
    }
    made += Array("$\(number)".utf8)
  }
}
