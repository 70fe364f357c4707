/// What the classifier says of a message.
public struct Classification: Sendable {
  /// What decided.
  public enum Reason: UInt8, Sendable {
    /// The trained weights, with what rules added to them.
    case model
    /// A rule that decides by itself.
    case rule
    /// A correction that was learnt for this very message.
    case correction
    /// An answer to a question of the assistant's.
    case context
    /// Uncertain: nothing to read.
    case empty
    /// Uncertain: it looks like none of the labels.
    case noLabel
    /// Uncertain: the best label is not likely enough.
    case unsure
    /// Uncertain: a cheap label is likely, but so is one that must not be treated cheaply.
    case risk

    /// As replies show it.
    public var name: StaticString {
      switch self {
      case .model: "model"
      case .rule: "rule"
      case .correction: "correction"
      case .context: "context"
      case .empty: "empty"
      case .noLabel: "no_label"
      case .unsure: "unsure"
      case .risk: "risk"
      }
    }
  }

  /// The label, `uncertain` when none is sure enough.
  public var label: MessageLabel

  /// Probability of the likeliest label, 0 to 1; of `label` unless that is `uncertain`.
  public var confidence: Float

  /// Probability of each label at the position of its number; at 5 that of none of them.
  public var probabilities: SIMD8<Float>

  public var reason: Reason

  /// The likeliest label, also where `label` is `uncertain`; nil when it is none of them.
  public var likeliest: MessageLabel?

  /// Numbers of the first rules that fired, in the order of the file; −1 where there are no more.
  public var firedRules: SIMD8<Int16>

  /// An answer for a message without anything to read.
  static let empty = Classification(
    label: .uncertain, confidence: 0, probabilities: SIMD8(), reason: .empty, likeliest: nil,
    firedRules: SIMD8(repeating: -1))

  /// Whether the cheaper models may answer.
  public var isEconomical: Bool { label.isEconomical }
}

extension MessageLabel {
  /// Whether messages with this label may go to the cheaper models.
  public var isEconomical: Bool { rawValue <= MessageLabel.smallTalk.rawValue }
}
