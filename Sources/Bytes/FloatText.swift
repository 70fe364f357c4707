internal import Platform

/// Floating-point numbers as text, the way Redis reads and writes them.
///
/// Three forms are in use, and which reply uses which is visible to clients:
///
/// | form | 0.1 | 1e20 | used by |
/// |---|---|---|---|
/// | shortest: `write` | 0.1 | 1e+20 | scores, double replies of Redis 7.2 |
/// | 17 digits: `write17Digits` | 0.10000000000000001 | 1e+20 | scores, double replies up to 7.0 |
/// | human: `writeHuman`, `writeSum` | 0.1 | 1 and 20 zeros | INCRBYFLOAT, HINCRBYFLOAT, GEOPOS |
///
/// The shortest form has the fewest digits that read back as the same double. Its layout is that
/// of the fpconv library, which Redis adopted in 7.2: plain digits while at most 7 zeros would be
/// added, else scientific notation with a sign and no padding ("1e+20", "1.5e-9").
///
/// Reading tries the exact fast path first (Clinger 1990: a mantissa below 2^53 times or divided
/// by a power of ten up to 10^22 is correctly rounded by one operation) and leaves all else to C.
public enum FloatText {
  /// Room that `write` and `write17Digits` need, in bytes.
  public static let byteCountMax = 32

  /// Room that `writeHuman` and `writeFixed` need, in bytes: a sign, 309 digits, a point and 17
  /// decimals.
  public static let humanByteCountMax = 340

  /// Room that `writeSum` needs, in bytes. Texts this long or longer are not read as numbers.
  public static let sumByteCountMax = CNumberText.byteCountLimit

  /// Why a sum has no text, with the reply that INCRBYFLOAT or HINCRBYFLOAT gives.
  public enum SumFailure: Error {
    /// "value is not a valid float", "hash value is not a float".
    case leftIsNoNumber
    /// "value is not a valid float".
    case rightIsNoNumber
    /// "value is NaN or Infinity" (HINCRBYFLOAT), else as `sumIsNotFinite`.
    case rightIsNotFinite
    /// "increment would produce NaN or Infinity".
    case sumIsNotFinite
  }

  /// Reads all of `text` as a double: decimal, hexadecimal ("0x1p-2"), "inf", "+inf", "-inf",
  /// "infinity" in any case.
  ///
  /// - Returns: nil for blanks, trailing bytes, NaN, numbers too large, and numbers too small that
  ///   are not 0 ("ERR value is not a valid float").
  /// - Complexity: O(n); texts of `sumByteCountMax` bytes or more are refused.
  public static func parse(_ text: ByteView) -> Double? {
    if let value = parsePlain(text) { return value }
    return CNumberText.parseDouble(text.rawBuffer)
  }

  /// Writes the shortest text that reads back as `value`.
  ///
  /// Does not allocate for integers below 2^52 and for decimals of at most 15 digits of which at
  /// most 9 follow the point; other values may cost one short-lived String.
  ///
  /// - Parameter target: room for `byteCountMax` bytes.
  /// - Returns: the number of bytes written.
  public static func write(_ value: Double, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard value.isFinite else { return writeNonFinite(value, to: target) }
    if value == 0 {
      return copy(value.sign == .minus ? "-0" : "0", to: target)
    }
    let limit = 4_503_599_627_370_496.0  // 2^52, below which every Double is exact in Int64
    if value.magnitude < limit, value == value.rounded(.towardZero) {
      return IntegerText.write(Int64(value), to: target)
    }
    var count = 0
    if value < 0 {
      target[0] = 0x2D
      count = 1
    }
    if let length = writeShortDecimal(value.magnitude, to: target + count) {
      return count + length
    }
    return count + writeDigits(of: value.magnitude, to: target + count)
  }

  /// Writes `value` as printf's `%.17g`: "nan", "inf" and "-inf" included.
  ///
  /// - Parameter target: room for `byteCountMax` bytes.
  /// - Returns: the number of bytes written.
  public static func write17Digits(
    _ value: Double, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard value.isFinite else { return writeNonFinite(value, to: target) }
    return CNumberText.write17Digits(
      value, to: UnsafeMutableRawBufferPointer(start: target, count: byteCountMax))
  }

  /// Writes `value` in fixed notation with up to 17 decimals, trailing zeros trimmed.
  ///
  /// - Parameter target: room for `humanByteCountMax` bytes.
  /// - Returns: the number of bytes written.
  public static func writeHuman(_ value: Double, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard value.isFinite else { return writeNonFinite(value, to: target) }
    return CNumberText.writeLongDouble(
      value, to: UnsafeMutableRawBufferPointer(start: target, count: humanByteCountMax))
  }

  /// Writes `value` with exactly `decimals` decimals (0 to 17), as printf's `%.*f`.
  ///
  /// - Parameter target: room for `humanByteCountMax` bytes.
  /// - Returns: the number of bytes written.
  public static func writeFixed(
    _ value: Double, decimals: Int, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard value.isFinite else { return writeNonFinite(value, to: target) }
    return CNumberText.writeFixed(
      value, decimals: decimals,
      to: UnsafeMutableRawBufferPointer(start: target, count: humanByteCountMax))
  }

  /// Adds two texts in long double, as INCRBYFLOAT does, and writes the sum in human form.
  ///
  /// - Parameter target: room for `sumByteCountMax` bytes. May not overlap the arguments.
  /// - Returns: the number of bytes written.
  public static func writeSum(
    _ left: ByteView, _ right: ByteView, to target: UnsafeMutablePointer<UInt8>
  ) throws(SumFailure) -> Int {
    do throws(CNumberText.SumFailure) {
      return try CNumberText.writeSum(
        left.rawBuffer, right.rawBuffer,
        to: UnsafeMutableRawBufferPointer(start: target, count: sumByteCountMax))
    } catch {
      switch error {
      case .leftIsNoNumber: throw .leftIsNoNumber
      case .rightIsNoNumber: throw .rightIsNoNumber
      case .rightIsNotFinite: throw .rightIsNotFinite
      case .sumIsNotFinite: throw .sumIsNotFinite
      }
    }
  }
}

extension FloatText {
  /// Powers of ten that a Double holds exactly are those up to 10^22; this many are used.
  private static let exactExponentMax = 19

  /// `[-]digits[.digits]` with at most 15 digits, by one exact division; nil for anything else.
  private static func parsePlain(_ text: ByteView) -> Double? {
    guard text.count > 0, text.count <= 17 else { return nil }
    let isNegative = text.base[0] == 0x2D
    var mantissa: UInt64 = 0
    var digitCount = 0
    var pointAt = -1
    for index in (isNegative ? 1 : 0)..<text.count {
      let byte = text.base[index]
      if byte == 0x2E {
        guard pointAt < 0 else { return nil }
        pointAt = index
        continue
      }
      let digit = byte &- 0x30
      guard digit <= 9 else { return nil }
      mantissa = mantissa &* 10 &+ UInt64(digit)
      digitCount += 1
    }
    guard digitCount > 0, digitCount <= 15 else { return nil }
    var value = Double(mantissa)
    if pointAt >= 0 {
      value /= Double(IntegerText.powerOfTen(text.count - 1 - pointAt))
    }
    return isNegative ? -value : value
  }

  /// "nan", "inf" or "-inf".
  private static func writeNonFinite(
    _ value: Double, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    if value.isNaN { return copy("nan", to: target) }
    return copy(value < 0 ? "-inf" : "inf", to: target)
  }

  private static func copy(_ text: StaticString, to target: UnsafeMutablePointer<UInt8>) -> Int {
    target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
  }

  /// Writes a positive decimal of at most 15 digits, of which 1 to 9 follow the point.
  ///
  /// Two decimals of at most 15 digits never share a double, so the first number of decimals that
  /// divides back exactly gives the one shortest text.
  ///
  /// - Returns: nil when `magnitude` is no such decimal.
  private static func writeShortDecimal(
    _ magnitude: Double, to target: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    // The layout of small numbers (leading zeros or an exponent) is left to `writeDigits`.
    guard magnitude >= 0.001, magnitude < 1e14 else { return nil }
    for decimals in 1...9 {
      let scale = IntegerText.powerOfTen(decimals)
      let scaled = (magnitude * Double(scale)).rounded()
      guard scaled < 1e15 else { return nil }
      guard scaled / Double(scale) == magnitude else { continue }
      let (whole, fraction) = UInt64(scaled).quotientAndRemainder(dividingBy: scale)
      var count = IntegerText.write(whole, to: target)
      target[count] = 0x2E
      count += 1
      let missing = decimals - IntegerText.digitCount(fraction)
      for index in 0..<missing { target[count + index] = 0x30 }
      count += missing
      return count + IntegerText.write(fraction, to: target + count)
    }
    return nil
  }

  /// Writes any positive finite double from its shortest digits.
  ///
  /// Swift's `description` has the same digits in another layout, so digits and exponent are taken
  /// out of it.
  private static func writeDigits(
    of magnitude: Double, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var digits = InlineArray<32, UInt8>(repeating: 0)
    var count = 0
    var fractionCount = 0
    var exponent = 0
    var isPastPoint = false
    var text = magnitude.description
    text.withUTF8 { bytes in
      for (index, byte) in bytes.enumerated() {
        if byte == 0x2E {
          isPastPoint = true
        } else if byte == 0x65 {
          exponent = parseExponent(bytes[(index + 1)...])
          break
        } else {
          if isPastPoint { fractionCount += 1 }
          // Leading zeros are no digits.
          if count > 0 || byte != 0x30 {
            digits[count] = byte
            count += 1
          }
        }
      }
    }
    exponent -= fractionCount
    while count > 1, digits[count - 1] == 0x30 {
      count -= 1
      exponent += 1
    }
    return layOut(digits, count: count, exponent: exponent, to: target)
  }

  /// The value of "+16" or "-07".
  private static func parseExponent(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    var value = 0
    for byte in bytes where byte >= 0x30 { value = value * 10 + Int(byte - 0x30) }
    return bytes.first == 0x2D ? -value : value
  }

  /// Writes `digits` × 10^`exponent` as fpconv lays numbers out.
  private static func layOut(
    _ digits: InlineArray<32, UInt8>, count: Int, exponent: Int,
    to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    assert(count >= 1 && count <= 17)
    // The exponent of the first digit.
    let scientific = exponent + count - 1
    var length = 0
    func append(_ byte: UInt8) {
      target[length] = byte
      length += 1
    }
    if exponent >= 0, abs(scientific) < count + 7 {
      for index in 0..<count { append(digits[index]) }
      for _ in 0..<exponent { append(0x30) }
      return length
    }
    if exponent < 0, exponent > -7 || abs(scientific) < 4 {
      let wholeCount = count + exponent
      if wholeCount <= 0 {
        append(0x30)
        append(0x2E)
        for _ in wholeCount..<0 { append(0x30) }
        for index in 0..<count { append(digits[index]) }
      } else {
        for index in 0..<count {
          if index == wholeCount { append(0x2E) }
          append(digits[index])
        }
      }
      return length
    }
    append(digits[0])
    if count > 1 {
      append(0x2E)
      for index in 1..<count { append(digits[index]) }
    }
    append(0x65)
    append(scientific < 0 ? 0x2D : 0x2B)
    return length + IntegerText.write(UInt64(abs(scientific)), to: target + length)
  }
}
