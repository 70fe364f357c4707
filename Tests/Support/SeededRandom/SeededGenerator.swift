internal import Foundation

/// Random numbers whose seed is known, so that what they led to can be had again.
///
/// The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): the same numbers on every machine. Tests draw their seed and print it; tools
/// whose results are committed are given one.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// What it was made from.
  public let seed: UInt64
  private var state: UInt64

  /// A generator with this seed.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A test's generator: its seed is that of the environment's `WINGCACHE_SEED`, otherwise another
  /// one in each run. It is printed.
  ///
  /// - Parameter test: the name before the seed.
  public init(test: String = #function) {
    let given = ProcessInfo.processInfo.environment["WINGCACHE_SEED"].flatMap { UInt64($0) }
    self.init(seed: given ?? UInt64.random(in: .min ... .max))
    print("\(test): WINGCACHE_SEED=\(seed)")
  }

  /// One that another one has drawn the seed of, for a thread of its own.
  public init(drawnFrom other: inout SeededGenerator) { self.init(seed: other.next()) }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Random bytes of an alphabet.
  ///
  /// - Parameters:
  ///   - count: how many there may be.
  ///   - alphabet: what each is one of; not empty.
  public mutating func bytes(count: ClosedRange<Int>, from alphabet: [UInt8]) -> [UInt8] {
    (0..<Int.random(in: count, using: &self)).map { _ in alphabet.randomElement(using: &self)! }
  }
}
