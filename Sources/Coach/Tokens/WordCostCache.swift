internal import Bytes

/// Costs of words met before in the same text: natural text repeats its words, and the trie, at
/// 110 KB, is read from the second-level cache.
///
/// Direct-mapped, 4,096 places of a word of up to 15 ASCII letters, the length in the sixteenth
/// byte, and its cost: 70 KB, made for texts for which that pays. A word is compared whole, so a
/// hit is never another word's cost.
struct WordCostCache: ~Copyable {
  private let keys: UnsafeMutablePointer<SIMD2<UInt64>>
  private let costs: UnsafeMutablePointer<UInt8>

  private static let placeBits: UInt64 = 12
  private static let placeCount = 1 << 12

  /// Longest word that is kept.
  static let byteCountMax = 15
  /// Bytes of text from which a cache pays.
  static let textByteCountMin = 16384

  /// Whether there is a cache at all; without one nothing may be looked up or stored.
  let isUsed: Bool

  /// Makes a cache for a text of `byteCount` bytes, if one pays.
  init(forTextOf byteCount: Int) {
    isUsed = byteCount >= Self.textByteCountMin
    let count = isUsed ? Self.placeCount : 0
    keys = .allocate(capacity: count)
    keys.initialize(repeating: .zero, count: count)
    costs = .allocate(capacity: count)
    costs.initialize(repeating: 0, count: count)
  }

  deinit {
    keys.deallocate()
    costs.deallocate()
  }

  /// The word at `start` as a key.
  ///
  /// - Parameter start: 16 bytes can be read there.
  @inline(__always)
  static func key(_ start: UnsafePointer<UInt8>, _ length: Int) -> SIMD2<UInt64> {
    assert(length > 0 && length <= byteCountMax)
    let raw = UnsafeRawPointer(start)
    var low = raw.loadUnaligned(as: UInt64.self)
    var high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    if length < 8 {
      low &= (1 << UInt64(length * 8)) - 1
      high = 0
    } else {
      high &= (1 << UInt64((length - 8) * 8)) - 1
    }
    return SIMD2(low, high | UInt64(length) << 56)
  }

  /// Where a key is kept.
  @inline(__always)
  static func place(_ key: SIMD2<UInt64>) -> Int {
    let mixed = (key.x ^ key.y &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    return Int(mixed >> (64 - placeBits))
  }

  /// The cost kept for `key`; nil when another word is there.
  @inline(__always)
  func cost(_ key: SIMD2<UInt64>, at place: Int) -> Int? {
    keys[place] == key ? Int(costs[place]) : nil
  }

  /// Keeps a cost of at most 255.
  @inline(__always)
  func store(_ cost: Int, _ key: SIMD2<UInt64>, at place: Int) {
    keys[place] = key
    costs[place] = UInt8(cost)
  }
}
