import Coach
import Foundation
import SeededRandom
import ToolSupport

/// An hour of real chat requests, routed in several ways.
///
/// The trace has arrival times, prompt and answer lengths, and prompts as chains of hashed blocks
/// of 512 tokens, so that it is known which prompt goes on with which earlier one. Each model has a
/// prompt cache, which keeps a prefix for five minutes after its last use. What the trace does not
/// have is what was said: labels are drawn from the mix below, seeded.
///
/// The last policy asks `Router`, the very code of COACH.ROUTE, for each request.
struct TrafficSimulation {
  /// Share of each label among messages, in percent, as published with the platform's plan of use:
  /// more than half of what people write to a coach needs no coaching.
  static let mix: [(label: MessageLabel, percent: Int)] = [
    (.greeting, 9), (.confirmation, 18), (.smallTalk, 30), (.coachingRequest, 34),
    (.assessment, 5), (.uncertain, 4),
  ]
  static let blockTokens = 512
  static let seed: UInt64 = 20_261_101

  private struct Request: Decodable {
    let timestamp: Int
    let input: Int
    let output: Int
    let blocks: [Int]

    enum CodingKeys: String, CodingKey {
      case timestamp
      case input = "input_length"
      case output = "output_length"
      case blocks = "hash_ids"
    }
  }

  private let requests: [Request]

  init(trace: String) throws {
    requests = try text(of: trace).split(separator: "\n").map {
      try JSONDecoder().decode(Request.self, from: Data($0.utf8))
    }
  }

  private enum Policy: String, CaseIterable {
    case premium = "everything to premium"
    case label = "by label alone"
    case router = "by COACH.ROUTE: by label, down only where it pays"
  }

  func print() {
    let mix = Self.mix.map { "\($0.label.name) \($0.percent)%" }.joined(separator: ", ")
    Swift.print("\(requests.count) requests; mix: \(mix)")
    Swift.print("| routing | cost | saved | to economy | switches | read from cache |")
    Swift.print("|---|---|---|---|---|---|")
    var baseline = 0.0
    for policy in Policy.allCases {
      let outcome = run(policy)
      let cost = Double(outcome.cost.picodollars)
      if policy == .premium { baseline = cost }
      let saved = String(format: "%.1f%%", 100 * (1 - cost / baseline))
      let economy = 100 * outcome.economy / requests.count
      let read = 100 * outcome.usage.cacheReadTokens / max(1, outcome.usage.promptTokens)
      let dollars = String(format: "%.2f", cost / 1e12)
      Swift.print(
        "| \(policy.rawValue) | $\(dollars) | \(saved) | \(economy)% | \(outcome.switches) "
          + "| \(read)% |")
    }
  }

  private struct Outcome {
    var cost = Money.zero
    var usage = Usage()
    var economy = 0
    var switches = 0
  }

  /// What is known of a prefix: the tier of the conversation, and when each tier's model used it.
  private struct Prefix {
    var tier: Tier
    var used: [Tier: Int]
  }

  private func run(_ policy: Policy) -> Outcome {
    var random = SeededGenerator(seed: Self.seed)
    var prefixes: [UInt64: Prefix] = [:]
    var outcome = Outcome()
    let router = Router()
    for request in requests {
      let label = draw(&random)
      let chain = Self.chain(request.blocks)
      let known = chain.lastIndex { prefixes[$0] != nil }
      // The first block is the instructions that all prompts share.
      let current = known.flatMap { $0 > 0 ? prefixes[chain[$0]]?.tier : nil }
      let history = min(request.input, max(0, (known ?? 0) * Self.blockTokens))
      func warm(_ tier: Tier) -> Int {
        let last = chain.lastIndex { hash in
          guard let time = prefixes[hash]?.used[tier] else { return false }
          return request.timestamp - time <= PromptCost.cacheSeconds * 1000
        }
        return min(request.input, ((last ?? -1) + 1) * Self.blockTokens)
      }
      let system = min(Self.blockTokens, request.input)
      func turn(warm: Int) -> PromptCost.Turn {
        PromptCost.Turn(
          systemTokens: system, historyTokens: history, compactTokens: history,
          messageTokens: max(0, request.input - system - history), answerTokens: request.output,
          warmTokens: warm)
      }
      let wanted = router.policy.tier(of: .message(label))
      var tier = policy == .premium ? Tier.premium : wanted
      if policy == .router {
        var asked = Router.Request(
          .message(label), turn: turn(warm: warm(current ?? wanted)))
        asked.currentTier = current
        guard let route = try? router.route(asked) else { continue }
        tier = route.tier
      }
      let model = router.chain(of: tier)[0]
      // What is billed: each model's cache as it really is.
      let usage = Self.cheapest(turn(warm: warm(tier)), model)
      outcome.cost += model.cost(of: usage)
      outcome.usage = outcome.usage + usage
      if tier == .economy { outcome.economy += 1 }
      if let current, current != tier { outcome.switches += 1 }
      for hash in chain {
        prefixes[hash, default: Prefix(tier: tier, used: [:])].tier = tier
        prefixes[hash]?.used[tier] = request.timestamp
      }
    }
    return outcome
  }

  private static func cheapest(_ turn: PromptCost.Turn, _ model: Model) -> Usage {
    let arithmetic = PromptCost(model: model)
    let ways = [arithmetic.usage(of: turn, .full), arithmetic.usage(of: turn, .fullCached)]
    return model.cost(of: ways[0]) < model.cost(of: ways[1]) ? ways[0] : ways[1]
  }

  /// The hash of each prefix of the blocks.
  private static func chain(_ blocks: [Int]) -> [UInt64] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    return blocks.map { block in
      hash = (hash ^ UInt64(block)) &* 0x0000_0100_0000_01B3
      return hash
    }
  }

  private func draw(_ random: inout SeededGenerator) -> MessageLabel {
    var rest = Int(random.next() % 100)
    for entry in Self.mix {
      rest -= entry.percent
      if rest < 0 { return entry.label }
    }
    return .uncertain
  }
}
