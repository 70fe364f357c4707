/// Integers as decimal text, the way Redis reads and writes them.
///
/// Reading is strict: a text is an integer exactly when printing the integer gives the text back.
/// That is what lets a stored string be kept as a number and be handed out again unchanged, so no
/// leading zeros, no plus sign, no blanks, no "-0", and nothing that does not fit.
///
/// Writing goes two digits at a time from a table of a hundred pairs, which halves the divisions.
public enum IntegerText {
  /// The longest text of an Int64 ("-9223372036854775808") and of a UInt64 (20 digits), in bytes.
  public static let byteCountMax = 20

  /// Reads the whole of `text` as an Int64, strictly.
  ///
  /// - Returns: nil when `text` is not the canonical text of an Int64.
  /// - Complexity: O(n), at most 20 bytes are looked at.
  @inlinable
  public static func parseInt64(_ text: ByteView) -> Int64? {
    guard text.count > 0, text.count <= byteCountMax else { return nil }
    guard text.base[0] == 0x2D else {
      guard let magnitude = parseUInt64(text), magnitude <= UInt64(Int64.max) else { return nil }
      return Int64(magnitude)
    }
    // "-0" is refused: it would print as "0".
    guard let magnitude = parseUInt64(text.dropFirst(1)), magnitude > 0,
      magnitude <= UInt64(Int64.max) + 1
    else { return nil }
    return Int64(bitPattern: 0 &- magnitude)
  }

  /// Reads the whole of `text` as a UInt64, strictly.
  ///
  /// - Returns: nil when `text` is not the canonical text of a UInt64.
  /// - Complexity: O(n), at most 20 bytes are looked at.
  @inlinable
  public static func parseUInt64(_ text: ByteView) -> UInt64? {
    guard text.count > 0, text.count <= byteCountMax else { return nil }
    let first = text.base[0] &- 0x30
    guard first <= 9 else { return nil }
    if first == 0 { return text.count == 1 ? 0 : nil }
    var value = UInt64(first)
    // 19 digits always fit (10^19 - 1 < 2^64), so only a 20th needs the overflow check.
    for index in 1..<Swift.min(text.count, 19) {
      let digit = text.base[index] &- 0x30
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ UInt64(digit)
    }
    guard text.count == 20 else { return value }
    let digit = text.base[19] &- 0x30
    guard digit <= 9 else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
    return overflow || carry ? nil : sum
  }

  /// Reads a SCAN cursor as C's `strtoul` does, which is laxer: leading zeros and a plus sign are
  /// fine, a minus sign negates modulo 2^64, the empty text is 0.
  ///
  /// - Returns: nil for blanks, other bytes and overflow ("ERR invalid cursor").
  /// - Complexity: O(n)
  public static func parseCursor(_ text: ByteView) -> UInt64? {
    guard let first = text.buffer.first else { return 0 }
    let isNegative = first == 0x2D
    let digits = isNegative || first == 0x2B ? text.dropFirst(1) : text
    guard digits.count > 0 else { return nil }
    var value: UInt64 = 0
    for byte in digits.buffer {
      let digit = byte &- 0x30
      guard digit <= 9 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return isNegative ? 0 &- value : value
  }

  /// Number of decimal digits of `value`, 1 for 0.
  @inlinable
  public static func digitCount(_ value: UInt64) -> Int {
    // Bits times log10(2) (1233 / 4096) is the digit count or one less; the power of ten decides.
    // Setting the lowest bit makes 0 a 1 and lifts nothing else over a power of ten.
    let bits = 64 &- (value | 1).leadingZeroBitCount
    let guess = (bits &* 1233) >> 12
    return guess &+ ((value | 1) >= powerOfTen(guess) ? 1 : 0)
  }

  /// Number of bytes that `write` makes of `value`, the sign included.
  @inlinable
  public static func byteCount(_ value: Int64) -> Int {
    digitCount(value.magnitude) &+ (value < 0 ? 1 : 0)
  }

  /// Writes `value` in decimal to `target`.
  ///
  /// - Parameter target: room for `byteCountMax` bytes, or for `byteCount(value)` where known.
  /// - Returns: the number of bytes written.
  @inlinable
  public static func write(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard value < 0 else { return write(UInt64(value), to: target) }
    target[0] = 0x2D
    return write(value.magnitude, to: target + 1) &+ 1
  }

  /// Writes `value` in decimal to `target`.
  ///
  /// - Parameter target: room for `byteCountMax` bytes, or for `digitCount(value)` where known.
  /// - Returns: the number of bytes written.
  @inlinable
  public static func write(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let pairs = digitPairs
    if value < 100 {
      // Lengths, counts and flags: no need to count digits.
      if value < 10 {
        target[0] = 0x30 &+ UInt8(truncatingIfNeeded: value)
        return 1
      }
      target[0] = pairs[Int(value) &* 2]
      target[1] = pairs[Int(value) &* 2 &+ 1]
      return 2
    }
    let count = digitCount(value)
    var rest = value
    var end = count
    while rest >= 100 {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
      rest = quotient
      end &-= 2
      // In bounds: remainder < 100, the table has 200 bytes.
      target[end] = pairs[Int(remainder) &* 2]
      target[end &+ 1] = pairs[Int(remainder) &* 2 &+ 1]
    }
    if rest >= 10 {
      target[0] = pairs[Int(rest) &* 2]
      target[1] = pairs[Int(rest) &* 2 &+ 1]
    } else {
      target[0] = 0x30 &+ UInt8(truncatingIfNeeded: rest)
    }
    return count
  }

  /// "00", "01", … "99" in a row.
  @inlinable
  static var digitPairs: UnsafePointer<UInt8> {
    let text: StaticString = """
      00010203040506070809101112131415161718192021222324252627282930313233343536373839\
      40414243444546474849505152535455565758596061626364656667686970717273747576777879\
      8081828384858687888990919293949596979899
      """
    return text.utf8Start
  }

  /// 10 to the power of `exponent`, which is at most 19.
  @inlinable
  static func powerOfTen(_ exponent: Int) -> UInt64 {
    assert(exponent >= 0 && exponent <= 19)
    switch exponent {
    case 0: return 1
    case 1: return 10
    case 2: return 100
    case 3: return 1000
    case 4: return 10000
    case 5: return 100_000
    case 6: return 1_000_000
    case 7: return 10_000_000
    case 8: return 100_000_000
    case 9: return 1_000_000_000
    case 10: return 10_000_000_000
    case 11: return 100_000_000_000
    case 12: return 1_000_000_000_000
    case 13: return 10_000_000_000_000
    case 14: return 100_000_000_000_000
    case 15: return 1_000_000_000_000_000
    case 16: return 10_000_000_000_000_000
    case 17: return 100_000_000_000_000_000
    case 18: return 1_000_000_000_000_000_000
    default: return 10_000_000_000_000_000_000
    }
  }
}
