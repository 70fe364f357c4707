internal import Bytes

/// Tables that are committed as text.
enum Base64Text {
  /// The bytes that `text` spells in base 64, as signed numbers; other characters are passed over.
  ///
  /// - Complexity: O(n), allocates.
  static func signedBytes(_ text: StaticString) -> [Int8] {
    var result: [Int8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for byte in ByteView(text).buffer {
      let value: UInt32
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte - UInt8(ascii: "A"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte - UInt8(ascii: "a")) + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte - UInt8(ascii: "0")) + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: continue
      }
      bits = bits << 6 | value
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        result.append(Int8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
    }
    return result
  }
}
