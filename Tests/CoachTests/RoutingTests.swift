import Testing

@testable import Coach

@Suite("Routing")
struct RoutingTests {
  private let sonnet = ModelCatalog.builtIn.resolve("claude-sonnet-5-5")!.model
  private let haiku = ModelCatalog.builtIn.resolve("claude-haiku-5-5")!.model

  @Test func moneyIsExact() {
    #expect(Money(dollars: "0.10")?.picodollars == 100_000_000_000)
    #expect(Money(dollars: "12")?.text == "12.00")
    #expect(Money(dollars: "0.000000000001")?.picodollars == 1)
    for bad in ["", "-1", "1.", ".5", "1e3", "0.0000000000001", "1000001", "1.2.3", "٣"] {
      #expect(Money(dollars: bad) == nil)
    }
    let large = Money(picodollars: .max)
    #expect(large + large == large)
    #expect(large * 3 == large)
  }

  @Test func retiredNamesLeadToSuccessors() {
    let found = ModelCatalog.builtIn.resolve("claude-3-haiku-20240307")
    #expect(found?.model.name == "claude-haiku-5-5")
    #expect(found?.isSuccessor == true)
    #expect(ModelCatalog.builtIn.resolve("gpt") == nil)
  }

  @Test(arguments: [
    ("model", 1), ("model a\nmodel a", 2), ("model a input x", 1), ("model a input 0.0000001", 1),
    ("model a colour 3", 1), ("model a long-prompt 5", 1), ("nonsense", 1), ("tier gold a", 1),
    ("model a\ntier economy a", 0), ("model a\ntier economy a\ntier premium b", 0),
    ("model a\ntier economy a\ntier premium a\nretired b 2025-01-01 c", 0),
    ("model a\ntier economy a\ntier premium a\nretired b 2025-01-01 b", 0),
    ("retired b 2025-13-01 a", 1), ("model a\ntier economy a\ntier economy a", 3),
  ])
  func refusesWrongCatalogs(_ text: String, line: Int) {
    do {
      _ = try ModelCatalog(parsing: text)
      Issue.record("accepted: \(text)")
    } catch {
      #expect(error.line == line)
      #expect(!error.message.isEmpty)
    }
  }

  @Test func costsWhatTheProviderBills() {
    let usage = Usage(
      inputTokens: 1000, cacheWriteTokens: 2000, cacheReadTokens: 8000, outputTokens: 300)
    // 1000 × 2 + 2000 × 2.5 + 8000 × 0.1 + 300 × 10 dollars for a million.
    #expect(sonnet.cost(of: usage).text == "0.0108")
    // 8,000 tokens read from the cache.
    #expect(sonnet.cost(of: Usage(cacheReadTokens: 8000)).text == "0.0008")
    // The step: all of a prompt of more than 100,000 tokens costs five times as much.
    #expect(haiku.cost(of: Usage(inputTokens: 100_000)).text == "0.01")
    #expect(haiku.cost(of: Usage(inputTokens: 100_001)).picodollars == 100_001 * 5 * 100_000)
    #expect(
      haiku.cost(of: Usage(inputTokens: 60_000, cacheReadTokens: 50_000, outputTokens: 10))
        .picodollars == 5 * (60_000 * 100_000 + 50_000 * 10_000 + 10 * 500_000))
  }

  @Test func knowsWhatAWarmCacheIsWorth() {
    let arithmetic = PromptCost(model: sonnet)
    let turn = PromptCost.Turn(
      systemTokens: 1500, historyTokens: 8000, compactTokens: 2400, messageTokens: 45,
      answerTokens: 0, warmTokens: 9500)
    #expect(arithmetic.usage(of: turn, .fullCached).cacheReadTokens == 9500)
    #expect(arithmetic.usage(of: turn, .compactCached).cacheReadTokens == 1500)
    #expect(arithmetic.cost(of: turn, .fullCached) < arithmetic.cost(of: turn, .compact))
    // A prefix below the provider's minimum is not cached.
    var short = turn
    short.systemTokens = 100
    short.historyTokens = 200
    short.warmTokens = 300
    #expect(arithmetic.usage(of: short, .fullCached).inputTokens == 345)
  }

  @Test func goesUpAtOnceAndDownOnlyWhereItPays() {
    let choice = TierChoice()
    var turn = PromptCost.Turn(
      systemTokens: 1500, historyTokens: 500, compactTokens: 500, messageTokens: 10,
      answerTokens: 300, warmTokens: 0)
    let up = choice.decide(
      wanted: .premium, current: .economy, turn: turn, economy: haiku, premium: sonnet)
    #expect(up.tier == .premium && up.isSwitch)
    let down = choice.decide(
      wanted: .economy, current: .premium, turn: turn, economy: haiku, premium: sonnet)
    #expect(down.tier == .economy && down.isSwitch)
    #expect(down.cost < down.otherCost)
    // A long warm history and a short answer: reading it is cheaper than sending it to another.
    turn.historyTokens = 90_000
    turn.warmTokens = 91_500
    turn.answerTokens = 5
    let stays = choice.decide(
      wanted: .economy, current: .premium, turn: turn, economy: haiku, premium: sonnet)
    #expect(stays.tier == .premium && !stays.isSwitch)
    #expect(stays.cost <= stays.otherCost)
  }

  @Test func budgetsHoldUnderManyCallers() async throws {
    let book = BudgetBook()
    var limits = BudgetBook.Limits()
    limits.userDay = Money(dollars: "1")
    limits.total = Money(dollars: "5")
    book.setLimits(limits)
    let cent = Money(dollars: "0.01")!
    let now: Int64 = 86_400 * 20_000 + 3600
    // 10 users × 200 callers ask for a cent each: a user gets 100, all get 500.
    let granted = await withTaskGroup(of: Int.self) { group in
      for user in 0..<10 {
        for _ in 0..<200 {
          group.addTask {
            guard let held = try? book.reserve(cent, user: "u\(user)", now: now) else { return 0 }
            book.settle(held, spent: cent)
            return 1
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(granted == 500)
    #expect(book.spending(of: "", today: nil).spent == Money(dollars: "5"))
    for user in 0..<10 {
      #expect(book.spending(of: "u\(user)", today: now).spent <= limits.userDay!)
      #expect(book.spending(of: "u\(user)", today: now).reserved == .zero)
    }
  }

  @Test func saysWhenABudgetResets() throws {
    let book = BudgetBook()
    var limits = BudgetBook.Limits()
    limits.userDay = Money(dollars: "0.5")
    book.setLimits(limits)
    let midnight: Int64 = 86_400 * 20_001
    let half = Money(dollars: "0.5")!
    let held = try book.reserve(half, user: "ann", now: midnight - 1)
    #expect(throws: BudgetBook.Refusal(scope: .userDay, limit: half, resetsAt: midnight)) {
      try book.reserve(Money(picodollars: 1), user: "ann", now: midnight - 1)
    }
    // Unspent money comes back.
    book.settle(held, spent: .zero)
    book.settle(try book.reserve(half, user: "ann", now: midnight - 1), spent: half)
    // A new day.
    _ = try book.reserve(half, user: "ann", now: midnight)
    let copy = BudgetBook()
    copy.restore(book.lines)
    #expect(copy.lines == book.lines)
    #expect(book.forget("ann"))
    #expect(book.spending(of: "ann", today: nil).spent == .zero)
    #expect(book.spending(of: "", today: nil).spent == half)
  }
}
