/// The 11 bits that an entry's header lends to the eviction policy.
///
/// ```
/// stamp      | 0 fine stamp:10 |  or  | 1 coarse stamp:10 |
/// frequency  | counter:8 | decay epoch:3 |
/// adaptive   | small:1 | frequency:2 | stamp:8 |
/// ```
///
/// The owner stores and returns them unread. Which reading holds is the policy's matter; after
/// a change of policy old bits are read in the new way, which makes the order of old entries
/// arbitrary until they are touched, and never does worse (Redis behaves so too).
public struct AccessBits: Equatable, Hashable, Sendable {
  /// The bits, 0 to 2047.
  public var rawValue: UInt16

  /// How many values there are.
  public static let valueCount = 2048

  /// Access bits of a stored value; bits above the eleventh are dropped.
  public init(rawValue: UInt16) {
    self.rawValue = rawValue & 2047
  }
}

/// The adaptive policy's reading of the access bits.
public struct AdaptiveBits: Equatable, Sendable {
  /// When the entry was used (LRU) or entered the main queue (S3-FIFO), in ticks modulo 256.
  public var stamp: UInt8
  /// Hits since the entry came or got its last second chance, 0 to 3.
  public var frequency: UInt8
  /// Whether the entry stands in the small queue.
  public var isSmall: Bool

  /// The highest value of `frequency`.
  public static let frequencyMax: UInt8 = 3

  /// Bits of the parts.
  public init(stamp: UInt8, frequency: UInt8 = 0, isSmall: Bool = false) {
    assert(frequency <= AdaptiveBits.frequencyMax)
    self.stamp = stamp
    self.frequency = frequency
    self.isSmall = isSmall
  }

  /// The parts of stored bits.
  public init(_ bits: AccessBits) {
    stamp = UInt8(truncatingIfNeeded: bits.rawValue)
    frequency = UInt8(truncatingIfNeeded: bits.rawValue >> 8) & 3
    isSmall = bits.rawValue & 1024 != 0
  }

  /// The bits to store.
  public var accessBits: AccessBits {
    AccessBits(
      rawValue: UInt16(stamp) | UInt16(frequency) << 8 | (isSmall ? 1024 : 0))
  }
}
