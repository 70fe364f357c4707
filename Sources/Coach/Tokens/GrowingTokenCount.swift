public import Bytes

/// The token count of a text that grows at its end, without counting the whole again: an answer
/// that streams in, a transcript that is appended to.
///
/// What has come is counted up to the last place where a count may be cut; only the rest is kept
/// and counted again:
///
///     counted once, forgotten            | kept
///     It is late. I should have called   | her yest
///
/// A count may be cut after a newline, and in place of a single space between two words, when an
/// ASCII letter follows: then nothing that comes later changes the tokens before, and the word
/// that opens needs to know only that a space was in front of it. In prose the part kept is a
/// sentence's end; in text without such places (one long line of Chinese) it is all of it.
public struct GrowingTokenCount {
  private let vocabulary: TokenVocabulary
  let family: TokenFamily
  private var settled = 0
  private var hasSettled = false
  private var rest: [UInt8] = []

  /// Starts with an empty text.
  public init(_ vocabulary: TokenVocabulary, family: TokenFamily) {
    self.vocabulary = vocabulary
    self.family = family
  }

  /// Bytes that are counted anew with every call of `count`.
  public var openByteCount: Int { rest.count }

  /// Adds text at the end; it may end inside a character.
  ///
  /// - Complexity: O(added + open part), amortised.
  public mutating func append(_ text: ByteView) {
    let searched = rest.count
    rest.append(contentsOf: text.buffer)
    guard let cut = lastCut(from: searched) else { return }
    rest.withByteView { all in
      // In place of a space, the space itself goes with neither part.
      let end = all[cut - 1] == 0x20 ? cut - 1 : cut
      settled += vocabulary.contentTokens(
        all[0..<end], family: family, isContinued: hasSettled, isLast: false)
    }
    rest.removeFirst(cut)
    hasSettled = true
  }

  /// Tokens of the text so far, as if it were one user message.
  ///
  /// - Complexity: O(open part)
  public func count(isFramed: Bool = true) -> Int {
    let open = rest.withByteView { rest in
      vocabulary.contentTokens(rest, family: family, isContinued: hasSettled, isLast: true)
    }
    return settled + open + (isFramed ? vocabulary.frameTokens(family) : 0)
  }

  /// Where the last part that may be cut off begins, if that is behind what was searched before.
  private func lastCut(from searched: Int) -> Int? {
    var index = rest.count - 1
    let first = max(searched - 1, 1)
    while index >= first {
      if Self.isLetter(rest[index]) {
        let before = rest[index - 1]
        if before == 0x0A { return index }
        if before == 0x20, index >= 2, Self.isLetter(rest[index - 2]) { return index }
      }
      index -= 1
    }
    return nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
}
