import Bytes
import Foundation
import SeededRandom
import Testing

struct FloatTextTests {
  private func parse(_ text: String) -> Double? {
    Array(text.utf8).withByteView { FloatText.parse($0) }
  }

  private func shortest(_ value: Double) -> String {
    written(FloatText.byteCountMax) { FloatText.write(value, to: $0) }
  }

  private func sum(_ left: String, _ right: String) throws -> String {
    try Array(left.utf8).withUnsafeBytes { left in
      try Array(right.utf8).withUnsafeBytes { right in
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: FloatText.sumByteCountMax)
        defer { room.deallocate() }
        let count = try FloatText.writeSum(ByteView(left), ByteView(right), to: room)
        return String(decoding: UnsafeBufferPointer(start: room, count: count), as: UTF8.self)
      }
    }
  }

  @Test func readsWhatStrtodReads() {
    let cases: [(String, Double)] = [
      ("0", 0), ("1", 1), ("-1.5", -1.5), ("+2", 2), (".5", 0.5), ("5.", 5), ("1e3", 1000),
      ("1E-2", 0.01), ("0x10", 16), ("0x1p-2", 0.25), ("inf", .infinity), ("+inf", .infinity),
      ("-inf", -.infinity), ("INF", .infinity), ("infinity", .infinity),
      ("1.7976931348623157e308", .greatestFiniteMagnitude),
      ("5e-324", Double.leastNonzeroMagnitude),
      ("0.1", 0.1), ("123456789012345", 123_456_789_012_345), ("0.000000000000001", 1e-15),
      ("9007199254740993", 9_007_199_254_740_992),
    ]
    for (text, value) in cases { #expect(parse(text) == value, "\(text)") }
    #expect(parse("-0")?.sign == .minus)
    for text in [
      "", " ", " 1", "1 ", "nan", "NaN", "-nan", "1e400", "-1e400", "1e-400", "1.2.3", "abc", "1a",
      ".", "-", "+", "e", "--1", "1\0", "\0", "1,5",
      String(repeating: "1", count: FloatText.sumByteCountMax),
    ] {
      #expect(parse(text) == nil, "\(text.prefix(20))")
    }
  }

  @Test func writesTheShortestFormAsRedisLaysItOut() {
    let cases: [(Double, String)] = [
      (0, "0"), (-0.0, "-0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (-0.1, "-0.1"), (3.14, "3.14"),
      (1.05, "1.05"), (100, "100"), (0.001, "0.001"), (1e-5, "0.00001"), (1e-6, "0.000001"),
      (1e-7, "1e-7"), (1.5e-7, "1.5e-7"), (1.5e-9, "1.5e-9"), (1e15, "1000000000000000"),
      (1e16, "1e+16"), (1e17, "1e+17"), (1e20, "1e+20"), (1.5e300, "1.5e+300"),
      (9_007_199_254_740_992, "9007199254740992"),
      (1.7976931348623157e308, "1.7976931348623157e+308"),
      (.leastNonzeroMagnitude, "5e-324"), (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"),
      (17_179_869_184.5, "17179869184.5"), (0.3 + 0.6, "0.8999999999999999"),
      (1.0 / 3, "0.3333333333333333"), (1234.00005, "1234.00005"),
    ]
    for (value, text) in cases { #expect(shortest(value) == text) }
  }

  @Test func writesSeventeenDigitsAndFixed() {
    for value in [
      0.1, 1, -2.5, 1e20, 1e-7, 1.0 / 3, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ] {
      #expect(
        written(32) { FloatText.write17Digits(value, to: $0) } == String(format: "%.17g", value))
    }
    #expect(written(340) { FloatText.writeFixed(2.0 / 3, decimals: 4, to: $0) } == "0.6667")
    let largest = written(340) { FloatText.writeHuman(-.greatestFiniteMagnitude, to: $0) }
    #expect(largest.utf8.count == 310)
    #expect(written(340) { FloatText.writeHuman(-0.0, to: $0) } == "0")
    #expect(written(340) { FloatText.writeHuman(2.25, to: $0) } == "2.25")
    #expect(written(340) { FloatText.writeHuman(.infinity, to: $0) } == "inf")
  }

  @Test func sumsInLongDouble() throws {
    #expect(try sum("10.5", "0.1") == "10.6")
    #expect(try sum("3", "1.1") == "4.1")
    #expect(try sum("5.0e3", "200") == "5200")
    #expect(try sum("1", "-1.1") == "-0.1")
    #expect(try sum("1", "-1") == "0")
    #expect(try sum("17179869184", "1.5") == "17179869185.5")
    #expect(throws: FloatText.SumFailure.leftIsNoNumber) { try sum("abc", "1") }
    #expect(throws: FloatText.SumFailure.leftIsNoNumber) { try sum(" 1", "1") }
    #expect(throws: FloatText.SumFailure.leftIsNoNumber) { try sum("", "1") }
    #expect(throws: FloatText.SumFailure.rightIsNoNumber) { try sum("1", "1 ") }
    #expect(throws: FloatText.SumFailure.rightIsNoNumber) { try sum("1", "nan") }
    #expect(throws: FloatText.SumFailure.rightIsNotFinite) { try sum("1", "inf") }
    #expect(throws: FloatText.SumFailure.sumIsNotFinite) { try sum("inf", "1") }
    #expect(throws: FloatText.SumFailure.sumIsNotFinite) {
      try sum("1.1e4932", "1.1e4932")
    }
  }

  @Test func randomDoublesComeBackFromTheirShortestText() {
    var random = SeededGenerator(test: "FloatText")
    for step in 0..<30_000 {
      var value = Double(bitPattern: random.next())
      if step % 2 == 0 {
        let digits = Double(Int.random(in: -99_999_999...99_999_999, using: &random))
        value = digits / pow(10, Double(Int.random(in: 0...12, using: &random)))
      }
      guard value.isFinite else { continue }
      let text = shortest(value)
      #expect(parse(text)?.bitPattern == value.bitPattern, "\(text)")
      // As short as Swift's own shortest: the same number of significant digits.
      let significant = { (text: String) -> Int in
        let mantissa = text.prefix { $0 != "e" }.filter { $0.isNumber }.drop { $0 == "0" }
        return String(mantissa.reversed().drop { $0 == "0" }).count
      }
      if value.magnitude > 4.6e15 || value != value.rounded() {
        #expect(significant(text) == significant(value.description), "\(text)")
      }
    }
  }
}
