internal import CPlatform

/// Counting bits with what the processor has for it, which Swift cannot ask for at run time.
public enum BitCount {
  /// Number of one bits in `count` bytes.
  ///
  /// - Complexity: O(count)
  public static func ones(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
    Int(cp_bit_count(bytes, count))
  }
}
