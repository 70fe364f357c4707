/// Chooses the model that answers a turn: what COACH.ROUTE does, apart from reading the message and
/// the conversation. The traffic simulation runs this very code.
///
/// In this order:
///
/// 1. a crisis goes to the premium tier, whatever the rest says, and to no other model;
/// 2. the rules say which tier a task asks for (`RoutingPolicy`);
/// 3. up is granted at once, down where it saves money with the lost cache paid (`TierChoice`);
/// 4. a model that was asked for by name comes before its tier's chain;
/// 5. models that are down, or whose context is too small, are passed over; when none of a tier is
///    left, the other tier serves: rather a dear answer than none;
/// 6. a budget that the answer might exceed takes the turn down to the economy tier, and refuses it
///    when that is too dear as well.
public struct Router: Sendable {
  /// The models, and the operator's rules.
  public var catalog: ModelCatalog { didSet { chains = Self.chains(of: catalog) } }
  public var policy: RoutingPolicy

  private var chains: [[Model]]

  /// Makes a router.
  public init(catalog: ModelCatalog = .builtIn, policy: RoutingPolicy = RoutingPolicy()) {
    self.catalog = catalog
    self.policy = policy
    chains = Self.chains(of: catalog)
  }

  private static func chains(of catalog: ModelCatalog) -> [[Model]] {
    Tier.allCases.map { catalog.chain(of: $0) }
  }

  /// The models of a tier in the order in which they are tried.
  public func chain(of tier: Tier) -> [Model] { chains[tier == .economy ? 0 : 1] }

  /// A turn that wants an answer.
  public struct Request: Sendable {
    /// What is asked for, and whether it is about a crisis.
    public var task: RoutingTask
    public var isCrisis = false
    /// The conversation's tier and model so far; nil at its start.
    public var currentTier: Tier?
    public var currentModel: String?
    /// What is sent; `warmTokens` as of the current model.
    public var turn: PromptCost.Turn
    /// A model that the client asks for by name.
    public var wantedModel: Model?

    /// Makes a request at the start of a conversation.
    public init(_ task: RoutingTask, turn: PromptCost.Turn) {
      self.task = task
      self.turn = turn
    }
  }

  /// Why a model is passed over.
  public enum Obstacle: String, Equatable, Sendable {
    /// Its circuit breaker keeps calls away.
    case down
    /// The prompt and the longest answer are more than its context.
    case tooLong = "too-long"
  }

  /// One model that could answer.
  public struct Choice: Sendable {
    public let model: Model
    public let tier: Tier
    /// The cheapest way of sending the history to it, what that uses, and what it costs.
    public let way: PromptCost.Way
    public let usage: Usage
    public let cost: Money
    /// What it may cost at most: nothing is in the cache, and the answer is as long as it may be.
    public let costMax: Money
    /// Why it cannot be chosen; nil: it can.
    public let obstacle: Obstacle?
  }

  /// What came out.
  public struct Route: Sendable {
    /// The tier that the task asks for, and the one that answers.
    public let wantedTier: Tier
    public let tier: Tier
    public let choice: Choice
    /// Why, in a few words.
    public let reason: String
    /// Whether another tier answers than before.
    public let isSwitch: Bool
    /// Whether a budget took it down.
    public let isDegraded: Bool
    /// Names in the order in which they are to be tried: the choice, then what stands in for it.
    public let chain: [String]
    /// All models of both chains.
    public let choices: [Choice]
    /// What the same turn would cost in the premium tier, kept warm: for telling what is saved.
    public let premiumCost: Money
  }

  /// Why there is no route.
  public enum Failure: Error, Sendable {
    /// Every model is passed over.
    case noModel([Choice])
    /// The budget does not allow the cheapest.
    case overBudget(BudgetBook.Refusal)
  }

  /// Chooses.
  ///
  /// - Parameters:
  ///   - isUp: whether a model may be called.
  ///   - refusal: why an amount may not be spent; nil: it may. Asked for the greatest cost of the
  ///     choice, then for that of the economy tier's; the amount it allows last is that of the
  ///     route. Not asked in a crisis.
  /// - Throws: when no model can answer, or the budget allows none; never in a crisis, unless the
  ///   premium tier is empty.
  /// - Complexity: O(models of both chains)
  public func route(
    _ request: Request, isUp: (String) -> Bool = { _ in true },
    refusal: (Money) -> BudgetBook.Refusal? = { _ in nil }
  ) throws(Failure) -> Route {
    let choices = choices(request, isUp: isUp)
    if request.isCrisis { return try crisisRoute(request, choices) }
    guard let economy = first(.economy, choices), let premium = first(.premium, choices) else {
      throw .noModel(choices)
    }
    let wanted = policy.tier(of: request.task)
    var decision = policy.tierChoice.decide(
      wanted: wanted, current: request.currentTier, turn: request.turn, economy: economy.model,
      premium: premium.model)
    var reason = decision.reason
    if decision.reason == "label" {
      reason = "\(request.task.name) asks for \(wanted.rawValue)"
    }
    if let wantedModel = request.wantedModel,
      let asked = choices.first(where: { $0.model.name == wantedModel.name && $0.obstacle == nil })
    {
      return try affordable(
        asked, "asked for by name", decision, wanted, request, economy, choices, refusal)
    }
    let choice = decision.tier == .economy ? economy : premium
    if choice.tier != decision.tier { reason += "; no \(decision.tier.rawValue) model answers" }
    decision = TierChoice.Decision(
      tier: choice.tier, isSwitch: request.currentTier.map { $0 != choice.tier } ?? false,
      cost: decision.cost, otherCost: decision.otherCost, reason: reason)
    return try affordable(
      choice, reason, decision, wanted, request, economy, choices, refusal)
  }

  /// The route of a turn about a crisis: the first premium model that can answer. One that is down
  /// is better than none, and better than a cheap one.
  private func crisisRoute(_ request: Request, _ choices: [Choice]) throws(Failure) -> Route {
    let chain = ordered(.premium, choices)
    // What stands in for premium models elsewhere belongs to the economy tier.
    var able = chain.filter { $0.tier == .premium }
    if able.isEmpty { able = chain }
    guard
      let choice = able.first(where: { $0.obstacle == nil })
        ?? able.first(where: { $0.obstacle == .down }) ?? able.first
    else { throw .noModel(choices) }
    var reason = "crisis: always premium"
    if choice.obstacle == .down { reason += "; its breaker is open, which does not count" }
    let others = able.filter { $0.obstacle == nil && $0.model.name != choice.model.name }
    return Route(
      wantedTier: .premium, tier: .premium, choice: choice, reason: reason,
      isSwitch: request.currentTier.map { $0 != .premium } ?? false, isDegraded: false,
      chain: [choice.model.name] + others.map(\.model.name), choices: choices,
      premiumCost: premiumCost(request, choices))
  }

  /// Takes a choice, or what the budget allows in its place.
  private func affordable(
    _ choice: Choice, _ reason: String, _ decision: TierChoice.Decision, _ wanted: Tier,
    _ request: Request, _ economy: Choice, _ choices: [Choice],
    _ refusal: (Money) -> BudgetBook.Refusal?
  ) throws(Failure) -> Route {
    var choice = choice
    var reason = reason
    var isDegraded = false
    if let first = refusal(choice.costMax) {
      guard economy.costMax < choice.costMax else { throw .overBudget(first) }
      if let second = refusal(economy.costMax) { throw .overBudget(second) }
      choice = economy
      isDegraded = true
      reason += "; taken down by the \(first.scope.rawValue) budget"
    }
    return Route(
      wantedTier: wanted, tier: choice.tier, choice: choice, reason: reason,
      isSwitch: request.currentTier.map { $0 != choice.tier } ?? false, isDegraded: isDegraded,
      chain: fallbacks(of: choice, choices), choices: choices,
      premiumCost: premiumCost(request, choices))
  }

  // MARK: Choices

  private func choices(_ request: Request, isUp: (String) -> Bool) -> [Choice] {
    var choices: [Choice] = []
    func add(_ model: Model, _ tier: Tier) {
      // A model that stands in for a better one belongs to the tier in which it comes first.
      guard !choices.contains(where: { $0.model.name == model.name }) else { return }
      choices.append(choice(model, tier, request, isUp: isUp(model.name)))
    }
    for tier in Tier.allCases { for model in chain(of: tier) { add(model, tier) } }
    if let wanted = request.wantedModel { add(wanted, .premium) }
    return choices
  }

  private func choice(_ model: Model, _ tier: Tier, _ request: Request, isUp: Bool) -> Choice {
    var turn = request.turn
    if !isWarm(model, tier, request) { turn.warmTokens = 0 }
    let arithmetic = PromptCost(model: model)
    let plain = arithmetic.usage(of: turn, .full)
    let cached = arithmetic.usage(of: turn, .fullCached)
    let isPlain = model.cost(of: plain) < model.cost(of: cached)
    let usage = isPlain ? plain : cached
    let worst = Usage(
      cacheWriteTokens: usage.promptTokens,
      outputTokens: max(policy.answerTokensMax, turn.answerTokens))
    let plainWorst = Usage(inputTokens: usage.promptTokens, outputTokens: worst.outputTokens)
    let obstacle: Obstacle? =
      !isUp
      ? .down
      : usage.promptTokens + turn.answerTokens > model.contextTokens ? .tooLong : nil
    return Choice(
      model: model, tier: tier, way: isPlain ? .full : .fullCached, usage: usage,
      cost: model.cost(of: usage),
      costMax: max(model.cost(of: worst), model.cost(of: plainWorst)), obstacle: obstacle)
  }

  /// Whether the model is the one that has answered so far. Where only the tier is known it is
  /// taken for the first of its chain.
  private func isWarm(_ model: Model, _ tier: Tier, _ request: Request) -> Bool {
    if let current = request.currentModel { return current == model.name }
    return request.currentTier == tier && chain(of: tier).first?.name == model.name
  }

  /// The first model of a tier that can answer, or else one of the other tier.
  private func first(_ tier: Tier, _ choices: [Choice]) -> Choice? {
    ordered(tier, choices).first { $0.obstacle == nil } ?? choices.first { $0.obstacle == nil }
  }

  /// The models in the order of the tier's own chain, in which one of the other may stand, too.
  private func ordered(_ tier: Tier, _ choices: [Choice]) -> [Choice] {
    chain(of: tier).compactMap { model in choices.first { $0.model.name == model.name } }
  }

  private func fallbacks(of choice: Choice, _ choices: [Choice]) -> [String] {
    var names = [choice.model.name]
    for model in chain(of: choice.tier) + chain(of: choice.tier == .economy ? .premium : .economy)
    where !names.contains(model.name) {
      if choices.contains(where: { $0.model.name == model.name && $0.obstacle == nil }) {
        names.append(model.name)
      }
    }
    return names
  }

  private func premiumCost(_ request: Request, _ choices: [Choice]) -> Money {
    guard let model = chain(of: .premium).first else { return .zero }
    // Had all turns gone there, its cache would be warm whatever tier has answered last.
    let arithmetic = PromptCost(model: model)
    return min(
      arithmetic.cost(of: request.turn, .full), arithmetic.cost(of: request.turn, .fullCached))
  }
}
