import Bytes
import RESP
import Testing

/// Inline commands: words, quotes, and that the bytes stay as they came.
@Suite struct InlineRequestTests {
  /// All requests in `text`, and how it ends.
  private func parse(
    _ bytes: inout [UInt8], limits: ParserLimits = ParserLimits()
  ) -> ([[String]], ParseOutcome) {
    bytes.withUnsafeMutableBufferPointer { buffer in
      var parser = RequestParser()
      var store = ArgumentStore(capacity: 1)
      var requests: [[String]] = []
      while true {
        store.removeAll()
        let outcome = parser.next(
          in: buffer.baseAddress!, count: buffer.count, limits: limits, into: &store)
        guard outcome == .request else { return (requests, outcome) }
        let arguments = store.arguments(from: 0, count: store.count)
        requests.append(
          (0..<store.count).map { String(decoding: arguments[$0].buffer, as: UTF8.self) })
      }
    }
  }

  private func parse(_ text: String) -> ([[String]], ParseOutcome) {
    var bytes = Array(text.utf8)
    return parse(&bytes)
  }

  @Test func splitsAndUnquotes() {
    let (requests, end) = parse("SET k \"a\\x41 b\"\r\nget  'it\\'s' \n\r\n\nPING\r\n")
    #expect(requests == [["SET", "k", "aA b"], ["get", "it's"], ["PING"]])
    #expect(end == .incomplete)
  }

  @Test func aLineIsTheSameWhenParsedAgain() {
    // A request behind a blocked client's is parsed twice.
    var bytes = Array("SET k \"a b\"\r\nECHO \"\\x41\\n\"\r\n".utf8)
    let before = bytes
    let first = parse(&bytes)
    let second = parse(&bytes)
    #expect(first.0 == [["SET", "k", "a b"], ["ECHO", "A\n"]])
    #expect(first.0 == second.0)
    #expect(bytes == before)
  }

  @Test func aNULEndsTheLineAsInC() {
    #expect(parse("\0\r\nPING\r\n").0 == [["PING"]])
    #expect(parse("GET \0abc\r\n").0 == [["GET"]])
    #expect(parse("GET k\0abc\r\n").0 == [["GET", "k"]])
    #expect(parse("GET \"k\"\0abc\r\n").0 == [["GET", "k"]])
  }

  @Test func refusesUnbalancedQuotes() {
    for text in ["GET \"k\r\n", "GET 'k\r\n", "GET \"k\"x\r\n", "GET 'k'x\r\n", "GET \"k\\\r\n"] {
      #expect(parse(text).1 == .failure(.unbalancedQuotes), "\(text)")
    }
  }

  @Test func refusesLongLines() {
    let limit = ParserLimits.lineLengthMax
    #expect(parse(String(repeating: "x", count: limit)).1 == .incomplete)
    #expect(parse(String(repeating: "x", count: limit + 1)).1 == .failure(.inlineTooLong))
    #expect(parse(String(repeating: "x", count: limit + 1) + "\r\n").1 == .failure(.inlineTooLong))
    let wide = parse(String(repeating: "x ", count: limit / 2 - 1) + "\r\n")
    #expect(wide.0.first?.count == limit / 2 - 1)
  }
}
