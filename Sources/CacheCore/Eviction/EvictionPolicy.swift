/// What the server removes when memory is short: Redis's names, and one of our own.
///
/// Credits: names and meaning of the first eight from Redis's `maxmemory-policy`.
public enum EvictionPolicy: UInt8, CaseIterable, Sendable {
  /// Nothing is evicted; writes fail when memory is short.
  case noEviction
  /// Evicts the key unused for the longest time.
  case allKeysLRU
  /// As `allKeysLRU`, among keys with a TTL only.
  case volatileLRU
  /// Evicts the key used least often, by a counter that decays.
  case allKeysLFU
  /// As `allKeysLFU`, among keys with a TTL only.
  case volatileLFU
  /// Evicts any key.
  case allKeysRandom
  /// Evicts any key with a TTL.
  case volatileRandom
  /// Evicts the key that would expire soonest.
  case volatileTTL
  /// Follows whichever of LRU and two kinds of S3-FIFO does best on the traffic at hand.
  case allKeysAdaptive

  /// The policy of this configuration name, in any case of letters; `nil` for an unknown name.
  public init?(name: String) {
    let lowered = name.lowercased()
    for policy in EvictionPolicy.allCases where policy.name == lowered {
      self = policy
      return
    }
    return nil
  }

  /// The name in configuration and INFO, as `allkeys-lru`.
  public var name: String {
    switch self {
    case .noEviction: "noeviction"
    case .allKeysLRU: "allkeys-lru"
    case .volatileLRU: "volatile-lru"
    case .allKeysLFU: "allkeys-lfu"
    case .volatileLFU: "volatile-lfu"
    case .allKeysRandom: "allkeys-random"
    case .volatileRandom: "volatile-random"
    case .volatileTTL: "volatile-ttl"
    case .allKeysAdaptive: "allkeys-adaptive"
    }
  }

  /// Whether only keys with a TTL may be evicted.
  public var isVolatile: Bool {
    switch self {
    case .volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL: true
    case .noEviction, .allKeysLRU, .allKeysLFU, .allKeysRandom, .allKeysAdaptive: false
    }
  }

  /// Whether anything is evicted at all.
  public var evicts: Bool { self != .noEviction }

  /// Whether the access bits hold a frequency counter, so that OBJECT FREQ answers.
  public var isLFU: Bool { self == .allKeysLFU || self == .volatileLFU }

  /// Whether Redis's LRU stamps are what counts, so that a saved value keeps its own.
  public var isLRU: Bool { self == .allKeysLRU || self == .volatileLRU }

  /// Whether what is evicted depends on how each key was used.
  public var needsAccessTimes: Bool {
    switch self {
    case .allKeysLRU, .volatileLRU, .allKeysLFU, .volatileLFU, .allKeysAdaptive: true
    case .noEviction, .allKeysRandom, .volatileRandom, .volatileTTL: false
    }
  }

  /// How this policy reads an entry's access bits.
  ///
  /// Every policy that is neither LFU nor adaptive keeps LRU stamps, as Redis does, so that
  /// OBJECT IDLETIME answers and a later change to LRU starts informed.
  public var accessFormat: AccessFormat {
    switch self {
    case .allKeysLFU, .volatileLFU: .frequency
    case .allKeysAdaptive: .adaptive
    default: .stamp
    }
  }
}

/// The three readings of an entry's access bits.
public enum AccessFormat: UInt8, Sendable {
  /// A recency stamp of two rings; see `StampClock`.
  case stamp
  /// A logarithmic counter and a decay epoch; see `FrequencyCounter`.
  case frequency
  /// A short stamp, a small counter and a queue flag; see `AdaptiveBits`.
  case adaptive
}
