/// The arithmetic between scores and probabilities, without a mathematical library, so that one
/// message has the same probabilities on every machine.
enum Probabilities {
  /// Probabilities of the columns 0 to 5 that add up to 1; 0 in columns 6 and 7.
  @inline(__always)
  static func softmax(_ scores: SIMD8<Float>) -> SIMD8<Float> {
    var asked = scores
    asked[6] = -.infinity
    asked[7] = -.infinity
    let powers = exponential(asked - asked.max())
    return powers / powers.sum()
  }

  /// The probability of a score that stands by itself.
  static func logistic(_ score: Float) -> Float {
    let power = exponential(SIMD8(repeating: -abs(score)))[0]
    return score < 0 ? power / (1 + power) : 1 / (1 + power)
  }

  /// e to the power of each number that is not positive; 0 below −80.
  ///
  /// 2^x is the exponent's bits for the whole part of x and a polynomial for the rest, exact to
  /// 3 in a million (the Taylor coefficients of 2^x, to the fifth order).
  @inline(__always)
  static func exponential(_ values: SIMD8<Float>) -> SIMD8<Float> {
    let bounded = values.replacing(with: -80, where: values .< -80)
    let twos = bounded * 1.442_695_04
    let whole = twos.rounded(.toNearestOrEven)
    let rest = twos - whole
    var power = SIMD8<Float>(repeating: 1.333_355_8e-3)
    power = power * rest + 9.618_129e-3
    power = power * rest + 5.550_410_8e-2
    power = power * rest + 2.402_265_1e-1
    power = power * rest + 6.931_471_8e-1
    power = power * rest + 1
    // One by one: see `ScoreSink.floats`.
    let exponent =
      SIMD8(
        Int32(whole[0]), Int32(whole[1]), Int32(whole[2]), Int32(whole[3]), Int32(whole[4]),
        Int32(whole[5]), Int32(whole[6]), Int32(whole[7])) &+ 127
    // Both are eight times four bytes.
    let scale = unsafeBitCast(exponent &<< 23, to: SIMD8<Float>.self)
    return (power * scale).replacing(with: 0, where: values .< -80)
  }
}
