public import Bytes

/// Words of one message, ready to be counted: the first half of understanding.
///
/// A message is read once, left to right, into a scratch buffer that belongs to the thread. What
/// people write in many ways comes out in one:
///
///     "Heyyy!! I don’t know… señor 😂 1-10?"
///      →  ␣hey␣i␣dont␣know␣senor␣😂␣0␣0␣?␣
///
/// - ASCII letters lose their case, Latin letters with marks lose the marks.
/// - Apostrophes, straight or curly, vanish: "don't", "don’t" and "dont" are one word.
/// - A letter three or more times in a row stands once; digits in a row stand as one 0.
/// - Every emoji is a word; variation selectors, joiners and skin tones vanish.
/// - A question mark is a word, all other signs only separate. So do bytes that are no UTF-8.
/// - Other scripts stay as they are.
///
/// Bounds: `bytesMax` bytes are looked at, of a longer message its beginning and its end, and
/// `tokensMax` words are kept; so a message of 10 MB takes little longer than one of 600 bytes.
///
/// text ␣ h e y ␣ i ␣ d o n t ␣ … 0 0 0 0 0 0 0 0 (zeros let 8 bytes be loaded anywhere)
///
///     tokens  [hash | start | length | sourceStart | sourceLength] …
public struct MessageReader {
  /// Bytes of a message that are looked at.
  public static let bytesMax = 512

  /// Bytes of the end of a message that is longer than `bytesMax`.
  public static let tailBytes = 192

  /// Words that are kept.
  public static let tokensMax = 256

  /// Bytes of memory that a reader needs.
  public static var memoryBytes: Int { textBytes + tokensMax * MemoryLayout<Token>.stride }

  /// The longest text comes of one byte a word, each with a space before it; one space and eight
  /// zeros follow.
  static let textBytes = 2 * bytesMax + 32

  /// One word.
  public struct Token {
    /// Of the normalised word.
    public var hash: UInt64
    /// Where the word stands in the normalised text.
    public var start: UInt16
    public var length: UInt16
    /// Where it stands in the message, in bytes.
    public var sourceStart: UInt32
    public var sourceLength: UInt16
  }

  let text: UnsafeMutablePointer<UInt8>
  let tokens: UnsafeMutablePointer<Token>
  /// Bytes of normalised text, with the space at its end.
  private(set) var textCount = 0
  /// Words read.
  public private(set) var tokenCount = 0
  /// Whether a question mark was among them.
  private(set) var hasQuestion = false
  /// Words that are no question mark.
  public private(set) var wordCount = 0
  /// Words as bounds for short messages count them: a message that was not read whole is long.
  var wordCountForBounds: Int { isCut ? .max : wordCount }
  private var isCut = false

  /// Makes a reader on memory that stays valid as long as it.
  ///
  /// - Parameter memory: `memoryBytes` bytes, aligned to 16.
  public init(memory: UnsafeMutableRawPointer) {
    precondition(UInt(bitPattern: memory) & 15 == 0)
    text = memory.assumingMemoryBound(to: UInt8.self)
    tokens = (memory + Self.textBytes).assumingMemoryBound(to: Token.self)
  }

  /// The word at `index`, as normalised.
  public func word(_ index: Int) -> ByteView {
    precondition(index >= 0 && index < tokenCount)
    return ByteView(base: text + Int(tokens[index].start), count: Int(tokens[index].length))
  }

  /// The word at `index` and where it came from.
  public func token(_ index: Int) -> Token {
    precondition(index >= 0 && index < tokenCount)
    return tokens[index]
  }

  /// The normalised text with a space on both sides.
  public var normalised: ByteView { ByteView(base: text, count: textCount) }

  /// Reads a message in place of the one before.
  ///
  /// - Complexity: O(`bytesMax`)
  public mutating func read(_ message: ByteView) {
    tokenCount = 0
    wordCount = 0
    hasQuestion = false
    isCut = message.count > Self.bytesMax
    text[0] = space
    textCount = 1
    if message.count <= Self.bytesMax {
      append(message, at: 0)
    } else {
      append(message[0..<(Self.bytesMax - Self.tailBytes)], at: 0)
      let tailStart = message.count - Self.tailBytes
      append(message.dropFirst(tailStart), at: tailStart)
    }
    // In bounds: textBytes leaves 32 bytes over the longest text.
    UnsafeMutableRawPointer(text + textCount).storeBytes(of: 0, as: UInt64.self)
    UnsafeMutableRawPointer(text + textCount + 8).storeBytes(of: 0, as: UInt64.self)
  }

  /// Reads one piece of a message; `offset` is where it stands in the message.
  private mutating func append(_ piece: ByteView, at offset: Int) {
    var word = OpenWord(start: textCount, sourceStart: 0, sourceEnd: 0)
    var index = 0
    while index < piece.count {
      let byte = piece.base[index]
      let lowered = byte | 0x20
      if lowered &- 0x61 < 26 {
        if textCount == word.start, let next = plainWord(piece, &word, index, offset) {
          index = next
          continue
        }
        index = letters(piece, &word, index)
      } else if byte < 0x80 {
        ascii(byte, &word, index, offset)
        index += 1
      } else {
        index += wide(piece, &word, index, offset)
      }
    }
    close(&word, offset)
  }

  /// A word being written to the end of `text`.
  private struct OpenWord {
    var start: Int
    var sourceStart: Int
    var sourceEnd: Int
  }

  /// Takes a whole word of up to 7 letters, none of them twice in a row, and the separator behind
  /// it: most words.
  ///
  /// - Returns: where to go on; nil when the word is another one.
  @inline(__always)
  private mutating func plainWord(
    _ piece: ByteView, _ word: inout OpenWord, _ index: Int, _ offset: Int
  ) -> Int? {
    let run = piece.letterRun(at: index)
    guard run.count > 0, run.count < 8, tokenCount < Self.tokensMax else { return nil }
    let next = UInt8(truncatingIfNeeded: run.bytes.behind(run.count))
    guard next <= 0x20 || next == 0x2C || next == 0x2E else { return nil }
    let lowered = run.bytes.first(run.count) | UInt64(0x2020_2020_2020_2020).first(run.count)
    // A byte that is like the one before is 0 here; there is none behind the word's end, where the
    // last letter meets a zero.
    let steps = (lowered ^ lowered &>> 8) | ~UInt64.max.first(run.count)
    let ones: UInt64 = 0x0101_0101_0101_0101
    guard (steps &- ones) & ~steps & 0x8080_8080_8080_8080 == 0 else { return nil }
    // In bounds of the text: it has 32 bytes more than each byte of the source could write.
    UnsafeMutableRawPointer(text + textCount).storeBytes(of: lowered, as: UInt64.self)
    textCount &+= run.count
    word.sourceStart = index
    word.sourceEnd = index &+ run.count
    close(&word, offset)
    return word.sourceEnd &+ (word.sourceEnd < piece.count ? 1 : 0)
  }

  /// Takes the letters from `index` on that no letter like them stands before; `put` has the rules
  /// for those. Returns where it stopped, behind `index`.
  @inline(__always)
  private mutating func letters(
    _ piece: ByteView, _ word: inout OpenWord, _ index: Int
  ) -> Int {
    put(piece.base[index] | 0x20, &word, index)
    guard collapsed == 0 else { return index + 1 }
    var next = index + 1
    var count = textCount
    var last = text[count - 1]
    while next < piece.count {
      let lowered = piece.base[next] | 0x20
      guard lowered &- 0x61 < 26, lowered != last else { break }
      // In bounds of the text: each byte of the source writes at most one byte and a space.
      text[count] = lowered
      last = lowered
      count += 1
      next += 1
    }
    textCount = count
    word.sourceEnd = next
    return next
  }

  @inline(__always)
  private mutating func put(_ byte: UInt8, _ word: inout OpenWord, _ index: Int) {
    let length = textCount - word.start
    if length == 0 { word.sourceStart = index }
    word.sourceEnd = index + 1
    // In bounds of the text: each byte of the source writes at most one byte and a space.
    if length > 0, text[textCount - 1] == byte {
      if byte == zero { return }
      // "hmm" stays, "hmmm" and all longer ones become "hm": the mark is a run of one letter that
      // had been doubled before.
      if length > 1, text[textCount - 2] == byte {
        textCount -= 1
        collapsed = byte
        return
      }
      if collapsed == byte { return }
    } else {
      collapsed = 0
    }
    text[textCount] = byte
    textCount += 1
  }

  /// The letter whose run was cut to one, while that run lasts.
  private var collapsed: UInt8 = 0

  private mutating func ascii(
    _ byte: UInt8, _ word: inout OpenWord, _ index: Int, _ offset: Int
  ) {
    if byte &- 0x30 < 10 {
      put(zero, &word, index)
    } else if byte == 0x3F {
      close(&word, offset)
      hasQuestion = true
      put(byte, &word, index)
      close(&word, offset)
    } else if byte != 0x27 || textCount == word.start {
      close(&word, offset)
    }
  }

  /// Ends the word being written, if it has a letter.
  @inline(__always)
  private mutating func close(_ word: inout OpenWord, _ offset: Int) {
    let length = textCount - word.start
    collapsed = 0
    guard length > 0 else { return }
    guard tokenCount < Self.tokensMax else {
      textCount = word.start
      return
    }
    tokens[tokenCount] = Token(
      hash: MessageHash.word(text + word.start, length),
      start: UInt16(truncatingIfNeeded: word.start),
      length: UInt16(truncatingIfNeeded: length),
      sourceStart: UInt32(truncatingIfNeeded: offset + word.sourceStart),
      sourceLength: UInt16(truncatingIfNeeded: word.sourceEnd - word.sourceStart))
    tokenCount += 1
    if text[word.start] != 0x3F { wordCount += 1 }
    text[textCount] = space
    textCount += 1
    word.start = textCount
  }

  /// Takes the character that starts at `index`, a byte over 127; returns how many bytes it took.
  private mutating func wide(
    _ piece: ByteView, _ word: inout OpenWord, _ index: Int, _ offset: Int
  ) -> Int {
    let (scalar, length) = piece.scalar(at: index)
    switch WideCharacter(scalar) {
    case .letter:
      for position in index..<(index + length) { put(piece.base[position], &word, position) }
      collapsed = 0
    case .latin(let letter): put(letter, &word, index)
    case .ignored: break
    case .separator: close(&word, offset)
    case .emoji:
      close(&word, offset)
      for position in index..<(index + length) { put(piece.base[position], &word, position) }
      close(&word, offset)
    }
    if textCount > word.start { word.sourceEnd = index + length }
    return length
  }
}

private let space: UInt8 = 0x20
private let zero: UInt8 = 0x30

/// What becomes of a character beyond ASCII.
private enum WideCharacter {
  case letter, ignored, separator, emoji
  case latin(UInt8)

  /// U+00C0 to U+017F without their marks.
  private static let latinLetters: StaticString = """
    aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty\
    aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll\
    lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs
    """

  init(_ scalar: UInt32) {
    switch scalar {
    case 0xC0...0x17F:
      assert(Self.latinLetters.utf8CodeUnitCount == 0x180 - 0xC0)
      // In bounds: one letter for each of the range's characters.
      let letter = Self.latinLetters.utf8Start[Int(scalar - 0xC0)]
      self = letter == space ? .separator : .latin(letter)
    case 0x2018, 0x2019, 0x2BC, 0x200B...0x200D, 0xFE00...0xFE0F, 0x1F3FB...0x1F3FF, 0x300...0x36F:
      self = .ignored
    case 0x80...0xBF, 0x2000...0x206F, 0x3000...0x303F, 0xFF00...0xFF0F, 0xFF1A...0xFF20, 0xFFFD:
      self = .separator
    case 0x2190...0x2BFF, 0x1F000...0x1FAFF: self = .emoji
    default: self = .letter
    }
  }
}

extension ByteView {
  /// The character at `index` and how many bytes it takes; U+FFFD and 1 where there is none.
  ///
  /// Overlong forms and surrogates are refused like any other wrong byte.
  fileprivate func scalar(at index: Int) -> (UInt32, Int) {
    let lead = UInt32(self[index])
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    guard lead >= 0xC2, lead <= 0xF4, count - index >= length else { return (0xFFFD, 1) }
    var scalar = lead & (0xFF >> UInt32(length + 1))
    for position in 1..<length {
      let next = UInt32(self[index + position])
      guard next & 0xC0 == 0x80 else { return (0xFFFD, 1) }
      scalar = scalar << 6 | (next & 0x3F)
    }
    if length == 3, scalar < 0x800 || (scalar >= 0xD800 && scalar < 0xE000) { return (0xFFFD, 1) }
    if length == 4, scalar < 0x10000 || scalar > 0x10FFFF { return (0xFFFD, 1) }
    return (scalar, length)
  }
}
