import Bytes
import SeededRandom
import Testing

struct IntegerTextTests {
  private func int64(_ text: String) -> Int64? {
    Array(text.utf8).withByteView { IntegerText.parseInt64($0) }
  }

  private func uint64(_ text: String) -> UInt64? {
    Array(text.utf8).withByteView { IntegerText.parseUInt64($0) }
  }

  private func cursor(_ text: String) -> UInt64? {
    Array(text.utf8).withByteView { IntegerText.parseCursor($0) }
  }

  @Test func acceptsCanonicalIntegersOnly() {
    #expect(int64("0") == 0)
    #expect(int64("-1") == -1)
    #expect(int64("9223372036854775807") == Int64.max)
    #expect(int64("-9223372036854775808") == Int64.min)
    for text in [
      "", "-", "+1", " 1", "1 ", "01", "00", "-0", "-01", "1a", "a", "1.0", "0x1", "--1",
      "9223372036854775808", "-9223372036854775809", "18446744073709551616",
      "99999999999999999999", "100000000000000000000", "1\0",
    ] {
      #expect(int64(text) == nil, "\(text)")
    }
    #expect(uint64("18446744073709551615") == UInt64.max)
    #expect(uint64("18446744073709551616") == nil)
    #expect(uint64("-1") == nil)
  }

  @Test func cursorsAreReadAsStrtoulDoes() {
    #expect(cursor("0") == 0)
    #expect(cursor("") == 0)
    #expect(cursor("007") == 7)
    #expect(cursor("+7") == 7)
    #expect(cursor("-1") == UInt64.max)
    #expect(cursor("18446744073709551615") == UInt64.max)
    for text in [" 1", "1 ", "abc", "-", "+", "18446744073709551616", "1\0"] {
      #expect(cursor(text) == nil, "\(text)")
    }
  }

  @Test func everyBorderIsWrittenAndCounted() {
    var values: [UInt64] = [0, 1, .max, .max - 1]
    var power: UInt64 = 1
    for _ in 0..<19 {
      power *= 10
      values += [power - 1, power, power + 1]
    }
    for value in values {
      #expect(written(20) { IntegerText.write(value, to: $0) } == String(value))
      #expect(IntegerText.digitCount(value) == String(value).utf8.count)
      let signed = Int64(bitPattern: value)
      #expect(written(20) { IntegerText.write(signed, to: $0) } == String(signed))
      #expect(IntegerText.byteCount(signed) == String(signed).utf8.count)
    }
  }

  @Test func randomIntegersComeBack() {
    var random = SeededGenerator(test: "IntegerText")
    for _ in 0..<20_000 {
      let shift = UInt64.random(in: 0..<64, using: &random)
      let value = Int64(bitPattern: random.next()) >> Int64(shift)
      #expect(int64(written(20) { IntegerText.write(value, to: $0) }) == value)
      #expect(uint64(String(UInt64(bitPattern: value))) == UInt64(bitPattern: value))
    }
  }

  @Test func randomTextsAgreeWithPrinting() {
    var random = SeededGenerator(test: "IntegerText texts")
    for _ in 0..<50_000 {
      let bytes = random.bytes(count: 0...21, from: Array("0123456789-9991".utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      // The definition: an integer whose text is this text.
      let expected = Int64(text).flatMap { String($0) == text ? $0 : nil }
      #expect(int64(text) == expected, "\(text)")
    }
  }
}
