internal import Bytes
internal import CCoach

/// Says of most messages, in a few instructions a word, that they have no signal.
///
/// Each rule has an anchor (`SafetyRuleSet`): without one of its words there is no match. Where one
/// is, all other places of the rule must find a word in the message, too, in whatever order:
///
///     "I was really nervous"  →  no anchor                                        harmless
///     "What are you afraid of?"  →  afraid: "afraid of him", but none of those    harmless
///     "He said he would kill me"  →  kill: "he … kill me"                         read in full
///
/// What is read as what does not depend on the words around, so each word is given to the
/// `SafetyReader` once and then remembered (`WordMemory`). Where the reader does look further the
/// message is not judged here: letters that stand singly, three or more; signs for letters
/// ("k!ll"); characters beyond ASCII other than the curly apostrophe of telephones. Whatever is in
/// doubt is read in full, so the verdict is the same with the screen and without.
struct SafetyScreen: ~Copyable {
  private let text: ByteView
  private let memory = WordMemory()
  private let numbers: UnsafeMutablePointer<UInt16>
  private var numberCount = 0
  private var anchorCount = 0
  /// A word was read as several.
  private var isUnsure = false
  /// Nothing can be said of the text, which is to be read in full.
  private(set) var hasGivenUp = false
  /// Words of one letter that were met last, one after another.
  private var singles = 0
  /// Where reading goes on.
  var position = 0

  /// Words with a number that are taken note of; a message with more and an anchor is read in full.
  static let numberCountMax = 96

  /// Makes a screen on room for `numberCountMax` numbers.
  init(_ text: ByteView, _ numbers: UnsafeMutablePointer<UInt16>) {
    self.text = text
    self.numbers = numbers
  }

  /// Reads the whole text.
  mutating func run(_ rules: borrowing SafetyRuleSet) { run(until: text.count, rules) }

  /// Reads on to `limit`, or some way beyond it; to the end when nothing can be said any more.
  ///
  /// - Complexity: O(n), no allocation
  mutating func run(until limit: Int, _ rules: borrowing SafetyRuleSet) {
    while position < limit {
      if let word = ShortWord(text, at: position), Self.separates(word.next) {
        let end = position &+ word.count
        take(memory.place(word.head, word.tail), position, end, rules)
        count(word.count)
        position = max(position, word.next == 0x20 ? end &+ 1 : end)
        continue
      }
      let run = text.letterRun(at: position).count
      guard let end = Self.wordEnd(text, position &+ run, isInside: run > 0) else {
        giveUp()
        return
      }
      if end == position {
        position &+= 1
        continue
      }
      if let place = memory.place(text, position, end) {
        take(place, position, end, rules)
      } else {
        let (number, facts) = Self.read(text[position..<end], rules)
        note(number, facts, rules)
      }
      // A single digit is no letter.
      count(run == 1 ? end &- position : 2)
      position = max(position, end)
    }
  }

  /// Takes note of a word that was read before, of so many letters.
  @inline(__always)
  mutating func take(
    known place: UnsafeMutablePointer<ccoach_word>, letters: Int, _ rules: borrowing SafetyRuleSet
  ) {
    assert(place.pointee.facts & WordMemory.Facts.hasNumber != 0)
    count(letters)
    if place.pointee.number != 0 || place.pointee.facts & WordMemory.Facts.isSeveral != 0 {
      note(place.pointee.number, place.pointee.facts, rules)
    }
  }

  /// Whether it is certain that no rule matches, once the text is read.
  func isQuiet(_ rules: borrowing SafetyRuleSet) -> Bool {
    if hasGivenUp { return false }
    if anchorCount == 0 { return true }
    if isUnsure { return false }
    for index in 0..<numberCount where rules.isAnchor(numbers[index]) {
      if rules.mayMatch(anchor: numbers[index], numbers, numberCount) { return false }
    }
    return true
  }

  /// Nothing can be said of this text here.
  private mutating func giveUp() {
    hasGivenUp = true
    position = text.count
  }

  /// Letters that stand singly, three of them, may be one word together.
  @inline(__always)
  private mutating func count(_ letters: Int) {
    singles = letters == 1 ? singles &+ 1 : 0
    if singles > 2 { giveUp() }
  }

  /// Takes note of a word.
  @inline(__always)
  private mutating func take(
    _ place: UnsafeMutablePointer<ccoach_word>, _ start: Int, _ end: Int,
    _ rules: borrowing SafetyRuleSet
  ) {
    if place.pointee.facts & WordMemory.Facts.hasNumber == 0 {
      let (number, facts) = Self.read(text[start..<end], rules)
      place.pointee.number = number
      place.pointee.facts |= facts | WordMemory.Facts.hasNumber
    }
    if place.pointee.number == 0, place.pointee.facts & WordMemory.Facts.isSeveral == 0 { return }
    note(place.pointee.number, place.pointee.facts, rules)
  }

  private mutating func note(
    _ number: UInt16, _ facts: UInt32, _ rules: borrowing SafetyRuleSet
  ) {
    if facts & WordMemory.Facts.isSeveral != 0 {
      isUnsure = true
      if facts & WordMemory.Facts.isSeveralWithAnchor != 0 { giveUp() }
      return
    }
    guard number != 0 else { return }
    if rules.isAnchor(number) { anchorCount += 1 }
    if numberCount == Self.numberCountMax {
      isUnsure = true
      return
    }
    numbers[numberCount] = number
    numberCount += 1
  }

  /// Whether a byte ends a word, whatever stands around it. Zeros are behind the text's end.
  @inline(__always)
  private static func separates(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",")
      || byte == UInt8(ascii: "?")
  }

  /// The end of the word that goes on at `index`, which is `index` itself when nothing does; nil
  /// when the reader has to decide.
  ///
  /// - Parameter isInside: letters stand before.
  private static func wordEnd(_ text: ByteView, _ index: Int, isInside: Bool) -> Int? {
    var index = index
    var isInside = isInside
    while index < text.count {
      let byte = text[index]
      let isNextLetter = index + 1 < text.count && isLetter(text[index + 1])
      if isLetter(byte) || byte &- 0x30 < 10 {
        isInside = true
        index += 1
        continue
      }
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "`"):
        guard isInside, isNextLetter else { return index }
        index += 1
      case UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "*"):
        return isNextLetter ? nil : index
      case 0x80...:
        // ’ vanishes, here between two letters.
        guard isInside, byte == 0xE2, index + 3 < text.count, text[index + 1] == 0x80,
          text[index + 2] == 0x99, isLetter(text[index + 3])
        else { return nil }
        index += 3
      default: return index
      }
    }
    return index
  }

  @inline(__always)
  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// Reads one word by itself: its number, or that it turns out to be several.
  private static func read(
    _ word: ByteView, _ rules: borrowing SafetyRuleSet
  ) -> (number: UInt16, facts: UInt32) {
    let capacity = partsAtOnce + SafetyReader.wordsAtOnce
    return withUnsafeTemporaryAllocation(of: SafetyWord.self, capacity: capacity) { buffer in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SafetyReader.memoryBytes) { memory in
        // Both have room for more than nothing.
        let words = buffer.baseAddress.unsafelyUnwrapped
        var reader = SafetyReader(word, memory: memory.baseAddress.unsafelyUnwrapped)
        var first: UInt16 = 0
        var count = 0
        var hasAnchor = false
        repeat {
          let read = reader.read(into: words, from: 0, limit: partsAtOnce, rules)
          if count == 0, read > 0 { first = words[0].number }
          count += read
          for index in 0..<read where rules.isAnchor(words[index].number) { hasAnchor = true }
        } while !reader.isAtEnd
        if count <= 1 { return (first, 0) }
        return (
          0,
          WordMemory.Facts.isSeveral | (hasAnchor ? WordMemory.Facts.isSeveralWithAnchor : 0)
        )
      }
    }
  }

  private static let partsAtOnce = 16
}
