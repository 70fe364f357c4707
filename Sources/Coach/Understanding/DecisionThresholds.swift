/// How sure the classifier must be; chosen by the training tool and shipped with the weights.
public struct DecisionThresholds: Sendable, Equatable {
  /// Scores are divided by it to make probabilities that hold.
  public var temperature: Float
  /// Under this probability the best label is not taken.
  public var confidenceMin: Float
  /// Over this probability of coaching and assessment together a message is not called cheap.
  public var premiumShareMax: Float
  /// From this probability on a message is none of the labels.
  public var noneMin: Float

  public init(
    temperature: Float = 1, confidenceMin: Float = 0.3, premiumShareMax: Float = 0.15,
    noneMin: Float = 0.6
  ) {
    self.temperature = temperature
    self.confidenceMin = confidenceMin
    self.premiumShareMax = premiumShareMax
    self.noneMin = noneMin
  }

  /// Chooses a label by probabilities alone.
  ///
  /// - Parameter probabilities: of the labels by their number, and of none of them at 5.
  @inline(__always)
  public func decide(_ probabilities: SIMD8<Float>) -> Classification {
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
    } else if label.isEconomical, probabilities[3] + probabilities[4] > premiumShareMax {
      result.reason = .risk
    } else {
      result.label = label
      result.reason = .model
    }
    return result
  }
}
