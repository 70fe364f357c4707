internal import Bytes
internal import CCoach

/// One walk over a message for three readers: the redactor, the token estimate and the crisis
/// rules, in a third of the time that they take one after another.
///
/// Most words of a message were met before, and nothing that a reader wants to know of them depends
/// on what stands around them. Such words, with the single spaces, commas and stops between them,
/// are passed here, with one look into what the thread remembers of words (`WordMemory`):
///
///     I was really nervous, and didn't call her. She is at 12 Main Street
///     ───────────────────────────────────────────── passed ─╴╰─ each reader for itself
///
/// At whatever else comes each reader goes on by itself until all stand at one place again. So each
/// of them sees all that it would see alone, and says the same, which a test compares. The walk
/// ends early where there is personal data: what stands in its place is to be read then.
struct MessageSurvey {
  /// The estimate of the content's tokens; 0 when it was not asked for.
  private(set) var tokens = 0
  /// It is certain that no crisis rule matches; false when it was not asked for.
  private(set) var isQuiet = false

  /// What is asked.
  struct Questions: OptionSet {
    let rawValue: UInt8
    static let personalData = Questions(rawValue: 1)
    static let tokens = Questions(rawValue: 2)
    static let crisis = Questions(rawValue: 4)
  }

  /// Reads a message; nil where there is something to redact, of the names those that are
  /// introduced.
  ///
  /// - Parameter family: of the tokens.
  /// - Complexity: O(n), no allocation where there is no personal data
  init?(_ text: ByteView, _ questions: Questions, _ family: TokenFamily) {
    let capacity = SafetyScreen.numberCountMax
    let survey: MessageSurvey? = TokenEstimateTable.weights.withUnsafeBufferPointer { weights in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: capacity) { numbers in
        // There is room for more than nothing.
        var walk = SurveyWalk(text, questions, weights, numbers.baseAddress.unsafelyUnwrapped)
        walk.run(SafetyRuleSet.shared)
        if walk.hasPersonalData { return nil }
        return MessageSurvey(walk, SafetyRuleSet.shared, family)
      }
    }
    guard let survey else { return nil }
    self = survey
  }

  private init(
    _ walk: borrowing SurveyWalk, _ rules: borrowing SafetyRuleSet, _ family: TokenFamily
  ) {
    if walk.questions.contains(.tokens) {
      tokens = TokenEstimate.count(walk.text, walk.estimate, family: family, isFramed: false)
    }
    isQuiet = walk.questions.contains(.crisis) && walk.screen.isQuiet(rules)
  }
}

/// The three readers on their way through a text.
private struct SurveyWalk: ~Copyable {
  let text: ByteView
  let questions: MessageSurvey.Questions
  private(set) var estimate: EstimateScan<SummingVisitor>
  private(set) var screen: SafetyScreen
  private var redaction: RedactionScan
  private let memory = WordMemory()
  /// What has to be known of a word to pass it, and what it may not be.
  private var needed: UInt32
  private let triggers: UInt32

  var hasPersonalData: Bool { !redaction.findings.isEmpty }

  private var isScreening: Bool { questions.contains(.crisis) && !screen.hasGivenUp }

  init(
    _ text: ByteView, _ questions: MessageSurvey.Questions, _ weights: UnsafeBufferPointer<Int8>,
    _ numbers: UnsafeMutablePointer<UInt16>
  ) {
    self.text = text
    self.questions = questions
    redaction = RedactionScan(text)
    estimate = EstimateScan(text, SummingVisitor(weights: weights))
    screen = SafetyScreen(text, numbers)
    var needed: UInt32 = 0
    if questions.contains(.personalData) { needed |= WordMemory.Facts.hasRoles }
    if questions.contains(.tokens) { needed |= WordMemory.Facts.hasSum }
    if questions.contains(.crisis) { needed |= WordMemory.Facts.hasNumber }
    self.needed = needed
    triggers = questions.contains(.personalData) ? redaction.triggers.rawValue : 0
  }

  mutating func run(_ rules: borrowing SafetyRuleSet) {
    var index = 0
    while index < text.count {
      index = passKnown(index, rules)
      guard index < text.count, goOn(from: &index, rules) else { break }
    }
  }

  /// Lets each reader go on by itself, behind `index`, until they meet.
  ///
  /// - Returns: false where there is personal data.
  private mutating func goOn(from index: inout Int, _ rules: borrowing SafetyRuleSet) -> Bool {
    if hasPersonalData { return false }
    var target = index &+ 1
    redaction.position = questions.contains(.personalData) ? index : text.count
    estimate.position = questions.contains(.tokens) ? index : text.count
    screen.position = isScreening ? index : text.count
    // Bounded: the target grows with each turn, up to the text's end.
    while true {
      redaction.run(until: target)
      if hasPersonalData { return false }
      estimate.run(until: target)
      screen.run(until: target, rules)
      var next = target
      var first = text.count
      func take(_ position: Int) {
        next = max(next, position)
        first = min(first, position)
      }
      if questions.contains(.personalData) { take(min(redaction.position, text.count)) }
      if questions.contains(.tokens) { take(estimate.position) }
      if isScreening { take(screen.position) }
      target = next
      if first >= next { break }
    }
    if !isScreening { needed &= ~WordMemory.Facts.hasNumber }
    index = target
    return true
  }

  /// Passes known words, and what stands between them.
  ///
  /// - Returns: where something else begins: all readers have seen what is in front of it.
  private mutating func passKnown(_ start: Int, _ rules: borrowing SafetyRuleSet) -> Int {
    // In registers: this is where the time goes.
    let (text, memory, needed, triggers) = (text, memory, needed, triggers)
    let (hasDigits, isScreening) = (redaction.hasDigits, isScreening)
    var sum = 0
    var index = start
    var isClosed = estimate.isClosed
    while let word = ShortWord(text, at: index) {
      var place = memory.place(word.head, word.tail)
      var end = index &+ word.count
      var next = word.next
      if next == UInt8(ascii: "'") {
        guard let contraction = contraction(index, end) else { break }
        (place, end, next) = contraction
      }
      let facts = place.pointee.facts
      guard facts & needed == needed, Self.separates(next) else { break }
      let behind = end &+ 1 < text.count ? text[end &+ 1] : 0
      let isBeforeLetter = (behind | 0x20) &- 0x61 < 26
      if !isBeforeLetter || next != 0x20 {
        // "k!ll" is for the crisis rules, "Room 12" for the redactor.
        if next == UInt8(ascii: "!"), isBeforeLetter { break }
        if hasDigits, next == 0x20 || next == 0x09, behind &- 0x30 < 10 { break }
      }
      if facts & triggers != 0, !isPassed(index, end) { break }
      sum &+= Int(place.pointee.sum)
      if isScreening { screen.take(known: place, letters: end &- index, rules) }
      if next == 0x20, isBeforeLetter {
        index = end &+ 1
        isClosed = false
        continue
      }
      index = end
      isClosed = true
      // A sign, and either the text's end or a space and the next word.
      guard next > 0x20 else { break }
      let isLast = end &+ 1 == text.count
      guard isLast || behind == 0x20 && isLetter(at: end &+ 2) else { break }
      let mark = memory.place(ofSign: next, closes: !isLast)
      guard mark.pointee.facts & WordMemory.Facts.hasSum != 0 else { break }
      sum &+= Int(mark.pointee.sum)
      index = isLast ? text.count : end &+ 2
      isClosed = false
    }
    estimate.visitor.sum &+= sum
    estimate.isClosed = isClosed
    return index
  }

  private func isLetter(at index: Int) -> Bool {
    index < text.count && (text[index] | 0x20) &- 0x61 < 26
  }

  /// Whether a word that may begin personal data begins none, as the redactor finds.
  private mutating func isPassed(_ start: Int, _ end: Int) -> Bool {
    redaction.position = start
    redaction.run(until: start &+ 1)
    return !hasPersonalData && redaction.position == end
  }

  /// What ends a word for all three readers, whatever stands around it, but for "!" in front of a
  /// letter: blanks, and `! , . ?`. Zeros are behind the text's end.
  @inline(__always)
  private static func separates(_ byte: UInt8) -> Bool {
    byte < 64 && 0x8000_5003_FFFF_FFFF &>> UInt64(byte) & 1 == 1
  }

  /// A word with an apostrophe and one or two letters, as in "don't" and "I'll": what is known of
  /// it, its end and the byte behind it. The estimate reads it as two units, whose sum is kept with
  /// the whole.
  private func contraction(
    _ start: Int, _ apostrophe: Int
  ) -> (UnsafeMutablePointer<ccoach_word>, end: Int, next: UInt8)? {
    let run = text.letterRun(at: apostrophe &+ 1)
    guard run.count == 1 || run.count == 2 else { return nil }
    let end = apostrophe &+ 1 &+ run.count
    guard let place = memory.place(text, start, end) else { return nil }
    let next = UInt8(truncatingIfNeeded: run.bytes.behind(run.count))
    if place.pointee.facts & WordMemory.Facts.hasSum != 0 { return (place, end, next) }
    let word = text[start..<end]
    var scan = EstimateScan(word, SummingVisitor(weights: estimate.visitor.weights))
    scan.run(until: word.count)
    assert(scan.plain == 0)
    // The parts may have taken the place of the whole.
    guard let place = memory.place(text, start, end) else { return nil }
    place.pointee.sum = Int16(truncatingIfNeeded: scan.visitor.sum)
    place.pointee.facts |= WordMemory.Facts.hasSum
    return (place, end, next)
  }
}
