import Bytes
import SeededRandom
import Testing

@Suite struct BitViewTests {
  /// Random bytes, often long runs of one value.
  static func randomBytes(_ random: inout SeededGenerator) -> [UInt8] {
    let count = Int.random(in: 0..<600, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return [UInt8](repeating: 0, count: count)
    case 1: return [UInt8](repeating: 255, count: count)
    case 2:
      var bytes = [UInt8](repeating: Bool.random(using: &random) ? 0 : 255, count: count)
      if count > 0 {
        bytes[Int.random(in: 0..<count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      return bytes
    default: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  @Test func agreesWithOneBitAtATime() {
    var random = SeededGenerator(test: "agreesWithOneBitAtATime")
    for _ in 0..<400 {
      let bytes = Self.randomBytes(&random)
      let plain = bytes.flatMap { byte in (0..<8).map { Int(byte >> (7 - $0)) & 1 } }
      let ends = [
        Int.random(in: 0...plain.count, using: &random),
        Int.random(in: 0...plain.count, using: &random),
      ]
      let range = ends.min()!..<ends.max()!
      bytes.withByteView { view in
        let bits = BitView(view)
        #expect(bits.ones(in: range) == plain[range].reduce(0, +))
        #expect(bits.firstIndex(of: true, in: range) == plain[range].firstIndex(of: 1))
        #expect(bits.firstIndex(of: false, in: range) == plain[range].firstIndex(of: 0))
        let offset = Int.random(in: 0...plain.count + 20, using: &random)
        let width = Int.random(in: 1...64, using: &random)
        var number: UInt64 = 0
        for index in offset..<offset + width {
          number = number << 1 | UInt64(index < plain.count ? plain[index] : 0)
        }
        #expect(bits.number(at: offset, width: width) == number)
        #expect(bits[offset] == (offset < plain.count ? plain[offset] : 0))
      }
    }
  }

  @Test func writesTheBitsAndNoOthers() {
    var random = SeededGenerator(test: "writesTheBitsAndNoOthers")
    for _ in 0..<400 {
      let old = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
      let width = Int.random(in: 1...64, using: &random)
      let offset = Int.random(in: 0...160 - width, using: &random)
      let number = UInt64.random(in: 0 ... .max, using: &random)
      var new = old
      new.withUnsafeMutableBytes { BitView.write(number, at: offset, width: width, to: $0) }
      for index in 0..<160 {
        let expected =
          index >= offset && index < offset + width
          ? Int(number >> UInt64(offset + width - 1 - index) & 1)
          : Int(old[index / 8] >> (7 - index % 8)) & 1
        #expect(Int(new[index / 8] >> (7 - index % 8)) & 1 == expected)
      }
    }
  }

  @Test(arguments: [BitOperation.and, .or, .xor])
  func combinesAsBytesDo(operation: BitOperation) {
    var random = SeededGenerator(test: "combinesAsBytesDo")
    for _ in 0..<200 {
      let left = Self.randomBytes(&random)
      var right = Self.randomBytes(&random)
      if right.count > left.count { right.removeLast(right.count - left.count) }
      let padded = right + [UInt8](repeating: 0, count: left.count - right.count)
      let expected = zip(left, padded).map { pair in
        switch operation {
        case .and: pair.0 & pair.1
        case .or: pair.0 | pair.1
        case .xor: pair.0 ^ pair.1
        }
      }
      var result = left
      result.withUnsafeMutableBytes { target in
        right.withByteView { operation.combine($0, into: target) }
      }
      #expect(result == expected)
      var complement = [UInt8](repeating: 0, count: left.count)
      complement.withUnsafeMutableBytes { target in
        left.withByteView { BitOperation.complement(of: $0, to: target) }
      }
      #expect(complement == left.map { ~$0 })
    }
  }
}
