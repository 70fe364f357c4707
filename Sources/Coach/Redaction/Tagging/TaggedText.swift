public import Bytes

/// A word, a number, a sign or a new line of a text, with what the tagger's features are made of.
struct TagToken {
  enum Form: UInt8 {
    /// Personal data that is found already, or its placeholder; never tagged.
    case fixed
    case newline, sign, number, word
  }

  var start: Int32
  var end: Int32
  var form: Form
  /// What the tagger says.
  var tag: UInt8 = 0
  /// What the redactor's rules said before.
  var ruled: UInt8 = 0
  var facts = WordFacts()
  /// Hash of the folded word; its first three letters; its last four.
  var word: UInt64 = 0
  var prefix: UInt32 = 0
  var ending: UInt32 = 0
  /// How it is written: capitals, length, digits.
  var shape: UInt64 = 0
  var isCapitalised = false
  /// Its place in its line, from the front and from the back, and that line.
  var fromFront: UInt8 = 0
  var fromBack: UInt8 = 0
  var line: Int32 = 0

  init(_ form: Form, _ start: Int, _ end: Int) {
    self.form = form
    self.start = Int32(truncatingIfNeeded: start)
    self.end = Int32(truncatingIfNeeded: end)
  }
}

/// A stretch of text in tokens.
///
/// Memory for 1,024 tokens, or for as many as a short text can have, is made per text and used for
/// stretch after stretch: three blocks however long the text is.
///
///     tokens [ edges | TagToken … | edges ]    ways back [ 8 bytes … ]    lines [ 8 bytes … ]
///
/// Three tokens on each side are edges, so that neighbours can be asked for.
public struct TaggedText: ~Copyable {
  /// Tokens of a stretch.
  public static let tokensMax = 1024
  /// A stretch that is not the last ends, if it can, at a new line or a full stop behind this.
  static let tokensBeforeCut = 512
  static let edges = 3

  private let countMax: Int

  let tokens: UnsafeMutablePointer<TagToken>
  let ways: UnsafeMutablePointer<SIMD8<UInt8>>
  /// The form of each line.
  let lines: UnsafeMutablePointer<UInt64>
  public private(set) var count = 0
  /// Small letters alone, or capitals alone: they tell nothing then.
  private(set) var isCaseless = false
  private(set) var lineCount = 0

  /// Makes room for a text.
  ///
  /// - Complexity: O(1): O(bytes) for a short text.
  public init(for text: ByteView) {
    // A token has a byte at least.
    countMax = min(Self.tokensMax, text.count)
    let capacity = countMax + 2 * Self.edges
    tokens = .allocate(capacity: capacity)
    tokens.initialize(repeating: TagToken(.newline, 0, 0), count: capacity)
    ways = .allocate(capacity: capacity)
    ways.initialize(repeating: SIMD8(), count: capacity)
    lines = .allocate(capacity: capacity)
    lines.initialize(repeating: 0, count: capacity)
  }

  deinit {
    tokens.deallocate()
    ways.deallocate()
    lines.deallocate()
  }

  /// The token at `index`, from `-edges` to `count + edges - 1`.
  @inline(__always)
  subscript(index: Int) -> TagToken {
    unsafeAddress {
      assert(index >= -Self.edges && index < count + Self.edges)
      return UnsafePointer(tokens + (index + Self.edges))
    }
    nonmutating unsafeMutableAddress {
      assert(index >= -Self.edges && index < count + Self.edges)
      return tokens + (index + Self.edges)
    }
  }

  /// Where a token lies, for training.
  public func range(_ index: Int) -> Range<Int> {
    Int(self[index].start)..<Int(self[index].end)
  }

  /// Whether a token can never be tagged.
  public func isFixed(_ index: Int) -> Bool { self[index].form == .fixed }

  /// Whether a token is no word and no number.
  public func isBetween(_ index: Int) -> Bool {
    self[index].form == .newline || self[index].form == .sign
  }

  /// For training: takes a token's word for another one, or forgets what lists know of it.
  public func hide(_ index: Int, word: UInt64?, facts: Bool) {
    if let word {
      self[index].word = word
      self[index].prefix = UInt32(truncatingIfNeeded: word & 0xFF_FFFF)
    }
    if facts { self[index].facts = [] }
  }

  /// Makes a token one of found personal data, as if its placeholder stood there.
  public func fix(_ index: Int, as tag: NameTag) {
    guard let kind = tag.kind else { return }
    self[index].form = .fixed
    self[index].word = FoldedWord(ByteView(kind.label)).hash
    setForm(index)
  }

  /// Drops the tokens behind the first ones.
  mutating func keep(_ first: Int) {
    assert(first <= count)
    count = first
  }

  /// Set in the form of a line that is prose, or stands below a line that is.
  static let proseBit: UInt64 = 1 << 62

  // MARK: Reading

  /// Reads the stretch that begins at `start`.
  ///
  /// - Parameters:
  ///   - found: personal data found by rules, in order; `next` is the first of it that does not
  ///     lie before `start`, and is moved on.
  /// - Returns: where the stretch ends.
  /// - Complexity: O(bytes of the stretch)
  public mutating func read(
    _ text: ByteView, from start: Int, found: [PersonalDataFinding], next: inout Int,
    model: TaggerModel
  ) -> Int {
    var reader = TokenReader(text: text, position: start, findingIndex: next)
    count = 0
    while count < countMax, let token = reader.next(found) {
      count += 1
      self[count - 1] = token
    }
    var end = reader.position
    if count == countMax, end < text.count {
      for index in stride(from: count - 1, to: Self.tokensBeforeCut, by: -1)
      where self[index].form == .newline || text[Int(self[index].start)] == UInt8(ascii: ".") {
        count = index + 1
        end = Int(self[index].end)
        break
      }
    }
    while next < found.count, found[next].end <= end { next += 1 }
    for index in 0..<count { describe(index, text, model) }
    return end
  }

  /// Sets what a token says by itself.
  private func describe(_ index: Int, _ text: ByteView, _ model: TaggerModel) {
    let stretch = text[range(index)]
    switch self[index].form {
    case .word:
      let folded = FoldedWord(stretch)
      self[index].word = folded.hash
      self[index].facts = model.facts(folded.hash)
      self[index].prefix = UInt32(truncatingIfNeeded: folded.low & 0xFF_FFFF)
      self[index].ending = folded.ending
    case .number: self[index].word = FoldedWord(stretch).hash
    case .newline, .sign: self[index].word = FoldedWord(stretch).hash
    case .fixed: break
    }
    self[index].shape = TagShape(stretch, self[index].form).hash
    self[index].isCapitalised =
      self[index].form == .word && TagShape.isCapital(stretch, 0)
    setForm(index)
  }

  private func setForm(_ index: Int) {
    guard self[index].form == .fixed else { return }
    self[index].shape = 1
    self[index].facts = []
    self[index].prefix = 0
    self[index].ending = 0
    self[index].isCapitalised = false
  }

  /// Works out lines and the use of capitals; again when tokens have changed.
  ///
  /// - Complexity: O(tokens)
  public mutating func survey() {
    for edge in 1...Self.edges {
      self[-edge] = TagToken(.newline, 0, 0)
      self[count + edge - 1] = TagToken(.newline, 0, 0)
    }
    var capitals = 0
    var smalls = 0
    for index in 0..<count where self[index].form == .word {
      if self[index].isCapitalised { capitals += 1 } else { smalls += 1 }
    }
    // A lone word says nothing of how the rest would have been written.
    isCaseless = capitals == 0 && smalls > 0
    lineCount = 0
    var first = 0
    while first < count {
      var end = first
      while end < count, self[end].form != .newline { end += 1 }
      surveyLine(first, end)
      first = end + 1
    }
  }

  private mutating func surveyLine(_ first: Int, _ end: Int) {
    var form: UInt64 = 0
    var proseCount = 0
    for index in first..<min(end + 1, count) {
      self[index].line = Int32(truncatingIfNeeded: lineCount)
      self[index].fromFront = UInt8(min(index - first, 5))
      self[index].fromBack = UInt8(min(end - index, 5))
      if index == end { break }
      if self[index].form == .word, self[index].facts.contains(.common),
        isCaseless || !self[index].isCapitalised
      {
        proseCount += 1
      }
      guard index < first + 5 else { continue }
      var code = UInt64(self[index].form.rawValue)
      if self[index].form == .word, !self[index].isCapitalised, !isCaseless { code = 5 }
      if self[index].form == .word, self[index].facts.contains(.common) { code = 6 }
      form = form << 4 | code + 1
    }
    let length = end - first
    lines[lineCount] = form << 8 | UInt64(length <= 6 ? length : length < 12 ? 7 : 8)
    // Ordinary words in small letters make a line one of prose, and what follows belongs to it.
    let isProse = proseCount >= 2 || lineCount > 0 && lines[lineCount - 1] & Self.proseBit != 0
    if isProse { lines[lineCount] |= Self.proseBit }
    lineCount += 1
  }
}
