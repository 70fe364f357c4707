public import Bytes

extension TokenVocabulary {
  /// Counts the tokens of one user message, exactly as the provider's `count_tokens` does as far as
  /// it has been reconstructed.
  ///
  /// - Parameters:
  ///   - text: the message; ill-formed UTF-8 counts as U+FFFD.
  ///   - isFramed: with the tokens of the message around the text; an empty one has some too.
  /// - Complexity: O(n) in practice, O(n · longest piece) at worst; allocates a few KB, and three
  ///   times the text when it is not clean ASCII.
  public func count(_ text: ByteView, family: TokenFamily, isFramed: Bool = true) -> Int {
    let content = contentTokens(text, family: family, isContinued: false, isLast: true)
    return content + (isFramed ? frame(family).overhead : 0)
  }

  /// Tokens of a part of a message's content.
  ///
  /// - Parameters:
  ///   - isContinued: the part follows another, cut off where `GrowingTokenCount` cuts.
  ///   - isLast: the message ends with the part.
  func contentTokens(
    _ text: ByteView, family: TokenFamily, isContinued: Bool, isLast: Bool
  ) -> Int {
    let frame = self.frame(family)
    var text = text
    if isLast, !frame.hasLadder { text = Self.withoutTrailingSpace(text) }
    let hasHeadSpace = !isContinued && frame.opensWord && text.count > 0 && text[0] == 0x20
    if TokenNormaliser.isClean(text) {
      return contentTokens(
        normalised: text.base, text.count, frame, hasHeadSpace, isContinued, isLast)
    }
    let normalised = TokenNormaliser(text)
    return contentTokens(
      normalised: UnsafePointer(normalised.bytes), normalised.count, frame, hasHeadSpace,
      isContinued, isLast)
  }

  private func contentTokens(
    normalised base: UnsafePointer<UInt8>, _ count: Int, _ frame: Frame, _ hasHeadSpace: Bool,
    _ isContinued: Bool, _ isLast: Bool
  ) -> Int {
    var count = count
    var start = 0
    var tail = 0
    if isLast, frame.hasLadder {
      var newlines = 0
      while count > 0, base[count - 1] == 0x0A {
        count -= 1
        newlines += 1
      }
      // The frame ends in two newlines that merge with the text's own.
      if newlines > 0 { tail = newlineCost(newlines + 2) - 1 }
    }
    if hasHeadSpace, count > 0, base[0] == 0x20, count == 1 || base[1] != 0x20 { start = 1 }
    if start == count { return tail + (frame.opensWord && !isContinued ? 1 : 0) }
    var scanner = TokenScanner(self, base: base + start, count: count - start)
    return tail + scanner.price(frame: frame, isContinued: isContinued)
  }

  private func newlineCost(_ length: Int) -> Int {
    if length <= Self.tabulatedRunMax { return newlineCosts[length] }
    let coster = TokenCoster()
    for _ in 0..<length { coster.append(0x0A, trie) }
    return coster.finish(trie)
  }

  private static func withoutTrailingSpace(_ text: ByteView) -> ByteView {
    var count = text.count
    while count > 0, text[count - 1] == 0x20 || text[count - 1] &- 0x09 < 5 { count -= 1 }
    return text[0..<count]
  }
}
