public import Bytes

/// What was learnt since the weights were trained: corrections of single messages.
///
/// A correction works twice. The very message, as normalised, gets its label from now on. And the
/// weights of its features take a step so that messages like it follow: a passive-aggressive step
/// (Crammer et al., "Online Passive-Aggressive Algorithms", 2006), just long enough to put the
/// label ahead of its rival by `margin`, and bounded.
///
/// Steps are whole numbers in units of a shipped weight, one for each kind of feature, so undoing
/// subtracts exactly what was added, whatever was learnt in between:
///
///     row in use = clamp(shipped row + sum of the steps that touch it, −127 … 127)
///
/// The shipped rows are read-only memory; the first correction makes a copy of them. Bounds:
/// `correctionsMax` corrections are kept.
struct CorrectionTable: ~Copyable {
  /// Corrections that are kept, undone ones not counted.
  static let correctionsMax = 10_000

  /// How far ahead of its rival a taught label should be, in log-odds.
  static let margin: Float = 2

  /// The most that one correction moves a score.
  static let moveMax: Float = 4

  /// One correction.
  struct Correction {
    var number: Int
    var label: MessageLabel
    var text: [UInt8]
    /// Of the normalised text.
    var hash: UInt64
    /// Columns that go up and down, and by how much for each kind of feature.
    var raised: Int
    var lowered: Int
    var raise: SIMD4<Int32>
    var lower: SIMD4<Int32>
  }

  private let base: ClassifierModel
  /// In the order of learning.
  private(set) var corrections: [Correction] = []
  private(set) var lastNumber = 0
  private var sums: [UInt32: SIMD8<Int32>] = [:]
  private var rows: UnsafeMutablePointer<SIMD8<Int8>>?
  /// Open addressing by hash; label 255: free.
  private var labels: UnsafeMutablePointer<ExactLabel>?
  private var labelMask = 0

  private struct ExactLabel {
    var hash: UInt64
    var label: UInt8
  }

  init(base: ClassifierModel) { self.base = base }

  deinit {
    rows?.deallocate()
    labels?.deallocate()
  }

  /// The taught label of the message that `reader` has read.
  ///
  /// - Complexity: O(bytes), and nothing at all before the first correction
  @inline(__always)
  func label(of reader: MessageReader) -> MessageLabel? {
    guard let labels else { return nil }
    let hash = reader.textHash
    var slot = Int(truncatingIfNeeded: hash >> 32) & labelMask
    // Bounded: at most half of the slots are taken.
    while labels[slot].label != 255 {
      if labels[slot].hash == hash { return MessageLabel(rawValue: labels[slot].label) }
      slot = (slot + 1) & labelMask
    }
    return nil
  }

  /// The rows in use.
  var model: ClassifierModel {
    guard let rows else { return base }
    return base.with(rows: UnsafePointer(rows))
  }

  /// Learns that the message that `reader` has read has this label.
  ///
  /// - Parameter number: what the correction is called; nil for the next number.
  /// - Returns: the number, or nil when there are `correctionsMax` already.
  mutating func learn(
    _ label: MessageLabel, _ reader: MessageReader, number: Int? = nil
  ) -> Int? {
    guard corrections.count < Self.correctionsMax else { return nil }
    let number = number ?? lastNumber + 1
    lastNumber = max(lastNumber, number)
    var correction = Correction(
      number: number, label: label, text: reader.trimmed, hash: reader.textHash,
      raised: Int(label.rawValue), lowered: 0, raise: SIMD4(), lower: SIMD4())
    plan(&correction, reader)
    corrections.append(correction)
    apply(correction, reader, sign: 1)
    if let labels, 2 * corrections.count <= labelMask {
      Self.insert(correction, into: labels, labelMask)
    } else {
      rebuildLabels()
    }
    return number
  }

  /// Takes a correction back.
  ///
  /// - Returns: false when there is none of this number.
  mutating func undo(_ number: Int, _ reader: inout MessageReader) -> Bool {
    guard let index = corrections.firstIndex(where: { $0.number == number }) else { return false }
    let correction = corrections.remove(at: index)
    correction.text.withUnsafeBytes { reader.read(ByteView($0)) }
    apply(correction, reader, sign: -1)
    rebuildLabels()
    return true
  }

  /// Chooses how far the weights go.
  private func plan(_ correction: inout Correction, _ reader: MessageReader) {
    let model = model
    let scores = model.scores(reader)
    var rival = -1
    for column in 0...ClassifierModel.noneColumn where column != correction.raised {
      if rival < 0 || scores[column] > scores[rival] { rival = column }
    }
    correction.lowered = rival
    let missing =
      Self.margin * model.thresholds.temperature - (scores[correction.raised] - scores[rival])
    guard missing > 0 else { return }
    let list = FeatureList(reader)
    let counts = SIMD4<Float>(
      pointwiseMax(list.counts, SIMD4(repeating: 1)))
    let values = model.kindScales / counts.squareRoot()
    let length = (values * values * SIMD4<Float>(list.counts)).sum()
    guard length > 0 else { return }
    let size = min(missing, Self.moveMax) / (2 * length)
    correction.raise = SIMD4<Int32>(
      (values * size / model.quanta[correction.raised]).rounded(.toNearestOrAwayFromZero))
    correction.lower = SIMD4<Int32>(
      (values * size / model.quanta[rival]).rounded(.toNearestOrAwayFromZero))
  }

  /// Adds a correction's steps to the rows of its features, or takes them away again.
  private mutating func apply(_ correction: Correction, _ reader: MessageReader, sign: Int32) {
    if correction.raise == SIMD4(), correction.lower == SIMD4() { return }
    let rows = writableRows()
    let shift = UInt64(64 - base.rowBits)
    for (hash, kind) in FeatureList(reader).features {
      let row = UInt32(truncatingIfNeeded: hash >> shift)
      var sum = sums[row] ?? SIMD8()
      sum[correction.raised] &+= sign &* correction.raise[kind]
      sum[correction.lowered] &-= sign &* correction.lower[kind]
      sums[row] = sum == SIMD8() ? nil : sum
      let wanted = SIMD8<Int32>(truncatingIfNeeded: base.rows[Int(row)]) &+ sum
      let clamped = wanted.clamped(
        lowerBound: SIMD8(repeating: -127), upperBound: SIMD8(repeating: 127))
      rows[Int(row)] = SIMD8<Int8>(truncatingIfNeeded: clamped)
    }
  }

  private mutating func writableRows() -> UnsafeMutablePointer<SIMD8<Int8>> {
    if let rows { return rows }
    let copy = UnsafeMutablePointer<SIMD8<Int8>>.allocate(capacity: base.rowCount)
    copy.initialize(from: base.rows, count: base.rowCount)
    rows = copy
    return copy
  }

  /// Later corrections of the same text stand over earlier ones.
  private mutating func rebuildLabels() {
    labels?.deallocate()
    labels = nil
    if corrections.isEmpty { return }
    var slots = 64
    while slots < 2 * corrections.count { slots *= 2 }
    let table = UnsafeMutablePointer<ExactLabel>.allocate(capacity: slots)
    table.initialize(repeating: ExactLabel(hash: 0, label: 255), count: slots)
    labelMask = slots - 1
    for correction in corrections { Self.insert(correction, into: table, labelMask) }
    labels = table
  }

  private static func insert(
    _ correction: Correction, into table: UnsafeMutablePointer<ExactLabel>, _ mask: Int
  ) {
    var slot = Int(truncatingIfNeeded: correction.hash >> 32) & mask
    // Bounded: at most half of the slots are taken.
    while table[slot].label != 255, table[slot].hash != correction.hash {
      slot = (slot + 1) & mask
    }
    table[slot] = ExactLabel(hash: correction.hash, label: correction.label.rawValue)
  }

  /// Checks what must always hold.
  func checkInvariants() {
    precondition(corrections.count <= Self.correctionsMax)
    if corrections.isEmpty {
      precondition(sums.isEmpty)
      precondition(labels == nil)
    }
    guard let rows else { return }
    for row in 0..<base.rowCount {
      let sum = sums[UInt32(row)] ?? SIMD8()
      let wanted = (SIMD8<Int32>(truncatingIfNeeded: base.rows[row]) &+ sum).clamped(
        lowerBound: SIMD8(repeating: -127), upperBound: SIMD8(repeating: 127))
      precondition(rows[row] == SIMD8<Int8>(truncatingIfNeeded: wanted))
    }
  }
}

extension MessageReader {
  /// Of the whole normalised text.
  @inline(__always)
  var textHash: UInt64 { MessageHash.word(text, textCount) }

  /// The normalised text without the spaces around it.
  var trimmed: [UInt8] {
    textCount > 2 ? Array(normalised[1..<(textCount - 1)].buffer) : []
  }
}

extension Classifier {
  /// A correction, as listed.
  public struct LearntMessage: Sendable {
    public var number: Int
    public var label: MessageLabel
    /// As the classifier reads it.
    public var text: [UInt8]
  }

  /// Corrections in effect, in the order of learning.
  public var learnt: [LearntMessage] {
    corrections.corrections.map {
      LearntMessage(number: $0.number, label: $0.label, text: $0.text)
    }
  }

  /// The number that was given last; 0 before the first.
  public var lastCorrectionNumber: Int { corrections.lastNumber }

  /// Learns that a message has this label (`uncertain`: none of the labels).
  ///
  /// Nobody may classify meanwhile.
  ///
  /// - Parameter number: what to call the correction; nil for the next number.
  /// - Returns: the correction's number; nil when there is nothing to read in the message, or
  ///   when no more corrections are kept.
  /// - Complexity: O(bytes + corrections)
  public mutating func learn(
    _ label: MessageLabel, _ message: ByteView, number: Int? = nil, reader: inout MessageReader
  ) -> Int? {
    reader.read(message)
    guard reader.wordCount > 0 else { return nil }
    // What is kept is the text as read, and undoing reads that: so must learning.
    let text = Array(reader.trimmed.prefix(MessageReader.bytesMax))
    text.withUnsafeBytes { reader.read(ByteView($0)) }
    guard reader.wordCount > 0 else { return nil }
    let given = corrections.learn(label, reader, number: number)
    model = corrections.model
    return given
  }

  /// Takes a correction back, as if it had never been learnt.
  ///
  /// Nobody may classify meanwhile.
  ///
  /// - Returns: false when there is none of this number.
  /// - Complexity: O(bytes + corrections)
  public mutating func undo(_ number: Int, reader: inout MessageReader) -> Bool {
    let isUndone = corrections.undo(number, &reader)
    model = corrections.model
    return isUndone
  }

  /// Checks what must always hold.
  public func checkInvariants() { corrections.checkInvariants() }
}
