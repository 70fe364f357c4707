import Bytes
import CacheCore
import SeededRandom
import Testing

/// Both encodings against an array of registers.
@Suite struct HyperLogLogTests {
  @Test func bothEncodingsAgreeWithAnArray() throws {
    var random = SeededGenerator()
    for round in 0..<20 {
      var sparse = try HyperLogLogEditor(sparseBytesMax: round % 2 == 0 ? 3000 : 100_000)
      var dense = try HyperLogLogEditor(sparseBytesMax: 0)
      try dense.makeDense()
      var model = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
      // Few registers make runs meet; many make it dense.
      let registers = [8, 300, HyperLogLog.registerCount][round % 3]
      for _ in 0..<1500 {
        let rank = UInt8(min(51, random.next().trailingZeroBitCount + 1))
        let place = HyperLogLog.Place(
          register: Int.random(in: 0..<registers, using: &random), rank: rank)
        let grows = place.rank > model[place.register]
        #expect(try sparse.current.covers(place) == !grows)
        #expect(try sparse.add(place) == grows)
        #expect(try dense.add(place) == grows)
        model[place.register] = max(model[place.register], place.rank)
      }
      for index in 0..<HyperLogLog.registerCount {
        guard try dense.current.register(at: index) == model[index] else {
          Issue.record("register \(index)")
          break
        }
      }
      let estimate = try dense.current.cardinality()
      #expect(try sparse.current.cardinality() == estimate)
      var union = HyperLogLogRegisters()
      try union.formUnion(sparse.current)
      #expect(union.cardinality == estimate)
      #expect(model.indices.allSatisfy { union[$0] == model[$0] })
    }
  }

  @Test func selfTestPasses() throws {
    #expect(try HyperLogLog.selfTest(seed: 42) == nil)
  }

  @Test func damagedRunsAreFound() throws {
    // A header, and runs of 16384 + 1 registers, of too few, and one that is cut off.
    for runs: [UInt8] in [[0x7F, 0xFF, 0x00], [0x00], [0x7F], []] {
      let bytes = Array("HYLL\u{1}".utf8) + [UInt8](repeating: 0, count: 11) + runs
      bytes.withByteView { view in
        guard let value = HyperLogLog(view) else {
          Issue.record("a right header")
          return
        }
        #expect(throws: HyperLogLogError.corrupted) { try value.cardinality() }
        var registers = HyperLogLogRegisters()
        #expect(throws: HyperLogLogError.corrupted) { try registers.formUnion(value) }
      }
    }
    #expect(Array("HYLL".utf8).withByteView { HyperLogLog($0) == nil })
  }
}
