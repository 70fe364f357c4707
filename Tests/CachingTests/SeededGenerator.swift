import Foundation

/// SplitMix64 with a seed that is printed, and that `WINGCACHE_SEED` sets, so that a failing random
/// test can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(test: String) {
    let given = ProcessInfo.processInfo.environment["WINGCACHE_SEED"].flatMap { UInt64($0) }
    state = given ?? UInt64.random(in: .min ... .max)
    print("\(test): WINGCACHE_SEED=\(state)")
  }

  /// A generator that another one has given its seed.
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
