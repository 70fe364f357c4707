internal import Bytes

/// The sentences of a transcript, cleaned, with their words as numbers.
struct SentenceTable {
  /// One sentence.
  struct Sentence {
    let turn: Int
    /// Its place within the turn.
    let place: Int
    /// Cleaned text.
    let text: [UInt8]
    /// Hashes of words with a subject, each once.
    let subjects: [UInt64]
    /// Words with a subject, repetitions counted.
    let subjectCount: Int
    let wordCount: Int
    let isQuestion: Bool
    /// Facts: hashes of names, numbers, dates, and commitments.
    let facts: [UInt64]
    let hasNumber: Bool
    let hasCommitment: Bool
    let nameCount: Int
  }

  private(set) var sentences: [Sentence] = []
  /// Sentences of each turn.
  private(set) var turnSizes: [Int] = []
  let turnCount: Int

  /// Cuts and reads a transcript.
  ///
  /// - Parameter sentencesMax: no more are taken; the rest is left out.
  /// - Complexity: O(n)
  init(_ turns: ArraySlice<Transcript.Turn>, sentencesMax: Int) {
    turnCount = turns.count
    for (number, turn) in turns.enumerated() {
      let before = sentences.count
      turn.text.withByteView { text in
        SentenceSplitter.forEach(in: text) { range in
          guard sentences.count < sentencesMax else { return }
          let sentence = Self.read(text[range], turn: number, place: sentences.count - before)
          if sentence.wordCount > 0 { sentences.append(sentence) }
        }
      }
      turnSizes.append(sentences.count - before)
    }
  }

  private static func read(_ raw: ByteView, turn: Int, place: Int) -> Sentence {
    let text = SentenceCleaner.clean(raw)
    return text.withByteView { view in
      var subjects: [UInt64] = []
      var words = 0
      var subjectCount = 0
      var hasCommitment = false
      Words.forEach(in: view) { range in
        let hash = Words.hash(view[range])
        words += 1
        if WordSet.commitment.contains(hash) { hasCommitment = true }
        guard !WordSet.stop.contains(hash) else { return }
        subjectCount += 1
        if !subjects.contains(hash) { subjects.append(hash) }
      }
      let found = FactFinder.facts(in: view)
      return Sentence(
        turn: turn, place: place, text: text, subjects: subjects, subjectCount: subjectCount,
        wordCount: words, isQuestion: raw.buffer.last == 0x3F,
        facts: found.hashes, hasNumber: found.hasNumber, hasCommitment: hasCommitment,
        nameCount: found.nameCount)
    }
  }
}
