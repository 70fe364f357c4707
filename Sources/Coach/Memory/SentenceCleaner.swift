internal import Bytes

/// Takes out of a spoken or typed sentence what says nothing, so that a summary's budget goes to
/// what does: sounds ("uh"), laughter, emoji, marks in braces ("{laugh}"), "you know" and "I mean",
/// greetings and openers ("Hi Tom, well, so …"), blanks before punctuation.
///
/// Nothing else is touched: names, numbers, negations and word order stay. So does what decides: a
/// "no" in front of a sentence, a "yeah" where something was asked, and what is quoted.
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
  /// - Parameter mayAnswer: something was asked before, so that a "yeah" in front is an answer.
  /// - Complexity: O(n)
  static func clean(_ text: ByteView, mayAnswer: Bool = false) -> [UInt8] {
    var pieces = words(of: text)
    dropFillers(&pieces, text, mayAnswer: mayAnswer)
    return joined(pieces, text)
  }

  /// A word with what surrounds it up to the next blank.
  private struct Piece {
    var range: Range<Int>
    /// Hash of the word in it; 0 for punctuation alone.
    let word: UInt64
    /// The mark that ended what was dropped behind it; 0 for none.
    var stop: UInt8 = 0
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
    guard WordSet.greeting.contains(pieces[index].word), !isQuoted(pieces[index], text) else {
      return 0
    }
    if isSetOff(pieces, index, text) { return 1 }
    let next = pieces[index + 1]
    let isName = Words.isUpper(text[next.range.lowerBound]) && isSetOff(pieces, index + 1, text)
    return isName || WordSet.greeting.contains(next.word) ? 2 : 1
  }

  private static func dropFillers(
    _ pieces: inout [Piece], _ text: ByteView, mayAnswer: Bool
  ) {
    var kept: [Piece] = []
    kept.reserveCapacity(pieces.count)
    var index = 0
    while index < pieces.count {
      let piece = pieces[index]
      let isAnswer =
        WordSet.decision.contains(piece.word)
        || mayAnswer && WordSet.consent.contains(piece.word)
      if WordSet.filler.contains(piece.word), !isQuoted(piece, text), !isAnswer || !kept.isEmpty {
        close(&kept, with: piece, text)
        index += 1
        continue
      }
      if index + 1 < pieces.count, endsWithLetter(piece, text),
        pairs.contains(where: { $0 == piece.word && $1 == pieces[index + 1].word }),
        isParenthesis(pieces, index, after: kept.last, text)
      {
        close(&kept, with: pieces[index + 1], text)
        index += 2
        continue
      }
      // A comma alone behind something dropped, or at the start.
      let isComma = piece.word == 0 && text[piece.range.lowerBound] == 0x2C
      let isOpener =
        index + 1 < pieces.count && !isAnswer && !isQuoted(piece, text)
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

  /// Gives the mark that ends what is dropped to the word before it: "black lol. I will" are two
  /// sentences without "lol", too.
  private static func close(_ kept: inout [Piece], with dropped: Piece, _ text: ByteView) {
    let mark = text[dropped.range.upperBound - 1]
    guard mark == 0x2E || mark == 0x21 || mark == 0x3F, var last = kept.popLast() else { return }
    if text[last.range.upperBound - 1] == 0x2C, last.range.count > 1 {
      last.range = last.range.lowerBound..<last.range.upperBound - 1
    }
    if endsWithLetter(last, text) { last.stop = mark }
    kept.append(last)
  }

  /// Whether a quotation or a bracket begins or ends with a piece, which is not torn apart then.
  private static func isQuoted(_ piece: Piece, _ text: ByteView) -> Bool {
    var high = piece.range.upperBound
    while high > piece.range.lowerBound + 1, isMark(text[high - 1]) { high -= 1 }
    let word = text[piece.range.lowerBound..<high]
    let first = word[0]
    let last = word[word.count - 1]
    // "(lol)" is whole.
    if first == 0x28 && last == 0x29 { return false }
    if [0x22, 0x27, 0x28, 0x5B].contains(first) || [0x22, 0x29, 0x5D].contains(last) {
      return true
    }
    // “ ” ‘ ’ „
    func isCurved(_ index: Int) -> Bool {
      word[index] == 0xE2 && word[index + 1] == 0x80 && word[index + 2] &- 0x98 < 7
    }
    return word.count >= 3 && (isCurved(0) || isCurved(word.count - 3))
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    byte == 0x2C || byte == 0x2E || byte == 0x3F || byte == 0x21
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
    var end = 0
    for (index, piece) in pieces.enumerated() {
      let first = text[piece.range.lowerBound]
      // A "no" in a line of its own, and the line behind it.
      if !result.isEmpty, Summariser.needsStop(result),
        text[end..<piece.range.lowerBound].firstIndex(of: 0x0A) != nil
      {
        result.append(0x2E)
      }
      end = piece.range.upperBound
      // "word ." and "it 's" as tokenised text has them, not "sent a ? at".
      let isClosing =
        index + 1 == pieces.count || first == 0x2E || first == 0x2C || first == 0x29
        || first == 0x5D
      let isAttached =
        piece.word == 0 && isClosing && (isMark(first) || first == 0x29 || first == 0x5D)
        || result.last == 0x28 || result.last == 0x5B
        || first == 0x27 && piece.range.count <= 3 || piece.range.count == 3 && isNot(text, piece)
      if !result.isEmpty && !isAttached { result.append(0x20) }
      result.append(contentsOf: text[piece.range].buffer)
      if piece.stop != 0 { result.append(piece.stop) }
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
