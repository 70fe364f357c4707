internal import Bytes
internal import Glibc

/// The greedy choice of sentences, see `Summariser`.
struct Choice {
  /// A sentence that was chosen.
  struct Picked {
    /// Counted through the whole transcript.
    let turn: Int
    let text: [UInt8]
    /// What it gained for each unit of the budget, for taking back.
    let gain: Double
  }

  /// How much a sentence loses whose words are all said already, in words. Chosen on the training
  /// meetings; 1 to 3 make little difference.
  static var redundancyWeight: Double { 2 }
  /// Gains are divided by this power of the cost: with 0 long sentences win, with 1 short ones.
  /// Chosen on the training meetings; 0.5 to 0.8 make little difference.
  static var costExponent: Double { 0.6 }
  /// What a fact is worth that was not mentioned yet, in words.
  static var factWeight: Double { 0.5 }

  let table: SentenceTable
  let scores: [Double]
  let speakers: [[UInt8]]
  let keepsFacts: Bool

  private var said = Set<UInt64>()
  private var facts = Set<UInt64>()

  init(table: SentenceTable, scores: [Double], speakers: [[UInt8]], keepsFacts: Bool) {
    self.table = table
    self.scores = scores
    self.speakers = speakers
    self.keepsFacts = keepsFacts
  }

  /// Sentences in their order, of at most `budget` units in all.
  mutating func pick(within budget: Int, _ meter: BudgetMeter, firstTurn: Int) -> [Picked] {
    let costs = table.sentences.map { meter.cost(of: $0.text, speaker: speakers[$0.turn]) }
    var queue = CandidateQueue()
    for (index, sentence) in table.sentences.enumerated()
    where sentence.wordCount >= 3 || sentence.wordCount > 0 && table.sentences.count <= 3 {
      queue.push(Candidate(sentence: index, gain: gain(of: index, cost: costs[index]), round: 0))
    }
    var left = budget
    var chosen: [(Int, Double)] = []
    while var best = queue.pop() {
      if costs[best.sentence] > left { continue }
      if best.round < chosen.count {
        best.gain = gain(of: best.sentence, cost: costs[best.sentence])
        best.round = chosen.count
        if let next = queue.first, next.gain > best.gain {
          queue.push(best)
          continue
        }
      }
      chosen.append((best.sentence, best.gain))
      left -= costs[best.sentence]
      said.formUnion(table.sentences[best.sentence].subjects)
      facts.formUnion(table.sentences[best.sentence].facts)
    }
    chosen.sort { $0.0 < $1.0 }
    return chosen.map { index, gain in
      let sentence = table.sentences[index]
      return Picked(turn: sentence.turn + firstTurn, text: sentence.text, gain: gain)
    }
  }

  private func gain(of index: Int, cost: Int) -> Double {
    let sentence = table.sentences[index]
    var repeated = 0
    for hash in sentence.subjects where said.contains(hash) { repeated += 1 }
    var gain = scores[index]
    let share = Double(repeated) / Double(max(1, sentence.subjects.count))
    gain -= Self.redundancyWeight * share
    if keepsFacts {
      var fresh = 0
      for hash in sentence.facts where !facts.contains(hash) { fresh += 1 }
      gain += Self.factWeight * Double(min(fresh, 4))
      if sentence.hasCommitment { gain += Self.factWeight * (1 - share) }
    }
    // A sentence that loses stays a loss, and goes last.
    return gain > 0 ? gain / pow(Double(max(1, cost)), Self.costExponent) : gain
  }
}

/// A sentence that may be chosen, with the gain it had in a round.
struct Candidate {
  let sentence: Int
  var gain: Double
  var round: Int
}

/// A binary heap of candidates, the largest gain first; of equal ones the earlier sentence.
struct CandidateQueue {
  private var heap: [Candidate] = []

  var first: Candidate? { heap.first }

  mutating func push(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isBefore(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Candidate? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return top }
    heap[0] = last
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard isBefore(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return top
  }

  private func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    left.gain != right.gain ? left.gain > right.gain : left.sentence < right.sentence
  }
}
