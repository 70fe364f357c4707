internal import Platform

/// Bytes as a row of bits, the way Redis numbers them: bit 0 is the highest bit of byte 0.
///
///     byte     0                 1
///     bit      0 1 2 3 4 5 6 7   8 9 ...
///     weight   128 ...     2 1   128 ...
///
/// Ranges are of bits and lie within the bytes. Whole words are looked at eight bytes at a time.
public struct BitView {
  /// The bytes.
  public let bytes: ByteView

  /// Makes a view of the bits of `bytes`.
  public init(_ bytes: ByteView) { self.bytes = bytes }

  /// Number of bits.
  public var count: Int { bytes.count * 8 }

  /// The bit at `index`; 0 behind the end.
  public subscript(index: Int) -> Int {
    let byte = index >> 3
    return byte < bytes.count ? Int(bytes[byte] >> UInt8(7 - index & 7)) & 1 : 0
  }

  /// Number of one bits in `range`.
  ///
  /// - Complexity: O(length), at the speed of memory for long ranges.
  public func ones(in range: Range<Int>) -> Int {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return 0 }
    let first = range.lowerBound >> 3
    let last = (range.upperBound - 1) >> 3
    // Ones of the whole bytes, less what the range leaves out of the first and the last.
    let leading = bytes[first] & ~(0xFF >> UInt8(range.lowerBound & 7))
    let kept = UInt8((range.upperBound - 1) & 7)
    let trailing = bytes[last] & (0x7F >> kept)
    return BitCount.ones(bytes.base + first, count: last - first + 1)
      - leading.nonzeroBitCount - trailing.nonzeroBitCount
  }

  /// Position of the first bit in `range` that is `bit`; nil when there is none.
  ///
  /// - Complexity: O(length), a word at a time.
  public func firstIndex(of bit: Bool, in range: Range<Int>) -> Int? {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return nil }
    // Looking for zeros is looking for ones in the complement.
    let flip: UInt64 = bit ? 0 : .max
    let end = (range.upperBound - 1) >> 3 + 1
    var byte = range.lowerBound >> 3
    let first = bytes[byte] ^ UInt8(truncatingIfNeeded: flip)
    let head = first & (0xFF >> UInt8(range.lowerBound & 7))
    if head != 0 { return within(range, byte * 8 + head.leadingZeroBitCount) }
    byte += 1
    let raw = UnsafeRawPointer(bytes.base)
    while end - byte >= 8 {
      let word = raw.loadUnaligned(fromByteOffset: byte, as: UInt64.self) ^ flip
      if word != 0 { return within(range, byte * 8 + word.bigEndian.leadingZeroBitCount) }
      byte += 8
    }
    while byte < end {
      let rest = bytes[byte] ^ UInt8(truncatingIfNeeded: flip)
      if rest != 0 { return within(range, byte * 8 + rest.leadingZeroBitCount) }
      byte += 1
    }
    return nil
  }

  /// A hit in the last byte may lie behind the range.
  private func within(_ range: Range<Int>, _ index: Int) -> Int? {
    index < range.upperBound ? index : nil
  }

  /// The unsigned number in the `width` (1 to 64) bits from `offset` on, the highest first; bits
  /// behind the end are 0.
  public func number(at offset: Int, width: Int) -> UInt64 {
    precondition(offset >= 0 && width >= 1 && width <= 64)
    let first = offset >> 3
    let last = (offset + width - 1) >> 3
    var window: UInt128 = 0
    for byte in first...last {
      window = window << 8 | UInt128(byte < bytes.count ? bytes[byte] : 0)
    }
    window >>= UInt128(7 - (offset + width - 1) & 7)
    return UInt64(truncatingIfNeeded: window) & BitView.mask(width)
  }

  /// A number of `width` one bits.
  static func mask(_ width: Int) -> UInt64 { .max >> UInt64(64 - width) }

  /// Overwrites the `width` bits from `offset` on with the low bits of `number`.
  public static func write(
    _ number: UInt64, at offset: Int, width: Int, to target: UnsafeMutableRawBufferPointer
  ) {
    precondition(offset >= 0 && width >= 1 && width <= 64)
    let first = offset >> 3
    let last = (offset + width - 1) >> 3
    precondition(last < target.count)
    let shift = UInt128(7 - (offset + width - 1) & 7)
    let mask = UInt128(mask(width)) << shift
    var window = UInt128(number) << shift & mask
    var kept = ~mask
    for byte in stride(from: last, through: first, by: -1) {
      let old = target[byte] & UInt8(truncatingIfNeeded: kept)
      target[byte] = old | UInt8(truncatingIfNeeded: window)
      window >>= 8
      kept >>= 8
    }
  }
}
