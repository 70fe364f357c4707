internal import Bytes
internal import Glibc

/// What is known about a sentence when it is judged: numbers that a linear model weighs.
///
/// The model predicts how many of the words that a person would use in a summary the sentence
/// holds. It was fitted by `coachsummary train` on meetings with summaries written by people.
package enum SentenceFeatures {
  /// How many there are.
  package static var count: Int { 20 }

  /// Their names, in order, for the training tool.
  package static let names = [
    "log words", "share of subject words", "log subject words", "mean frequency", "centrality",
    "log repeated", "question", "after question", "names", "number", "commitment", "earliness",
    "first", "last", "opens turn", "first turn", "log turn size", "speaker's share", "very short",
    "very long",
  ]

  /// The features of a transcript's sentences with the hashes of their words, for training.
  package static func examples(
    of transcript: Transcript
  ) -> (rows: [Double], words: [[UInt64]]) {
    let turns = transcript.turns[...]
    let table = SentenceTable(turns, sentencesMax: Summariser.sentencesMax)
    let speakers = turns.map { turn in turn.speaker.withByteView { Words.hash($0) } }
    return (rows(of: table, speakers: speakers), table.sentences.map(\.subjects))
  }

  /// The hashes of the words with a subject in `text`, each once.
  package static func subjects(of text: [UInt8]) -> Set<UInt64> {
    var found = Set<UInt64>()
    text.withByteView { view in
      Words.forEach(in: view) { range in
        let hash = Words.hash(view[range])
        if !WordSet.stop.contains(hash) { found.insert(hash) }
      }
    }
    return found
  }

  /// The features of all sentences, row by row.
  ///
  /// - Parameter speakers: each turn's speaker.
  /// - Complexity: O(words)
  static func rows(of table: SentenceTable, speakers: [UInt64]) -> [Double] {
    let sentences = table.sentences
    var frequency: [UInt64: Int] = [:]
    var total = 0
    var bySpeaker: [UInt64: Int] = [:]
    for sentence in sentences {
      for hash in sentence.subjects { frequency[hash, default: 0] += 1 }
      total += sentence.subjects.count
      bySpeaker[speakers[sentence.turn], default: 0] += 1
    }
    var rows: [Double] = []
    rows.reserveCapacity(sentences.count * count)
    let last = max(1, sentences.count - 1)
    for (index, sentence) in sentences.enumerated() {
      var centrality = 0.0
      var mean = 0.0
      var repeated = 0
      for hash in sentence.subjects {
        let times = frequency[hash] ?? 0
        centrality += log(1 + Double(times))
        mean += Double(times) / Double(max(1, total))
        if times > 1 { repeated += 1 }
      }
      let subjects = Double(max(1, sentence.subjects.count))
      let words = Double(sentence.wordCount)
      let afterQuestion = index > 0 && sentences[index - 1].isQuestion
      rows.append(log(1 + words))
      rows.append(Double(sentence.subjectCount) / max(1, words))
      rows.append(log(1 + Double(sentence.subjectCount)))
      rows.append(mean / subjects * 10)
      rows.append(centrality / 10)
      rows.append(log(1 + Double(repeated)))
      rows.append(sentence.isQuestion ? 1 : 0)
      rows.append(afterQuestion ? 1 : 0)
      rows.append(Double(min(sentence.nameCount, 3)))
      rows.append(sentence.hasNumber ? 1 : 0)
      rows.append(sentence.hasCommitment ? 1 : 0)
      rows.append(1 - Double(index) / Double(last))
      rows.append(index == 0 ? 1 : 0)
      rows.append(index == sentences.count - 1 ? 1 : 0)
      rows.append(sentence.place == 0 ? 1 : 0)
      rows.append(sentence.turn == 0 ? 1 : 0)
      rows.append(log(1 + Double(table.turnSizes[sentence.turn])))
      rows.append(Double(bySpeaker[speakers[sentence.turn]] ?? 0) / Double(sentences.count))
      rows.append(sentence.wordCount < 4 ? 1 : 0)
      rows.append(sentence.wordCount > 30 ? 1 : 0)
    }
    return rows
  }
}
