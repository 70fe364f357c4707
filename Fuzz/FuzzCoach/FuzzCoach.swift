import Bytes
import CCoach
import Coach
import FuzzSupport

// What people write to a coach, and whatever else arrives as text. Byte 0 chooses the reader; each
// gets memory of exactly the text's size, so that one byte read too many is seen.

private func withText(_ bytes: ByteView, _ body: (ByteView) -> Void) {
  withExactCopy(of: bytes) { body(ByteView(base: UnsafePointer($0), count: bytes.count)) }
}

/// Findings lie in the text, in order, apart from each other; everything else stays as it is; and a
/// redacted text has nothing left to redact.
private func fuzzRedaction(_ text: ByteView) {
  let result = Redactor().redact(text)
  var end = 0
  var expected: [UInt8] = []
  for finding in result.findings {
    require(finding.start >= end, "findings overlap or are out of order")
    require(finding.start < finding.end && finding.end <= text.count, "a finding out of bounds")
    require(finding.number > 0, "a finding without a number")
    expected += Array(text[end..<finding.start].buffer)
    expected += Array("[".utf8) + Array(ByteView(finding.kind.label).buffer)
    expected += Array("_\(finding.number)]".utf8)
    end = finding.end
  }
  expected += Array(text.dropFirst(end).buffer)
  require(expected == result.bytes, "the text between findings has changed")
  let again = Array(result.bytes).withByteView { Redactor().redact($0) }
  require(
    again.isUnchanged || again.bytes.count <= result.bytes.count * 2,
    "redacting twice makes it grow without end")
  require(Redactor().finds(in: text) == !result.isUnchanged, "found, and not found")
}

/// The signal lies in the text; what is read does not depend on what lies behind it.
private func fuzzSafety(_ text: ByteView) {
  let verdict = SafetyDetector.verdict(on: text)
  require(verdict.start >= 0 && verdict.end <= text.count, "a signal out of bounds")
  require(verdict.start <= verdict.end, "a signal that ends before it begins")
  require(verdict.isHarmless == (verdict.category == nil), "a category without a level")
  let longer = Array(text.buffer) + [UInt8](repeating: 0x20, count: 64)
  longer.withByteView { longer in
    let same = SafetyDetector.verdict(on: longer[0..<text.count])
    require(same == verdict, "another verdict where there is memory behind the text")
  }
}

/// Counts are the same with words remembered and without, and no text costs more than its bytes
/// can.
private func fuzzTokens(_ input: inout FuzzInput) {
  let other = input.take(Int(input.byte()))
  let text = input.takeAll()
  for family in [TokenFamily.v5, .v4] {
    var first = 0
    withText(text) { first = TokenEstimate.count($0, family: family) }
    withText(other) { _ = TokenEstimate.count($0, family: family) }
    var second = 0
    withText(text) { second = TokenEstimate.count($0, family: family) }
    require(first == second, "\(first) tokens, then \(second)")
    require(first >= 0 && first <= 64 + text.count * 8, "\(first) tokens of \(text.count) bytes")
  }
}

/// Words lie in the message, probabilities are some, and the same message is the same again.
private func fuzzClassifier(_ input: inout FuzzInput) {
  let turn = input.take(Int(input.byte()))
  withText(input.takeAll()) { text in
    withText(turn) { turn in
      var reader = MessageReader(memory: Shared.scratch)
      let result = Shared.classifier.classify(text, after: turn, reader: &reader)
      require(reader.tokenCount <= MessageReader.tokensMax, "too many words")
      for index in 0..<reader.tokenCount {
        let token = reader.token(index)
        let end = Int(token.sourceStart) + Int(token.sourceLength)
        require(end <= text.count, "a word behind the end of the message")
        require(reader.word(index).count == Int(token.length), "a word of another length")
      }
      require(result.confidence >= 0 && result.confidence <= 1.001, "no probability")
      let again = Shared.classifier.classify(text, after: turn, reader: &reader)
      require(again.label == result.label, "another label for the same message")
    }
  }
}

private enum Shared {
  nonisolated(unsafe) static let scratch = UnsafeMutableRawPointer.allocate(
    byteCount: MessageReader.memoryBytes, alignment: 64)

  // libFuzzer calls from one thread.
  nonisolated(unsafe) static let classifier: Classifier = {
    let bytes = ByteView(base: ccoach_weights(), count: ccoach_weights_count())
    guard let model = ClassifierModel(bytes), let rules = try? RuleFile.parse(BuiltInRules.text)
    else { fatalError("the weights in this program are damaged") }
    var classifier = Classifier(model: model)
    classifier.replaceRules(with: rules)
    return classifier
  }()
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 5 {
  case 0: withText(input.takeAll(), fuzzRedaction)
  case 1: withText(input.takeAll(), fuzzSafety)
  case 2: fuzzTokens(&input)
  case 3: fuzzClassifier(&input)
  default:
    let text = input.takeAll()
    withText(text, fuzzRedaction)
    withText(text, fuzzSafety)
    withText(text) { _ = Transcript(parsing: $0) }
  }
  return 0
}
