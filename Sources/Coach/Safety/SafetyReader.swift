internal import Bytes

/// One word as the rules see it.
struct SafetyWord {
  /// Its number; 0 when no rule names it.
  var number: UInt16 = 0
  /// A sentence, or only a part of one, ends before it.
  var endsSentence = false
  var endsClause = false
  /// An idiom has taken it.
  var isTaken = false
  /// A jest has it: what is signalled with it is a mention.
  var isJest = false
  /// Its first byte in the text, and the byte behind it.
  var start: Int32 = 0
  var end: Int32 = 0
}

/// Reads the words of a text, in the one form that the rules have for what people write in many:
///
///     "I w4nt to k i l l my-self…"  →  i want to kill my self
///
/// Case and apostrophes vanish, marks of Latin letters too; digits and signs inside a word are the
/// letters they stand for; letters three times in a row stand once or twice; invisible characters
/// and look-alikes of other scripts are seen through; letters that stand singly, and words without
/// spaces between them, are put together and taken apart by the words of the rules. Fillers
/// ("just", "really") are left out.
///
/// O(n); a word has 40 letters at most, and the rest of a longer one is passed over. Most words are
/// plain letters between blanks; for those there is a short way through every step.
struct SafetyReader: ~Copyable {
  private let text: ByteView
  private var position = 0
  private var endsSentence = false
  private var endsClause = false

  // The word being read.
  private let letters: UnsafeMutablePointer<UInt8>
  private var count = 0
  private var start = 0
  private var end = 0
  private var hasRun = false
  private var hasStar = false

  // Single letters, waiting for what follows.
  private let single: UnsafeMutablePointer<UInt8>
  private var singleCount = 0
  private var singleStart = 0
  private var singleEnd = 0

  private static let letterCountMax = 40
  private static let singleCountMax = 64

  /// Bytes of memory that a reader needs: letters of a word and single ones, each with the 32 bytes
  /// behind them that `SafetyWordTable` may read.
  static let memoryBytes = letterCountMax + singleCountMax + 2 * SafetyWordTable.wordByteCountMax

  /// Makes a reader on memory that stays valid as long as it.
  init(_ text: ByteView, memory: UnsafeMutablePointer<UInt8>) {
    self.text = text
    letters = memory
    single = memory + Self.letterCountMax + SafetyWordTable.wordByteCountMax
  }

  /// Whether the text is read in whole.
  var isAtEnd: Bool { position == text.count && count == 0 && singleCount == 0 }

  /// Reads words into a buffer until there is room for no more, or the text ends.
  ///
  /// - Parameter buffer: has room for `wordsAtOnce` words more than `limit`.
  mutating func read(
    into buffer: UnsafeMutablePointer<SafetyWord>, from first: Int, limit: Int,
    _ rules: borrowing SafetyRuleSet
  ) -> Int {
    var output = Output(buffer: buffer, count: first)
    while output.count < limit, position < text.count {
      let first = text[position]
      if Self.isLetter(first) {
        takeLetters()
      } else if first == 0x20 {
        finishWord(&output, rules)
        position += 1
      } else if first >= 0x80 {
        other(first, &output, rules)
      } else {
        sign(first, &output, rules)
      }
    }
    if position == text.count {
      finishWord(&output, rules)
      flushSingles(&output, rules)
    }
    return output.count
  }

  /// Most words that one step adds: the letters that were waiting, and a word.
  static let wordsAtOnce = 128

  struct Output {
    let buffer: UnsafeMutablePointer<SafetyWord>
    var count: Int

    mutating func append(_ word: SafetyWord) {
      buffer[count] = word
      count += 1
    }
  }

  private func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// Takes the letters at the position into the word.
  @inline(__always)
  private mutating func takeLetters() {
    if count == 0 { start = position }
    var count = count
    var index = position
    while index < text.count {
      let letter = text[index] | 0x20
      guard letter &- 0x61 < 26 else { break }
      if count >= 2, letters[count - 1] == letter, letters[count - 2] == letter {
        hasRun = true
      } else if count < Self.letterCountMax {
        letters[count] = letter
        count += 1
      }
      index += 1
    }
    self.count = count
    position = index
    end = index
  }

  private mutating func put(_ letter: UInt8, _ length: Int) {
    if count == 0 { start = position }
    if count >= 2, letters[count - 1] == letter, letters[count - 2] == letter {
      hasRun = true
    } else if count < Self.letterCountMax {
      letters[count] = letter
      count += 1
    }
    position += length
    end = position
  }

  /// An ASCII character that is no letter.
  private mutating func sign(
    _ byte: UInt8, _ output: inout Output, _ rules: borrowing SafetyRuleSet
  ) {
    let next = self.byte(position + 1)
    let isInside = count > 0 && Self.isLetter(next)
    switch byte {
    case 0x27, 0x60:
      // An apostrophe inside a word vanishes.
      position += 1
      if !isInside { finishWord(&output, rules) }
      return
    case 0x30...0x39:
      // A digit next to a letter stands for one; a number is a word.
      let isLeet = isInside || Self.isLetter(next) || count > 0 && Self.isLetter(letters[count - 1])
      return put(isLeet ? Self.leet(byte) : byte, 1)
    case UInt8(ascii: "@"), UInt8(ascii: "$"):
      if isInside || Self.isLetter(next) { return put(Self.leet(byte), 1) }
    case UInt8(ascii: "!"), UInt8(ascii: "*"):
      if isInside {
        hasStar = true
        return put(byte == UInt8(ascii: "!") ? UInt8(ascii: "i") : byte, 1)
      }
    default: break
    }
    finishWord(&output, rules)
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ";"), 0x0A:
      flushSingles(&output, rules)
      endsSentence = true
    case UInt8(ascii: "."):
      if singleCount == 0 || !Self.isLetter(next) {
        flushSingles(&output, rules)
        endsSentence = true
      }
    case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "("), UInt8(ascii: ")"), 0x22:
      flushSingles(&output, rules)
      endsClause = true
    default: break
    }
    position += 1
  }

  private static func leet(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "0"): UInt8(ascii: "o")
    case UInt8(ascii: "1"): UInt8(ascii: "i")
    case UInt8(ascii: "3"): UInt8(ascii: "e")
    case UInt8(ascii: "4"), UInt8(ascii: "@"): UInt8(ascii: "a")
    case UInt8(ascii: "5"), UInt8(ascii: "$"): UInt8(ascii: "s")
    case UInt8(ascii: "7"): UInt8(ascii: "t")
    default: byte
    }
  }

  /// A character that is no ASCII.
  private mutating func other(
    _ first: UInt8, _ output: inout Output, _ rules: borrowing SafetyRuleSet
  ) {
    let second = byte(position + 1)
    let third = byte(position + 2)
    switch first {
    case 0xC3:
      let letter = Self.base(second)
      if letter != 0 { return put(letter, 2) }
    case 0xC2 where second == 0xAD:
      // A soft hyphen.
      position += 2
      return
    case 0xCC, 0xCD:
      // Combining marks.
      position += min(2, text.count - position)
      return
    case 0xD0, 0xD1:
      let letter = Self.lookalike(first, second)
      if letter != 0 { return put(letter, 2) }
    case 0xE2 where second == 0x80:
      switch third {
      case 0x98, 0x99:
        position += 3
        return
      case 0x8B...0x8F, 0xAA...0xAE:
        // Invisible.
        position += 3
        return
      default: break
      }
    case 0xEF where second == 0xBD || second == 0xBC:
      // Letters of full width.
      let code = second == 0xBC ? third &- 0x80 &+ 0x20 : third &- 0x80 &+ 0x60
      if Self.isLetter(code) { return put(code | 0x20, 3) }
    default: break
    }
    finishWord(&output, rules)
    position += 1
    while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
  }

  /// The letter under the mark, for U+00C0 to U+00FF.
  private static func base(_ second: UInt8) -> UInt8 {
    switch second | 0x20 {
    case 0xA0...0xA5: UInt8(ascii: "a")
    case 0xA7: UInt8(ascii: "c")
    case 0xA8...0xAB: UInt8(ascii: "e")
    case 0xAC...0xAF: UInt8(ascii: "i")
    case 0xB1: UInt8(ascii: "n")
    case 0xB2...0xB6, 0xB8: UInt8(ascii: "o")
    case 0xB9...0xBC: UInt8(ascii: "u")
    case 0xBD, 0xBF: UInt8(ascii: "y")
    default: 0
    }
  }

  /// The Latin letter that a Cyrillic one looks like.
  private static func lookalike(_ first: UInt8, _ second: UInt8) -> UInt8 {
    switch UInt16(first) << 8 | UInt16(second) {
    case 0xD0B0, 0xD090: UInt8(ascii: "a")
    case 0xD0B5, 0xD095, 0xD191: UInt8(ascii: "e")
    case 0xD0BE, 0xD09E: UInt8(ascii: "o")
    case 0xD181, 0xD0A1: UInt8(ascii: "c")
    case 0xD180, 0xD0A0: UInt8(ascii: "p")
    case 0xD185, 0xD0A5: UInt8(ascii: "x")
    case 0xD183, 0xD0A3: UInt8(ascii: "y")
    case 0xD196, 0xD086: UInt8(ascii: "i")
    case 0xD0BA, 0xD09A: UInt8(ascii: "k")
    case 0xD0BC, 0xD09C: UInt8(ascii: "m")
    case 0xD182, 0xD0A2: UInt8(ascii: "t")
    case 0xD195: UInt8(ascii: "s")
    default: 0
    }
  }

  // MARK: Words

  @inline(__always)
  private mutating func finishWord(_ output: inout Output, _ rules: borrowing SafetyRuleSet) {
    if count == 0 { return }
    if count == 1, Self.isLetter(letters[0]) {
      if singleCount == 0 { singleStart = start }
      if singleCount == Self.singleCountMax { flushSingles(&output, rules) }
      if singleCount == 0 { singleStart = start }
      single[singleCount] = letters[0]
      singleCount += 1
      singleEnd = end
    } else {
      flushSingles(&output, rules)
      emit(&output, rules)
    }
    count = 0
    hasRun = false
    hasStar = false
  }

  /// Adds the word that was read.
  @inline(__always)
  private mutating func emit(_ output: inout Output, _ rules: borrowing SafetyRuleSet) {
    let number = rules.number(of: ByteView(base: letters, count: count))
    // Short words are known as they are written, or not at all.
    let isPlain = count < SafetyWordTable.resembledByteCountMin - 1 && !hasRun && !hasStar
    if number != 0 || isPlain && !Self.hasDouble(letters, count) {
      append(number, start, end, &output)
    } else {
      emitUnknown(&output, rules)
    }
  }

  /// Adds a word that the rules do not name as it is written.
  private mutating func emitUnknown(_ output: inout Output, _ rules: borrowing SafetyRuleSet) {
    var length = count
    var number: UInt16 = 0
    if hasStar { number = Self.uncovered(letters, count, rules) }
    if number == 0, hasRun || Self.hasDouble(letters, count) {
      length = Self.withoutDoubles(letters, count)
      number = rules.number(of: ByteView(base: letters, count: length))
    }
    let word = ByteView(base: letters, count: length)
    if number == 0 { number = rules.number(resembling: word) }
    if number == 0, length >= 7, Self.isSuspicious(word) {
      let parts = Self.split(word, rules)
      if parts.count > 1 { return append(parts, start, end, &output) }
    }
    append(number, start, end, &output)
  }

  /// Adds single letters: as one text when there are three or more, else each by itself.
  @inline(__always)
  private mutating func flushSingles(_ output: inout Output, _ rules: borrowing SafetyRuleSet) {
    if singleCount == 0 { return }
    let count = singleCount
    singleCount = 0
    if count >= 3 {
      let parts = Self.split(ByteView(base: single, count: count), rules)
      if parts.count > 0 { return append(parts, singleStart, singleEnd, &output) }
    }
    for index in 0..<count {
      let number = rules.number(of: ByteView(base: single + index, count: 1))
      append(number, singleStart, singleEnd, &output)
    }
  }

  /// Numbers of words.
  struct Parts {
    var numbers = InlineArray<64, UInt16>(repeating: 0)
    var count = 0

    mutating func append(_ number: UInt16) {
      numbers[count] = number
      count += 1
    }
  }

  private mutating func append(
    _ parts: Parts, _ start: Int, _ end: Int, _ output: inout Output
  ) {
    for index in 0..<parts.count { append(parts.numbers[index], start, end, &output) }
  }

  @inline(__always)
  private mutating func append(
    _ number: UInt16, _ start: Int, _ end: Int, _ output: inout Output
  ) {
    if number == SafetyRules.fillerNumber { return }
    output.append(
      SafetyWord(
        number: number, endsSentence: endsSentence, endsClause: endsClause,
        start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end)))
    endsSentence = false
    endsClause = false
  }

  /// The number of a word with a vowel behind its star.
  private static func uncovered(
    _ base: UnsafeMutablePointer<UInt8>, _ count: Int, _ rules: borrowing SafetyRuleSet
  ) -> UInt16 {
    guard let star = (0..<count).first(where: { base[$0] == UInt8(ascii: "*") }) else { return 0 }
    for vowel in [UInt8(ascii: "i"), UInt8(ascii: "a"), UInt8(ascii: "u"), UInt8(ascii: "e")] {
      base[star] = vowel
      let number = rules.number(of: ByteView(base: base, count: count))
      if number != 0 { return number }
    }
    base[star] = UInt8(ascii: "*")
    return 0
  }

  private static func hasDouble(_ base: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
    count > 2 && base[count - 1] == base[count - 2]
  }

  private static func withoutDoubles(_ base: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    var length = 1
    for index in 1..<max(count, 1) where base[index] != base[length - 1] {
      base[length] = base[index]
      length += 1
    }
    return length
  }

  /// Whether a word that is not known may be several without spaces.
  private static func isSuspicious(_ word: ByteView) -> Bool {
    for index in 0..<(word.count - 2) {
      let key =
        UInt32(word[index]) << 16 | UInt32(word[index + 1]) << 8 | UInt32(word[index + 2])
      switch key {
      // kil, die, hur, sui, kms
      case 0x6B696C, 0x646965, 0x687572, 0x737569, 0x6B6D73: return true
      default: break
      }
    }
    return false
  }

  /// A text without spaces as words of the rules; nothing when it is not made of them.
  ///
  /// From the end: `next[i]` is the length of the longest word at i behind which the rest can be
  /// made of words.
  private static func split(_ word: ByteView, _ rules: borrowing SafetyRuleSet) -> Parts {
    var parts = Parts()
    guard word.count <= 64 else { return parts }
    var next = InlineArray<65, UInt8>(repeating: 0)
    next[word.count] = 1
    var index = word.count - 1
    while index >= 0 {
      var length = min(word.count - index, splitWordLengthMax)
      while length > 0 {
        if next[index + length] != 0,
          rules.number(of: word[index..<index + length]) != 0
        {
          next[index] = UInt8(length)
          break
        }
        length -= 1
      }
      index -= 1
    }
    guard next[0] != 0 else { return parts }
    var start = 0
    while start < word.count {
      let end = start + Int(next[start])
      parts.append(rules.number(of: word[start..<end]))
      start = end
    }
    return parts
  }

  private static let splitWordLengthMax = 14
}
