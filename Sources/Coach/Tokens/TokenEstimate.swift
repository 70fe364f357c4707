public import Bytes
internal import CCoach

/// Estimates token counts where no vocabulary is configured: a model of where words fall apart,
/// fitted to exact counts of public texts, errs on the side of more.
///
/// Text is cut into the same units as by the exact counter, roughly: a word with its markers, a
/// run of punctuation, digits in threes, spaces, single characters of other scripts. A unit costs
/// one token and, for every place inside it, the fitted likelihood that a token ends there, read
/// from hashes of the bytes around the place; frequent words have a weight of their own on top:
///
///     < h o m e s i c k >       1 + w(<|ho) + w(<h|om) + ... + w(ck|>) + w(<homesick>)
///
/// The weights are a table of 16,384 signed bytes (`TokenEstimateTable`), written by
/// `coacheval fit-tokens`. One pass, no allocation, O(1) memory: the sums of words that were met
/// lately are remembered (`WordMemory`).
public enum TokenEstimate {
  /// Weights are in this fraction of a token.
  static let scale = 48
  static let tableBits = 14

  /// Estimates the tokens of one user message.
  ///
  /// - Parameter isFramed: with the tokens of the message around the text.
  /// - Complexity: O(n), no allocation.
  public static func count(
    _ text: ByteView, family: TokenFamily = .v5, isFramed: Bool = true
  ) -> Int {
    TokenEstimateTable.weights.withUnsafeBufferPointer { weights in
      var scan = EstimateScan(text, SummingVisitor(weights: weights))
      scan.run()
      return count(text, scan, family: family, isFramed: isFramed)
    }
  }

  /// The tokens of a text that was read to its end.
  static func count(
    _ text: ByteView, _ scan: borrowing EstimateScan<SummingVisitor>, family: TokenFamily,
    isFramed: Bool
  ) -> Int {
    let content = biased(scan.visitor.sum + scan.plain * scale, family, text)
    return content + (isFramed ? overhead(family) : 0)
  }

  /// Tokens of the frame around a user message: facts of the provider.
  static func overhead(_ family: TokenFamily) -> Int { family == .v5 ? 6 : 11 }

  /// Rounds to whole tokens, with the margin that keeps budgets.
  private static func biased(_ sum: Int, _ family: TokenFamily, _ text: ByteView) -> Int {
    var sum = max(0, sum)
    // The older frame opens a word itself where the text does not begin with one.
    if family == .v4, text.count == 0 || text[0] >= 0x80 || text[0] &- 0x30 < 10 { sum += scale }
    sum += (sum * TokenEstimateTable.marginPerThousand + 999) / 1000
    return (sum + scale / 2) / scale
  }
}

/// The weights summed over the units of a text. Words are mostly the same few hundred, so their
/// sums are looked up in what the thread remembers before anything is hashed.
struct SummingVisitor: EstimateVisitor {
  let weights: UnsafeBufferPointer<Int8>
  var sum = 0
  private let memory = WordMemory()
  /// The place for the word that is being visited, and the sum before it.
  private var place: UnsafeMutablePointer<ccoach_word>?
  private var before = 0

  init(weights: UnsafeBufferPointer<Int8>) { self.weights = weights }

  @inline(__always)
  mutating func recall(_ head: UInt64, _ tail: UInt64) -> Bool {
    let place = memory.place(head, tail)
    if place.pointee.facts & WordMemory.Facts.hasSum != 0 {
      sum &+= Int(place.pointee.sum)
      return true
    }
    self.place = place
    before = sum
    return false
  }

  @inline(__always)
  mutating func beginUnit() { sum += TokenEstimate.scale }

  @inline(__always)
  mutating func feature(_ index: Int) { sum += Int(weights[index]) }

  @inline(__always)
  mutating func endUnit() {
    guard let place else { return }
    // A unit that is remembered has 18 bytes and markers at most, each with three features of a
    // signed byte: 7,000 at most.
    place.pointee.sum = Int16(truncatingIfNeeded: sum &- before)
    place.pointee.facts |= WordMemory.Facts.hasSum
    self.place = nil
  }
}

/// Collects the features of one unit: for the tool that fits the weights.
public struct FeatureCollector: EstimateVisitor {
  /// Features of each unit in order.
  public private(set) var units: [[Int]] = []

  /// Starts with no unit.
  public init() {}

  /// No unit is known.
  public mutating func recall(_ head: UInt64, _ tail: UInt64) -> Bool { false }
  /// A unit begins.
  public mutating func beginUnit() { units.append([]) }
  /// A feature of the present unit.
  public mutating func feature(_ index: Int) { units[units.count - 1].append(index) }
  /// The unit ends.
  public mutating func endUnit() {}

  /// The units of `text`, each with its features, and the tokens that need no estimate.
  public static func collect(_ text: ByteView) -> (units: [[Int]], plain: Int) {
    var scan = EstimateScan(text, FeatureCollector())
    scan.run()
    return (scan.visitor.units, scan.plain)
  }
}

/// What is done with the units of a text.
protocol EstimateVisitor {
  /// Whether a word, or a run of punctuation with its markers, is known and so was taken into
  /// account; else its features follow as a unit. See `WordMemory.place`.
  mutating func recall(_ head: UInt64, _ tail: UInt64) -> Bool
  mutating func beginUnit()
  mutating func feature(_ index: Int)
  mutating func endUnit()
}
