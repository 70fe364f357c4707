/// An operator's rules, ready to be matched: phrases of whole words, found by their first word.
///
/// A phrase matches words, never parts of words: "hi" is not in "this". For each word of a message
/// a bit tells in most cases that no phrase starts with it; otherwise the phrases that do are
/// compared word by word. Only hashes are compared; phrases are kept as text for EXPLAIN alone.
///
///     filter   u64[64]     bit of a first word's hash
///     heads    i32[n]      first word's hash → a phrase, −1 for none        n: a power of two
///     phrases  [first word | words at | words | place | rule | next] …
///     words    u64 …       hashes of the words after the first; 0 stands for any word
///
/// Bounds: `rulesMax`, `phrasesMax` and `wordsMax` for the file; at most `firedMax` rules
/// of a message count; of those that decide, the first of the file wins.
public struct RuleTable: ~Copyable {
  /// Rules in a file.
  public static let rulesMax = 1024
  /// Phrases of all rules.
  public static let phrasesMax = 16_384
  /// Words of a phrase.
  public static let wordsMax = 8

  /// One rule, as written.
  public struct Rule: Sendable {
    /// What the operator calls it.
    public var name: String
    public var label: MessageLabel
    public var effect: Effect
    public var place: Place
    /// As written, for EXPLAIN.
    public var phrases: [String]
    /// Line of the file, counted from 1.
    public var line: Int
  }

  /// What a rule does to a message that it matches.
  public enum Effect: Sendable, Equatable {
    /// Its label is the answer.
    case decides
    /// Its label becomes more likely (or less), in log-odds.
    case adds(Float)
  }

  /// Where in a message a phrase must stand.
  public enum Place: UInt8, Sendable, CaseIterable {
    case anywhere, start, end, whole
  }

  private struct Phrase {
    var firstWord: UInt64
    var wordsAt: Int32
    var wordCount: Int32
    var rule: Int32
    var next: Int32
    var place: Place
  }

  private struct CompiledEffect {
    var boost: Float
    var column: Int8
    var decides: Bool
  }

  /// The rules in the order of the file.
  public let rules: [Rule]
  private let filter: UnsafeMutablePointer<UInt64>
  private let heads: UnsafeMutablePointer<Int32>
  private let headMask: Int
  private let phrases: UnsafeMutablePointer<Phrase>
  private let phraseCount: Int
  private let words: UnsafeMutablePointer<UInt64>
  private let effects: UnsafeMutablePointer<CompiledEffect>

  /// A table without rules.
  public init() { self.init([], hashes: []) }

  /// Makes a table.
  ///
  /// - Parameter hashes: for each rule and each of its phrases the hashes of its words.
  init(_ rules: [Rule], hashes: [[[UInt64]]]) {
    precondition(rules.count == hashes.count)
    self.rules = rules
    let count = hashes.reduce(0) { $0 + $1.count }
    phraseCount = count
    var slots = 16
    while slots < 2 * count { slots *= 2 }
    headMask = slots - 1
    filter = .allocate(capacity: 64)
    filter.initialize(repeating: 0, count: 64)
    heads = .allocate(capacity: slots)
    heads.initialize(repeating: -1, count: slots)
    phrases = .allocate(capacity: max(count, 1))
    words = .allocate(capacity: max(hashes.joined().reduce(0) { $0 + $1.count }, 1))
    effects = .allocate(capacity: max(rules.count, 1))
    var phrase = 0
    var word = 0
    for (number, rule) in rules.enumerated() {
      let column = Int8(rule.label.rawValue)
      switch rule.effect {
      case .decides:
        (effects + number).initialize(to: CompiledEffect(boost: 0, column: column, decides: true))
      case .adds(let boost):
        (effects + number)
          .initialize(to: CompiledEffect(boost: boost, column: column, decides: false))
      }
      for phraseWords in hashes[number] where !phraseWords.isEmpty {
        let first = phraseWords[0]
        let head = Int(truncatingIfNeeded: first >> 32) & headMask
        (phrases + phrase).initialize(
          to: Phrase(
            firstWord: first, wordsAt: Int32(word), wordCount: Int32(phraseWords.count - 1),
            rule: Int32(number), next: heads[head], place: rule.place))
        for hash in phraseWords.dropFirst() {
          (words + word).initialize(to: hash)
          word += 1
        }
        heads[head] = Int32(phrase)
        let bit = first >> 52
        filter[Int(bit >> 6)] |= 1 << (bit & 63)
        phrase += 1
      }
    }
  }

  deinit {
    filter.deallocate()
    heads.deallocate()
    phrases.deallocate()
    words.deallocate()
    effects.deallocate()
  }

  /// Finds the rules that match a message.
  ///
  /// - Complexity: O(words × phrases that start with the same word)
  @inline(__always)
  func match(_ reader: MessageReader, into fired: inout FiredRules) {
    guard phraseCount > 0 else { return }
    for index in 0..<reader.tokenCount {
      let hash = reader.tokens[index].hash
      let bit = hash >> 52
      if filter[Int(truncatingIfNeeded: bit >> 6)] & (1 &<< (bit & 63)) == 0 { continue }
      matchPhrases(reader, at: index, hash, into: &fired)
    }
  }

  private func matchPhrases(
    _ reader: MessageReader, at index: Int, _ hash: UInt64, into fired: inout FiredRules
  ) {
    // A question mark at the end belongs to no phrase: "hello?" is a whole "hello".
    var end = reader.tokenCount
    while end > index + 1, reader.tokens[end - 1].hash == MessageHash.questionMark { end -= 1 }
    var next = heads[Int(truncatingIfNeeded: hash >> 32) & headMask]
    // Bounded: a chain has at most phrasesMax links, and no link twice.
    while next >= 0 {
      let phrase = phrases[Int(next)]
      next = phrase.next
      guard phrase.firstWord == hash, index + 1 + Int(phrase.wordCount) <= end else { continue }
      let last = index + 1 + Int(phrase.wordCount)
      switch phrase.place {
      case .anywhere: break
      case .start: if index != 0 { continue }
      case .end: if last != end { continue }
      case .whole: if index != 0 || last != end { continue }
      }
      var isSame = true
      for offset in 0..<Int(phrase.wordCount) {
        let wanted = words[Int(phrase.wordsAt) + offset]
        if wanted != 0, wanted != reader.tokens[index + 1 + offset].hash {
          isSame = false
          break
        }
      }
      if isSame { fire(phrase.rule, into: &fired) }
    }
  }

  private func fire(_ number: Int32, into fired: inout FiredRules) {
    let effect = effects[Int(number)]
    guard fired.insert(number) else { return }
    if !effect.decides {
      fired.boosts[Int(effect.column)] += effect.boost
    } else if fired.decidingRule < 0 || number < fired.decidingRule {
      fired.decidingRule = number
      fired.decision = MessageLabel(rawValue: UInt8(effect.column))
    }
  }
}

/// The rules that matched one message.
struct FiredRules {
  /// How many of them count.
  static let firedMax = 8

  /// Numbers of the rules, −1 where there are no more.
  var numbers = SIMD8<Int16>(repeating: -1)
  var count = 0
  /// What they add to the scores.
  var boosts = SIMD8<Float>()
  /// The first rule that decides, −1 for none, and its label.
  var decidingRule: Int32 = -1
  var decision: MessageLabel?

  /// Notes a rule; false when it was noted before or is one too many.
  fileprivate mutating func insert(_ number: Int32) -> Bool {
    guard count < Self.firedMax else { return false }
    for index in 0..<count where numbers[index] == Int16(truncatingIfNeeded: number) {
      return false
    }
    numbers[count] = Int16(truncatingIfNeeded: number)
    count += 1
    return true
  }
}
