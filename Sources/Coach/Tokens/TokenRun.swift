/// A maximal stretch of normalised text whose characters are of one kind.
struct TokenRun {
  /// What a run is made of.
  enum Kind: UInt8 {
    case none, word, stray, digit, punctuation, space, symbol, number, letter
  }

  var kind = Kind.none
  /// Byte offsets in the text.
  var start = 0
  var end = 0
  var firstClass = CodePointTable.Kind.letter
  var lastClass = CodePointTable.Kind.letter
  /// A digit run, or a number run all of one class: such runs may own markers.
  var isUniform = false
  /// For runs of spaces: the scalar at either end is U+0020, and the second one is.
  var startsWithSpace = false
  var endsWithSpace = false
  var secondIsSpace = false
  /// A word of ASCII letters alone.
  var isASCII = false
  /// Exactly "'".
  var isQuote = false

  /// Whether the run owns the opening marker where a space is in front of it.
  var hasLeftEdge: Bool { kind == .punctuation || Self.isEdge(firstClass, isUniform) }

  /// Whether the run owns the closing marker where a space follows it.
  var hasRightEdge: Bool { kind == .punctuation || Self.isEdge(lastClass, isUniform) }

  private static func isEdge(_ kind: CodePointTable.Kind, _ isUniform: Bool) -> Bool {
    switch kind {
    case .symbol, .variation: true
    case .arabicDigit, .otherDigit, .otherNumber: isUniform
    default: false
    }
  }

  /// Whether a contraction may follow the quote that follows this run.
  var allowsContraction: Bool {
    switch kind {
    case .none, .space: true
    case .word: lastClass != .wordBlocking
    default: !hasRightEdge
    }
  }

  /// A word of letters that allow a contraction.
  static var word: TokenRun {
    var run = TokenRun()
    run.kind = .word
    run.firstClass = .word
    run.lastClass = .word
    return run
  }

  /// One U+0020.
  static var singleSpace: TokenRun {
    var run = newline
    run.startsWithSpace = true
    run.endsWithSpace = true
    return run
  }

  /// What stands in front of a part of text that follows a newline, or a word and one space.
  static var newline: TokenRun {
    var run = TokenRun()
    run.kind = .space
    run.firstClass = .space
    run.lastClass = .space
    return run
  }
}

/// Splits normalised text into runs.
struct TokenRunReader {
  let base: UnsafePointer<UInt8>
  let count: Int
  /// Where the next run begins; may be set to the beginning of any run.
  var position = 0

  init(base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    self.count = count
  }

  /// The next run; of kind `none` at the end.
  ///
  /// - Complexity: O(length of the run)
  mutating func next(_ table: borrowing CodePointTable) -> TokenRun {
    var run = TokenRun()
    run.start = position
    run.end = position
    guard position < count else { return run }
    let (code, length) = UTF8Text.read(base + position)
    let first = table.kind(code)
    run.kind = Self.opens(first)
    run.firstClass = first
    run.lastClass = first
    position += length
    var isMixed = false
    if run.kind == .word {
      skipASCIIWord(&run)
      // The usual end of a word needs no table.
      run.isASCII = code < 0x80
      if position == count || base[position] < 0x80 {
        run.end = position
        return run
      }
    }
    while position < count {
      let (code, length) = UTF8Text.read(base + position)
      let next = table.kind(code)
      guard Self.joins(next, run.kind) else { break }
      if next != first { isMixed = true }
      if run.kind == .space, position == run.start + 1 {
        run.secondIsSpace = code == 0x20
      }
      run.lastClass = next
      run.isASCII = false
      position += length
      if run.kind == .word { skipASCIIWord(&run) }
    }
    run.end = position
    switch run.kind {
    case .digit: run.isUniform = true
    case .number: run.isUniform = !isMixed
    case .space:
      run.startsWithSpace = base[run.start] == 0x20
      run.endsWithSpace = base[run.end - 1] == 0x20
    case .punctuation:
      run.isQuote = run.end - run.start == 1 && base[run.start] == UInt8(ascii: "'")
    default: break
    }
    return run
  }

  /// Passes ASCII letters inside a word, the bulk of English.
  @inline(__always)
  private mutating func skipASCIIWord(_ run: inout TokenRun) {
    let start = position
    while position < count, (base[position] | 0x20) &- 0x61 < 26 { position += 1 }
    if position > start { run.lastClass = .word }
  }

  @inline(__always)
  private static func opens(_ kind: CodePointTable.Kind) -> TokenRun.Kind {
    switch kind {
    case .word, .wordBlocking: .word
    case .mark: .stray
    case .digit, .arabicDigit: .digit
    case .punctuation: .punctuation
    case .space: .space
    case .symbol: .symbol
    case .otherDigit, .otherNumber: .number
    case .letter, .variation: .letter
    }
  }

  @inline(__always)
  private static func joins(_ kind: CodePointTable.Kind, _ run: TokenRun.Kind) -> Bool {
    switch kind {
    case .mark: run == .word || run == .stray
    case .variation: run == .symbol || run == .number || run == .letter
    default: opens(kind) == run
    }
  }
}
