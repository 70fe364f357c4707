internal import Bytes

/// A script's words, as Lua 5.1 cuts them; comments and white space are left out.
///
/// Only for looking at a script, not for running it, so it may be lenient: what Lua refuses to
/// compile never runs, whatever was read here. What it must not do is overlook a word that Lua
/// sees. So names, strings, comments and numbers end exactly where Lua ends them.
struct ScriptTokens {
  struct Token {
    enum Kind: Equatable {
      /// A name or a keyword.
      case name
      /// A string in quotes that stands for itself.
      case text
      /// A string that has escapes, or stands in long brackets.
      case otherText
      case number
      /// Anything else; two bytes for `==`, `~=`, `<=`, `>=` and `..`.
      case symbol
    }

    let kind: Kind
    /// Where it stands; of a text, what is between the quotes.
    let start: Int
    let count: Int
  }

  let body: ByteView
  private(set) var tokens: [Token] = []
  private var position = 0

  /// Cuts a script.
  ///
  /// - Returns: nil when it does not end where it should.
  /// - Complexity: O(bytes)
  init?(_ body: ByteView) {
    self.body = body
    while position < body.count {
      guard cut() else { return nil }
    }
  }

  /// The bytes of the token at `index`.
  func bytes(_ index: Int) -> ByteView {
    let token = tokens[index]
    return body[token.start..<token.start + token.count]
  }

  private func byte(at index: Int) -> UInt8 { index < body.count ? body[index] : 0 }

  private mutating func add(_ kind: Token.Kind, from start: Int, to end: Int) {
    tokens.append(Token(kind: kind, start: start, count: end - start))
  }

  /// Reads one token, comment or space; false: it has no end.
  private mutating func cut() -> Bool {
    let byte = body[position]
    switch byte {
    case 0x09...0x0D, 0x20: position += 1
    case UInt8(ascii: "-") where self.byte(at: position + 1) == byte: return skipComment()
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return cutText(byte)
    case UInt8(ascii: "["):
      if let level = bracketLevel(at: position) { return cutLongText(level) }
      cutSymbol()
    case UInt8(ascii: "0")...UInt8(ascii: "9"): cutNumber()
    case UInt8(ascii: ".") where Self.isDigit(self.byte(at: position + 1)): cutNumber()
    case _ where Self.isNameByte(byte):
      let start = position
      while position < body.count, Self.isNameByte(body[position]) { position += 1 }
      add(.name, from: start, to: position)
    default: cutSymbol()
    }
    return true
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    let letter = byte | 0x20
    return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")) || isDigit(byte)
      || byte == UInt8(ascii: "_")
  }

  private mutating func cutSymbol() {
    let first = body[position]
    let second = byte(at: position + 1)
    let isPair =
      switch first {
      case UInt8(ascii: "="), UInt8(ascii: "~"), UInt8(ascii: "<"), UInt8(ascii: ">"):
        second == UInt8(ascii: "=")
      case UInt8(ascii: "."): second == first
      default: false
      }
    add(.symbol, from: position, to: position + (isPair ? 2 : 1))
    position += isPair ? 2 : 1
  }

  /// Digits and dots, an exponent's sign, then letters and digits: all that Lua takes for a number.
  private mutating func cutNumber() {
    let start = position
    while Self.isDigit(byte(at: position)) || byte(at: position) == UInt8(ascii: ".") {
      position += 1
    }
    if byte(at: position) | 0x20 == UInt8(ascii: "e") {
      position += 1
      if byte(at: position) == UInt8(ascii: "+") || byte(at: position) == UInt8(ascii: "-") {
        position += 1
      }
    }
    while position < body.count, Self.isNameByte(body[position]) { position += 1 }
    add(.number, from: start, to: position)
  }

  private mutating func cutText(_ quote: UInt8) -> Bool {
    let start = position + 1
    var isPlain = true
    position = start
    while position < body.count {
      let byte = body[position]
      if byte == quote {
        add(isPlain ? .text : .otherText, from: start, to: position)
        position += 1
        return true
      }
      if byte == 0x0A || byte == 0x0D { return false }
      if byte == UInt8(ascii: "\\") {
        isPlain = false
        // An escaped line end may be two bytes; the second is no quote.
        position += 1
      }
      position += 1
    }
    return false
  }

  /// The number of `=` of a long bracket that begins here; nil: none does.
  private func bracketLevel(at start: Int) -> Int? {
    guard byte(at: start) == UInt8(ascii: "[") else { return nil }
    var end = start + 1
    while byte(at: end) == UInt8(ascii: "=") { end += 1 }
    return byte(at: end) == UInt8(ascii: "[") ? end - start - 1 : nil
  }

  private mutating func cutLongText(_ level: Int) -> Bool {
    let start = position
    guard skipLongBracket(level) else { return false }
    add(.otherText, from: start, to: position)
    return true
  }

  private mutating func skipComment() -> Bool {
    position += 2
    if let level = bracketLevel(at: position) { return skipLongBracket(level) }
    while position < body.count, body[position] != 0x0A, body[position] != 0x0D { position += 1 }
    return true
  }

  private mutating func skipLongBracket(_ level: Int) -> Bool {
    position += level + 2
    while position < body.count {
      guard body[position] == UInt8(ascii: "]") else {
        position += 1
        continue
      }
      var end = position + 1
      while byte(at: end) == UInt8(ascii: "=") { end += 1 }
      if byte(at: end) == UInt8(ascii: "]"), end - position - 1 == level {
        position = end + 1
        return true
      }
      position = end
    }
    return false
  }
}
