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
  /// Spoken of, denied, or told of fiction: no crisis, but nothing for a cheap model either, and
  /// nothing to cache.
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

/// What a text signals. `SafetyDetector.verdict(on:)` makes it.
public struct SafetyVerdict: Equatable, Sendable {
  /// The gravest level of each category, by raw value.
  var levels: SIMD4<UInt8> = .zero

  /// The first byte of the gravest signal, and the byte behind it; 0 and 0 when there is none.
  public internal(set) var start = 0
  public internal(set) var end = 0

  /// The level of a category.
  public func level(_ category: SafetyCategory) -> SafetyLevel {
    SafetyLevel(rawValue: levels[Int(category.rawValue)]) ?? .none
  }

  /// The gravest level.
  public var level: SafetyLevel { SafetyLevel(rawValue: levels.max()) ?? .none }

  /// The category of the gravest level, of equal ones the first; nil without a signal.
  public var category: SafetyCategory? {
    guard level > .none else { return nil }
    return SafetyCategory.allCases.first { level($0) == level }
  }

  /// Whether routing and budgets are overridden and the exchange is flagged.
  public var isCrisis: Bool { level >= .concern }

  /// Whether the exchange may go to an economical model, and its answer into a cache.
  public var isHarmless: Bool { level == .none }

  /// Notes a signal.
  mutating func note(_ category: SafetyCategory, _ level: SafetyLevel, _ start: Int, _ end: Int) {
    if level > self.level {
      self.start = start
      self.end = end
    }
    let index = Int(category.rawValue)
    levels[index] = max(levels[index], level.rawValue)
  }
}
