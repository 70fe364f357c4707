internal import CPlatform

/// C's conversions between numbers and text, for the cases in which C's behaviour is the
/// specification. `FloatText` in Bytes is the face that everything else uses.
public enum CNumberText {
  /// Texts of this many bytes or more are not read as numbers.
  public static let byteCountLimit = 5 * 1024

  /// Why a sum of two texts has no text.
  public enum SumFailure: Error {
    case leftIsNoNumber
    case rightIsNoNumber
    case rightIsNotFinite
    case sumIsNotFinite
  }

  /// Reads all of `text` as a double, as `strtod` does: decimal, hexadecimal, infinity.
  ///
  /// - Returns: nil for anything else, for NaN, and for what overflows or vanishes to 0.
  public static func parseDouble(_ text: UnsafeRawBufferPointer) -> Double? {
    guard let base = text.baseAddress else { return nil }
    var value = 0.0
    let characters = base.assumingMemoryBound(to: CChar.self)
    return cp_double_parse(characters, text.count, &value) == 1 ? value : nil
  }

  /// Adds two texts in long double and writes the sum in fixed notation.
  ///
  /// - Parameter target: room for `byteCountLimit` bytes.
  /// - Returns: the number of bytes written.
  public static func writeSum(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer,
    to target: UnsafeMutableRawBufferPointer
  ) throws(SumFailure) -> Int {
    precondition(target.count >= byteCountLimit)
    guard let leftBase = left.baseAddress else { throw .leftIsNoNumber }
    guard let rightBase = right.baseAddress else { throw .rightIsNoNumber }
    let count = cp_long_double_sum(
      leftBase.assumingMemoryBound(to: CChar.self), left.count,
      rightBase.assumingMemoryBound(to: CChar.self), right.count,
      target.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self), target.count)
    switch count {
    case CP_LEFT_NOT_A_NUMBER: throw .leftIsNoNumber
    case CP_RIGHT_NOT_A_NUMBER: throw .rightIsNoNumber
    case CP_RIGHT_NOT_FINITE: throw .rightIsNotFinite
    case CP_SUM_NOT_FINITE: throw .sumIsNotFinite
    default: return Int(count)
    }
  }

  /// Writes `value` with up to 17 decimals, trailing zeros trimmed.
  ///
  /// - Parameter target: room for 340 bytes.
  /// - Returns: the number of bytes written.
  public static func writeLongDouble(
    _ value: Double, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(target.count >= 340)
    let start = target.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
    return Int(cp_long_double_print(value, start, target.count))
  }

  /// Writes `value` as printf's `%.17g`.
  ///
  /// - Parameter target: room for 32 bytes.
  /// - Returns: the number of bytes written.
  public static func write17Digits(
    _ value: Double, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(target.count >= 32)
    let start = target.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
    return Int(cp_double_print_17g(value, start, target.count))
  }

  /// Writes `value` with exactly `decimals` decimals, at most 17.
  ///
  /// - Parameter target: room for 340 bytes.
  /// - Returns: the number of bytes written.
  public static func writeFixed(
    _ value: Double, decimals: Int, to target: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(target.count >= 340 && decimals >= 0 && decimals <= 17)
    let start = target.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
    return Int(cp_double_print_fixed(value, Int32(decimals), start, target.count))
  }
}
