public import Bytes

/// Finds signals of a crisis in a message: self-harm, violence, coercion.
///
/// There is no model and no network: hand-written rules over words (`SafetyRules`), because a miss
/// must be explainable and a correction must not wait for a training. Most messages have no word
/// that matters (`SafetyScreen`). The others take three steps, in one pass over a window of words:
///
///     words     read in one form, see `SafetyReader`
///     idioms    take their words away: "this exam is killing me"; jests weaken what has theirs:
///               "so hungover i want to die lol"
///     rules     what is left is matched; a match is weakened to a mention when it is denied ("I
///               would never hurt myself") or told of fiction ("in the movie he kills himself")
///
///     window  [ 16 words before | … matches begin here … | 48 words that they may reach into ]
///
/// Bounds: 12 KB of stack whatever the text, no allocation; O(n), each rule at each word takes at
/// most `stepsMax` steps.
public enum SafetyDetector {
  private static let windowCount = 384
  private static let before = 16
  private static let ahead = 48
  static let stepsMax = 256

  /// Judges a message.
  ///
  /// - Parameter text: any bytes; what is no UTF-8 separates words.
  /// - Complexity: O(n)
  public static func verdict(on text: ByteView) -> SafetyVerdict {
    isQuiet(text) ? SafetyVerdict() : fullVerdict(on: text)
  }

  /// Judges a message without asking first whether there can be a signal at all.
  static func fullVerdict(on text: ByteView) -> SafetyVerdict {
    var verdict = SafetyVerdict()
    let capacity = windowCount + SafetyReader.wordsAtOnce
    withUnsafeTemporaryAllocation(of: SafetyWord.self, capacity: capacity) { buffer in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: SafetyReader.memoryBytes) { memory in
        // Both have room for more than nothing.
        let words = buffer.baseAddress.unsafelyUnwrapped
        var reader = SafetyReader(text, memory: memory.baseAddress.unsafelyUnwrapped)
        var count = 0
        var from = 0
        while true {
          count = reader.read(into: words, from: count, limit: windowCount, SafetyRuleSet.shared)
          let isLast = reader.isAtEnd
          let stop = isLast ? count : count - ahead
          match(words, from, stop, count, SafetyRuleSet.shared, &verdict)
          if isLast { break }
          // Words that matches may reach back to go along.
          let kept = max(0, stop - before)
          for index in kept..<count { words[index - kept] = words[index] }
          count -= kept
          from = stop - kept
        }
      }
    }
    return verdict
  }

  static func isQuiet(_ text: ByteView) -> Bool {
    let capacity = SafetyScreen.numberCountMax
    return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: capacity) { numbers in
      // There is room for more than nothing.
      var screen = SafetyScreen(text, numbers.baseAddress.unsafelyUnwrapped)
      screen.run(SafetyRuleSet.shared)
      return screen.isQuiet(SafetyRuleSet.shared)
    }
  }

  /// A bit for each rule.
  private typealias RuleBits = InlineArray<16, UInt64>

  /// The rules whose anchor is among the words; nil when there are none.
  @inline(__always)
  private static func activeRules(
    _ words: UnsafeMutablePointer<SafetyWord>, _ first: Int, _ count: Int,
    _ rules: borrowing SafetyRuleSet
  ) -> RuleBits? {
    assert(SafetyRuleSet.ruleCountMax == 16 * 64)
    var bits = RuleBits(repeating: 0)
    var isEmpty = true
    for index in first..<count {
      let number = Int(words[index].number)
      let end = rules.anchorOffsets[number + 1]
      var place = rules.anchorOffsets[number]
      while place < end {
        let rule = Int(rules.anchors[Int(place)])
        bits[rule >> 6] |= 1 &<< UInt64(truncatingIfNeeded: rule & 63)
        isEmpty = false
        place += 1
      }
    }
    return isEmpty ? nil : bits
  }

  /// Matches whatever begins from `first` to `stop`.
  private static func match(
    _ words: UnsafeMutablePointer<SafetyWord>, _ first: Int, _ stop: Int, _ count: Int,
    _ rules: borrowing SafetyRuleSet, _ verdict: inout SafetyVerdict
  ) {
    guard let active = activeRules(words, first, count, rules) else { return }
    for index in first..<stop where words[index].number != 0 {
      let number = Int(words[index].number)
      for place in rules.offsets[number]..<rules.offsets[number + 1] {
        let found = Int(rules.starts[Int(place)])
        let rule = rules.rules[found]
        guard rule.category == nil else { break }
        guard active[found >> 6] >> UInt64(found & 63) & 1 == 1 else { continue }
        var search = SafetySearch(words: words, count: count, rule: rule)
        guard search.run(at: index, rules) else { continue }
        for taken in index..<search.last + 1 where search.isNamed(taken, rules) {
          if rule.level == .none { words[taken].isTaken = true } else { words[taken].isJest = true }
        }
      }
    }
    for index in first..<stop where words[index].number != 0 && !words[index].isTaken {
      let number = Int(words[index].number)
      for place in rules.offsets[number]..<rules.offsets[number + 1] {
        let found = Int(rules.starts[Int(place)])
        guard active[found >> 6] >> UInt64(found & 63) & 1 == 1 else { continue }
        let rule = rules.rules[found]
        guard let category = rule.category else { continue }
        // What is known already needs no proof.
        if verdict.level(category) >= rule.level { continue }
        var search = SafetySearch(words: words, count: count, rule: rule)
        guard search.run(at: index, rules) else { continue }
        var level = rule.level
        if !rule.isUndeniable,
          search.passedNegator || isDenied(words, index, rules)
            || isFiction(words, index, search.last, count, rules)
        {
          level = .mention
        }
        if level > .mention, isJest(words, index, search.last) { level = .mention }
        verdict.note(
          category, level, Int(words[index].start), Int(words[search.last].end))
      }
    }
  }

  /// Whether a jest has one of the words of a match.
  private static func isJest(
    _ words: UnsafeMutablePointer<SafetyWord>, _ start: Int, _ last: Int
  ) -> Bool {
    for index in start...last where words[index].isJest { return true }
    return false
  }

  /// Whether the words in front of a match deny it: "I would never want to", "no plans to".
  private static func isDenied(
    _ words: UnsafeMutablePointer<SafetyWord>, _ start: Int, _ rules: borrowing SafetyRuleSet
  ) -> Bool {
    var index = start
    // Bounded: six words back at most.
    for _ in 0..<6 {
      guard index > 0, !words[index].endsSentence, !words[index].endsClause else { return false }
      index -= 1
      let number = words[index].number
      if number != 0, rules.contains(number, in: rules.negators) { return true }
      guard number != 0, rules.contains(number, in: rules.chain) else { return false }
    }
    return false
  }

  /// Whether the sentence tells of a film, a book, a game, and nobody speaks of themselves.
  private static func isFiction(
    _ words: UnsafeMutablePointer<SafetyWord>, _ start: Int, _ last: Int, _ count: Int,
    _ rules: borrowing SafetyRuleSet
  ) -> Bool {
    for index in start...last where rules.contains(words[index].number, in: rules.firstPerson) {
      return false
    }
    var index = start
    for _ in 0..<12 {
      guard index > 0, !words[index].endsSentence else { break }
      index -= 1
      if start - index <= 3, rules.contains(words[index].number, in: rules.firstPerson) {
        return false
      }
      if rules.contains(words[index].number, in: rules.fiction) { return true }
    }
    index = last + 1
    for _ in 0..<12 {
      guard index < count, !words[index].endsSentence else { break }
      if rules.contains(words[index].number, in: rules.fiction) { return true }
      index += 1
    }
    return false
  }
}

/// Looks for one rule's pattern at one word.
struct SafetySearch {
  let words: UnsafeMutablePointer<SafetyWord>
  let count: Int
  let rule: SafetyRuleSet.Rule
  private var stepsLeft = SafetyDetector.stepsMax
  private var start = 0

  /// The last word of the match.
  private(set) var last = 0
  /// A word that denies stands between words of the match.
  private(set) var passedNegator = false

  init(words: UnsafeMutablePointer<SafetyWord>, count: Int, rule: SafetyRuleSet.Rule) {
    self.words = words
    self.count = count
    self.rule = rule
  }

  /// Whether the pattern matches at `index`.
  mutating func run(at index: Int, _ rules: borrowing SafetyRuleSet) -> Bool {
    start = index
    return match(0, at: index, rules)
  }

  /// Whether a word of the match is one that the pattern names, not one that it passed over.
  func isNamed(_ index: Int, _ rules: borrowing SafetyRuleSet) -> Bool {
    for place in Int(rule.first)..<Int(rule.first + rule.count)
    where rules.contains(words[index].number, in: Int(rules.elements[place].set)) {
      return true
    }
    return false
  }

  private mutating func match(
    _ place: Int, at index: Int, _ rules: borrowing SafetyRuleSet
  ) -> Bool {
    if place == Int(rule.count) {
      last = index - 1
      return last >= start
    }
    let element = rules.elements[Int(rule.first) + place]
    var denied = false
    if element.takesEnd, index == count || words[index].endsSentence || words[index].endsClause,
      match(place + 1, at: index, rules)
    {
      return true
    }
    // Bounded by the element's gap and by `stepsMax`.
    for skipped in 0...Int(element.gap) {
      let position = index + skipped
      guard position < count, stepsLeft > 0 else { break }
      stepsLeft -= 1
      if position > start, words[position].endsSentence { break }
      let number = words[position].number
      let isFree = rule.category == nil || !words[position].isTaken
      if number != 0, isFree, rules.contains(number, in: Int(element.set)) {
        let before = passedNegator
        passedNegator = passedNegator || denied
        if match(place + 1, at: position + 1, rules) { return true }
        passedNegator = before
      }
      if number != 0, rules.contains(number, in: rules.negators) { denied = true }
    }
    return element.isOptional && match(place + 1, at: index, rules)
  }
}
