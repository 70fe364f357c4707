/// Which tier answers a turn.
///
/// A turn asks for the tier that its label has. Going up is always granted. Going down saves the
/// difference in price, but leaves a warm prompt cache behind: the cheap model must be sent the
/// whole history afresh, and when the conversation comes back the dear one, too. So a conversation
/// stays where it is unless going down saves money when all of that is paid.
public struct TierChoice: Equatable, Sendable {
  /// What came out, and the money behind it.
  public struct Decision: Sendable {
    /// The tier that answers.
    public let tier: Tier
    /// Whether it is another one than the conversation had.
    public let isSwitch: Bool
    /// What the turn costs here, and what it would cost in the other tier, the way back included.
    public let cost: Money
    public let otherCost: Money
    /// One of: "label", "stays: …", "down: …", for EXPLAIN.
    public let reason: String
  }

  /// How likely the next turn goes back to the dear tier, in hundredths: the share of premium turns
  /// in the platform's mix.
  public var returnPercent = 40

  /// How likely a warm prefix lapses because of a turn that does not refresh it, in hundredths.
  /// With 10 a replay of real arrivals (`coachsimulate traffic`) was cheapest; 5 to 20 differ by
  /// less than half a percent.
  public var lapsePercent = 10

  /// Makes a choice with the defaults.
  public init() {}

  /// Decides.
  ///
  /// - Parameters:
  ///   - wanted: the label's tier.
  ///   - current: the conversation's tier so far; nil at its start.
  ///   - turn: the turn, `warmTokens` as of the current tier's model.
  ///   - economy: the model of each tier that would answer.
  public func decide(
    wanted: Tier, current: Tier?, turn: PromptCost.Turn, economy: Model, premium: Model
  ) -> Decision {
    var cold = turn
    cold.warmTokens = 0
    let cheapTurn = current == .economy ? turn : cold
    let dearTurn = current == .premium ? turn : cold
    let cheap = bestCost(of: cheapTurn, economy)
    let dear = bestCost(of: dearTurn, premium)
    guard let current, wanted < current else {
      let isUp = current.map { $0 < wanted } ?? false
      let isPremium = wanted == .premium
      return Decision(
        tier: wanted, isSwitch: isUp, cost: isPremium ? dear : cheap,
        otherCost: isPremium ? cheap : dear, reason: isUp ? "up: the label asks for it" : "label")
    }
    let grown = turn.messageTokens + turn.answerTokens
    let prefix = turn.systemTokens + turn.historyTokens
    // On the way back the dear model has not seen this turn, and may have forgotten the rest.
    let again =
      premium.cacheWrite * grown + Self.percent(lapsePercent, of: premium.cacheWrite * prefix)
    let back = Self.percent(returnPercent, of: again)
    let down = cheap + back
    let stays = down >= dear
    let saving = (stays ? down - dear : dear - down).text
    return Decision(
      tier: stays ? current : wanted, isSwitch: !stays, cost: stays ? dear : down,
      otherCost: stays ? down : dear,
      reason: stays
        ? "stays: going down would cost \(saving) more with \(prefix) tokens to send again"
        : "down: saves \(saving) after the cost of switching")
  }

  private static func percent(_ percent: Int, of amount: Money) -> Money {
    Money(picodollars: amount.picodollars / 100 * Int64(percent))
  }

  /// What the turn costs in its cheapest way.
  private func bestCost(of turn: PromptCost.Turn, _ model: Model) -> Money {
    let arithmetic = PromptCost(model: model)
    return min(arithmetic.cost(of: turn, .full), arithmetic.cost(of: turn, .fullCached))
  }
}
