/// How sure the classifier must be; chosen by the training tool and shipped with the weights.
public struct DecisionThresholds: Sendable, Equatable {
  /// Scores are divided by it to make probabilities that hold.
  public var temperature: Float
  /// Under this probability the best label is not taken.
  public var confidenceMin: Float
  /// Over this probability of coaching and assessment together a message is not called cheap.
  public var premiumShareMax: Float
  /// The same for messages of at most `shortWordsMax` words: a story that looks like small talk is
  /// sooner one for the coach than "do you like music" is.
  public var premiumShareMaxShort: Float
  /// From this probability on a message is none of the labels.
  public var noneMin: Float

  /// Words of a short message.
  public static let shortWordsMax = 8

  public init(
    temperature: Float = 1, confidenceMin: Float = 0.3, premiumShareMax: Float = 0.15,
    premiumShareMaxShort: Float = 0.15, noneMin: Float = 0.6
  ) {
    self.temperature = temperature
    self.confidenceMin = confidenceMin
    self.premiumShareMax = premiumShareMax
    self.premiumShareMaxShort = premiumShareMaxShort
    self.noneMin = noneMin
  }

  /// Chooses a label by probabilities alone.
  ///
  /// - Parameters:
  ///   - probabilities: of the labels by their number, and of none of them at 5.
  ///   - wordCount: words of the message.
  @inline(__always)
  public func decide(_ probabilities: SIMD8<Float>, wordCount: Int) -> Classification {
    var best = 0
    for column in 1..<ClassifierModel.noneColumn
    where probabilities[column] > probabilities[best] { best = column }
    let none = probabilities[ClassifierModel.noneColumn]
    var result = Classification(
      label: .uncertain, confidence: none, probabilities: probabilities,
      reason: .noLabel, likeliest: nil, firedRules: SIMD8(repeating: -1))
    guard none < noneMin, let label = MessageLabel(rawValue: UInt8(truncatingIfNeeded: best))
    else { return result }
    result.likeliest = label
    result.confidence = probabilities[best]
    if probabilities[best] < confidenceMin {
      result.reason = .unsure
    } else if label.isEconomical, probabilities[3] + probabilities[4] > bound(wordCount) {
      result.reason = .risk
    } else {
      result.label = label
      result.reason = .model
    }
    return result
  }

  /// How probable coaching and assessment may be in a cheap message of so many words.
  @inline(__always)
  func bound(_ wordCount: Int) -> Float {
    wordCount <= Self.shortWordsMax ? premiumShareMaxShort : premiumShareMax
  }
}
