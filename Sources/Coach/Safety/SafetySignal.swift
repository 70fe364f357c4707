/// What a crisis is about.
public enum SafetyCategory: UInt8, CaseIterable, Sendable {
  case selfHarm, violence, coercion

  /// The name on the wire.
  public var name: StaticString {
    switch self {
    case .selfHarm: "self-harm"
    case .violence: "violence"
    case .coercion: "coercion"
    }
  }
}

/// How grave a signal is.
public enum SafetyLevel: UInt8, Comparable, Sendable {
  case none
  /// Spoken of, denied, or told of the past or of fiction: no crisis, but nothing for a cheap
  /// model either, and nothing to cache.
  case mention
  /// A crisis may be on: thoughts of it, hints, a life with violence.
  case concern
  /// Intent, means, a threat, an assault.
  case crisis

  /// Order by gravity.
  public static func < (left: SafetyLevel, right: SafetyLevel) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The name on the wire.
  public var name: StaticString {
    switch self {
    case .none: "none"
    case .mention: "mention"
    case .concern: "concern"
    case .crisis: "crisis"
    }
  }
}

/// What a text signals.
public struct SafetyAssessment: Equatable, Sendable {
  /// The gravest level of each category, by raw value.
  public var levels: SIMD4<UInt8> = .zero
  /// The first and last byte of the gravest signal; 0 and 0 when there is none.
  public var start = 0
  public var end = 0

  /// The level of a category.
  public func level(_ category: SafetyCategory) -> SafetyLevel {
    SafetyLevel(rawValue: levels[Int(category.rawValue)]) ?? .none
  }

  /// The gravest level.
  public var level: SafetyLevel { SafetyLevel(rawValue: levels.max()) ?? .none }

  /// Whether routing and budgets are overridden and the exchange is flagged.
  public var isCrisis: Bool { level >= .concern }

  /// Whether the exchange may go to an economical model, and its answer into a cache.
  public var isHarmless: Bool { level == .none }
}
