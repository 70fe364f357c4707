import Coach
import Foundation

/// One conversation with turns of equal size, sent in several ways.
///
/// The client sends a turn every minute, so that the prompt cache stays warm. Strategies:
/// - full: everything, every time, at the input price;
/// - full, cached: the same through the prompt cache;
/// - a summary each turn: before each turn the economy model summarises all that was said to 30%;
/// - ours: everything since the last compaction, through the cache; more than 30 messages are
///   compacted to 15 and a summary made on the spot, where `PromptCost.horizon` says that it pays
///   or the token limit asks for it.
struct MemorySimulation {
  let turns: Int
  let systemTokens = 1500
  let messageTokens = 45
  let answerTokens = 300
  let summaryRatio = 0.3
  /// History sent at most, in tokens.
  let historyTokensMax = 8000

  private struct Result {
    var name: String
    var cost = Money.zero
    var historyTokens = 0
    var compactions = 0
  }

  func print() {
    let premium = ModelCatalog.builtIn.chain(of: .premium)[0]
    let economy = ModelCatalog.builtIn.chain(of: .economy)[0]
    let results = [
      full(premium), cached(premium), summaryEachTurn(premium, economy),
      windowed(premium, always: true), windowed(premium, always: false),
    ]
    Swift.print(
      "\(turns) turns of \(messageTokens) + \(answerTokens) tokens, system \(systemTokens), "
        + "\(premium.name)")
    Swift.print("| strategy | cost | saved | history tokens sent | fewer | compactions |")
    Swift.print("|---|---|---|---|---|---|")
    for result in results {
      let saved = share(result.cost.picodollars, of: results[0].cost.picodollars)
      let fewer = share(Int64(result.historyTokens), of: Int64(results[0].historyTokens))
      Swift.print(
        "| \(result.name) | $\(result.cost.text) | \(saved) | \(result.historyTokens) "
          + "| \(fewer) | \(result.compactions) |")
    }
  }

  private func share(_ part: Int64, of whole: Int64) -> String {
    String(format: "%.0f%%", 100 * (1 - Double(part) / Double(max(1, whole))))
  }

  private func turn(history: Int, compact: Int, warm: Int) -> PromptCost.Turn {
    PromptCost.Turn(
      systemTokens: systemTokens, historyTokens: history, compactTokens: compact,
      messageTokens: messageTokens, answerTokens: answerTokens, warmTokens: warm)
  }

  private func full(_ model: Model) -> Result {
    var result = Result(name: "full")
    for number in 0..<turns {
      let history = number * (messageTokens + answerTokens)
      result.cost += PromptCost(model: model).cost(
        of: turn(history: history, compact: 0, warm: 0), .full)
      result.historyTokens += history
    }
    return result
  }

  private func cached(_ model: Model) -> Result {
    var result = Result(name: "full, cached")
    var warm = 0
    for number in 0..<turns {
      let history = number * (messageTokens + answerTokens)
      let next = turn(history: history, compact: 0, warm: warm)
      result.cost += PromptCost(model: model).cost(of: next, .fullCached)
      result.historyTokens += history
      warm = systemTokens + history + messageTokens
    }
    return result
  }

  private func summaryEachTurn(_ model: Model, _ economy: Model) -> Result {
    var result = Result(name: "a summary each turn")
    for number in 0..<turns {
      let said = number * (messageTokens + answerTokens)
      let summary = Int(Double(said) * summaryRatio)
      result.cost += economy.cost(of: Usage(inputTokens: said, outputTokens: summary))
      let next = turn(history: summary, compact: summary, warm: 0)
      result.cost += PromptCost(model: model).cost(of: next, .full)
      result.historyTokens += summary
      result.compactions += 1
    }
    return result
  }

  /// - Parameter always: whether it compacts whenever there are more than 30 messages.
  private func windowed(_ model: Model, always: Bool) -> Result {
    var result = Result(name: always ? "compacted at 30 messages" : "ours: compacted when it pays")
    let arithmetic = PromptCost(model: model)
    var messages: [Int] = []
    var summary = 0
    var warm = 0
    for number in 0..<turns {
      if messages.count > 30 {
        let recent = messages.suffix(15).reduce(0, +)
        let old = messages.dropLast(15).reduce(0, +)
        let smaller = Int(Double(summary + old) * summaryRatio)
        let history = summary + messages.reduce(0, +)
        let next = turn(history: history, compact: smaller + recent, warm: warm)
        // As many turns to come as there were, at most as many as make the next compaction.
        let horizon = arithmetic.horizon(of: next, turns: min(number, 15), isWarm: true)
        if always || horizon.compacting < horizon.keeping || history > historyTokensMax {
          summary = smaller
          messages = Array(messages.suffix(15))
          warm = min(warm, systemTokens)
          result.compactions += 1
        }
      }
      let history = summary + messages.reduce(0, +)
      result.cost += arithmetic.cost(
        of: turn(history: history, compact: 0, warm: warm), .fullCached)
      result.historyTokens += history
      warm = systemTokens + history + messageTokens
      messages += [messageTokens, answerTokens]
    }
    return result
  }
}
