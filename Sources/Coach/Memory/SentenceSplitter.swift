internal import Bytes

/// Cuts text into sentences.
///
/// A sentence ends at a line break, or behind `.`, `?`, `!` or `…` (with what closes quotes and
/// brackets) where blank follows and then no small letter; not behind abbreviations and initials,
/// nor where the mark is itself what is spoken of ("she sent a ? at 8").
/// Very long ones are cut at the next comma or semicolon, and at last at a blank, so that a text
/// without full stops can be summarised, too.
enum SentenceSplitter {
  /// Where a sentence is cut anyway: from `bytesMax` on at a comma, from twice as many on at a
  /// blank.
  static var bytesMax: Int { 320 }

  private static let abbreviations = WordSet("mr mrs ms dr prof st vs etc e.g i.e approx no jr sr")

  /// Calls `body` with the range of each sentence, blanks at its ends left out.
  static func forEach(in text: ByteView, _ body: (Range<Int>) -> Void) {
    var start = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == 0x0A {
        emit(text, start..<index - 1, body)
        start = index
      } else if byte == 0x2E || byte == 0x3F || byte == 0x21 {
        index = behindClosing(text, index)
        if isEnd(text, index, start: start, mark: byte) {
          emit(text, start..<index, body)
          start = index
        }
      } else if index - start > bytesMax, byte == 0x2C || byte == 0x3B {
        emit(text, start..<index, body)
        start = index
      } else if index - start > 2 * bytesMax, byte == 0x20 || index - start > 4 * bytesMax {
        // Not inside a character.
        while index < text.count, text[index] & 0xC0 == 0x80 { index += 1 }
        emit(text, start..<index, body)
        start = index
      }
    }
    emit(text, start..<text.count, body)
  }

  /// Behind further marks, quotes and brackets.
  private static func behindClosing(_ text: ByteView, _ position: Int) -> Int {
    var index = position
    while index < text.count {
      switch text[index] {
      case 0x2E, 0x3F, 0x21, 0x22, 0x27, 0x29, 0x5D: index += 1
      default: return index
      }
    }
    return index
  }

  private static func isEnd(_ text: ByteView, _ position: Int, start: Int, mark: UInt8) -> Bool {
    guard position < text.count else { return true }
    guard Words.isBlank(text[position]) else { return false }
    var next = position
    while next < text.count, Words.isBlank(text[next]) { next += 1 }
    if next == text.count { return true }
    let following = text[next]
    if mark == 0x2E {
      if following &- 0x61 < 26 { return false }
      return !endsWithAbbreviation(text, before: position - 1, start: start)
    }
    return !isSpokenOf(text, before: position, start: start)
  }

  private static let articles = WordSet("a an the another my your his their one single")

  /// Whether a mark stands alone behind an article.
  private static func isSpokenOf(_ text: ByteView, before position: Int, start: Int) -> Bool {
    var high = position
    while high > start, !Words.isBlank(text[high - 1]) { high -= 1 }
    guard position - high <= 3, high > start else { return false }
    while high > start, Words.isBlank(text[high - 1]) { high -= 1 }
    var low = high
    while low > start, high - low <= 8, Words.isPart(text[low - 1]) { low -= 1 }
    return high > low && articles.contains(Words.hash(text[low..<high]))
  }

  private static func endsWithAbbreviation(_ text: ByteView, before dot: Int, start: Int) -> Bool {
    var first = dot
    while first > start, Words.isPart(text[first - 1]) || text[first - 1] == 0x2E { first -= 1 }
    let count = dot - first
    if count == 0 { return false }
    if count == 1 { return Words.isUpper(text[first]) && text[first] != UInt8(ascii: "I") }
    return count <= 6 && abbreviations.contains(Words.hash(text[first..<dot]))
  }

  private static func emit(_ text: ByteView, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, Words.isBlank(text[low]) { low += 1 }
    while high > low, Words.isBlank(text[high - 1]) { high -= 1 }
    if low < high { body(low..<high) }
  }
}
