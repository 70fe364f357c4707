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
    /// It says little without the one in front of it, which it answers.
    var isAnswer = false
  }

  /// Gains are divided by this power of the cost: with 0 long sentences win, with 1 short ones.
  /// 0.5 to 0.8 make little difference.
  static var costExponent: Double { 0.6 }
  /// What a name, a number or a time is worth that was not mentioned yet, in words of the
  /// reference; a number in words half of that, because most of these are "two" and "one more".
  /// 1 to 1.5 make little difference.
  static var factWeight: Double { 1.5 }
  /// What a sentence of plans and promises is worth in addition, if all of it is new, and one of
  /// wishes and reasons. More for both costs facts of other kinds.
  static var planWeight: Double { 2.4 }
  static var wishWeight: Double { 1.2 }
  /// What an answer is worth in addition once its question is in: a question says little without.
  static var answerWeight: Double { 0.8 }
  /// Exchanges that are tried at most, and chosen sentences, more than which leave no room worth
  /// filling: they bound the time.
  static var triesMax: Int { 500 }
  static var exchangedMax: Int { 64 }

  let table: SentenceTable
  let costs: [Int]
  /// What a speaker's name costs.
  let labelCosts: [Int]
  /// What each word is worth where it is.
  private let values: [Double]
  private let labelValues: [Double]

  /// How many of the chosen sentences have a word, and how many are a speaker's.
  private var uses: [Int32]
  private var speakerUses: [Int32]
  /// When a word was last looked at, so that a sentence's repetitions count once.
  private var marks: [Int]
  private var mark = 0
  private var chosen: [Int] = []
  /// There is nothing in any of the sentences.
  private let saysNothing: Bool

  init(
    table: SentenceTable, values: WordFeatures.Values, names: [[UInt8]], _ meter: BudgetMeter,
    keepsFacts: Bool
  ) {
    self.table = table
    costs = table.sentences.map { meter.cost(of: $0.text) }
    labelCosts = names.map { meter.labelCost(of: $0) }
    saysNothing = table.sentences.allSatisfy(\.isEmptyTalk)
    uses = Array(repeating: 0, count: table.wordTotal)
    speakerUses = Array(repeating: 0, count: table.speakers.count)
    marks = Array(repeating: 0, count: table.wordTotal)
    labelValues = values.speakers
    var words = values.words
    if keepsFacts { Self.raise(&words, table) }
    self.values = words
  }

  /// Makes facts worth more, and sentences of plans and promises: the same for each of these,
  /// however long it is.
  private static func raise(_ values: inout [Double], _ table: SentenceTable) {
    let speakers = Set(table.speakers.joined())
    for sentence in table.sentences {
      for index in sentence.words {
        let word = table.words[index]
        if word.isTime || word.hasDigit || word.isName && !speakers.contains(word.id) {
          values[index] += factWeight
        } else if word.isNumber {
          values[index] += factWeight / 2
        }
        if sentence.hasCommitment, word.role == .subject {
          let weight = sentence.hasPlan ? planWeight : wishWeight
          values[index] += weight / Double(max(2, sentence.subjectCount))
        }
      }
    }
  }

  /// Sentences in their order, of at most `budget` units in all.
  mutating func pick(within budget: Int, firstTurn: Int) -> [Picked] {
    var queue = CandidateQueue()
    for index in table.sentences.indices where isCandidate(index) {
      queue.push(Candidate(sentence: index, gain: rate(index), round: 0))
    }
    var left = budget
    var gains: [Int: Double] = [:]
    while var best = queue.pop() {
      if isChosen(best.sentence) || cost(of: best.sentence) > left { continue }
      if best.round < chosen.count {
        best.gain = rate(best.sentence)
        best.round = chosen.count
        if let next = queue.first, next.gain > best.gain {
          queue.push(best)
          continue
        }
      }
      // What is left adds nothing.
      if best.gain <= 0, !chosen.isEmpty { break }
      if let question = question(with: best.sentence) {
        left -= insert(question)
        gains[question] = best.gain
      }
      left -= insert(best.sentence)
      gains[best.sentence] = best.gain
      let next = best.sentence + 1
      if next < table.sentences.count, table.sentences[next].question == best.sentence {
        // Its answer is worth more now.
        queue.push(Candidate(sentence: next, gain: rate(next), round: chosen.count))
      }
    }
    improve(&left, &gains)
    return picked(chosen, firstTurn: firstTurn) { gains[$0] ?? 0 }
  }

  /// All sentences.
  func all(firstTurn: Int) -> [Picked] {
    picked(Array(table.sentences.indices), firstTurn: firstTurn) { _ in 0 }
  }

  /// The sentence that is worth most for its length; one that stands alone if there is any.
  mutating func best(firstTurn: Int) -> Picked? {
    var best: (index: Int, rank: Int, rate: Double)?
    for index in table.sentences.indices {
      let rank = !isCandidate(index) ? 0 : table.sentences[index].question != nil ? 1 : 2
      let rate = rate(index)
      if best.map({ (rank, rate) > ($0.rank, $0.rate) }) ?? true { best = (index, rank, rate) }
    }
    guard let best else { return nil }
    return picked([best.index], firstTurn: firstTurn) { _ in best.rate }.first
  }

  private func picked(
    _ indices: [Int], firstTurn: Int, gain: (Int) -> Double
  ) -> [Picked] {
    indices.map { index in
      let sentence = table.sentences[index]
      return Picked(
        turn: sentence.turn + firstTurn, text: sentence.text, gain: gain(index),
        isAnswer: sentence.question != nil)
    }
  }

  /// Exchanges sentences as long as that gains, and fills what room is left. Greedy choice leaves a
  /// tenth of a small budget unused, and the more so the fewer sentences there are to choose from.
  private mutating func improve(_ left: inout Int, _ gains: inout [Int: Double]) {
    var triesLeft = Self.triesMax
    var isBetter = true
    while isBetter, chosen.count <= Self.exchangedMax {
      isBetter = false
      for index in table.sentences.indices where !isChosen(index) {
        guard isCandidate(index), question(with: index) == nil else { continue }
        triesLeft -= chosen.count + 1
        if triesLeft < 0 { return }
        if fill(index, &left, &gains) || exchange(index, &left, &gains) { isBetter = true }
      }
    }
  }

  private func isCandidate(_ index: Int) -> Bool {
    let sentence = table.sentences[index]
    if let question = sentence.question, isChosen(question) { return true }
    if sentence.isEmptyTalk { return saysNothing }
    return sentence.wordCount >= 3 || table.sentences.count <= 3
  }

  private mutating func fill(
    _ index: Int, _ left: inout Int, _ gains: inout [Int: Double]
  ) -> Bool {
    guard cost(of: index) <= left, gain(of: index) > 0 else { return false }
    gains[index] = rate(index)
    left -= insert(index)
    return true
  }

  /// Puts a sentence in the place of the chosen one for which it gains most.
  private mutating func exchange(
    _ index: Int, _ left: inout Int, _ gains: inout [Int: Double]
  ) -> Bool {
    var best = 1e-9
    var found: (old: Int, left: Int)?
    // Not what an answer that was chosen needs, nor what this one is the answer to.
    for old in chosen
    where table.sentences[index].question != old
      && (old + 1 == table.sentences.count || table.sentences[old + 1].question != old
        || !isChosen(old + 1))
    {
      let position = chosen.partitioningIndex { $0 >= old }
      chosen.remove(at: position)
      use(old, -1)
      let room = left + extraCost(of: old, at: position)
      let cost = cost(of: index)
      if cost <= room {
        let more = gain(of: index) - gain(of: old)
        if more > best {
          best = more
          found = (old, room - cost)
        }
      }
      chosen.insert(old, at: position)
      use(old, 1)
    }
    guard let found else { return false }
    chosen.remove(at: chosen.partitioningIndex { $0 >= found.old })
    use(found.old, -1)
    gains[found.old] = nil
    gains[index] = rate(index)
    _ = insert(index)
    left = found.left
    return true
  }

  private mutating func use(_ index: Int, _ times: Int32) {
    mark += 1
    for word in table.words[table.sentences[index].words] where marks[word.id] != mark {
      marks[word.id] = mark
      uses[word.id] += times
    }
    let speaker = speaker(of: index)
    speakerUses[speaker] += times
    // The name in front of it says it.
    for id in table.speakers[speaker] { uses[id] += times }
  }

  private func speaker(of index: Int) -> Int { table.turnSpeakers[table.sentences[index].turn] }

  /// What the summary gets longer by when a sentence is put at a place among the chosen ones: a
  /// speaker's name stands where the speaker changes.
  private func extraCost(of index: Int, at place: Int) -> Int {
    let own = speaker(of: index)
    let before = place > 0 ? speaker(of: chosen[place - 1]) : nil
    var cost = costs[index] + (before == own ? 0 : labelCosts[own])
    if place < chosen.count {
      let after = speaker(of: chosen[place])
      cost += (after == own ? 0 : labelCosts[after]) - (after == before ? 0 : labelCosts[after])
    }
    return cost
  }

  private func isChosen(_ index: Int) -> Bool {
    let place = chosen.partitioningIndex { $0 >= index }
    return place < chosen.count && chosen[place] == index
  }

  /// What is chosen with a sentence, which stands right before it: an answer comes with its
  /// question.
  private func question(with index: Int) -> Int? {
    guard let question = table.sentences[index].question, !isChosen(question) else { return nil }
    return question
  }

  /// What the summary gets longer by.
  private func cost(of index: Int) -> Int {
    var cost = extraCost(of: index, at: chosen.partitioningIndex { $0 > index })
    // Between the two is nothing, so the answer's name is all that may come in addition.
    if let question = question(with: index) {
      cost += extraCost(of: question, at: chosen.partitioningIndex { $0 > question })
      cost += labelCosts[speaker(of: index)] + labelCosts[speaker(of: question)]
    }
    return cost
  }

  /// Puts a sentence among the chosen ones.
  ///
  /// - Returns: what the summary got longer by.
  private mutating func insert(_ index: Int) -> Int {
    let place = chosen.partitioningIndex { $0 > index }
    let cost = extraCost(of: index, at: place)
    chosen.insert(index, at: place)
    use(index, 1)
    return cost
  }

  /// What the words are worth that a sentence adds, with its question if that is still to come.
  private mutating func gain(of index: Int) -> Double {
    mark += 1
    let more = question(with: index).map { gain(adding: $0) } ?? 0
    return more + gain(adding: index)
  }

  private mutating func gain(adding index: Int) -> Double {
    var gain = 0.0
    for position in table.sentences[index].words {
      let id = table.words[position].id
      if uses[id] == 0, marks[id] != mark { gain += values[position] }
      marks[id] = mark
    }
    if let question = table.sentences[index].question, isChosen(question) {
      gain += Self.answerWeight
    }
    if speakerUses[speaker(of: index)] == 0 { gain += labelValues[speaker(of: index)] }
    return gain
  }

  /// The gain for its length.
  private mutating func rate(_ index: Int) -> Double {
    var cost = costs[index] + labelCosts[speaker(of: index)]
    if let question = question(with: index) {
      cost += costs[question] + labelCosts[speaker(of: question)]
    }
    return gain(of: index) / pow(Double(max(1, cost)), Self.costExponent)
  }
}

extension [Int] {
  /// The first position whose element fulfils `isBehind`, which all behind it do, too.
  fileprivate func partitioningIndex(where isBehind: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
