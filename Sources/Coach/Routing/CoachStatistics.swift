internal import Synchronization

/// What the coach has done since the server started: counters that all threads add to.
///
/// They are read one by one, so a report of several may be of slightly different moments.
public final class CoachStatistics: Sendable {
  /// Something that is counted, or added up.
  public enum Counter: Int, CaseIterable, Sendable {
    /// Turns that were routed, and what became of them.
    case routes
    case economyRoutes, premiumRoutes
    /// Another tier answers than before.
    case switches
    /// Taken down by a budget; refused by one; refused because no model is up.
    case degraded, refused, withoutModel
    case crises
    /// Picodollars of the routed turns as expected, and had all gone to the premium tier.
    case routedCost, premiumCost
    /// Tokens of the histories in full, and of what was sent of them.
    case fullTokens, sentTokens
    /// Answers that were not paid for, because they were cached or because the same call was under
    /// way, and what they would have cost in picodollars.
    case cachedAnswers, joinedAnswers, answersSaved
    /// Tokens that cached answers would have been billed for.
    case cachedTokens
    /// Messages by label, in the order of the labels' numbers.
    case greeting, confirmation, smallTalk, coachingRequest, assessment, uncertain
    /// Tasks that are no messages.
    case summarisation
  }

  private let counters: [Cell]

  private final class Cell: Sendable {
    let value = Atomic<Int64>(0)
  }

  /// All zero.
  public init() { counters = Counter.allCases.map { _ in Cell() } }

  /// Adds to a counter.
  public func add(_ counter: Counter, _ amount: Int64 = 1) {
    counters[counter.rawValue].value.wrappingAdd(amount, ordering: .relaxed)
  }

  /// A counter's value.
  public subscript(_ counter: Counter) -> Int64 {
    counters[counter.rawValue].value.load(ordering: .relaxed)
  }

  /// The counter of a task.
  public static func counter(of task: RoutingTask) -> Counter {
    switch task {
    case .summarisation: .summarisation
    case .message(.greeting): .greeting
    case .message(.confirmation): .confirmation
    case .message(.smallTalk): .smallTalk
    case .message(.coachingRequest): .coachingRequest
    case .message(.assessment): .assessment
    case .message(.uncertain): .uncertain
    }
  }

  /// Counts a turn that was routed.
  public func note(_ route: Router.Route, _ task: RoutingTask) {
    add(.routes)
    add(route.tier == .economy ? .economyRoutes : .premiumRoutes)
    add(Self.counter(of: task))
    if route.isSwitch { add(.switches) }
    if route.isDegraded { add(.degraded) }
    add(.routedCost, route.choice.cost.picodollars)
    add(.premiumCost, route.premiumCost.picodollars)
  }
}
