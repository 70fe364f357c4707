internal import Bytes

/// Writes JSON: only what a request to the provider needs.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  /// Punctuation and whatever else is JSON already.
  mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: ByteView(text).buffer)
  }

  /// A string. Whatever the text holds stays inside its quotes; what is no UTF-8 becomes U+FFFD.
  ///
  /// - Complexity: O(n)
  mutating func string(_ text: ByteView) {
    bytes.reserveCapacity(bytes.count + text.count + 2)
    bytes.append(0x22)
    var index = 0
    while index < text.count {
      let start = index
      while index < text.count, Self.isPlain(text[index]) { index += 1 }
      if index > start {
        bytes.append(contentsOf: text[start..<index].buffer)
        continue
      }
      let byte = text[index]
      if byte < 0x80 {
        ascii(byte)
        index += 1
        continue
      }
      let length = Self.scalarLength(text, index)
      if length > 0 {
        bytes.append(contentsOf: text[index..<index + length].buffer)
        index += length
      } else {
        bytes.append(contentsOf: [0xEF, 0xBF, 0xBD])
        index += Self.invalidLength(text, index)
      }
    }
    bytes.append(0x22)
  }

  /// Whether a byte stands for itself.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
  }

  private mutating func ascii(_ byte: UInt8) {
    switch byte {
    case 0x22: raw("\\\"")
    case 0x5C: raw("\\\\")
    case 0x0A: raw("\\n")
    case 0x0D: raw("\\r")
    case 0x09: raw("\\t")
    case 0..<0x20, 0x7F:
      let digits = ByteView("0123456789abcdef")
      raw("\\u00")
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }

  /// Bytes of the scalar at `start`, which begins beyond ASCII; 0 when it is none (RFC 3629:
  /// nothing overlong, no surrogates, nothing beyond U+10FFFF).
  static func scalarLength(_ text: ByteView, _ start: Int) -> Int {
    let lead = text[start]
    let length: Int
    var low: UInt8 = 0x80
    var high: UInt8 = 0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { low = 0xA0 }
      if lead == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { low = 0x90 }
      if lead == 0xF4 { high = 0x8F }
    default: return 0
    }
    guard start + length <= text.count, (low...high).contains(text[start + 1]) else { return 0 }
    for index in start + 2..<max(start + 2, start + length)
    where text[index] & 0xC0 != 0x80 {
      return 0
    }
    return length
  }

  /// Bytes that one replacement stands for: one, and the continuation bytes that follow it.
  private static func invalidLength(_ text: ByteView, _ start: Int) -> Int {
    var end = start + 1
    while end < text.count, end < start + 4, text[end] & 0xC0 == 0x80 { end += 1 }
    return end - start
  }
}
