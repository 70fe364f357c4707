internal import Bytes
internal import Glibc

/// What is known about a word of a sentence when it is judged: numbers that a linear model weighs.
///
/// The model predicts whether a person's summary would use the word. A sentence is then worth the
/// sum of its words that are not in the summary yet. It was fitted by `coachsummary train` on chats
/// and meetings with summaries written by people.
///
/// A row has the features of the word, those of its sentence, and those of the sentence once more,
/// which are zero where the word has no subject: being said first, for example, says more about
/// "wedding" than about "the".
package enum WordFeatures {
  /// Features of a word, and of a sentence.
  private static let ofWords = [
    "subject", "first person", "second person", "chatty", "to", "the", "a", "and", "preposition",
    "third person", "auxiliary", "conjunction", "glue", "name", "speaker's name", "number", "time",
    "commitment word", "before a fact", "log frequency", "both use it", "long", "short",
    "early", "speaker's label",
  ]
  private static let ofSentences = [
    "earliness", "first", "first turn", "last turn", "last fifth", "question", "after question",
    "log words", "subject share", "mean log frequency", "commitment", "has number", "names",
    "speaker's share", "very short", "log turn size", "opens turn", "first speaker",
    "log sentences",
  ]

  private static let wordCount = ofWords.count
  private static let sentenceCount = ofSentences.count

  /// How many there are.
  package static let count = wordCount + 2 * sentenceCount

  /// Their names, in order.
  package static let names = ofWords + ofSentences + ofSentences.map { "subject, " + $0 }

  /// Words of a transcript, for training.
  package struct Examples {
    /// Features, row by row.
    package var rows: [Double] = []
    /// Which word each row is, as `stems(of:)` has them.
    package var stems: [UInt64] = []
    package var isSpeech = false
  }

  /// A transcript's words with their features; speakers' names, too.
  package static func examples(of transcript: Transcript) -> Examples {
    let table = SentenceTable(transcript.turns[...], sentencesMax: Summariser.sentencesMax)
    let stems = table.stems
    var examples = Examples()
    examples.isSpeech = table.isSpeech
    forEach(in: table) { id, row in
      examples.rows += row
      examples.stems.append(stems[id])
    }
    return examples
  }

  /// The words of `text`, their endings aside.
  package static func stems(of text: [UInt8]) -> Set<UInt64> {
    var found = Set<UInt64>()
    text.withByteView { view in
      Words.forEach(in: view) { found.insert(Words.stem(view[$0])) }
    }
    return found
  }

  /// Calls `body` with each word and its features: those of the sentences in order, then those of
  /// the speakers' names.
  private static func forEach(
    in table: SentenceTable, _ body: (_ id: Int, _ row: [Double]) -> Void
  ) {
    let reader = Reader(table)
    var word = [Double](repeating: 0, count: wordCount)
    var sentence = [Double](repeating: 0, count: sentenceCount)
    let none = sentence
    for index in table.sentences.indices {
      reader.read(sentence: index, into: &sentence)
      for position in table.sentences[index].words {
        let isSubject = reader.read(word: position, of: index, into: &word)
        body(table.words[position].id, word + sentence + (isSubject ? sentence : none))
      }
    }
    for speaker in table.speakers.indices {
      reader.read(speaker: speaker, into: &word, &sentence)
      for id in table.speakers[speaker] { body(id, word + sentence + none) }
    }
  }

  /// What each word of a table is worth, and each speaker's name.
  struct Values {
    var words: [Double] = []
    var speakers: [Double] = []
  }

  /// Judges the words of a table, see `SummaryModel`.
  ///
  /// - Complexity: O(words × features of a word + sentences × features of a sentence)
  static func values(of table: SentenceTable, _ model: SummaryModel.Weights) -> Values {
    let reader = Reader(table)
    var values = Values()
    values.words.reserveCapacity(table.words.count)
    var word = [Double](repeating: 0, count: wordCount)
    var sentence = [Double](repeating: 0, count: sentenceCount)
    for index in table.sentences.indices {
      reader.read(sentence: index, into: &sentence)
      let whole = model.bias + product(sentence, model.weights, from: wordCount)
      let more = product(sentence, model.weights, from: wordCount + sentenceCount)
      for position in table.sentences[index].words {
        let isSubject = reader.read(word: position, of: index, into: &word)
        let value = whole + (isSubject ? more : 0) + product(word, model.weights, from: 0)
        values.words.append(max(0, value))
      }
    }
    for speaker in table.speakers.indices {
      reader.read(speaker: speaker, into: &word, &sentence)
      let value =
        model.bias + product(word, model.weights, from: 0)
        + product(sentence, model.weights, from: wordCount)
      values.speakers.append(max(0, value) * Double(table.speakers[speaker].count))
    }
    return values
  }

  private static func product(_ row: [Double], _ weights: [Double], from start: Int) -> Double {
    var sum = 0.0
    for column in row.indices { sum += row[column] * weights[start + column] }
    return sum
  }

  /// Reads features, with what is counted once for a transcript.
  private struct Reader {
    let table: SentenceTable
    /// The share of the sentences that each speaker has.
    private let shares: [Double]
    private let isSpeaker: [Bool]
    private let firstUse: [Int]
    private let logs: [Double]

    init(_ table: SentenceTable) {
      self.table = table
      var shares = [Double](repeating: 0, count: table.speakers.count)
      var isSpeaker = [Bool](repeating: false, count: table.wordTotal)
      var firstUse = [Int](repeating: Int.max, count: table.wordTotal)
      for name in table.speakers.joined() { isSpeaker[name] = true }
      for (index, sentence) in table.sentences.enumerated() {
        shares[table.turnSpeakers[sentence.turn]] += 1 / Double(table.sentences.count)
        for word in table.words[sentence.words] {
          firstUse[word.id] = min(firstUse[word.id], index)
        }
      }
      self.shares = shares
      self.isSpeaker = isSpeaker
      self.firstUse = firstUse
      logs = table.frequencies.map { log(Double(max(1, $0))) }
    }

    /// - Returns: whether the word has a subject.
    func read(word position: Int, of index: Int, into row: inout [Double]) -> Bool {
      let word = table.words[position]
      let isLast = position + 1 == table.sentences[index].words.upperBound
      let isSubject = word.role == .subject
      let users = table.users[word.id]
      let last = Double(max(1, table.sentences.count - 1))
      for column in 0..<13 { row[column] = 0 }
      row[Int(word.role.rawValue)] = 1
      row[13] = word.isName ? 1 : 0
      row[14] = isSpeaker[word.id] ? 1 : 0
      row[15] = word.isNumber ? 1 : 0
      row[16] = word.isTime ? 1 : 0
      row[17] = word.isCommitment ? 1 : 0
      row[18] = !isLast && table.words[position + 1].isFact ? 1 : 0
      row[19] = isSubject ? logs[word.id] : 0
      row[20] = isSubject && users & (users &- 1) != 0 ? 1 : 0
      row[21] = isSubject && word.length >= 6 ? 1 : 0
      row[22] = isSubject && word.length <= 3 ? 1 : 0
      row[23] = isSubject ? 1 - Double(firstUse[word.id]) / last : 0
      row[24] = 0
      return isSubject
    }

    func read(sentence index: Int, into row: inout [Double]) {
      let sentence = table.sentences[index]
      let count = table.sentences.count
      let words = Double(sentence.wordCount)
      let speaker = table.turnSpeakers[sentence.turn]
      var frequency = 0.0
      for position in sentence.words where table.words[position].role == .subject {
        frequency += logs[table.words[position].id]
      }
      row[0] = 1 - Double(index) / Double(max(1, count - 1))
      row[1] = index == 0 ? 1 : 0
      row[2] = sentence.turn == 0 ? 1 : 0
      row[3] = sentence.turn == table.turnSizes.count - 1 ? 1 : 0
      row[4] = index * 5 >= count * 4 ? 1 : 0
      row[5] = sentence.isQuestion ? 1 : 0
      row[6] = index > 0 && table.sentences[index - 1].isQuestion ? 1 : 0
      row[7] = log(1 + words)
      row[8] = Double(sentence.subjectCount) / max(1, words)
      row[9] = frequency / Double(max(1, sentence.subjectCount))
      row[10] = sentence.hasCommitment ? 1 : 0
      row[11] = sentence.hasNumber ? 1 : 0
      row[12] = Double(min(sentence.nameCount, 3))
      row[13] = shares[speaker]
      row[14] = words < 4 ? 1 : 0
      row[15] = log(1 + Double(table.turnSizes[sentence.turn]))
      row[16] = sentence.place == 0 ? 1 : 0
      row[17] = speaker == 0 ? 1 : 0
      row[18] = log(Double(count))
    }

    /// The features of a speaker's name in front of a sentence.
    func read(speaker: Int, into word: inout [Double], _ sentence: inout [Double]) {
      for column in word.indices { word[column] = 0 }
      for column in sentence.indices { sentence[column] = 0 }
      word[24] = 1
      sentence[13] = shares[speaker]
      sentence[17] = speaker == 0 ? 1 : 0
    }
  }
}
