/// Remembers the keys evicted last by 12-bit fingerprints, about one per cached entry.
///
/// A bucket of 24 bytes holds the 16 fingerprints that came to it last, oldest first out, so the
/// table as a whole forgets in FIFO order but for the spread of bucket loads. Insertion shifts:
/// no cursor, no ages.
///
/// ```
/// word 0   low bytes of fingerprints 0-7, newest in the low byte
/// word 1   low bytes of fingerprints 8-15
/// word 2   high nibbles of fingerprints 0-15, newest in the low nibble
/// ```
///
/// Fingerprint 0 means empty. A key that was never here is found with probability 16/4095 =
/// 0.4%: it then enters the main queue at once, which harms nobody.
///
/// Credits: ghost queue after S3-FIFO (Yang et al., SOSP 2023); fingerprints in small buckets
/// after cuckoo filters (Fan et al., CoNEXT 2014).
struct GhostTable: ~Copyable {
  private var words: UnsafeMutablePointer<UInt64>?
  private(set) var bucketCount = 0

  static let bucketEntries = 16

  /// An empty table without memory.
  init() {}

  deinit { words?.deallocate() }

  /// Makes room for about `entries` fingerprints and forgets everything.
  mutating func reset(entries: Int) {
    words?.deallocate()
    bucketCount = max(1, (entries + Self.bucketEntries / 2) / Self.bucketEntries)
    let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: bucketCount * 3)
    fresh.initialize(repeating: 0, count: bucketCount * 3)
    words = fresh
  }

  private func locate(_ hash: UInt64) -> (offset: Int, fingerprint: UInt64) {
    let high = UInt64(UInt32(truncatingIfNeeded: hash >> 32))
    let offset = Int((high &* UInt64(bucketCount)) >> 32) * 3
    let fingerprint = (hash & 0xFFFF_FFFF) % 4095 + 1
    return (offset, fingerprint)
  }

  /// Remembers a key by a well-mixed hash; the bucket's oldest is forgotten.
  mutating func insert(_ hash: UInt64) {
    guard let words else { return }
    let (offset, fingerprint) = locate(hash)
    // In bounds: offset is a multiple of 3 under bucketCount * 3.
    let bucket = words + offset
    bucket[1] = bucket[1] << 8 | bucket[0] >> 56
    bucket[0] = bucket[0] << 8 | fingerprint & 0xFF
    bucket[2] = bucket[2] << 4 | fingerprint >> 8
  }

  /// Forgets a key; answers whether it was remembered.
  mutating func remove(_ hash: UInt64) -> Bool {
    guard let words else { return false }
    let (offset, fingerprint) = locate(hash)
    let bucket = words + offset
    for lane in 0..<Self.bucketEntries {
      let shift = UInt64(lane & 7) * 8
      guard bucket[lane >> 3] >> shift & 0xFF == fingerprint & 0xFF,
        bucket[2] >> (UInt64(lane) * 4) & 0xF == fingerprint >> 8
      else { continue }
      bucket[lane >> 3] &= ~(0xFF << shift)
      bucket[2] &= ~(0xF << (UInt64(lane) * 4))
      return true
    }
    return false
  }
}
