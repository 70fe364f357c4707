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
    /// Its words in the table's list.
    let words: Range<Int>
    /// Words with a subject, repetitions counted.
    let subjectCount: Int
    let isQuestion: Bool
    /// It is a question, or begins as one does where people leave the mark out.
    let asks: Bool
    /// Nothing but "ok", "idk" and the like.
    let isEmptyTalk: Bool
    let hasNumber: Bool
    let hasCommitment: Bool
    /// One that says what somebody will do, not only what he thinks.
    let hasPlan: Bool
    /// The question by somebody else that it answers in few words, and means little without.
    let question: Int?
    let nameCount: Int

    var wordCount: Int { words.count }
  }

  /// What part a word has.
  enum Role: UInt8, CaseIterable {
    /// It has a subject.
    case subject
    case firstPerson, secondPerson
    /// Used for talking only.
    case chatty
    /// Stop words that a summary needs, too.
    case to, the, a, and, preposition, thirdPerson, auxiliary, conjunction, glue
  }

  /// A word of a sentence.
  struct Word {
    /// Which word it is, its ending aside: an index below `wordTotal`.
    let id: Int
    let role: Role
    let length: UInt8
    var isName = false
    var isNumber = false
    /// A number in digits.
    var hasDigit = false
    var isTime = false
    let isCommitment: Bool

    /// A name, a number or a time: what a summary must not lose.
    var isFact: Bool { isName || isNumber || isTime }
  }

  private(set) var sentences: [Sentence] = []
  private(set) var words: [Word] = []
  /// Sentences of each turn.
  private(set) var turnSizes: [Int] = []
  /// Each turn's speaker, an index below `speakers.count`.
  private(set) var turnSpeakers: [Int] = []
  /// Different speakers: the words of their names.
  private(set) var speakers: [[Int]] = []
  /// In how many sentences each word is, and which speakers use it (the first 64, a bit each).
  private(set) var frequencies: [Int32] = []
  private(set) var users: [UInt64] = []
  private var ids: [UInt64: Int] = [:]
  /// Signs of speech that was written down as it was spoken.
  private var spokenSigns = 0

  /// Whether it is speech taken down, or speeches, rather than a chat: sounds and detached
  /// punctuation are met often, or the turns are long. Other words matter then.
  var isSpeech: Bool {
    spokenSigns * 25 > words.count || words.count > Self.speechTurnWords * turnCount
  }

  /// Words of a turn on average, more than which make speeches.
  private static var speechTurnWords: Int { 35 }

  private var turnCount: Int { turnSizes.count }

  /// The hash of each word, by its ID.
  var stems: [UInt64] {
    var stems = [UInt64](repeating: 0, count: wordTotal)
    for (stem, id) in ids { stems[id] = stem }
    return stems
  }

  /// Different words.
  var wordTotal: Int { frequencies.count }

  /// Cuts and reads a transcript.
  ///
  /// - Parameter sentencesMax: no more are taken; the rest is left out.
  /// - Complexity: O(n)
  init(_ turns: ArraySlice<Transcript.Turn>, sentencesMax: Int) {
    var numbers: [[UInt8]: Int] = [:]
    for (number, turn) in turns.enumerated() {
      let speaker = numbers[turn.speaker] ?? numbers.count
      if speaker == numbers.count {
        numbers[turn.speaker] = speaker
        speakers.append(names(of: turn.speaker))
      }
      turnSpeakers.append(speaker)
      let before = sentences.count
      turn.text.withByteView { text in
        // "No." stays with what follows it, so that neither is chosen without the other.
        var answer: Range<Int>?
        SentenceSplitter.forEach(in: text) { range in
          guard sentences.count < sentencesMax else { return }
          let whole = (answer?.lowerBound ?? range.lowerBound)..<range.upperBound
          answer = nil
          if whole.count <= SentenceSplitter.bytesMax, Self.isBareAnswer(text[range]) {
            answer = whole
          } else {
            read(text[whole], turn: number, place: sentences.count - before)
          }
        }
        if let answer, sentences.count < sentencesMax {
          read(text[answer], turn: number, place: sentences.count - before)
        }
      }
      turnSizes.append(sentences.count - before)
    }
    noteUse()
    markNames()
  }

  private mutating func names(of speaker: [UInt8]) -> [Int] {
    speaker.withByteView { view in
      var found: [Int] = []
      Words.forEach(in: view) { found.append(id(of: Words.stem(view[$0]))) }
      return found
    }
  }

  private mutating func id(of stem: UInt64) -> Int {
    if let id = ids[stem] { return id }
    let id = ids.count
    ids[stem] = id
    frequencies.append(0)
    users.append(0)
    return id
  }

  private mutating func read(_ raw: ByteView, turn: Int, place: Int) {
    let text = SentenceCleaner.clean(
      raw, mayAnswer: sentences.last.map { $0.asks && turn - $0.turn <= 2 } ?? false)
    for index in 1..<max(1, raw.count) where raw[index - 1] == 0x20 {
      if raw[index] == 0x2C || raw[index] == 0x2E || raw[index] == 0x7B { spokenSigns += 1 }
    }
    let first = words.count
    var subjects = 0
    var hasCommitment = false
    var hasPlan = false
    var found = FactFinder.Found()
    var plans = PlanReader()
    var isEmptyTalk = true
    text.withByteView { view in
      found = FactFinder.facts(in: view)
      var fact = 0
      Words.forEach(in: view) { range in
        let hash = Words.hash(view[range])
        var word = Word(
          id: id(of: Words.stem(view[range])), role: Self.role(hash),
          length: UInt8(clamping: range.count), isCommitment: plans.take(hash))
        if !WordSet.empty.contains(hash) { isEmptyTalk = false }
        if word.isCommitment {
          hasCommitment = true
          if !WordSet.vague.contains(hash) { hasPlan = true }
        }
        if word.role == .subject { subjects += 1 }
        // Facts come in the order of the words.
        if fact < found.ranges.count, found.ranges[fact] == range {
          switch found.kinds[fact] {
          case .name: word.isName = true
          case .number:
            word.isNumber = true
            word.hasDigit = Words.isDigit(view[range.lowerBound])
          case .date: word.isTime = true
          }
          fact += 1
        }
        words.append(word)
      }
    }
    guard words.count > first else { return }
    sentences.append(
      Sentence(
        turn: turn, place: place, text: text, words: first..<words.count, subjectCount: subjects,
        isQuestion: raw.buffer.last == 0x3F,
        asks: raw.buffer.last == 0x3F || text.withByteView { QuestionStart.isFound(in: $0) },
        isEmptyTalk: isEmptyTalk, hasNumber: found.hasNumber, hasCommitment: hasCommitment,
        hasPlan: hasPlan,
        question: question(before: turn, place: place, words: words.count - first, raw),
        nameCount: found.nameCount))
  }

  /// The question that a sentence answers in few words, if it does.
  private func question(before turn: Int, place: Int, words: Int, _ raw: ByteView) -> Int? {
    guard place == 0, let last = sentences.last, last.turn != turn, last.asks,
      turnSpeakers[last.turn] != turnSpeakers[turn],
      words <= Self.answerWordsMax
        || words <= 2 * Self.answerWordsMax && Self.startsWithAnswer(raw)
    else { return nil }
    return sentences.count - 1
  }

  /// Whether a sentence begins with a yes, a no or the like, or with a number, as in "5 with her".
  private static func startsWithAnswer(_ text: ByteView) -> Bool {
    var word: UInt64?
    var isNumber = false
    Words.forEach(in: text[0..<min(text.count, 32)]) { range in
      let hash = Words.hash(text[range])
      guard word == nil, !WordSet.filler.contains(hash) else { return }
      word = hash
      isNumber = Words.isDigit(text[range.lowerBound]) || WordSet.number.contains(hash)
    }
    return isNumber || word.map { WordSet.answer.contains($0) } ?? false
  }

  /// Whether a sentence is a yes or a no and nothing more.
  private static func isBareAnswer(_ text: ByteView) -> Bool {
    guard text.count <= 32 else { return false }
    var decides = false
    var saysMore = false
    Words.forEach(in: text) { range in
      let hash = Words.hash(text[range])
      if WordSet.decision.contains(hash) || WordSet.consent.contains(hash) {
        decides = true
      } else if !WordSet.filler.contains(hash) {
        saysMore = true
      }
    }
    return decides && !saysMore
  }

  /// Words of an answer that does not stand alone.
  private static var answerWordsMax: Int { 4 }

  private static let roles: [(Role, WordSet)] = [
    (.firstPerson, .firstPerson), (.secondPerson, .secondPerson), (.to, WordSet("to")),
    (.the, WordSet("the")), (.a, WordSet("a an")), (.and, WordSet("and")),
    (.preposition, WordSet("of in on at for with by from about as into")),
    (.thirdPerson, WordSet("he she they him her his them their it its")),
    (.auxiliary, WordSet("is was are were be been has have had will would can could")),
    (.conjunction, WordSet("but because if when while before after that which who so")),
    (.glue, WordSet("not out up more some over again there what how")),
    (.chatty, .stop), (.chatty, .talk),
  ]

  /// The role of each word that has not a subject.
  private static let roleOf: [UInt64: Role] = {
    var found: [UInt64: Role] = [:]
    for (role, set) in roles {
      for hash in set.all where found[hash] == nil { found[hash] = role }
    }
    return found
  }()

  private static func role(_ hash: UInt64) -> Role { roleOf[hash] ?? .subject }

  /// Counts in how many sentences a word is, and who uses it.
  private mutating func noteUse() {
    var last = [Int](repeating: -1, count: wordTotal)
    for (index, sentence) in sentences.enumerated() {
      let bit = UInt64(1) << UInt64(min(63, turnSpeakers[sentence.turn]))
      for word in words[sentence.words] where last[word.id] != index {
        last[word.id] = index
        frequencies[word.id] += 1
        users[word.id] |= bit
      }
    }
  }

  /// A word at the start of a sentence is a name where it is one inside another, or a speaker's.
  private mutating func markNames() {
    var isName = [Bool](repeating: false, count: wordTotal)
    for name in speakers.joined() { isName[name] = true }
    for word in words where word.isName { isName[word.id] = true }
    for sentence in sentences {
      let index = sentence.words.lowerBound
      guard let first = sentence.text.first, Words.isUpper(first) else { continue }
      if isName[words[index].id], words[index].role == .subject {
        words[index].isName = true
      }
    }
  }
}
