internal import Bytes

/// Takes out of a spoken sentence what says nothing, so that a summary's budget goes to what does:
/// sounds ("uh"), marks in braces ("{laugh}"), "you know" and "I mean", openers ("Well, so …"),
/// blanks before punctuation.
///
/// Nothing else is touched: names, numbers, negations and word order stay.
enum SentenceCleaner {
  private static let pairs: [(UInt64, UInt64)] = [
    (Words.hash("you"), Words.hash("know")), (Words.hash("i"), Words.hash("mean")),
    (Words.hash("sort"), Words.hash("of")), (Words.hash("kind"), Words.hash("of")),
  ]

  /// The cleaned sentence; empty when nothing is left.
  ///
  /// - Complexity: O(n)
  static func clean(_ text: ByteView) -> [UInt8] {
    var pieces = words(of: text)
    dropFillers(&pieces, text)
    return joined(pieces, text)
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
      var hash: UInt64 = 0
      let piece = text[start..<index]
      Words.forEach(in: piece) { if hash == 0 { hash = Words.hash(piece[$0]) } }
      pieces.append(Piece(range: start..<index, word: hash))
    }
    return pieces
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
        pairs.contains(where: { $0 == piece.word && $1 == pieces[index + 1].word })
      {
        index += 2
        continue
      }
      // A comma alone behind something dropped, or at the start.
      let isComma = piece.word == 0 && text[piece.range.lowerBound] == 0x2C
      let isOpener = WordSet.opener.contains(piece.word) && index + 1 < pieces.count
      if kept.isEmpty && (isComma || isOpener || piece.word == 0) {
        index += 1
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
