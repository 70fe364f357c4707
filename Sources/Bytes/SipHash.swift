import Platform

/// SipHash-1-3: a keyed hash that an attacker who does not know the key cannot steer, so nobody
/// can send keys that all fall into one bucket.
///
/// One compression round a word and three at the end is what Rust, Ruby and Swift itself use for
/// their tables. Keys of 8 to 64 bytes are what it is tuned for: no state in memory, the tail is
/// read by overlapping loads.
///
/// Design: Jean-Philippe Aumasson and Daniel J. Bernstein, "SipHash: a fast short-input PRF".
public struct SipHash: Sendable {
  @usableFromInline let key0: UInt64
  @usableFromInline let key1: UInt64

  /// Makes a hash from a 128-bit key.
  public init(key0: UInt64, key1: UInt64) {
    self.key0 = key0
    self.key1 = key1
  }

  /// Makes a hash with a key from the system's random source.
  public static func random() -> SipHash {
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { fillRandomly($0) }
    return SipHash(key0: words.0, key1: words.1)
  }

  /// The hash of `bytes`.
  ///
  /// - Complexity: O(n), about 1 ns per 8 bytes after a fixed cost of 5.
  @inlinable
  public func callAsFunction(_ bytes: ByteView) -> UInt64 {
    var v0 = key0 ^ 0x736f_6d65_7073_6575
    var v1 = key1 ^ 0x646f_7261_6e64_6f6d
    var v2 = key0 ^ 0x6c79_6765_6e65_7261
    var v3 = key1 ^ 0x7465_6462_7974_6573
    let raw = UnsafeRawPointer(bytes.base)
    let count = bytes.count
    var offset = 0
    while offset &+ 8 <= count {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      v3 ^= word
      Self.round(&v0, &v1, &v2, &v3)
      v0 ^= word
      offset &+= 8
    }
    let last = UInt64(truncatingIfNeeded: count) &<< 56 | Self.tail(raw, offset, count)
    v3 ^= last
    Self.round(&v0, &v1, &v2, &v3)
    v0 ^= last
    v2 ^= 0xff
    Self.round(&v0, &v1, &v2, &v3)
    Self.round(&v0, &v1, &v2, &v3)
    Self.round(&v0, &v1, &v2, &v3)
    return v0 ^ v1 ^ v2 ^ v3
  }

  /// The 0 to 7 bytes from `offset` on as a little-endian number.
  @inlinable @inline(__always)
  static func tail(_ raw: UnsafeRawPointer, _ offset: Int, _ count: Int) -> UInt64 {
    let left = count &- offset
    if left == 0 { return 0 }
    if count >= 8 {
      // Read the last 8 bytes of the input and shift those already used away.
      let word = raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: 64 &- 8 &* left)
    }
    if left >= 4 {
      let low = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      let high = raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
      return UInt64(UInt32(littleEndian: low))
        | UInt64(UInt32(littleEndian: high)) &<< UInt64(truncatingIfNeeded: 8 &* (left &- 4))
    }
    let first = UInt64(raw.load(fromByteOffset: offset, as: UInt8.self))
    let middle = UInt64(raw.load(fromByteOffset: offset &+ left &>> 1, as: UInt8.self))
    let final = UInt64(raw.load(fromByteOffset: count &- 1, as: UInt8.self))
    return first | middle &<< UInt64(truncatingIfNeeded: 8 &* (left &>> 1))
      | final &<< UInt64(truncatingIfNeeded: 8 &* (left &- 1))
  }

  @inlinable @inline(__always)
  static func round(
    _ v0: inout UInt64, _ v1: inout UInt64, _ v2: inout UInt64, _ v3: inout UInt64
  ) {
    v0 &+= v1
    v1 = v1 &<< 13 | v1 &>> 51
    v1 ^= v0
    v0 = v0 &<< 32 | v0 &>> 32
    v2 &+= v3
    v3 = v3 &<< 16 | v3 &>> 48
    v3 ^= v2
    v0 &+= v3
    v3 = v3 &<< 21 | v3 &>> 43
    v3 ^= v0
    v2 &+= v1
    v1 = v1 &<< 17 | v1 &>> 47
    v1 ^= v2
    v2 = v2 &<< 32 | v2 &>> 32
  }
}
