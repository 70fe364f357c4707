import Bytes

extension HyperLogLog {
  /// Elements the self test adds: enough for filled registers, in some milliseconds.
  private static let selfTestElements: UInt64 = 100_000

  /// Checks that registers keep what is put into them, that both encodings count the same, and
  /// that estimates are within six standard errors.
  ///
  /// - Parameter seed: what the elements are made from.
  /// - Returns: what is wrong; nil when nothing is.
  /// - Complexity: 100,000 elements are added.
  public static func selfTest(seed: UInt64) throws(HyperLogLogError) -> String? {
    if let failure = try testRegisters(seed: seed) { return failure }
    let sparseBytesMax = 3000
    var dense = try HyperLogLogEditor(sparseBytesMax: sparseBytesMax)
    try dense.makeDense()
    var other = try HyperLogLogEditor(sparseBytesMax: sparseBytesMax)
    var checkpoint: UInt64 = 1
    for number in 1...selfTestElements {
      let place = withUnsafeBytes(of: number ^ seed) { Self.place(of: ByteView($0)) }
      _ = try dense.add(place)
      _ = try other.add(place)
      guard number == checkpoint else { continue }
      if number < UInt64(sparseBytesMax / 2), other.current.encoding != .sparse {
        return "TESTFAILED sparse encoding not used"
      }
      let estimate = try dense.current.cardinality()
      guard try other.current.cardinality() == estimate else {
        return "TESTFAILED dense/sparse disagree"
      }
      let error = estimate > number ? estimate - number : number - estimate
      // 1.04 / sqrt(16384) is the standard error.
      let allowed = number == 10 ? 1 : (Double(number) * 6 * 1.04 / 128).rounded(.up)
      if Double(error) > allowed {
        return "TESTFAILED Too big error. card:\(number) abserr:\(error)"
      }
      checkpoint *= 10
    }
    return nil
  }

  private static func testRegisters(seed: UInt64) throws(HyperLogLogError) -> String? {
    var editor = try HyperLogLogEditor(sparseBytesMax: 0)
    try editor.makeDense()
    func value(_ index: Int) -> UInt8 {
      let mixed = (UInt64(index) &+ seed) &* 0x9E37_79B9_7F4A_7C15
      return UInt8(mixed >> 58)
    }
    for index in 0..<registerCount where value(index) > 0 {
      _ = try editor.add(Place(register: index, rank: value(index)))
    }
    for index in 0..<registerCount {
      let found = try editor.current.register(at: index)
      if found != value(index) {
        return "TESTFAILED Register \(index) should be \(value(index)) but is \(found)"
      }
    }
    return nil
  }
}
