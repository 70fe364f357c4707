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
    ("model", 1), ("model a", 1), ("model a input 1", 1), ("model a output 1", 1),
    ("model a input 1 input 1 output 1", 1), ("A\nA\n", 2), ("model a input x", 1),
    ("model a input 0.0000001", 1), ("model a colour 3", 1), ("model a long-prompt 5", 1),
    ("nonsense", 1), ("tier gold a", 1), ("A\ntier economy a", 0),
    ("A\ntier economy a\ntier premium b", 3),
    ("A\ntier economy a\ntier premium a\nretired b 2025-01-01 c", 4),
    ("A\ntier economy a\ntier premium a\nretired b 2025-01-01 b", 4),
    ("A\nretired a 2025-01-01 a\ntier economy a\ntier premium a", 2),
    ("model a long-prompt 5 0", 1), ("model a context 0", 1), ("model a input -1", 1),
    ("retired b 2025-13-01 a", 1), ("A\ntier economy a\ntier economy a", 3),
  ])
  func refusesWrongCatalogs(_ text: String, line: Int) {
    let text = text.replacing("A\n", with: "model a input 1 output 1\n")
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
}
