import Bytes
import Foundation
import SeededRandom
import Testing

struct MemorySizeTextTests {
  private func parse(_ text: String) -> UInt64? {
    Array(text.utf8).withByteView { MemorySizeText.parse($0) }
  }

  @Test func readsUnits() {
    let cases: [(String, UInt64)] = [
      ("0", 0), ("100", 100), ("100b", 100), ("1k", 1000), ("1kb", 1024), ("1K", 1000),
      ("1Kb", 1024), ("2m", 2_000_000), ("100mb", 104_857_600), ("1g", 1_000_000_000),
      ("1gb", 1 << 30), ("1GB", 1 << 30), ("18446744073709551615", .max),
    ]
    for (text, bytes) in cases { #expect(parse(text) == bytes, "\(text)") }
    for text in [
      "", "kb", "-1", "1.5mb", "1t", "1kbb", "1 k", " 1", "18446744073709551616", "17179869184gb",
      "99999999999999999999999999",
    ] {
      #expect(parse(text) == nil, "\(text)")
    }
  }

  @Test func readsPercentages() {
    let cases: [(String, Int64?)] = [
      ("5%", 5), ("100%", 100), ("0%", 0), ("%", nil), ("5", nil), ("-1%", nil), ("1.5%", nil),
    ]
    for (text, value) in cases {
      #expect(Array(text.utf8).withByteView { MemorySizeText.parsePercent($0) } == value)
    }
  }

  @Test func writesForHumans() {
    let cases: [(UInt64, String)] = [
      (0, "0B"), (1, "1B"), (1023, "1023B"), (1024, "1.00K"), (1536, "1.50K"),
      (1_101_005, "1.05M"), (1 << 30, "1.00G"), (1 << 40, "1.00T"), (1 << 50, "1.00P"),
      (1 << 60, "1152921504606846976B"), (1_048_575, "1024.00K"),
    ]
    for (bytes, text) in cases { #expect(MemorySizeText.human(bytes) == text) }
    var random = SeededGenerator(test: "MemorySizeText")
    for _ in 0..<20_000 {
      let bytes = random.next() >> UInt64.random(in: 11...63, using: &random)
      let step = bytes == 0 ? 0 : (63 - bytes.leadingZeroBitCount) / 10
      let scaled = Double(bytes) / pow(1024, Double(step))
      let expected =
        step == 0
        ? "\(bytes)B" : String(format: "%.2f", scaled) + ["B", "K", "M", "G", "T", "P"][step]
      #expect(MemorySizeText.human(bytes) == expected)
    }
  }
}

struct ArgumentSplitterTests {
  private func split(_ line: String) -> [String]? {
    Array(line.utf8).withByteView { ArgumentSplitter.split($0) }?
      .map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func splitsAsRedisDoes() {
    let cases: [(String, [String]?)] = [
      ("", []), ("   ", []), ("a", ["a"]), ("  a  b\t c\r\n", ["a", "b", "c"]),
      ("\"a b\" c", ["a b", "c"]), ("'a b' c", ["a b", "c"]), ("\"\"", [""]), ("''", [""]),
      ("\"\\n\\r\\t\\b\\a\"", ["\n\r\t\u{8}\u{7}"]), ("\"\\x41\\x4a\"", ["AJ"]),
      ("\"\\xZZ\"", ["xZZ"]), ("\"\\q\\\"\\\\\"", ["q\"\\"]), ("'\\''", ["'"]), ("'\\n'", ["\\n"]),
      ("ab\"cd\"", ["abcd"]), ("\"a\"b", nil), ("'a'b", nil), ("\"a", nil), ("'a", nil),
      ("\"a\\", nil), ("a\\nb", ["a\\nb"]), ("a\0b", ["a"]),
      ("set k \"\\x00\"", ["set", "k", "\0"]),
    ]
    for (line, arguments) in cases { #expect(split(line) == arguments, "\(line)") }
  }

  @Test func quotesAsRedisDoes() {
    let cases: [([UInt8], String)] = [
      ([], "\"\""), (Array("a b".utf8), "\"a b\""), ([0x22, 0x5C], "\"\\\"\\\\\""),
      ([10, 13, 9, 7, 8], "\"\\n\\r\\t\\a\\b\""), ([0, 0x7F, 0xFF], "\"\\x00\\x7f\\xff\""),
    ]
    for (bytes, text) in cases {
      #expect(bytes.withByteView { QuotedText.quoted($0) } == Array(text.utf8))
    }
    #expect([UInt8]().withByteView { QuotedText.needsQuotes($0) })
    #expect(Array("a b".utf8).withByteView { QuotedText.needsQuotes($0) })
    #expect(!Array("abc".utf8).withByteView { QuotedText.needsQuotes($0) })
  }

  @Test func randomArgumentsComeBackFromQuotes() {
    var random = SeededGenerator(test: "QuotedText")
    let alphabet = Array(UInt8.min ... .max)
    for _ in 0..<5_000 {
      let arguments = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        random.bytes(count: 0...12, from: alphabet)
      }
      var line: [UInt8] = []
      for argument in arguments {
        argument.withByteView {
          let before = line.count
          QuotedText.append($0, to: &line)
          #expect(line.count - before == QuotedText.byteCount($0))
        }
        line.append(0x20)
      }
      #expect(line.withByteView { ArgumentSplitter.split($0) } == arguments)
    }
  }

  @Test func hostileLinesEndInTime() {
    var random = SeededGenerator(test: "ArgumentSplitter")
    for _ in 0..<20_000 {
      let line = random.bytes(count: 0...12, from: Array(" \"'\\xa\n\0".utf8))
      _ = line.withByteView { ArgumentSplitter.split($0) }
    }
  }
}

struct LatencyHistogramTests {
  @Test func anEmptyOneAnswersZero() {
    let histogram = LatencyHistogram()
    #expect(histogram.nanoseconds(atPercentile: 99) == 0)
    var calls = 0
    histogram.forEachPowerOfTwo { _, _ in calls += 1 }
    #expect(calls == 0)
    histogram.checkInvariants()
  }

  @Test func printsThePowersOfTwoOfRedis() {
    var histogram = LatencyHistogram()
    var bound: UInt64 = 1000
    for _ in 0..<12 {
      histogram.record(nanoseconds: bound)
      bound *= 2
    }
    var seen: [UInt64] = []
    histogram.forEachPowerOfTwo { microseconds, cumulative in
      seen.append(microseconds)
      #expect(cumulative == UInt64(seen.count))
    }
    #expect(seen == [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113])
  }

  @Test func percentilesStayWithinABucketOfTheTruth() {
    var random = SeededGenerator(test: "LatencyHistogram")
    for _ in 0..<30 {
      var histogram = LatencyHistogram()
      var second = LatencyHistogram()
      var values: [UInt64] = []
      for _ in 0..<Int.random(in: 1...2000, using: &random) {
        let value = random.next() >> UInt64.random(in: 30...63, using: &random)
        values.append(value)
        if Bool.random(using: &random) {
          histogram.record(nanoseconds: value)
        } else {
          second.record(nanoseconds: value)
        }
        second.checkInvariants()
      }
      histogram.merge(second)
      histogram.checkInvariants()
      values.sort()
      #expect(histogram.count == UInt64(values.count))
      #expect(histogram.maxNanoseconds == values.last)
      #expect(histogram.sumNanoseconds == values.reduce(0, &+))
      for percentile in [0, 1, 50, 90, 99, 99.9, 100] {
        let rank = max(1, Int((percentile / 100 * Double(values.count)).rounded(.up)))
        let truth = values[rank - 1]
        let answer = histogram.nanoseconds(atPercentile: percentile)
        #expect(answer >= truth && answer <= truth + truth / 32)
      }
      var last: UInt64 = 0
      histogram.forEachPowerOfTwo { _, cumulative in
        #expect(cumulative > last)
        last = cumulative
      }
      #expect(last == histogram.count)
      histogram.reset()
      histogram.checkInvariants()
    }
  }

  @Test func hugeDurationsKeepTheirMaximum() {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: .max)
    #expect(histogram.nanoseconds(atPercentile: 50) == .max)
    #expect(histogram.maxNanoseconds == .max)
  }
}
