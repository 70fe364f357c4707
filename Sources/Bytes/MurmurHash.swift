/// MurmurHash64A (Austin Appleby, public domain): fast and well mixed, but no match for an
/// attacker who chooses the input. It is here because Redis's HyperLogLogs are made with it.
public enum MurmurHash {
  /// Hashes `bytes`.
  ///
  /// - Complexity: O(n), 8 bytes at a time.
  @inlinable
  public static func hash64A(_ bytes: ByteView, seed: UInt64) -> UInt64 {
    let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
    let raw = UnsafeRawPointer(bytes.base)
    var hash = seed ^ (UInt64(bytes.count) &* multiplier)
    let wordCount = bytes.count &>> 3
    for word in 0..<wordCount {
      // In bounds: word * 8 + 8 <= count.
      var block = raw.loadUnaligned(fromByteOffset: word &* 8, as: UInt64.self).littleEndian
      block &*= multiplier
      block ^= block &>> 47
      block &*= multiplier
      hash ^= block
      hash &*= multiplier
    }
    let rest = bytes.count & 7
    if rest > 0 {
      var tail: UInt64 = 0
      for index in 0..<rest {
        tail |= UInt64(bytes.base[wordCount &* 8 &+ index]) &<< UInt64(index &* 8)
      }
      hash ^= tail
      hash &*= multiplier
    }
    hash ^= hash &>> 47
    hash &*= multiplier
    hash ^= hash &>> 47
    return hash
  }
}
