internal import Bytes

/// Takes out of a spoken or typed sentence what says nothing, so that a summary's budget goes to
/// what does: sounds ("uh"), laughter, emoji, marks in braces ("{laugh}"), "you know" and "I mean",
/// greetings and openers ("Hi Tom, well, so …"), blanks before punctuation.
///
/// Nothing else is touched: names, numbers, negations and word order stay.
enum SentenceCleaner {
  private static let pairs: [(UInt64, UInt64)] = [
    (Words.hash("you"), Words.hash("know")), (Words.hash("i"), Words.hash("mean")),
    (Words.hash("sort"), Words.hash("of")), (Words.hash("kind"), Words.hash("of")),
  ]
  private static let faces: [StaticString] = [
    ":)", ":(", ":-)", ":-(", ":D", ":P", ":p", ":/", ";)", ";-)", ":'(", ":3", "<3", "xD", "XD",
    ":o", ":O", "^^", "xx", "xxx",
  ]

  /// The cleaned sentence; empty when nothing is left.
  ///
  /// - Complexity: O(n)
  static func clean(_ text: ByteView) -> [UInt8] {
    var pieces = words(of: text)
    dropFillers(&pieces, text)
    return joined(pieces, text)
  }

  /// Whether a sentence begins with a yes, a no or the like.
  static func startsWithAnswer(_ text: ByteView) -> Bool {
    var first: UInt64?
    Words.forEach(in: text[0..<min(text.count, 24)]) { range in
      if first == nil { first = Words.hash(text[range]) }
    }
    return first.map { WordSet.answer.contains($0) } ?? false
  }

  /// A word with what surrounds it up to the next blank.
  private struct Piece {
    let range: Range<Int>
    /// Hash of the word in it; 0 for punctuation alone.
    let word: UInt64
  }

  private static func words(of text: ByteView) -> [Piece] {
    var pieces: [Piece] = []
    var index = 0
    while index < text.count {
      if Words.isBlank(text[index]) {
        index += 1
        continue
      }
      let start = index
      if text[index] == 0x7B {
        // A mark in braces, unless it is long or never closed.
        let rest = text[index..<min(text.count, index + 32)]
        if let closing = rest.firstIndex(of: 0x7D) {
          index += closing + 1
          continue
        }
      }
      while index < text.count, !Words.isBlank(text[index]) { index += 1 }
      let range = withoutEmoji(text, start..<index)
      let piece = text[range]
      guard range.count > 0, !isFace(piece) else { continue }
      var hash: UInt64 = 0
      Words.forEach(in: piece) { if hash == 0 { hash = Words.hash(piece[$0]) } }
      pieces.append(Piece(range: range, word: hash))
    }
    return pieces
  }

  private static func isFace(_ piece: ByteView) -> Bool {
    switch piece[0] {
    case 0x3A, 0x3B, 0x3C, 0x5E, 0x58, 0x78:
      return piece.count <= 3 && faces.contains { piece == ByteView($0) }
    default: return false
    }
  }

  /// Emoji at the ends of a word are left out: U+2600 to U+27BF, U+1F000 to U+1FFFF, and what
  /// joins and varies them.
  private static func withoutEmoji(_ text: ByteView, _ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    func isTail(_ index: Int) -> Bool { text[index] & 0xC0 == 0x80 }
    func length(at index: Int) -> Int {
      let lead = text[index]
      if lead == 0xF0, high - index >= 4, text[index + 1] == 0x9F {
        return isTail(index + 2) && isTail(index + 3) ? 4 : 0
      }
      guard lead == 0xE2 || lead == 0xEF, high - index >= 3, isTail(index + 2) else { return 0 }
      let next = text[index + 1]
      let third = text[index + 2]
      if lead == 0xEF { return next == 0xB8 && third == 0x8F ? 3 : 0 }
      if next == 0x80 { return third == 0x8D ? 3 : 0 }
      // Digits in circles are numbers.
      if next == 0x9D && third >= 0xB6 || next == 0x9E && third <= 0x93 { return 0 }
      return next >= 0x98 && next <= 0x9E ? 3 : 0
    }
    while low < high, case let size = length(at: low), size > 0 { low += size }
    while high > low {
      var start = high - 1
      while start > low, text[start] & 0xC0 == 0x80 { start -= 1 }
      guard text[start] >= 0x80, start + length(at: start) == high, start < high else { break }
      high = start
    }
    return low..<high
  }

  /// Whether a word is one with what follows, of which it is told apart by punctuation.
  private static func isSetOff(_ pieces: [Piece], _ index: Int, _ text: ByteView) -> Bool {
    if index + 1 == pieces.count || !endsWithLetter(pieces[index], text) { return true }
    return pieces[index + 1].word == 0
  }

  /// "Hi", "hey Tom,": the number of pieces that a greeting at `index` has; 0 where there is none.
  private static func greeting(_ pieces: [Piece], _ index: Int, _ text: ByteView) -> Int {
    guard WordSet.greeting.contains(pieces[index].word) else { return 0 }
    if isSetOff(pieces, index, text) { return 1 }
    let next = pieces[index + 1]
    let isName = Words.isUpper(text[next.range.lowerBound]) && isSetOff(pieces, index + 1, text)
    return isName || WordSet.greeting.contains(next.word) ? 2 : 1
  }

  private static func dropFillers(_ pieces: inout [Piece], _ text: ByteView) {
    var kept: [Piece] = []
    kept.reserveCapacity(pieces.count)
    var index = 0
    while index < pieces.count {
      let piece = pieces[index]
      if WordSet.filler.contains(piece.word) {
        index += 1
        continue
      }
      if index + 1 < pieces.count, endsWithLetter(piece, text),
        pairs.contains(where: { $0 == piece.word && $1 == pieces[index + 1].word }),
        isParenthesis(pieces, index, after: kept.last, text)
      {
        index += 2
        continue
      }
      // A comma alone behind something dropped, or at the start.
      let isComma = piece.word == 0 && text[piece.range.lowerBound] == 0x2C
      // "No sorry" is not "sorry", and "no one came" is not "one came".
      let isAnswer =
        WordSet.decision.contains(piece.word)
        && (pieces.count <= 3 || !isSetOff(pieces, index, text))
      let isOpener =
        index + 1 < pieces.count && !isAnswer
        && (WordSet.opener.contains(piece.word)
          || WordSet.reaction.contains(piece.word) && isSetOff(pieces, index, text))
      if kept.isEmpty && (isComma || isOpener || piece.word == 0) {
        index += 1
        continue
      }
      if kept.isEmpty, case let count = greeting(pieces, index, text), count > 0,
        index + count < pieces.count
      {
        index += count
        continue
      }
      // The commas on both sides of what was dropped are one.
      if isComma, let last = kept.last, text[last.range.upperBound - 1] == 0x2C {
        index += 1
        continue
      }
      kept.append(piece)
      index += 1
    }
    pieces = kept
  }

  /// Whether a pair at `index` is no part of what is said: a comma follows, or it comes last behind
  /// one. "Do you know where" is a question, "he came, you know, late" is not about knowing.
  private static func isParenthesis(
    _ pieces: [Piece], _ index: Int, after last: Piece?, _ text: ByteView
  ) -> Bool {
    let end = index + 2
    if text[pieces[index + 1].range.upperBound - 1] == 0x2C { return true }
    if end < pieces.count { return text[pieces[end].range.lowerBound] == 0x2C }
    guard let last else { return false }
    return text[last.range.upperBound - 1] == 0x2C
  }

  private static func endsWithLetter(_ piece: Piece, _ text: ByteView) -> Bool {
    Words.isPart(text[piece.range.upperBound - 1])
  }

  private static func joined(_ pieces: [Piece], _ text: ByteView) -> [UInt8] {
    var result: [UInt8] = []
    for piece in pieces {
      let first = text[piece.range.lowerBound]
      // "word ." and "it 's" as tokenised text has them.
      let isAttached =
        piece.word == 0 && (first == 0x2E || first == 0x2C || first == 0x3F || first == 0x21)
        || first == 0x27 && piece.range.count <= 3 || piece.range.count == 3 && isNot(text, piece)
      if !result.isEmpty && !isAttached { result.append(0x20) }
      result.append(contentsOf: text[piece.range].buffer)
    }
    while let last = result.last, last == 0x2C || last == 0x20 || last == 0x2D {
      result.removeLast()
    }
    if let first = result.first, first &- 0x61 < 26 { result[0] = first & 0xDF }
    return result
  }

  private static func isNot(_ text: ByteView, _ piece: Piece) -> Bool {
    text[piece.range] == ByteView("n't")
  }
}
