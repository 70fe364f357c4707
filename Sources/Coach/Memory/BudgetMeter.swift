internal import Bytes

/// Counts what a summary costs in the unit of its budget.
struct BudgetMeter {
  private let budget: Summariser.Budget
  private let total: Int
  private let characters: Int

  init(_ budget: Summariser.Budget, _ transcript: Transcript) {
    self.budget = budget
    characters = max(1, transcript.characterCount)
    total =
      switch budget {
      case .characters(let count): max(0, count)
      case .ratio(let ratio): Int(Double(characters) * min(max(ratio, 0), 1))
      case .sentences(let count): max(0, count)
      case .tokens(let count, _): max(0, count)
      }
  }

  /// Whether the budget is the whole.
  var isWhole: Bool {
    if case .ratio(let ratio) = budget { ratio >= 1 } else { false }
  }

  /// Whether a sentence is taken that is over the budget where nothing else would be: a share of a
  /// short text is less than any of its sentences.
  var takesOne: Bool {
    if case .ratio(let ratio) = budget { ratio > 0 } else { false }
  }

  /// What a sentence costs with the blank or line break behind it, and its full stop.
  func cost(of sentence: [UInt8]) -> Int {
    switch budget {
    case .characters, .ratio:
      sentence.withByteView { Words.scalarCount($0) } + (Summariser.needsStop(sentence) ? 2 : 1)
    case .sentences: 1
    // The separator may be a token of its own.
    case .tokens(_, let measure):
      sentence.withByteView(measure) + (Summariser.needsStop(sentence) ? 2 : 1)
    }
  }

  /// What a speaker's name in front of a sentence costs.
  func labelCost(of speaker: [UInt8]) -> Int {
    if speaker.isEmpty { return 0 }
    switch budget {
    case .characters, .ratio: return speaker.withByteView { Words.scalarCount($0) } + 2
    case .sentences: return 0
    case .tokens(_, let measure): return speaker.withByteView(measure) + 2
    }
  }

  /// What the cost of the last sentence counts too much: nothing separates it from a next one.
  var lastSeparator: Int {
    if case .sentences = budget { 0 } else { 1 }
  }

  /// The part of the budget for some of the turns, by their length.
  func share(of turns: ArraySlice<Transcript.Turn>) -> Int {
    let part = Transcript(turns: Array(turns)).characterCount
    return part >= characters
      ? total : max(shareMin, (total * part + characters - 1) / characters)
  }

  /// Room for a sentence or two: what the parts of a long text have taken with it beyond the budget
  /// is taken back, the least valuable first.
  private var shareMin: Int {
    switch budget {
    case .sentences: min(total, 1)
    case .tokens: min(total, 64)
    case .characters, .ratio: min(total, 256)
    }
  }

  /// Takes the least valuable sentences back until the whole is within the budget: shares are
  /// rounded up, and tokens of a text can be more than those of its parts.
  ///
  /// - Complexity: O(n log n) with n the bytes of the sentences
  func trimmed(_ picked: [Choice.Picked], speakers: [[UInt8]]) -> [Choice.Picked] {
    guard size(picked, speakers) > total else { return picked }
    let order = picked.indices.sorted { (picked[$0].gain, $0) < (picked[$1].gain, $1) }
    func without(_ count: Int) -> [Choice.Picked] {
      let gone = Set(order.prefix(count))
      // An answer goes with its question.
      return picked.indices
        .filter { !gone.contains($0) && !(picked[$0].isAnswer && gone.contains($0 - 1)) }
        .map { picked[$0] }
    }
    // Without any of them it always fits.
    var low = 1
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if size(without(middle), speakers) > total { low = middle + 1 } else { high = middle }
    }
    return without(low)
  }

  private func size(_ picked: [Choice.Picked], _ speakers: [[UInt8]]) -> Int {
    if case .sentences = budget { return picked.count }
    let text = Summariser.render(picked, speakers: speakers)
    switch budget {
    case .tokens(_, let measure): return text.withByteView(measure)
    default: return text.withByteView { Words.scalarCount($0) }
    }
  }
}
