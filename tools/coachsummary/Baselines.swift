import Coach
import Foundation

/// What the summariser is compared with. All take whole sentences up to a number of characters.
struct Baselines {
  /// A sentence and who said it.
  private struct Sentence {
    let speaker: String
    let text: String
    let words: [String]
  }

  private let sentences: [Sentence]
  private let budget: Int

  /// Cuts a transcript into sentences.
  ///
  /// - Parameter budget: characters of a summary.
  init(_ transcript: Transcript, budget: Int) {
    self.budget = budget
    sentences = transcript.turns.flatMap { turn in
      let speaker = String(decoding: turn.speaker, as: UTF8.self)
      return Self.split(String(decoding: turn.text, as: UTF8.self)).map { text in
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return Sentence(speaker: speaker, text: text, words: words)
      }
    }
  }

  /// Sentences from the start until the budget is used up, without their speakers.
  var lead: String {
    var text = ""
    for sentence in sentences {
      let more = text.isEmpty ? sentence.text : " " + sentence.text
      if text.unicodeScalars.count + more.unicodeScalars.count > budget { break }
      text += more
    }
    return text
  }

  /// The same with the speakers' names.
  var leadNamed: String {
    var last = 0
    while last < sentences.count, render(0..<last + 1).unicodeScalars.count <= budget { last += 1 }
    return render(0..<last)
  }

  /// TextRank (Mihalcea and Tarau 2004): sentences are alike that share words, for their length.
  var textRank: String {
    let sets = sentences.map { Set($0.words) }
    return ranked { left, right in
      let shared = Double(sets[left].intersection(sets[right]).count)
      let length = [left, right].reduce(0) { $0 + log(Double(sentences[$1].words.count)) }
      return length > 0 ? shared / length : 0
    }
  }

  /// LexRank (Erkan and Radev 2004), its continuous form: the cosine of words weighed by rarity.
  var lexRank: String {
    var frequency: [String: Double] = [:]
    for sentence in sentences {
      for word in Set(sentence.words) { frequency[word, default: 0] += 1 }
    }
    // In the order of the words, so that sums come out the same each time.
    let vectors = sentences.map { sentence -> [(word: String, weight: Double)] in
      let counts = Dictionary(sentence.words.map { ($0, 1.0) }, uniquingKeysWith: +)
      return counts.sorted { $0.key < $1.key }.map { word, count in
        let rarity = log(Double(sentences.count + 1) / (frequency[word] ?? 1))
        return (word, count * rarity)
      }
    }
    let weights = vectors.map { vector -> [String: Double] in
      Dictionary(uniqueKeysWithValues: vector.map { ($0.word, $0.weight) })
    }
    let norms = vectors.map { $0.reduce(0.0) { $0 + $1.weight * $1.weight }.squareRoot() }
    return ranked { left, right in
      let product = vectors[left].reduce(0.0) { $0 + $1.weight * (weights[right][$1.word] ?? 0) }
      return product > 0 ? product / (norms[left] * norms[right]) : 0
    }
  }

  /// PageRank over alike sentences, then the best that fit, in order and named.
  private func ranked(_ likeness: (Int, Int) -> Double) -> String {
    let count = sentences.count
    guard count > 0 else { return "" }
    var links = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for left in 0..<count {
      for right in 0..<left {
        let weight = likeness(left, right)
        links[left][right] = weight
        links[right][left] = weight
      }
    }
    let sums = links.map { $0.reduce(0, +) }
    var ranks = [Double](repeating: 1, count: count)
    for _ in 0..<50 {
      ranks = (0..<count).map { index in
        var rank = 0.15
        for other in 0..<count where sums[other] > 0 {
          rank += 0.85 * links[index][other] / sums[other] * ranks[other]
        }
        return rank
      }
    }
    var chosen: [Int] = []
    for index in (0..<count).sorted(by: { (ranks[$0], $1) > (ranks[$1], $0) }) {
      let more = (chosen + [index]).sorted()
      if render(more).unicodeScalars.count <= budget { chosen = more }
    }
    return render(chosen)
  }

  private func render(_ indices: some Sequence<Int>) -> String {
    var text = ""
    var last: String?
    for index in indices {
      let sentence = sentences[index]
      if sentence.speaker == last {
        text += " "
      } else {
        if last != nil { text += "\n" }
        if !sentence.speaker.isEmpty { text += sentence.speaker + ": " }
      }
      text += sentence.text
      last = sentence.speaker
    }
    return text
  }

  private static func split(_ text: String) -> [String] {
    var found: [String] = []
    var start = text.startIndex
    var index = start
    while index < text.endIndex {
      let next = text.index(after: index)
      if ".?!\n".contains(text[index]), next == text.endIndex || " \n".contains(text[next]) {
        found.append(String(text[start..<next]).trimmingCharacters(in: .whitespacesAndNewlines))
        start = next
      }
      index = next
    }
    found.append(text[start...].trimmingCharacters(in: .whitespacesAndNewlines))
    return found.filter { !$0.isEmpty }
  }
}
