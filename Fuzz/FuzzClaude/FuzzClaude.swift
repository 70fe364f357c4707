import Bytes
import Coach
import FuzzSupport

// What the provider, or whoever stands between, may send. Byte 0 chooses the subject.

/// Events come out the same however the stream is cut, and within the limit.
private func fuzzEvents(_ input: inout FuzzInput) {
  let max = 1 + Int(input.byte())
  let cut = 1 + Int(input.byte())
  let text = input.takeAll()
  func parse(_ step: Int) -> (events: [EventStreamParser.Event], isTooLong: Bool) {
    var parser = EventStreamParser(eventBytesMax: max)
    var events: [EventStreamParser.Event] = []
    var offset = 0
    while offset < text.count {
      let piece = text[offset..<min(offset + step, text.count)]
      offset += piece.count
      let found = withExactCopy(of: piece) { bytes in
        try? parser.feed(UnsafeRawBufferPointer(start: bytes, count: piece.count))
      }
      guard let found else { return (events, true) }
      events += found
    }
    return (events, false)
  }
  let whole = parse(.max / 2)
  let pieces = parse(cut)
  require(whole.isTooLong == pieces.isTooLong, "too long or not, by where it is cut")
  if !whole.isTooLong { require(whole.events == pieces.events, "other events by where it is cut") }
  for event in pieces.events { require(event.data.count <= max, "an event beyond the limit") }
}

/// A stream, event by event: whatever comes, the text is what was handed out, and bounded.
private func fuzzStream(_ text: ByteView) {
  var parser = EventStreamParser()
  var reader = AnswerReader(textBytesMax: 64)
  guard let events = try? parser.feed(UnsafeRawBufferPointer(text.buffer)) else { return }
  var handed = ""
  for event in events {
    do throws(AnswerReader.Problem) {
      handed += try reader.take(event)
    } catch { break }
  }
  require(reader.answer.text == handed, "another text than was handed out")
  require(handed.utf8.count <= 64, "more text than the limit")
  check(reader.answer)
}

private func fuzzWhole(_ text: ByteView) {
  var reader = AnswerReader(textBytesMax: 64)
  try? reader.takeWhole(Array(text.buffer))
  check(reader.answer)
}

private func check(_ answer: ClaudeAnswer) {
  require(answer.text.utf8.count <= 64, "more text than the limit")
  let cost = Models.dearest.cost(of: answer.usage)
  require(cost >= .zero && cost < Money(picodollars: .max), "a price out of bounds")
}

private enum Models {
  static let dearest = ModelCatalog.builtIn.chain(of: .premium)[0]
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 3 {
  case 0: fuzzEvents(&input)
  case 1: fuzzStream(input.takeAll())
  default: fuzzWhole(input.takeAll())
  }
  return 0
}
