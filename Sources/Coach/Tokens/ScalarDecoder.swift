internal import Bytes

/// Decodes UTF-8 scalar by scalar; every maximal ill-formed part gives one U+FFFD.
struct ScalarDecoder {
  private let text: ByteView
  /// Where the next scalar begins.
  private(set) var position = 0

  init(_ text: ByteView) { self.text = text }

  /// The next scalar; nil at the end.
  ///
  /// - Complexity: O(1)
  @inline(__always)
  mutating func next() -> UInt32? {
    guard position < text.count else { return nil }
    let first = text[position]
    if first < 0x80 {
      position += 1
      return UInt32(first)
    }
    return nextLong(first)
  }

  private mutating func nextLong(_ first: UInt8) -> UInt32 {
    position += 1
    // What the second byte may be, after the table of well-formed sequences in the Unicode
    // standard: neither overlong, nor surrogates, nor beyond U+10FFFF.
    var low: UInt8 = 0x80
    var high: UInt8 = 0xBF
    var left: Int
    var code: UInt32
    switch first {
    case 0xC2...0xDF: (left, code) = (1, UInt32(first & 0x1F))
    case 0xE0...0xEF:
      (left, code) = (2, UInt32(first & 0x0F))
      if first == 0xE0 { low = 0xA0 } else if first == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      (left, code) = (3, UInt32(first & 0x07))
      if first == 0xF0 { low = 0x90 } else if first == 0xF4 { high = 0x8F }
    default: return 0xFFFD
    }
    while left > 0 {
      guard position < text.count, text[position] >= low, text[position] <= high else {
        return 0xFFFD
      }
      code = code << 6 | UInt32(text[position] & 0x3F)
      position += 1
      left -= 1
      low = 0x80
      high = 0xBF
    }
    return code
  }
}

/// Small helpers on UTF-8.
enum UTF8Text {
  /// Writes a scalar, up to four bytes, and returns how many.
  @inline(__always)
  static func write(_ code: UInt32, to place: UnsafeMutablePointer<UInt8>) -> Int {
    if code < 0x80 {
      place[0] = UInt8(truncatingIfNeeded: code)
      return 1
    }
    if code < 0x800 {
      place[0] = UInt8(truncatingIfNeeded: 0xC0 | code >> 6)
      place[1] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3F)
      return 2
    }
    if code < 0x10000 {
      place[0] = UInt8(truncatingIfNeeded: 0xE0 | code >> 12)
      place[1] = UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3F)
      place[2] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3F)
      return 3
    }
    place[0] = UInt8(truncatingIfNeeded: 0xF0 | code >> 18)
    place[1] = UInt8(truncatingIfNeeded: 0x80 | code >> 12 & 0x3F)
    place[2] = UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3F)
    place[3] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3F)
    return 4
  }

  /// Decodes the scalar at `start` of well-formed text; returns it and its length.
  @inline(__always)
  static func read(_ start: UnsafePointer<UInt8>) -> (code: UInt32, length: Int) {
    let first = UInt32(start[0])
    if first < 0x80 { return (first, 1) }
    if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(start[1] & 0x3F), 2) }
    if first < 0xF0 {
      return (
        (first & 0x0F) << 12 | UInt32(start[1] & 0x3F) << 6 | UInt32(start[2] & 0x3F), 3
      )
    }
    let top = (first & 0x07) << 18 | UInt32(start[1] & 0x3F) << 12
    return (top | UInt32(start[2] & 0x3F) << 6 | UInt32(start[3] & 0x3F), 4)
  }
}
