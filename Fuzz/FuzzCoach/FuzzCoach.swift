import Bytes
import CCoach
import FuzzSupport

@testable import Coach

// What people write to a coach, and whatever else arrives as text. Byte 0 chooses the reader; each
// gets memory of exactly the text's size, so that one byte read too many is seen.

private func withText(_ bytes: ByteView, _ body: (ByteView) -> Void) {
  withExactCopy(of: bytes) { body(ByteView(base: UnsafePointer($0), count: bytes.count)) }
}

/// Forgets the words that readers remember, so that what follows meets each for the first time.
private func forgetWords() {
  let count = 1 << Int(CCOACH_WORD_BITS)
  ccoach_words().update(repeating: ccoach_word(), count: count)
  ccoach_word_rows_stamp().pointee = 0
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
  forgetWords()
  require(Redactor().redact(text).bytes == result.bytes, "remembered words are redacted otherwise")
}

/// What the tagger finds lies in the text, in order, apart from each other, and is the same when
/// there is memory behind the text; what rules have found is in it.
private func fuzzNames(_ text: ByteView) {
  var findings: [PersonalDataFinding] = []
  Redactor(level: .all).scan(text, into: &findings)
  var end = 0
  for finding in findings {
    require(finding.start >= end, "findings overlap or are out of order")
    require(finding.start < finding.end && finding.end <= text.count, "a finding out of bounds")
    end = finding.end
  }
  var ruled: [PersonalDataFinding] = []
  Redactor().scan(text, into: &ruled)
  for rule in ruled {
    require(
      findings.contains { $0.start <= rule.start && rule.end <= $0.end },
      "the tagger drops what rules have found")
  }
  let longer = Array(text.buffer) + [UInt8](repeating: 0x61, count: 64)
  longer.withByteView { longer in
    var same: [PersonalDataFinding] = []
    Redactor(level: .all).scan(longer[0..<text.count], into: &same)
    require(same == findings, "other findings where there is memory behind the text")
  }
}

/// The signal lies in the text; what is read does not depend on what lies behind it, nor on the
/// screen, nor on what is remembered.
private func fuzzSafety(_ text: ByteView) {
  let verdict = SafetyDetector.verdict(on: text)
  require(verdict.start >= 0 && verdict.end <= text.count, "a signal out of bounds")
  require(verdict.start <= verdict.end, "a signal that ends before it begins")
  require(verdict.isHarmless == (verdict.category == nil), "a category without a level")
  require(SafetyDetector.fullVerdict(on: text) == verdict, "the screen lets a signal pass")
  forgetWords()
  require(SafetyDetector.verdict(on: text) == verdict, "remembered words are judged otherwise")
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
    forgetWords()
    withText(text) { second = TokenEstimate.count($0, family: family) }
    require(first == second, "\(first) tokens, \(second) when no word is remembered")
  }
}

/// With a vocabulary, a text that comes in pieces costs what it costs as a whole.
private func fuzzExactTokens(_ input: inout FuzzInput) {
  let choices = input.byte()
  let pieceCount = 1 + Int(input.byte())
  let text = input.takeAll()
  // The real one where there is one, but the other is tried as well: it is quicker to err.
  let vocabulary = choices & 1 == 0 ? Vocabularies.real ?? Vocabularies.small : Vocabularies.small
  let family = choices & 2 == 0 ? TokenFamily.v5 : .v4
  var whole = 0
  withText(text) { whole = vocabulary.count($0, family: family) }
  require(whole >= 0 && whole <= 64 + text.count * 8, "\(whole) tokens of \(text.count) bytes")
  var growing = GrowingTokenCount(vocabulary, family: family)
  var rest = text
  while !rest.isEmpty {
    let piece = rest[0..<min(pieceCount, rest.count)]
    withText(piece) { growing.append($0) }
    if choices & 4 == 0 { _ = growing.count() }
    rest = rest.dropFirst(piece.count)
  }
  require(growing.count() == whole, "\(growing.count()) tokens in pieces, \(whole) as a whole")
  let bare = vocabulary.count(text, family: family, isFramed: false)
  require(bare + vocabulary.frameTokens(family) == whole, "the frame costs something else")
}

/// Messages that are appended at once, as COACH.APPEND … MESSAGES reads them: each is what it is by
/// itself, and what is counted is what will be stored.
private func fuzzMessages(_ input: inout FuzzInput) {
  let choices = input.byte()
  let vocabulary = choices & 1 == 0 ? nil : Vocabularies.small
  let counter = TokenCounter(vocabulary)
  Redactor.setLevelForWriting(choices & 64 == 0 ? .introduced : .all)
  defer { Redactor.setLevelForWriting(.introduced) }
  let kinds: [EntryKind] = [.user, .assistant, .system, .pin]
  var rest = input.takeAll()
  // As many as one command may bring.
  for number in 0..<Append.messagesMax where !rest.isEmpty {
    let end = rest.firstIndex(of: 0x0A) ?? rest.count
    let text = rest[0..<end]
    rest = rest.dropFirst(min(end + 1, rest.count))
    let kind = kinds[(number + Int(choices >> 1)) & 3]
    withText(text) { text in
      let read = ReadMessage(kind, text, redacts: choices & 128 == 0, counter)
      let stored = read.prepared.text
      let expected =
        choices & 128 == 0 ? Redactor.forWriting.redact(text).bytes : Array(text.buffer)
      require(stored == expected, "a message is redacted otherwise when it is stored")
      require(
        choices & 128 == 0 || stored == Array(text.buffer), "a text that is kept has changed")
      require(
        read.prepared.tokens == stored.withByteView { counter.contentTokens($0) },
        "a message costs something else when it is stored")
      let verdict =
        kind == .user
        ? stored.withByteView { SafetyDetector.fullVerdict(on: $0) } : SafetyVerdict()
      require(read.safety == verdict, "a message is judged otherwise when it is stored")
    }
  }
}

/// A vocabulary's files are an operator's: whatever is in them, it is read or refused.
private func fuzzVocabularyFiles(_ input: inout FuzzInput) {
  let first = Int(input.byte()) << 4
  let pieces = Array(input.take(first).buffer)
  let rest = Array(input.takeAll().buffer)
  for codePoints in [Array(Vocabularies.smallCodePoints.utf8), rest] {
    for pieces in [pieces, Array(Vocabularies.smallPieces.utf8)] {
      guard let vocabulary = try? TokenVocabulary(pieces: pieces, codePoints: codePoints) else {
        continue
      }
      for text in [rest, Array("I'm here, it's 7 PM.\n\n".utf8)] {
        let count = text.withByteView { vocabulary.count($0, family: .v5, isFramed: false) }
        require(count >= 0, "\(count) tokens")
      }
    }
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
      forgetWords()
      let fresh = Shared.classifier.classify(text, after: turn, reader: &reader)
      require(
        fresh.label == result.label && fresh.confidence == result.confidence,
        "remembered words are classified otherwise")
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

/// Vocabularies to count with.
private enum Vocabularies {
  /// The real one, where it lies beside the checkout: the fuzzer runs at its root.
  static let real = try? TokenVocabulary(
    path: "../shared/data/coach/ctok/pieces_v4_7.txt")

  static let small: TokenVocabulary = {
    let vocabulary = try? TokenVocabulary(
      pieces: Array(smallPieces.utf8), codePoints: Array(smallCodePoints.utf8))
    guard let vocabulary else { fatalError("the small vocabulary is refused") }
    return vocabulary
  }()

  static let smallPieces = #"""
    @format 1
    @message_overhead 11
    @frame_bow 1
    @frame_tail ladder
    @v5.message_overhead 6
    @v5.frame_bow 0
    @v5.frame_tail free
    @prefixes 1
    e282
    @pieces 9
    \<the\>
    \<c
    at\>
    \^\<the\>
    \_\_
    \n\n
    's\>
    \<a
    aaa
    """#

  static let smallCodePoints = """
    @classes 6
    9 D S
    20 20 S
    21 2F P
    30 39 D
    41 5A W
    61 7A W
    @case 1
    41 5A 1 32 U
    """
}

/// A summary is never longer than its budget, and its turns are in order; names are read from it
/// again.
private func fuzzSummary(_ text: ByteView) {
  let transcript = Transcript(parsing: text)
  let length = { (bytes: [UInt8]) in bytes.count { $0 & 0xC0 != 0x80 } }
  for budget in [10, 100, transcript.characterCount * 3 / 10] {
    let made = Summariser().summarise(transcript, budget: .characters(budget))
    require(length(made.text) <= budget, "a summary over its budget")
    require(zip(made.turns, made.turns.dropFirst()).allSatisfy { $0 < $1 }, "turns out of order")
    require(made.keptCount <= made.sentenceCount, "more sentences than there are")
    made.text.withByteView { _ = Transcript(parsing: $0) }
  }
  let few = Summariser(keepsFacts: false).summarise(transcript, budget: .sentences(2))
  require(few.keptCount <= 2, "more sentences than asked for")
  _ = FactRetention(of: transcript, in: few.text)
}

/// libFuzzer's entry.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  var input = FuzzInput(data, size)
  switch input.byte() % 10 {
  case 0: withText(input.takeAll(), fuzzRedaction)
  case 1: withText(input.takeAll(), fuzzSafety)
  case 2: fuzzTokens(&input)
  case 3: fuzzClassifier(&input)
  case 5: fuzzExactTokens(&input)
  case 6: fuzzVocabularyFiles(&input)
  case 7: fuzzMessages(&input)
  case 8: withText(input.takeAll(), fuzzNames)
  case 9: withText(input.takeAll(), fuzzSummary)
  default:
    let text = input.takeAll()
    withText(text, fuzzRedaction)
    withText(text, fuzzSafety)
    withText(text, fuzzSummary)
  }
  return 0
}
