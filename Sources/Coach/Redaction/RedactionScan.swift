internal import Bytes
internal import CCoach

/// One pass over a text that finds personal data.
///
/// The pass goes from word to word and from number to number. Each place is looked at by the
/// recogniser for what begins there; a recogniser reads a bounded stretch ahead and either claims
/// it or leaves it. Words met on the way leave cues ("call", "order", "born") with their position,
/// so that a number can be judged by the nearest cue before it.
///
/// Bounds: every recogniser reads at most `reach` bytes, so the pass is O(n · reach) whatever the
/// text, and mostly O(n). Findings are in order and do not overlap.
struct RedactionScan {
  let text: ByteView
  var findings: [PersonalDataFinding] = []
  var position = 0

  /// Where cues were last met; far in the past to begin with.
  var lastPhoneCue = Self.never
  var lastOtherCue = Self.never
  var lastBirthCue = Self.never
  var lastSocialCue = Self.never
  var lastLicenceCue = Self.never
  var lastCardCue = Self.never

  /// What is remembered of words, and the roles that matter in this text.
  private let memory = WordMemory()
  let triggers: WordRole
  /// Without a digit nothing but names can begin with a letter.
  let hasDigits: Bool

  static let never = -(1 << 30)
  /// Bytes that a recogniser may read ahead.
  static let reach = 256
  /// Bytes over which a cue tells about what follows.
  static let cueReach = 48

  init(_ text: ByteView) {
    self.text = text
    hasDigits = Self.hasDigits(text)
    triggers = hasDigits ? WordRole.triggers : WordRole.nameTriggers
  }

  /// Whether there is a digit in a text, eight bytes at a time.
  private static func hasDigits(_ text: ByteView) -> Bool {
    let tops: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    while index < text.count {
      let bytes = text.eightBytes(at: index)
      // The top bit of each byte: from "0" on, and not behind "9". No sum carries over.
      let low = bytes & ~tops
      let isFromZero = low &+ 0x5050_5050_5050_5050
      let isBehindNine = low &+ 0x4646_4646_4646_4646
      if isFromZero & ~isBehindNine & ~bytes & tops != 0 { return true }
      index += 8
    }
    return false
  }

  /// Finds everything.
  mutating func run() { run(until: text.count) }

  /// Goes on to `limit`, or some way beyond it.
  mutating func run(until limit: Int) {
    while position < limit {
      position = Self.passPlain(text, position, limit, memory, triggers, hasDigits)
      guard position < limit else { break }
      let byte = text[position]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "("):
        atNumber()
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...:
        atWord()
      case UInt8(ascii: "@"): atSign()
      case UInt8(ascii: ":"): atColon()
      case UInt8(ascii: "?"), UInt8(ascii: "&"): atQuery()
      case UInt8(ascii: "["): atBracket()
      default: position += 1
      }
    }
  }

  /// Passes words that are in no list that matters here, and what stands between them.
  ///
  /// - Returns: where something else begins.
  private static func passPlain(
    _ text: ByteView, _ start: Int, _ limit: Int, _ memory: WordMemory, _ triggers: WordRole,
    _ hasDigits: Bool
  ) -> Int {
    var index = start
    while index < limit {
      let first = text[index]
      if first == 0x20 || first == UInt8(ascii: ".") || first == UInt8(ascii: ",") {
        index &+= 1
        continue
      }
      // What goes on with an apostrophe or a hyphen, or ends with a digit or a colon, is looked at.
      guard let word = ShortWord(text, at: index),
        word.next <= 0x20 || word.next == UInt8(ascii: ".") || word.next == UInt8(ascii: ",")
      else { break }
      let facts = memory.place(word.head, word.tail).pointee.facts
      guard facts & WordMemory.Facts.hasRoles != 0, facts & triggers.rawValue == 0 else { break }
      let end = index &+ word.count
      if hasDigits, word.next == 0x20 || word.next == 0x09, end &+ 1 < text.count,
        text[end &+ 1] &- 0x30 < 10
      {
        break
      }
      index = word.next == 0x20 ? end &+ 1 : end
    }
    return index
  }

  // MARK: Claiming

  /// Claims a stretch; what earlier recognisers claimed inside it gives way.
  mutating func claim(_ kind: PersonalDataKind, _ start: Int, _ end: Int) {
    assert(start < end && end <= text.count)
    while let last = findings.last, last.end > start {
      // An earlier, longer stretch stays.
      if last.start < start {
        position = max(position, end)
        return
      }
      findings.removeLast()
    }
    findings.append(PersonalDataFinding(kind: kind, start: start, end: end))
    position = end
  }

  /// Where the last claimed stretch ends.
  var claimedEnd: Int { findings.last?.end ?? 0 }

  // MARK: Looking around

  @inline(__always)
  func byte(_ index: Int) -> UInt8 { index >= 0 && index < text.count ? text[index] : 0 }

  @inline(__always)
  func isDigit(_ index: Int) -> Bool { byte(index) &- 0x30 < 10 }

  /// ASCII letters and everything beyond ASCII.
  @inline(__always)
  func isLetter(_ index: Int) -> Bool {
    let byte = byte(index)
    return (byte | 0x20) &- 0x61 < 26 || byte >= 0x80
  }

  @inline(__always)
  func isWord(_ index: Int) -> Bool { isLetter(index) || isDigit(index) }

  @inline(__always)
  func isCapital(_ index: Int) -> Bool {
    let byte = byte(index)
    if byte < 0x80 { return byte &- 0x41 < 26 }
    // Capitals of Latin-1, and the even ones of Latin Extended-A; a fair guess beyond.
    let next = self.byte(index + 1)
    if byte == 0xC3 { return next <= 0x9E }
    if byte == 0xC4 || byte == 0xC5 { return next & 1 == 0 || next >= 0xB9 }
    return byte == 0xCE || byte == 0xD0
  }

  @inline(__always)
  func isBlank(_ index: Int) -> Bool {
    let byte = byte(index)
    return index < text.count && (byte == 0x20 || byte == 0x09)
  }

  /// The end of the word at `start`: letters, with apostrophes, hyphens and points inside.
  func wordEnd(_ start: Int) -> Int {
    let limit = min(text.count, start + Self.reach)
    var run = text.letterRun(at: start)
    var end = start + run.count
    while run.count == 8, end < limit {
      run = text.letterRun(at: end)
      end += run.count
    }
    if run.count < 8 {
      // Most words end here, with neither an apostrophe nor anything beyond ASCII.
      let next = UInt8(truncatingIfNeeded: run.bytes.behind(run.count))
      if next < 0x80, next != UInt8(ascii: "'"), next != UInt8(ascii: "-") { return end }
    }
    while end < limit {
      let byte = text[end]
      if (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 {
        end += 1
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "-"), end > start,
        isLetter(end + 1)
      {
        end += 1
      } else {
        break
      }
    }
    return end
  }

  /// The roles of the word in `start..<end`, without a possessive "'s".
  func roles(_ start: Int, _ end: Int) -> WordRole {
    WordRole(
      rawValue: RedactionLexicon.table.flags(text[start..<end], readable: text.count - start))
  }

  /// The next place that is no space or tab, at most a few ahead.
  func afterBlanks(_ index: Int, newlines: Bool = false) -> Int {
    var index = index
    let limit = min(text.count, index + 24)
    while index < limit, isBlank(index) || newlines && (byte(index) == 0x0A || byte(index) == 0x0D)
    {
      index += 1
    }
    return index
  }

  // MARK: Words

  /// Reads a word: cues, and what begins with a letter.
  ///
  /// Most words say nothing: they are in no list that matters here, and neither a digit nor a colon
  /// follows, without which no number, code or address begins with letters.
  private mutating func atWord() {
    let start = position
    let end = wordEnd(start)
    let roles = rememberedRoles(start, end)
    if !hasDigits {
      if roles.isDisjoint(with: triggers) || !nameByWord(start, end, roles) {
        position = max(end, start + 1)
      }
      return
    }
    let next = byte(end)
    let isNumbered = next &- 0x30 < 10 || next == UInt8(ascii: ":")
    let isTrigger = !roles.isDisjoint(with: triggers)
    if !isTrigger, !isNumbered, !(isBlank(end) && isDigit(end + 1)) {
      position = end
      return
    }
    if isNumbered, numberedByLetters(start) { return }
    if isTrigger { note(roles, end) }
    if addressByWord(start, end, roles) { return }
    if nameByWord(start, end, roles) { return }
    position = max(end, start + 1)
  }

  /// The roles of the word, looked up once for all texts.
  @inline(__always)
  private func rememberedRoles(_ start: Int, _ end: Int) -> WordRole {
    guard let place = memory.place(text, start, end) else { return roles(start, end) }
    if place.pointee.facts & WordMemory.Facts.hasRoles == 0 {
      place.pointee.facts |= roles(start, end).rawValue | WordMemory.Facts.hasRoles
    }
    return WordRole(rawValue: place.pointee.facts & WordMemory.Facts.roles)
  }

  private mutating func note(_ roles: WordRole, _ end: Int) {
    if roles.contains(.phoneCue) { lastPhoneCue = end }
    if roles.contains(.otherNumberCue) { lastOtherCue = end }
    if roles.contains(.birthCue) { lastBirthCue = end }
    if roles.contains(.socialSecurityCue) { lastSocialCue = end }
    if roles.contains(.licenceCue) { lastLicenceCue = end }
    if roles.contains(.cardCue) { lastCardCue = end }
  }

  /// Passes a placeholder of our own, so that redacting twice changes nothing.
  private mutating func atBracket() {
    var end = position + 1
    while end < text.count, end < position + 24, byte(end) &- 0x41 < 26 { end += 1 }
    if end > position + 1, byte(end) == UInt8(ascii: "_") {
      end += 1
      while isDigit(end), end < position + 32 { end += 1 }
    }
    if byte(end) == UInt8(ascii: "]"), end > position + 1 {
      position = end + 1
    } else {
      position += 1
    }
  }
}
