import Coach
import Testing

@Suite struct EventStreamParserTests {
  private func parse(_ text: [UInt8], cutAt cuts: [Int], max: Int = 1 << 20) throws -> [String] {
    var parser = EventStreamParser(eventBytesMax: max)
    var events: [String] = []
    var start = 0
    for cut in cuts + [text.count] {
      let found = try Array(text[start..<cut]).withUnsafeBytes { try parser.feed($0) }
      events += found.map {
        String(decoding: $0.name, as: UTF8.self) + "|" + String(decoding: $0.data, as: UTF8.self)
      }
      start = cut
    }
    return events
  }

  @Test func `Lines end in three ways, wherever the stream is cut`() throws {
    let texts = [
      "event: a\ndata: 1\n\nevent: b\ndata: 2\ndata: 3\n\n",
      "event: a\rdata: 1\r\revent: b\rdata: 2\rdata: 3\r\r",
      "event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\ndata: 3\r\n\r\n",
      "\u{FEFF}event: a\n: a comment\ndata:1\n\nid: 7\nretry: 8\nevent:b\ndata:2\ndata: 3\n\n"
        + "data: x",
    ]
    for text in texts {
      let bytes = Array(text.utf8)
      for first in 0...bytes.count {
        #expect(try parse(bytes, cutAt: [first]) == ["a|1", "b|2\n3"])
      }
      #expect(try parse(bytes, cutAt: Array(1..<bytes.count)) == ["a|1", "b|2\n3"])
    }
  }

  @Test func `Only events with data count`() throws {
    #expect(try parse(Array("event: a\n\n\n\ndata\n\ndata:\n\n".utf8), cutAt: []) == ["|", "|"])
    #expect(try parse(Array("data:  two\n\n".utf8), cutAt: []) == ["| two"])
    #expect(try parse([], cutAt: []).isEmpty)
  }

  @Test func `Lines and events are bounded`() throws {
    let line = Array("data: 0123456789\n".utf8)
    #expect(throws: EventStreamParser.TooLong.self) { try parse(line, cutAt: [9], max: 12) }
    #expect(throws: EventStreamParser.TooLong.self) {
      try parse(line + line + line, cutAt: [], max: 25)
    }
    #expect(try parse(line + line + [10], cutAt: [], max: 25).count == 1)
  }
}
