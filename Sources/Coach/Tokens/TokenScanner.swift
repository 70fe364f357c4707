internal import Bytes

/// Turns normalised text into the marked stream and prices it, in one pass.
///
/// The stream is what the vocabulary's pieces tile: words in lower case between markers, a space
/// between two words left out.
///
///     The cat sat.   →   ^<the> <cat> <sat> .        < opens a word, > closes it, ^ capital
///
/// Nothing is materialised but the part being priced: the cost of a stream is the sum of the costs
/// of its parts when it is cut after every >, before every <, and around runs of spaces, tabs and
/// newlines, because no piece has those inside. A run is written once the run after it is known;
/// two runs before it matter for contractions ("it's").
///
/// Rules: the reconstruction of sanderland/ctok (MIT), restated. Bounds: O(1) memory beside the
/// text, O(n · longest piece) time.
struct TokenScanner: ~Copyable {
  private let vocabulary: TokenVocabulary
  private let coster = TokenCoster()
  private var cost = 0
  /// The stream ends with a closed word.
  private var isClosed = false
  /// A single space after a closed word, left out if a word opens next.
  private var hasPendingSpace = false
  private let base: UnsafePointer<UInt8>
  private let count: Int
  private let cache: WordCostCache

  init(_ vocabulary: TokenVocabulary, base: UnsafePointer<UInt8>, count: Int) {
    self.vocabulary = vocabulary
    self.base = base
    self.count = count
    cache = WordCostCache(forTextOf: count)
  }

  /// Prices the text.
  ///
  /// - Parameter isContinued: the text follows a newline, or a word and one space, of the same
  ///   message; otherwise it begins the message.
  mutating func price(frame: TokenVocabulary.Frame, isContinued: Bool) -> Int {
    var reader = TokenRunReader(base: base, count: count)
    var before = TokenRun()
    var previous = isContinued ? TokenRun.newline : TokenRun()
    if isContinued { before = TokenRun.newline }
    var run = reader.next(vocabulary.codePoints)
    var isFirst = !isContinued
    while run.kind != .none {
      let next = reader.next(vocabulary.codePoints)
      if isFirst {
        openMessage(run, next, frame)
      }
      switch run.kind {
      case .space: writeSpace(run)
      case .word: writeWord(run, previous, before)
      case .stray: writeStray(run, next)
      default:
        let spaceLeft =
          isFirst ? frame.opensWord : previous.kind == .space && previous.endsWithSpace
        writeOther(run, next, spaceLeft: spaceLeft)
      }
      isFirst = false
      before = previous
      previous = run
      run = next
      if cache.isUsed, previous.kind == .space, previous.endsWithSpace, run.isASCII {
        let start = passWords(from: run.start)
        if start > run.start {
          reader.position = start
          run = reader.next(vocabulary.codePoints)
          before = TokenRun.word
          previous = TokenRun.singleSpace
        }
      }
    }
    settleSpace()
    flush()
    return cost
  }

  /// Prices words of ASCII letters with single spaces between them, the bulk of English, without
  /// making runs of them: each opens and closes, and the spaces fall away.
  ///
  /// - Parameter start: where a word begins, behind a space.
  /// - Returns: where the first word begins that was not priced.
  private mutating func passWords(from start: Int) -> Int {
    var start = start
    // So that 16 bytes can be read from every word's start on.
    let last = count - 32
    while start <= last {
      var end = start
      while end - start <= WordCostCache.byteCountMax, Self.isLetter(base[end]) { end += 1 }
      let length = end - start
      guard length <= WordCostCache.byteCountMax, base[end] == 0x20, Self.isLetter(base[end + 1])
      else { break }
      hasPendingSpace = false
      flush()
      priceCached(start, length)
      start = end + 1
    }
    return start
  }

  @inline(__always)
  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// Adds the cost of an ASCII word that opens and closes; nothing is left open before it.
  @inline(__always)
  private mutating func priceCached(_ start: Int, _ length: Int) {
    // In bounds: the caller checked that 16 bytes from the word's start on are text.
    let key = WordCostCache.key(base + start, length)
    let place = WordCostCache.place(key)
    if let known = cache.cost(key, at: place) {
      cost += known
      isClosed = true
    } else {
      let before = cost
      writeOpenWord(start, start + length)
      cache.store(cost - before, key, at: place)
    }
  }

  /// Writes the frame's own marker where the first run cannot own it.
  private mutating func openMessage(
    _ run: TokenRun, _ next: TokenRun, _ frame: TokenVocabulary.Frame
  ) {
    guard frame.opensWord else { return }
    if isQuoteOfWord(run, next) {
      cost += 1
      return
    }
    let owns =
      switch run.kind {
      case .word, .stray, .punctuation: true
      case .space: run.startsWithSpace
      default: run.hasLeftEdge
      }
    if !owns { coster.append(TokenMarker.wordOpens, vocabulary.trie) }
  }

  private func isQuoteOfWord(_ run: TokenRun, _ next: TokenRun) -> Bool {
    run.isQuote && (next.kind == .word || next.kind == .stray)
  }

  private mutating func flush() {
    cost += coster.finish(vocabulary.trie)
  }

  /// Writes the space that was held back.
  private mutating func settleSpace() {
    guard hasPendingSpace else { return }
    hasPendingSpace = false
    cost += 1
  }

  /// Cuts in front of an opening marker; the space held back falls away.
  private mutating func open(shifted: Bool) {
    hasPendingSpace = false
    flush()
    if shifted { coster.append(TokenMarker.shift, vocabulary.trie) }
    coster.append(TokenMarker.wordOpens, vocabulary.trie)
  }

  /// Cuts behind a closing marker.
  private mutating func close() {
    coster.append(TokenMarker.wordCloses, vocabulary.trie)
    flush()
    isClosed = true
  }

  private mutating func writeBody(_ run: TokenRun) {
    coster.append(base + run.start, run.end - run.start, vocabulary.trie)
  }

  private mutating func writeSpace(_ run: TokenRun) {
    let wasClosed = isClosed
    isClosed = false
    if run.end - run.start == 1 {
      if wasClosed, run.startsWithSpace {
        hasPendingSpace = true
      } else {
        flush()
        cost += 1
      }
      return
    }
    flush()
    var position = run.start
    while position < run.end {
      let byte = base[position]
      var end = position + 1
      if byte < 0x80 {
        while end < run.end, base[end] == byte { end += 1 }
      } else {
        // U+3000, three bytes each; pieces of it hold nothing else.
        while end < run.end, base[end] >= 0x80 { end += 1 }
      }
      cost += runCost(byte, position, end)
      position = end
    }
  }

  private mutating func runCost(_ byte: UInt8, _ start: Int, _ end: Int) -> Int {
    let length = end - start
    if length <= TokenVocabulary.tabulatedRunMax {
      switch byte {
      case 0x20: return vocabulary.spaceCosts[length]
      case 0x09: return vocabulary.tabCosts[length]
      case 0x0A: return vocabulary.newlineCosts[length]
      default: break
      }
    }
    coster.append(base + start, length, vocabulary.trie)
    return coster.finish(vocabulary.trie)
  }

  private mutating func writeStray(_ run: TokenRun, _ next: TokenRun) {
    open(shifted: false)
    writeBody(run)
    isClosed = false
    if next.kind != .word { close() }
  }

  private mutating func writeOther(_ run: TokenRun, _ next: TokenRun, spaceLeft: Bool) {
    if spaceLeft, run.hasLeftEdge, !isQuoteOfWord(run, next) {
      open(shifted: false)
    } else {
      settleSpace()
    }
    writeBody(run)
    isClosed = false
    let spaceRight = next.kind == .space && next.startsWithSpace && !next.secondIsSpace
    if spaceRight, run.hasRightEdge { close() }
  }

  private mutating func writeWord(_ run: TokenRun, _ previous: TokenRun, _ before: TokenRun) {
    if previous.kind == .stray
      || previous.isQuote && before.allowsContraction && isContraction(run)
    {
      writeBody(run)
      close()
      return
    }
    let length = run.end - run.start
    guard cache.isUsed, run.isASCII, length <= WordCostCache.byteCountMax,
      run.start + 16 <= count
    else {
      writeOpenWord(run.start, run.end)
      return
    }
    // The part that is open ends here, whatever the word.
    hasPendingSpace = false
    flush()
    priceCached(run.start, length)
  }

  private mutating func writeOpenWord(_ start: Int, _ end: Int) {
    if hasCapital(start, end) {
      open(shifted: true)
      writeLowered(start, end)
    } else {
      open(shifted: false)
      coster.append(base + start, end - start, vocabulary.trie)
    }
    close()
  }

  private func isContraction(_ run: TokenRun) -> Bool {
    let first = base[run.start]
    switch run.end - run.start {
    case 1:
      return first == UInt8(ascii: "s") || first == UInt8(ascii: "t")
        || first == UInt8(ascii: "d") || first == UInt8(ascii: "m")
    case 2:
      let second = base[run.start + 1]
      return first == UInt8(ascii: "l") && second == UInt8(ascii: "l")
        || (first == UInt8(ascii: "r") || first == UInt8(ascii: "v"))
          && second == UInt8(ascii: "e")
    default: return false
    }
  }

  /// Whether the word is written in lower case behind a shift marker: its first letter alone is a
  /// capital that has a lower-case form.
  private func hasCapital(_ start: Int, _ end: Int) -> Bool {
    let first = base[start]
    if first < 0x80 {
      guard first &- 0x41 < 26 else { return false }
    } else {
      let code = UTF8Text.read(base + start).code
      let letter = vocabulary.codePoints.letterCase(code)
      guard letter.isUpper, code != 0x130, letter.lower != code, code != 0x1E9E else {
        return false
      }
    }
    var position = start + UTF8Text.read(base + start).length
    while position < end {
      let byte = base[position]
      if byte < 0x80 {
        if byte &- 0x41 < 26 { return false }
        position += 1
        continue
      }
      let (code, length) = UTF8Text.read(base + position)
      if code == 0x1E9E { return false }
      if code != 0x130, vocabulary.codePoints.letterCase(code).isUpper { return false }
      position += length
    }
    return true
  }

  private mutating func writeLowered(_ start: Int, _ end: Int) {
    var position = start
    while position < end {
      let byte = base[position]
      if byte < 0x80 {
        coster.append(byte.lowercasedASCII, vocabulary.trie)
        position += 1
        continue
      }
      let (code, length) = UTF8Text.read(base + position)
      position += length
      let lower = vocabulary.codePoints.letterCase(code).lower
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { place in
        let start = place.baseAddress.unsafelyUnwrapped
        coster.append(UnsafePointer(start), UTF8Text.write(lower, to: start), vocabulary.trie)
      }
    }
  }
}
