public import Bytes
internal import Synchronization

/// Trained weights, as the training tool writes them and the classifier reads them in place.
///
/// One linear model: each feature's hash names a row of eight signed bytes, the columns are what is
/// asked of a message. A row is one load, and a message touches some hundred of them.
///
///     0    "WCCLASS3" | u32 row bits | u32 columns (8)
///     16   f32[4] scale of words, pairs, pieces, shape
///     32   f32[8] value of 1 in a column        64   f32[8] bias of a column
///     96   f32 temperature | f32 least confidence | f32 most premium share | f32 context shift
///     112  f32 offer threshold of coaching | of assessment | least none
///     124  f32 most premium share of a short message
///     128  u64 checksum of the rows | zeros to 256
///     256  rows: i8[8] each       columns: greeting, confirmation, small_talk, coaching_request,
///                                 assessment, none of them | offers coaching, offers assessment
///
/// All numbers are little-endian. Columns 0 to 5 belong to a user's message and are compared with
/// each other; 6 and 7 belong to the assistant's turn before it, each for itself.
public struct ClassifierModel {
  /// Bytes before the rows.
  public static let headerBytes = 256

  /// Rows with at most so many bits; more would leave the caches.
  public static let rowBitsMax = 20

  /// The column of messages that are none of the labels.
  static let noneColumn = 5

  /// The rows; 1 << `rowBits` of them.
  public private(set) var rows: UnsafePointer<SIMD8<Int8>>
  public let rowBits: Int
  /// Scales of the kinds of features.
  public let kindScales: SIMD4<Float>
  /// What 1 in a row is worth.
  public let quanta: SIMD8<Float>
  public let biases: SIMD8<Float>
  /// How sure to be.
  public let thresholds: DecisionThresholds
  /// What a coaching question before a message adds to coaching, in log-odds.
  public let contextShift: Float
  /// Scores over which a turn counts as offering coaching (x) or assessment (y).
  public let offerThresholds: SIMD2<Float>

  /// Tells these rows from all others that this program has seen: what is remembered of words is
  /// valid for them alone.
  private(set) var stamp: UInt64
  private static let stamps = Atomic<UInt64>(0)

  /// Reads weights that stay in memory for as long as the model is used.
  ///
  /// - Returns: nil when the bytes are no weights, were cut off, or do not match their checksum.
  /// - Complexity: O(bytes), for the checksum.
  public init?(_ bytes: ByteView) {
    guard bytes.count > Self.headerBytes, UInt(bitPattern: bytes.base) & 7 == 0 else { return nil }
    let raw = UnsafeRawPointer(bytes.base)
    guard ByteView(base: bytes.base, count: 8).hasSameBytes(as: "WCCLASS3") else { return nil }
    rowBits = Int(UInt32(littleEndian: raw.load(fromByteOffset: 8, as: UInt32.self)))
    guard rowBits >= 4, rowBits <= Self.rowBitsMax else { return nil }
    guard bytes.count == Self.headerBytes + 8 << rowBits else { return nil }
    func number(_ offset: Int) -> Float {
      Float(
        bitPattern: UInt32(littleEndian: raw.load(fromByteOffset: offset, as: UInt32.self)))
    }
    var scales = SIMD4<Float>()
    for index in 0..<4 { scales[index] = number(16 + 4 * index) }
    var values = SIMD8<Float>()
    var offsets = SIMD8<Float>()
    for index in 0..<8 {
      values[index] = number(32 + 4 * index)
      offsets[index] = number(64 + 4 * index)
    }
    kindScales = scales
    quanta = values
    biases = offsets
    thresholds = DecisionThresholds(
      temperature: number(96), confidenceMin: number(100), premiumShareMax: number(104),
      premiumShareMaxShort: number(124), noneMin: number(120))
    contextShift = number(108)
    offerThresholds = SIMD2(number(112), number(116))
    let body = bytes.dropFirst(Self.headerBytes)
    let checksum = UInt64(littleEndian: raw.load(fromByteOffset: 128, as: UInt64.self))
    guard thresholds.temperature > 0, checksum == Self.checksum(of: body) else { return nil }
    rows = UnsafeRawPointer(body.base).assumingMemoryBound(to: SIMD8<Int8>.self)
    stamp = Self.newStamp()
  }

  /// Not 0, which is that of no rows.
  private static func newStamp() -> UInt64 {
    stamps.wrappingAdd(1, ordering: .relaxed).newValue
  }

  /// The checksum of rows: 64-bit words mixed in order.
  public static func checksum(of rows: ByteView) -> UInt64 {
    var sum = UInt64(rows.count)
    let raw = UnsafeRawPointer(rows.base)
    for offset in stride(from: 0, to: rows.count - rows.count % 8, by: 8) {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      sum = MessageHash.mix(sum ^ word)
    }
    return sum
  }

  /// Number of rows.
  var rowCount: Int { 1 << rowBits }

  /// The same model with other rows of the same number, or with what these have become.
  func with(rows: UnsafePointer<SIMD8<Int8>>) -> ClassifierModel {
    ClassifierModel(self, rows)
  }

  private init(_ other: ClassifierModel, _ rows: UnsafePointer<SIMD8<Int8>>) {
    self = other
    self.rows = rows
    stamp = Self.newStamp()
  }

  /// Scores of the message that `reader` has read, in log-odds, before the temperature.
  ///
  /// - Complexity: O(bytes)
  @inline(__always)
  func scores(_ reader: MessageReader) -> SIMD8<Float> {
    var sink = ScoreSink(rows: rows, shift: UInt64(64 - rowBits))
    // The pairs by themselves first: a few instructions each, so that the processor waits for many
    // of their rows at once. Most of them are in no near cache.
    var previous = MessageHash.beginning
    for index in 0..<reader.tokenCount {
      let hash = reader.tokens[index].hash
      sink.add(MessageHash.pair(previous, hash), .pair, token: index)
      previous = hash
    }
    let known = WordRows(for: stamp)
    for index in 0..<reader.tokenCount {
      let token = reader.tokens[index]
      if let place = known.place(reader.text + Int(token.start), Int(token.length)) {
        if place.isNew {
          var word = ScoreSink(rows: rows, shift: UInt64(64 - rowBits))
          reader.addWord(index, &word)
          place.entry.pointee.word = word.words
          place.entry.pointee.pieces = word.tokenPieces
          place.entry.pointee.pieceCount = Int32(truncatingIfNeeded: word.pieceCount)
        }
        sink.add(place.entry.pointee)
      } else {
        reader.addWord(index, &sink)
        sink.endToken()
      }
    }
    reader.addEnd(after: previous, &sink)
    return sink.scores(in: self)
  }
}

/// Adds up the rows of a message's features, kind by kind.
///
/// Sixteen bits are enough for the words and the pairs: 257 × 127 < 32,768; pieces are carried over
/// to 32 bits after each word, of which they are at most 93.
private struct ScoreSink: FeatureSink {
  let rows: UnsafePointer<SIMD8<Int8>>
  let shift: UInt64
  var words = SIMD8<Int16>()
  var pairs = SIMD8<Int16>()
  var shapes = SIMD8<Int16>()
  var tokenPieces = SIMD8<Int16>()
  var pieces = SIMD8<Int32>()
  var wordCount = 0
  var pieceCount = 0

  init(rows: UnsafePointer<SIMD8<Int8>>, shift: UInt64) {
    assert(MessageReader.tokensMax < 257)
    assert(MessageReader.featuresOfTokenMax < 257)
    self.rows = rows
    self.shift = shift
  }

  @inline(__always)
  mutating func add(_ hash: UInt64, _ kind: FeatureKind, token: Int) {
    // In bounds: the shift leaves as many bits as number the rows.
    let row = SIMD8<Int16>(truncatingIfNeeded: rows[Int(truncatingIfNeeded: hash &>> shift)])
    switch kind {
    case .word:
      words &+= row
      wordCount &+= 1
    case .pair: pairs &+= row
    case .piece:
      tokenPieces &+= row
      pieceCount &+= 1
    case .shape: shapes &+= row
    }
  }

  /// Adds a word with its pieces.
  @inline(__always)
  mutating func add(_ known: WordRows.Entry) {
    words &+= known.word
    wordCount &+= 1
    pieces &+= SIMD8<Int32>(truncatingIfNeeded: known.pieces)
    pieceCount &+= Int(known.pieceCount)
  }

  @inline(__always)
  mutating func endToken() {
    pieces &+= SIMD8<Int32>(truncatingIfNeeded: tokenPieces)
    tokenPieces = SIMD8()
  }

  @inline(__always)
  func scores(in model: ClassifierModel) -> SIMD8<Float> {
    let counts = SIMD4<Float>(
      Float(max(wordCount, 1)), Float(wordCount + 1), Float(max(pieceCount, 1)), 4)
    let weights = model.kindScales / counts.squareRoot()
    var sum = Self.floats(SIMD8<Int32>(truncatingIfNeeded: words)) * weights.x
    sum += Self.floats(SIMD8<Int32>(truncatingIfNeeded: pairs)) * weights.y
    sum += Self.floats(pieces) * weights.z
    sum += Self.floats(SIMD8<Int32>(truncatingIfNeeded: shapes)) * weights.w
    return model.biases + sum * model.quanta
  }

  /// The same numbers; one by one, because the library's conversion of vectors calls a function for
  /// each lane and took 600 instructions.
  @inline(__always)
  private static func floats(_ numbers: SIMD8<Int32>) -> SIMD8<Float> {
    SIMD8(
      Float(numbers[0]), Float(numbers[1]), Float(numbers[2]), Float(numbers[3]),
      Float(numbers[4]), Float(numbers[5]), Float(numbers[6]), Float(numbers[7]))
  }
}

extension ByteView {
  /// Whether these are the bytes of `text`.
  func hasSameBytes(as text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count where self[index] != text.utf8Start[index] { return false }
    return true
  }
}
