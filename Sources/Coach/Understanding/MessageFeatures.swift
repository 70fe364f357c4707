/// What is counted of a message: its words, neighbouring words, pieces of words, and its shape.
///
/// A feature has no name, only a 64-bit hash; its top bits are the row of the weight table. Two
/// features that meet in a row share its weights, which costs little when rows are many (the
/// hashing trick: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009).
/// Pieces are all runs of 3, 4 and 5 bytes of a word with its two spaces; they carry over to
/// misspelt and unseen words (as in fastText: Bojanowski et al., 2017).
///
/// Each kind of feature is scaled by itself: a message's n features of a kind weigh scale ÷ √n
/// each. So a long message does not outshout a short one, and repeating a word does not either.
enum FeatureKind: Int {
  case word = 0
  case pair = 1
  case piece = 2
  case shape = 3

  static let count = 4
}

/// Whoever takes the features of a message as they are found.
protocol FeatureSink {
  /// A feature of the given kind. `token` is the word that it belongs to, the later one of a pair.
  mutating func add(_ hash: UInt64, _ kind: FeatureKind, token: Int)

  /// All features of a word were given.
  mutating func endToken()
}

/// Hash functions of words and pieces.
///
/// They are fixed for good, for weights on disk are found by them; anybody may compute a collision,
/// and gains no more by it than by writing the other word.
enum MessageHash {
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 32
    return mixed &* 0xD6E8_FEB8_6659_FD93
  }

  /// Of `length` bytes at `start`, followed by 8 readable bytes.
  @inline(__always)
  static func word(_ start: UnsafeMutablePointer<UInt8>, _ length: Int) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: length) &* 0xA076_1D64_78BD_642F
    var position = 0
    while position < length {
      let rest = length - position
      var chunk = UnsafeRawPointer(start + position).loadUnaligned(as: UInt64.self)
      if rest < 8 { chunk &= (1 &<< UInt64(truncatingIfNeeded: 8 &* rest)) &- 1 }
      hash = mix(hash ^ chunk)
      position += 8
    }
    return hash
  }

  @inline(__always)
  static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
    mix((first << 23 | first >> 41) &+ second &* 0xE703_7ED1_A0B4_28DB)
  }

  /// `word` of a single "?".
  static let questionMark = mix(0xA076_1D64_78BD_642F ^ 0x3F)

  static let beginning: UInt64 = 0x8EBC_6AF0_9C88_C6E3
  static let end: UInt64 = 0x5899_65CC_7537_4CC3
}

extension MessageReader {
  /// Bytes of a word whose pieces are counted.
  static let pieceBytesMax = 32

  /// Features that one word can have: itself, a pair, pieces of three lengths, first and last.
  static let featuresOfTokenMax = 4 + 3 * pieceBytesMax

  /// Gives all features of the message to `sink`.
  ///
  /// - Complexity: O(bytes)
  @inline(__always)
  func forEachFeature<Sink: FeatureSink>(_ sink: inout Sink) {
    var previous = MessageHash.beginning
    for index in 0..<tokenCount {
      sink.add(MessageHash.pair(previous, tokens[index].hash), .pair, token: index)
      previous = tokens[index].hash
      addWord(index, &sink)
      sink.endToken()
    }
    addEnd(after: previous, &sink)
  }

  /// Gives a word and its pieces to `sink`: what depends on the word by itself.
  @inline(__always)
  func addWord<Sink: FeatureSink>(_ index: Int, _ sink: inout Sink) {
    sink.add(MessageHash.mix(tokens[index].hash), .word, token: index)
    addPieces(tokens[index], index, &sink)
  }

  /// Gives what the message as a whole has to `sink`, when there is one.
  @inline(__always)
  func addEnd<Sink: FeatureSink>(after previous: UInt64, _ sink: inout Sink) {
    guard tokenCount > 0 else { return }
    sink.add(MessageHash.pair(previous, MessageHash.end), .pair, token: tokenCount - 1)
    addShape(&sink)
    sink.endToken()
  }

  @inline(__always)
  private func addPieces<Sink: FeatureSink>(_ token: Token, _ index: Int, _ sink: inout Sink) {
    // The space before the word, the word, the space after it.
    let count = min(Int(token.length), Self.pieceBytesMax - 2) + 2
    let start = UnsafeRawPointer(text + Int(token.start) - 1)
    var position = 0
    while position + 3 <= count {
      // In bounds: eight zeros follow the text.
      let chunk = (start + position).loadUnaligned(as: UInt64.self)
      sink.add(MessageHash.mix((chunk & 0xFF_FFFF) | 3 << 56), .piece, token: index)
      if position + 4 <= count {
        sink.add(MessageHash.mix((chunk & 0xFFFF_FFFF) | 4 << 56), .piece, token: index)
      }
      if position + 5 <= count {
        sink.add(MessageHash.mix((chunk & 0xFF_FFFF_FFFF) | 5 << 56), .piece, token: index)
      }
      position += 1
    }
  }

  /// Length, question, and the words that open and close the message.
  @inline(__always)
  private func addShape<Sink: FeatureSink>(_ sink: inout Sink) {
    let size = UInt64(truncatingIfNeeded: Int.bitWidth - wordCount.leadingZeroBitCount)
    let last = tokenCount - 1
    sink.add(MessageHash.mix(size | 0x10 << 56), .shape, token: last)
    sink.add(MessageHash.mix((hasQuestion ? 1 : 2) | 0x11 << 56), .shape, token: last)
    sink.add(MessageHash.mix(tokens[0].hash ^ 0x12 << 56), .shape, token: 0)
    sink.add(MessageHash.mix(tokens[last].hash ^ 0x13 << 56), .shape, token: last)
  }
}

/// The features of a message as the training tool wants them.
public struct FeatureList: FeatureSink {
  /// Hash and kind of each, in the order of the message.
  public private(set) var features: [(hash: UInt64, kind: Int)] = []

  /// Number of features of each kind.
  public private(set) var counts = SIMD4<Int32>()

  /// The features of the message that `reader` has read.
  public init(_ reader: MessageReader) {
    reader.forEachFeature(&self)
  }

  mutating func add(_ hash: UInt64, _ kind: FeatureKind, token: Int) {
    features.append((hash, kind.rawValue))
    counts[kind.rawValue] += 1
  }

  mutating func endToken() {}
}
