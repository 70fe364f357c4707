internal import RESPServer

/// Parameters of routing and money.
enum RoutingSettings {
  static let modelsFile = "coach-models-file"
  static let spendFile = "coach-spend-file"
  static let economyTasks = "coach-economy-tasks"
  static let answerTokensMax = "coach-answer-tokens-max"
  static let returnPercent = "coach-return-percent"
  static let lapsePercent = "coach-lapse-percent"
  static let reservationSeconds = "coach-reservation-seconds"
  static let breakerFailures = "coach-breaker-failures"
  static let breakerSeconds = "coach-breaker-seconds"

  /// All of them, with their defaults.
  static var parameters: [ConfigurationParameter] {
    let policy = RoutingPolicy()
    let tasks = RoutingTask.all.filter { policy.economyTasks.contains($0) }.map(\.name)
    return [
      .module(
        modelsFile, .text, default: .text(""),
        "models, prices and tiers, see docs/coach-routing.md; empty: those built in"),
      .module(
        spendFile, .text, default: .text("coach-spend.log"),
        "where spend and budgets are kept; empty: only in memory", .immutable),
      .module(
        economyTasks, .text, default: .text(tasks.joined(separator: " ")),
        "what the economy tier answers; all else is the premium tier's",
        validation: { value in
          let outcome = RoutingPolicy.tasks(value.text)
          return outcome.tasks == nil
            ? "'\(outcome.unknown)' is none of: "
              + RoutingTask.all.map(\.name).joined(separator: ", ")
            : nil
        }),
      .module(
        answerTokensMax, .integer(1...1_000_000), default: .integer(policy.answerTokensMax),
        "tokens of an answer at most: what budgets reserve for"),
      .module(
        returnPercent, .integer(0...100), default: .integer(policy.tierChoice.returnPercent),
        "how likely a conversation that goes down comes back up"),
      .module(
        lapsePercent, .integer(0...100), default: .integer(policy.tierChoice.lapsePercent),
        "how likely the better model forgets a conversation that goes down"),
      .module(
        reservationSeconds, .integer(1...86_400), default: .integer(300),
        "how long money is reserved for a call that is not settled"),
      .module(
        breakerFailures, .integer(1...1000), default: .integer(5),
        "failures in a row after which a model is left alone"),
      .module(
        breakerSeconds, .integer(1...86_400), default: .integer(10),
        "how long at first"),
    ]
  }

  /// The rules as they are configured now.
  ///
  /// - Parameters:
  ///   - memory: tokens of instructions and answers stand there.
  ///   - value: a setting by its name.
  static func policy(
    _ memory: MemorySettings, _ value: (String) -> ConfigurationValue?
  ) -> RoutingPolicy {
    var policy = RoutingPolicy()
    func number(_ name: String, _ standard: Int) -> Int { value(name)?.integer ?? standard }
    // The text was checked when it was set.
    let tasks = value(economyTasks).flatMap { RoutingPolicy.tasks($0.text).tasks }
    policy.economyTasks = tasks ?? policy.economyTasks
    policy.systemTokens = memory.systemTokens
    policy.answerTokens = memory.answerTokens
    policy.answerTokensMax = number(answerTokensMax, policy.answerTokensMax)
    policy.tierChoice.returnPercent = number(returnPercent, policy.tierChoice.returnPercent)
    policy.tierChoice.lapsePercent = number(lapsePercent, policy.tierChoice.lapsePercent)
    return policy
  }

  /// When breakers open, as configured.
  static func breakers(_ value: (String) -> ConfigurationValue?) -> CircuitBreaker.Settings {
    var settings = CircuitBreaker.Settings()
    settings.failuresMax = value(breakerFailures)?.integer ?? settings.failuresMax
    let seconds = value(breakerSeconds)?.integer
    settings.openMilliseconds = seconds.map { Int64($0) * 1000 } ?? settings.openMilliseconds
    settings.openMillisecondsMax = max(settings.openMillisecondsMax, settings.openMilliseconds)
    return settings
  }
}
