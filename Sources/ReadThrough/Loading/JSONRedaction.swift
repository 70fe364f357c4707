/// Takes personal data out of JSON and leaves it JSON.
///
/// What is in strings is looked at as text, unescaped, and put back in as text; a number in which
/// something is found becomes a string. Names of fields stay as they are. It expects JSON as a
/// database writes it; what is none comes out redacted as a whole.
enum JSONRedaction {
  /// The same JSON with the contents of its strings, and its numbers, passed through `redact`.
  ///
  /// - Complexity: O(n) and that of `redact`
  static func redacted(_ json: [UInt8], by redact: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var made: [UInt8] = []
    made.reserveCapacity(json.count)
    var index = 0
    while index < json.count {
      let byte = json[index]
      if byte == UInt8(ascii: "\"") {
        guard let end = stringEnd(json, from: index) else { return redact(json) }
        let raw = json[index..<end]
        index = end
        if isName(json, at: end) {
          made += raw
        } else {
          appendString(raw, to: &made, redact)
        }
      } else if byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) {
        var end = index + 1
        while end < json.count, isNumberByte(json[end]) { end += 1 }
        appendNumber(json[index..<end], to: &made, redact)
        index = end
      } else {
        made.append(byte)
        index += 1
      }
    }
    return made
  }

  /// The position behind a string that begins at `start`.
  private static func stringEnd(_ json: [UInt8], from start: Int) -> Int? {
    var index = start + 1
    while index < json.count {
      switch json[index] {
      case UInt8(ascii: "\\"): index += 2
      case UInt8(ascii: "\""): return index + 1
      default: index += 1
      }
    }
    return nil
  }

  /// Whether the string that ends at `end` is the name of a field.
  private static func isName(_ json: [UInt8], at end: Int) -> Bool {
    var index = end
    while index < json.count, json[index] <= 0x20 { index += 1 }
    return index < json.count && json[index] == UInt8(ascii: ":")
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
  }

  private static func appendString(
    _ raw: ArraySlice<UInt8>, to made: inout [UInt8], _ redact: ([UInt8]) -> [UInt8]
  ) {
    let text = unescaped(raw.dropFirst().dropLast())
    let clean = redact(text)
    // What has nothing in it stays byte for byte.
    if clean == text { made += raw } else { appendEscaped(clean, to: &made) }
  }

  private static func appendNumber(
    _ raw: ArraySlice<UInt8>, to made: inout [UInt8], _ redact: ([UInt8]) -> [UInt8]
  ) {
    let text = Array(raw)
    let clean = redact(text)
    if clean == text { made += raw } else { appendEscaped(clean, to: &made) }
  }

  private static func appendEscaped(_ text: [UInt8], to made: inout [UInt8]) {
    made.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        made.append(UInt8(ascii: "\\"))
        made.append(byte)
      case 0x0A: made += Array("\\n".utf8)
      case 0x0D: made += Array("\\r".utf8)
      case 0x09: made += Array("\\t".utf8)
      case ..<0x20:
        made += Array("\\u00".utf8)
        let digits = Array("0123456789abcdef".utf8)
        made.append(digits[Int(byte >> 4)])
        made.append(digits[Int(byte & 15)])
      default: made.append(byte)
      }
    }
    made.append(UInt8(ascii: "\""))
  }

  private static func unescaped(_ raw: ArraySlice<UInt8>) -> [UInt8] {
    guard raw.contains(UInt8(ascii: "\\")) else { return Array(raw) }
    var text: [UInt8] = []
    var index = raw.startIndex
    while index < raw.endIndex {
      guard raw[index] == UInt8(ascii: "\\"), index + 1 < raw.endIndex else {
        text.append(raw[index])
        index += 1
        continue
      }
      let code = raw[index + 1]
      index += 2
      switch code {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "u"): appendUnit(raw, &index, to: &text)
      default: text.append(code)
      }
    }
    return text
  }

  /// Four hexadecimal digits, or two times four for what is beyond 16 bits.
  private static func appendUnit(
    _ raw: ArraySlice<UInt8>, _ index: inout Int, to text: inout [UInt8]
  ) {
    func unit(at start: Int) -> UInt32? {
      guard start + 4 <= raw.endIndex else { return nil }
      return UInt32(String(decoding: raw[start..<(start + 4)], as: UTF8.self), radix: 16)
    }
    guard let first = unit(at: index) else { return }
    index += 4
    var scalar = first
    if (0xD800..<0xDC00).contains(first), index + 6 <= raw.endIndex,
      raw[index] == UInt8(ascii: "\\"), raw[index + 1] == UInt8(ascii: "u"),
      let second = unit(at: index + 2), (0xDC00..<0xE000).contains(second)
    {
      scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
      index += 6
    }
    let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
    text += Array(String(Character(character)).utf8)
  }
}
