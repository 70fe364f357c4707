public import Bytes

/// Why a message got its label, for a person to read.
///
/// The weights of pieces of a word are added to the word's own, so that what is shown are words and
/// pairs of neighbouring words as they were written. Points are log-odds of the label against the
/// next likely one: at +0.7 a word makes the label twice as likely.
public struct Explanation: Sendable {
  /// One word, or two.
  public struct Part: Sendable {
    public var text: String
    /// For the label where positive, for its rival where negative.
    public var points: Float
  }

  public var classification: Classification
  /// The likeliest label or "none", and the one next to it, which the points compare.
  public var favourite: String
  public var rival: String
  /// The parts that speak loudest, the loudest first.
  public var parts: [Part]
  /// Names of the rules that fired.
  public var rules: [String]
  /// All of it in sentences.
  public var text: String

  /// Parts that are listed.
  static let partsMax = 8
}

extension Classifier {
  /// Classifies a message and says why.
  ///
  /// - Complexity: O(bytes), allocates; for people, not for the hot path.
  public func explain(
    _ message: ByteView, after turn: ByteView? = nil, reader: inout MessageReader
  ) -> Explanation {
    let result = classify(message, after: turn, reader: &reader)
    var order = Array(0...ClassifierModel.noneColumn)
    order.sort { result.probabilities[$0] > result.probabilities[$1] }
    let parts = parts(of: message, reader, favouring: order[0], over: order[1])
    var names: [String] = []
    for index in 0..<FiredRules.firedMax where result.firedRules[index] >= 0 {
      names.append(rules.rules[Int(result.firedRules[index])].name)
    }
    var explanation = Explanation(
      classification: result, favourite: Self.name(of: order[0]), rival: Self.name(of: order[1]),
      parts: Array(parts.prefix(Explanation.partsMax)), rules: names, text: "")
    explanation.text = sentences(for: explanation, wordCount: reader.wordCountForBounds)
    return explanation
  }

  private static func name(of column: Int) -> String {
    guard column != ClassifierModel.noneColumn else { return "none" }
    return MessageLabel(rawValue: UInt8(column)).map { "\($0.name)" } ?? "none"
  }

  /// What each word and pair adds to one column over another, the loudest first.
  private func parts(
    of message: ByteView, _ reader: MessageReader, favouring favourite: Int, over rival: Int
  ) -> [Explanation.Part] {
    guard reader.wordCount > 0 else { return [] }
    var sink = PartSink(reader.tokenCount)
    reader.forEachFeature(&sink)
    let counts = pointwiseMax(sink.counts, SIMD4(repeating: 1)).squareRoot()
    let values = model.kindScales / counts / model.thresholds.temperature
    var words = [Float](repeating: 0, count: reader.tokenCount)
    var pairs = words
    for feature in sink.features {
      let row = model.rows[Int(truncatingIfNeeded: feature.hash >> UInt64(64 - model.rowBits))]
      let points =
        values[feature.kind.rawValue]
        * (Float(row[favourite]) * model.quanta[favourite]
          - Float(row[rival]) * model.quanta[rival])
      if feature.kind == .pair, feature.token > 0, !feature.isClosing {
        pairs[feature.token] += points
      } else {
        words[feature.token] += points
      }
    }
    var parts: [Explanation.Part] = []
    for index in words.indices {
      let token = reader.token(index)
      parts.append(Explanation.Part(text: Self.text(message, token, token), points: words[index]))
      if index > 0 {
        parts.append(
          Explanation.Part(
            text: Self.text(message, reader.token(index - 1), token), points: pairs[index]))
      }
    }
    return parts.filter { abs($0.points) >= 0.05 }.sorted { abs($0.points) > abs($1.points) }
  }

  /// The bytes of the message from one word to another, as text.
  private static func text(
    _ message: ByteView, _ first: MessageReader.Token, _ last: MessageReader.Token
  ) -> String {
    let start = min(Int(first.sourceStart), message.count)
    let end = min(Int(last.sourceStart) + Int(last.sourceLength), message.count)
    guard start < end, end - start <= MessageReader.bytesMax else { return "" }
    return String(decoding: message[start..<end].buffer, as: UTF8.self)
  }

  private func sentences(for explanation: Explanation, wordCount: Int) -> String {
    let result = explanation.classification
    let percentage = Self.percent(result.confidence)
    var text: String
    switch result.reason {
    case .empty: return "There is nothing to read in the message, so it is uncertain."
    case .rule: text = "A rule decides that it is \(result.label.name)."
    case .correction: text = "This very message was taught to be \(result.label.name)."
    case .model: text = "\(result.label.name), \(percentage) sure."
    case .context:
      text =
        "By itself it only confirms, but it answers a question of the assistant's about "
        + "\(result.label == .assessment ? "an assessment" : "coaching"), "
        + "so it is \(result.label.name)."
    case .noLabel: text = "It looks like none of the labels (\(percentage)), so it is uncertain."
    case .unsure:
      text =
        "The likeliest label is \(explanation.favourite), but only with \(percentage), and "
        + "\(Self.percent(model.thresholds.confidenceMin)) is the least; so it is uncertain."
    case .risk:
      let premium = result.probabilities[3] + result.probabilities[4]
      text =
        "It looks like \(explanation.favourite) (\(percentage)), but coaching or assessment is "
        + "\(Self.percent(premium)) likely, more than the "
        + "\(Self.percent(model.thresholds.bound(wordCount))) that a cheap answer allows; "
        + "so it is uncertain."
    }
    let loud = explanation.parts.prefix(6)
    let pro = loud.filter { $0.points > 0 }.prefix(4)
    let contra = loud.filter { $0.points < 0 }.prefix(3)
    if !pro.isEmpty {
      text += " For \(explanation.favourite) rather than \(explanation.rival): "
      text += Self.list(pro) + "."
    }
    if !contra.isEmpty { text += " Against it: " + Self.list(contra) + "." }
    if !explanation.rules.isEmpty {
      text += " Rules that fired: " + explanation.rules.joined(separator: ", ") + "."
    }
    return text
  }

  private static func list(_ parts: ArraySlice<Explanation.Part>) -> String {
    parts.map { part in
      let tenths = Int((abs(part.points) * 10).rounded())
      return "'\(part.text)' (\(part.points < 0 ? "-" : "+")\(tenths / 10).\(tenths % 10))"
    }.joined(separator: ", ")
  }

  private static func percent(_ share: Float) -> String {
    let whole = Int((min(max(share, 0), 1) * 100).rounded())
    // Nothing that is only likely is called certain.
    return "\(share < 1 ? min(whole, 99) : whole) %"
  }
}

/// Keeps the features of a message with the words that they belong to.
private struct PartSink: FeatureSink {
  private(set) var features: [Feature] = []
  private(set) var counts = SIMD4<Float>()
  private let tokenCount: Int
  private var pairCount = 0

  struct Feature {
    var hash: UInt64
    var kind: FeatureKind
    var token: Int
    /// The pair of the last word and the end.
    var isClosing: Bool
  }

  init(_ tokenCount: Int) { self.tokenCount = tokenCount }

  mutating func add(_ hash: UInt64, _ kind: FeatureKind, token: Int) {
    if kind == .pair { pairCount += 1 }
    features.append(
      Feature(
        hash: hash, kind: kind, token: token, isClosing: kind == .pair && pairCount > tokenCount))
    counts[kind.rawValue] += 1
  }

  mutating func endToken() {}
}
