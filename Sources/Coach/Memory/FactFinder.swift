internal import Bytes

/// Finds what a summary must not lose: names, numbers, days and dates, times.
///
/// A name is a capitalised word inside a sentence, or at its start when the same word is met inside
/// another (the caller sees to that by comparing hashes); a number is a run of digits with what
/// belongs to it ("7pm", "3.5", "50%"), or a number in words; a date has a month's or a day's name,
/// or is "tomorrow" and the like.
enum FactFinder {
  /// What a fact is.
  enum Kind: CaseIterable, Sendable {
    case name, number, date
  }

  /// What a sentence holds.
  struct Found {
    /// Each fact's hash, once.
    var hashes: [UInt64] = []
    var ranges: [Range<Int>] = []
    var kinds: [Kind] = []
    var nameCount = 0
    var hasNumber = false
  }

  private static let notNames = WordSet(
    "i i'm i'll i've i'd ok okay tv us english god yes no oh hi hello dear thanks")

  /// The facts of a sentence.
  ///
  /// - Complexity: O(n)
  static func facts(in text: ByteView) -> Found {
    var found = Found()
    var isFirst = true
    Words.forEach(in: text) { range in
      defer { isFirst = false }
      let word = text[range]
      let hash = Words.hash(word)
      if hasDigit(word) || WordSet.number.contains(hash) && hash != one {
        found.hasNumber = true
        note(hash, range, .number, &found)
      } else if WordSet.time.contains(hash) {
        // "may" and "march" are months only with a capital; the list leaves "may" out.
        found.hasNumber = true
        note(hash, range, .date, &found)
      } else if !isFirst, isName(word), !notNames.contains(hash), !WordSet.stop.contains(hash) {
        found.nameCount += 1
        note(hash, range, .name, &found)
      }
    }
    return found
  }

  private static let one = Words.hash("one")

  private static func note(
    _ hash: UInt64, _ range: Range<Int>, _ kind: Kind, _ found: inout Found
  ) {
    if found.hashes.contains(hash) { return }
    found.hashes.append(hash)
    found.ranges.append(range)
    found.kinds.append(kind)
  }

  private static func hasDigit(_ word: ByteView) -> Bool {
    word.buffer.contains { Words.isDigit($0) }
  }

  /// A capital, then small letters; or an initialism of two to five capitals.
  private static func isName(_ word: ByteView) -> Bool {
    guard word.count >= 2, Words.isUpper(word[0]) else { return false }
    return true
  }
}
