import RESPServer
import Testing

@testable import Coach

@Suite("Router")
struct RouterTests {
  private let router = Router()

  private func request(
    _ label: MessageLabel, _ current: Tier? = nil, history: Int = 500, answer: Int = 300
  ) -> Router.Request {
    var request = Router.Request(
      .message(label),
      turn: PromptCost.Turn(
        systemTokens: 1500, historyTokens: history, compactTokens: history, messageTokens: 20,
        answerTokens: answer, warmTokens: current == nil ? 0 : 1500 + history))
    request.currentTier = current
    return request
  }

  @Test func labelsHaveTiers() throws {
    for task in RoutingTask.all {
      var request = request(.greeting)
      request.task = task
      let route = try router.route(request)
      let isEconomy =
        switch task {
        case .message(.greeting), .message(.confirmation), .message(.smallTalk), .summarisation:
          true
        default: false
        }
      #expect(route.tier == (isEconomy ? .economy : .premium), "\(task.name)")
      #expect(route.choice.model.name == (isEconomy ? "claude-haiku-5-5" : "claude-sonnet-5-5"))
      #expect(route.reason.contains(task.name))
      #expect(route.chain.first == route.choice.model.name)
      #expect(Set(route.chain).count == route.chain.count)
      #expect(!route.isSwitch)
    }
  }

  @Test func rulesAreTheOperators() throws {
    var mine = router
    mine.policy.economyTasks = [.message(.coachingRequest)]
    #expect(try mine.route(request(.coachingRequest)).tier == .economy)
    #expect(try mine.route(request(.greeting)).tier == .premium)
    #expect(RoutingPolicy.tasks("greeting Summarisation").tasks?.count == 2)
    #expect(RoutingPolicy.tasks("").tasks?.isEmpty == true)
    #expect(RoutingPolicy.tasks("greeting nonsense").unknown == "nonsense")
  }

  @Test func staysUpWhereGoingDownDoesNotPay() throws {
    let up = try router.route(request(.coachingRequest, .economy))
    #expect(up.tier == .premium)
    #expect(up.isSwitch)
    let long = try router.route(request(.greeting, .premium, history: 90_000, answer: 5))
    #expect(long.tier == .premium)
    #expect(long.wantedTier == .economy)
    #expect(!long.isSwitch)
    #expect(long.reason.hasPrefix("stays"))
    let short = try router.route(request(.greeting, .premium))
    #expect(short.tier == .economy)
    #expect(short.isSwitch)
    #expect(short.choice.cost < short.premiumCost)
  }

  @Test func onlyTheModelThatAnsweredIsWarm() throws {
    var turn = request(.coachingRequest, .premium, history: 8000)
    let first = try router.route(turn)
    #expect(first.choice.usage.cacheReadTokens == 9500)
    #expect(first.choices.filter { $0.usage.cacheReadTokens > 0 }.count == 1)
    // The tier's second model has answered.
    turn.currentModel = "claude-opus-5-5"
    let second = try router.route(turn)
    #expect(second.choice.model.name == "claude-sonnet-5-5")
    #expect(second.choice.usage.cacheReadTokens == 0)
    let opus = second.choices.first { $0.model.name == "claude-opus-5-5" }
    #expect(opus?.usage.cacheReadTokens == 9500)
  }

  @Test func modelsThatAreDownArePassedOver() throws {
    let down: Set = ["claude-sonnet-5-5"]
    let route = try router.route(request(.coachingRequest), isUp: { !down.contains($0) })
    #expect(route.choice.model.name == "claude-opus-5-5")
    #expect(!route.chain.contains("claude-sonnet-5-5"))
    #expect(route.choices.first { $0.model.name == "claude-sonnet-5-5" }?.obstacle == .down)
    // The economy tier serves when all the others are gone, and the other way round.
    let last = try router.route(
      request(.coachingRequest), isUp: { $0 == "claude-haiku-4-5-20251001" })
    #expect(last.tier == .economy)
    #expect(last.chain == ["claude-haiku-4-5-20251001"])
    let dear = try router.route(request(.greeting), isUp: { $0 == "claude-opus-5-5" })
    #expect(dear.tier == .premium)
    #expect(throws: Router.Failure.self) {
      try router.route(request(.greeting), isUp: { _ in false })
    }
    // In a crisis a model that is down is better than none.
    var crisis = request(.greeting)
    crisis.isCrisis = true
    let forced = try router.route(crisis, isUp: { _ in false })
    #expect(forced.choice.model.name == "claude-sonnet-5-5")
    #expect(forced.tier == .premium)
  }

  /// The economy tier answers for a premium one that is down, but not in a crisis.
  @Test func crisesNeverGoToCheapModels() throws {
    var crisis = request(.greeting, .economy)
    crisis.isCrisis = true
    let cheap: Set = ["claude-haiku-5-5", "claude-haiku-4-5-20251001"]
    for up in [[], ["claude-opus-5-5"], Array(cheap), Array(cheap) + ["claude-opus-5-5"]] {
      let route = try router.route(crisis, isUp: { up.contains($0) })
      #expect(route.tier == .premium)
      #expect(cheap.isDisjoint(with: route.chain), "\(route.chain)")
      let expected = up.contains("claude-opus-5-5") ? "claude-opus-5-5" : "claude-sonnet-5-5"
      #expect(route.choice.model.name == expected)
      #expect(route.isSwitch)
    }
    // Where there are no others, the premium tier is what its line says.
    let text = "model a input 1 output 1\ntier economy a\ntier premium a\n"
    let single = Router(catalog: try ModelCatalog(parsing: text))
    #expect(try single.route(crisis).tier == .premium)
  }

  @Test func modelsThatAreTooSmallArePassedOver() throws {
    let long = try router.route(
      request(.greeting, history: 500_000), isUp: { $0 != "claude-haiku-5-5" })
    // 200,000 tokens are too few.
    #expect(long.choice.model.name == "claude-sonnet-5-5")
    #expect(throws: Router.Failure.self) {
      try router.route(request(.greeting, history: 2_000_000))
    }
  }

  @Test func budgetsTakeDownThenRefuse() throws {
    let dear = try router.route(request(.coachingRequest)).choice
    let cheap = try router.route(request(.greeting)).choice
    func routed(_ limit: Money, crisis: Bool = false) throws -> Router.Route {
      var turn = request(.coachingRequest)
      turn.isCrisis = crisis
      return try router.route(
        turn,
        refusal: {
          $0 > limit ? BudgetBook.Refusal(scope: .userDay, limit: limit, resetsAt: 5) : nil
        })
    }
    #expect(try routed(dear.costMax).tier == .premium)
    let down = try routed(dear.costMax - Money(picodollars: 1))
    #expect(down.tier == .economy)
    #expect(down.isDegraded)
    #expect(down.reason.contains("user-day budget"))
    #expect(try routed(cheap.costMax).tier == .economy)
    do {
      _ = try routed(cheap.costMax - Money(picodollars: 1))
      Issue.record("not refused")
    } catch {
      guard case .overBudget(let refusal)? = error as? Router.Failure else {
        Issue.record("\(error)")
        return
      }
      #expect(refusal.resetsAt == 5)
    }
    #expect(try routed(.zero, crisis: true).tier == .premium)
  }

  @Test func modelsCanBeAskedFor() throws {
    var turn = request(.greeting)
    turn.wantedModel = router.catalog.resolve("claude-3-5-sonnet-20241022")?.model
    let route = try router.route(turn)
    #expect(route.choice.model.name == "claude-sonnet-5-5")
    #expect(route.wantedTier == .economy)
    // It is down: the label decides.
    let other = try router.route(turn, isUp: { $0 != "claude-sonnet-5-5" })
    #expect(other.choice.model.name == "claude-haiku-5-5")
  }

  @Test func theGreatestCostIsNoLessThanAnyOther() throws {
    for history in [0, 1000, 50_000, 150_000] {
      for current in [nil, Tier.economy, .premium] {
        for choice in try router.route(request(.greeting, current, history: history)).choices {
          #expect(choice.cost <= choice.costMax)
        }
      }
    }
  }
}

@Suite("Circuit breaker")
struct CircuitBreakerTests {
  private var settings: CircuitBreaker.Settings {
    var settings = CircuitBreaker.Settings()
    settings.failuresMax = 3
    settings.openMilliseconds = 100
    settings.openMillisecondsMax = 350
    return settings
  }

  private func opened(at now: Int64) -> CircuitBreaker {
    var breaker = CircuitBreaker()
    for _ in 0..<3 { breaker.fail(now: now, settings) }
    return breaker
  }

  @Test func opensAfterFailuresInARow() {
    var breaker = CircuitBreaker()
    for _ in 0..<10 {
      breaker.fail(now: 0, settings)
      breaker.fail(now: 0, settings)
      #expect({ breaker.admit(now: 0) }())
      breaker.succeed()
    }
    #expect(breaker.state(now: 0) == .closed)
    #expect(breaker.openings == 0)
    breaker = opened(at: 0)
    #expect(breaker.state(now: 99) == .open)
    #expect(!{ breaker.admit(now: 99) }())
    #expect(breaker.triesAgain(now: 99) == 100)
    #expect(breaker.openings == 1)
  }

  @Test func oneTrialFindsOut() {
    var breaker = opened(at: 0)
    #expect(breaker.state(now: 100) == .halfOpen)
    #expect(breaker.wouldAdmit(now: 100))
    #expect({ breaker.admit(now: 100) }())
    #expect(!{ breaker.admit(now: 101) }())
    #expect(breaker.state(now: 101) == .halfOpen)
    breaker.succeed()
    #expect(breaker.state(now: 101) == .closed)
    #expect(breaker.failures == 0)
  }

  @Test func waitsLongerEachTime() {
    var breaker = opened(at: 0)
    var now: Int64 = 100
    for length in [200, 350, 350] as [Int64] {
      #expect({ breaker.admit(now: now) }())
      breaker.fail(now: now, settings)
      #expect(breaker.triesAgain(now: now) == now + length)
      now += length
    }
    // After a success it starts from the beginning.
    #expect({ breaker.admit(now: now) }())
    breaker.succeed()
    for _ in 0..<3 { breaker.fail(now: now, settings) }
    #expect(breaker.triesAgain(now: now) == now + 100)
  }

  @Test func lateFailuresDoNotProlong() {
    var breaker = opened(at: 0)
    // Calls that were under way when it opened.
    for now in 1..<100 as Range<Int64> { breaker.fail(now: now, settings) }
    #expect(breaker.triesAgain(now: 50) == 100)
    #expect(breaker.openings == 1)
  }

  @Test func aTrialThatIsNeverHeardOfIsGivenUp() {
    var breaker = opened(at: 0)
    #expect({ breaker.admit(now: 100) }())
    #expect(!{ breaker.admit(now: 199) }())
    #expect({ breaker.admit(now: 200) }())
  }

  @Test func goneAndAbandoned() {
    var breaker = CircuitBreaker()
    breaker.trip(now: 0, settings)
    #expect(breaker.triesAgain(now: 0) == 100)
    #expect({ breaker.admit(now: 100) }())
    // Nobody waited for the trial's end: the next may try at once.
    breaker.abandon(now: 101)
    #expect({ breaker.admit(now: 101) }())
    breaker.succeed()
    breaker.abandon(now: 102)
    #expect(breaker.state(now: 102) == .closed)
    let board = BreakerBoard()
    #expect(board.begin("a"))
    board.report("a", .gone)
    #expect(!board.canServe("a"))
    #expect(!board.begin("a"))
    board.report("a", .served)
    #expect(board.canServe("a"))
  }

  @Test func operatorsDecide() {
    var breaker = CircuitBreaker()
    breaker.disable()
    #expect(!{ breaker.admit(now: .max) }())
    breaker.succeed()
    breaker.fail(now: 0, settings)
    #expect(breaker.state(now: .max) == .disabled)
    breaker.enable()
    #expect({ breaker.admit(now: 0) }())
    breaker = opened(at: 0)
    breaker.enable()
    #expect(breaker.state(now: 0) == .closed)
  }

  @Test func theBoardCountsAndLetsOneThrough() async {
    let board = BreakerBoard()
    board.setSettings(settings)
    for _ in 0..<3 { board.fail("a", now: 0) }
    board.setDisabled(true, "b")
    #expect(board.counts(now: 0) == [.open: 1, .disabled: 1])
    #expect(board.wouldAdmit("c", now: 0))
    let admitted = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 { group.addTask { board.admit("a", now: 100) } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(admitted == 1)
    board.succeed("a")
    board.setDisabled(false, "b")
    #expect(board.counts(now: 100)[.closed] == 2)
  }
}
