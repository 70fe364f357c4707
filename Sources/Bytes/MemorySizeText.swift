/// Amounts of memory as text: "100mb" in configuration, "1.05M" in INFO.
public enum MemorySizeText {
  /// Room that `writeHuman` needs, in bytes.
  public static let byteCountMax = 24

  /// Reads an amount of memory: digits and a unit, in any case.
  ///
  /// No unit or "b" is bytes; "k", "m", "g" are powers of 1000; "kb", "mb", "gb" powers of 1024.
  /// Unlike Redis, which lets them pass, a unit without digits and an overflow are refused.
  ///
  /// - Returns: bytes, or nil when `text` is no amount ("argument must be a memory value").
  /// - Complexity: O(n)
  public static func parse(_ text: ByteView) -> UInt64? {
    var digitCount = 0
    while digitCount < text.count, text.base[digitCount] &- 0x30 <= 9 { digitCount += 1 }
    guard digitCount > 0, let factor = factor(of: text.dropFirst(digitCount)) else { return nil }
    var value: UInt64 = 0
    for index in 0..<digitCount {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(text.base[index] - 0x30))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    let (bytes, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? nil : bytes
  }

  /// Reads a percentage such as "5%", as `maxmemory-clients` takes it.
  ///
  /// - Returns: the number before the sign, 0 or more, or nil when `text` is no percentage.
  public static func parsePercent(_ text: ByteView) -> Int64? {
    guard text.count > 1, text.base[text.count - 1] == 0x25,
      let value = IntegerText.parseInt64(text[0..<text.count - 1]), value >= 0
    else { return nil }
    return value
  }

  /// Writes `bytes` for humans, as INFO does: "512B", "1.05M", powers of 1024, two decimals.
  ///
  /// - Parameter target: room for `byteCountMax` bytes.
  /// - Returns: the number of bytes written.
  public static func writeHuman(
    _ bytes: UInt64, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let units: StaticString = "BKMGTP"
    // 2^10 steps: bit 10 is kilo, bit 20 mega. From 2^60 on Redis prints plain bytes again.
    let step = (63 - (bytes | 1).leadingZeroBitCount) / 10
    guard step > 0, step < units.utf8CodeUnitCount else {
      let count = IntegerText.write(bytes, to: target)
      target[count] = 0x42
      return count + 1
    }
    // Hundredths, rounded half to even as printf does. 2^60 × 100 needs 67 bits.
    let shift = UInt128(step * 10)
    let scaled = UInt128(bytes) * 100
    var hundredths = UInt64(scaled >> shift)
    let rest = scaled & ((1 << shift) - 1)
    let half = UInt128(1) << (shift - 1)
    if rest > half || (rest == half && hundredths & 1 == 1) { hundredths += 1 }
    let (whole, fraction) = hundredths.quotientAndRemainder(dividingBy: 100)
    let count = IntegerText.write(whole, to: target)
    target[count] = 0x2E
    target[count + 1] = 0x30 + UInt8(fraction / 10)
    target[count + 2] = 0x30 + UInt8(fraction % 10)
    target[count + 3] = units.utf8Start[step]
    return count + 4
  }

  /// `writeHuman` as a String, for places where speed does not matter.
  ///
  /// - Complexity: O(1), may allocate.
  public static func human(_ bytes: UInt64) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: byteCountMax) { room in
      let start = room.baseAddress.unsafelyUnwrapped
      return ByteView(base: start, count: writeHuman(bytes, to: start)).string
    }
  }

  private static func factor(of unit: ByteView) -> UInt64? {
    switch unit.count {
    case 0: return 1
    case 1:
      switch unit.base[0].lowercasedASCII {
      case 0x62: return 1  // b
      case 0x6B: return 1000  // k
      case 0x6D: return 1_000_000  // m
      case 0x67: return 1_000_000_000  // g
      default: return nil
      }
    case 2:
      if unit.equalsIgnoringCase("kb") { return 1 << 10 }
      if unit.equalsIgnoringCase("mb") { return 1 << 20 }
      if unit.equalsIgnoringCase("gb") { return 1 << 30 }
      return nil
    default: return nil
    }
  }
}
