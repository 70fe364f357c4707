internal import Bytes

/// The rules of `SafetyRules`, made ready for matching.
///
/// Every word that a rule names has a number; what a rule allows at one place is a set of numbers,
/// a row of bits. Rules are found by the word they begin with:
///
///     word → number → rules that begin so → elements: (set, optional?, words that may come before)
///
/// Many rules begin with "i". So each has an anchor, too: the place that must be there and whose
/// words are rarest ("kill", not "i want to"). Without a word of its anchor in the text a rule is
/// not looked at, and most texts have none at all.
///
/// Everything is built once and then only read, by any number of threads without a lock. Some
/// 100 KB.
struct SafetyRuleSet: ~Copyable, @unchecked Sendable {
  // Sendable: written by the initialiser alone.

  /// One place of a pattern.
  struct Element {
    var set: Int32
    /// How many words may stand in front of it that the pattern does not name.
    var gap: UInt8
    var isOptional: Bool
    /// The end of a sentence or of a part of one will do, too.
    var takesEnd: Bool
  }

  struct Rule {
    /// nil: an idiom, which takes its words away from all others, or a jest.
    var category: SafetyCategory?
    /// Of no category, `mention` is a jest: it weakens what has its words.
    var level: SafetyLevel
    /// Words that deny do not weaken it.
    var isUndeniable: Bool
    var first: Int32
    var count: Int32
  }

  let rules: UnsafeMutablePointer<Rule>
  let elements: UnsafeMutablePointer<Element>
  private let setBits: UnsafeMutablePointer<UInt64>
  private let rowWords: Int
  /// Rules by the number of the word they begin with: those of `number` are
  /// `starts[offsets[number]..<offsets[number + 1]]`, idioms first.
  let starts: UnsafeMutablePointer<Int32>
  let offsets: UnsafeMutablePointer<Int32>
  /// Rules by the words of their anchors, in the same way.
  let anchors: UnsafeMutablePointer<Int32>
  let anchorOffsets: UnsafeMutablePointer<Int32>
  /// The same without idioms, which are no signals.
  private let signalAnchors: UnsafeMutablePointer<Int32>
  private let signalAnchorOffsets: UnsafeMutablePointer<Int32>
  private let words: SafetyWordTable

  /// Sets that stand for words with a role of their own.
  let negators: Int
  let chain: Int
  let fiction: Int
  let firstPerson: Int

  /// Number of rules, idioms among them.
  let ruleCount: Int

  /// Most rules.
  static let ruleCountMax = 1024

  /// The rules that are built in.
  static let shared = SafetyRuleSet(SafetyRules.all)

  init(_ texts: [StaticString]) {
    var source = SafetyRuleSource()
    for text in texts { source.read(text) }
    negators = source.setIndex(ofClass: "negator")
    chain = source.setIndex(ofClass: "chain")
    fiction = source.setIndex(ofClass: "fiction")
    firstPerson = source.setIndex(ofClass: "first")
    words = SafetyWordTable(source.numbers)
    rowWords = (source.numberCount >> 6) + 1
    setBits = .allocate(capacity: rowWords * source.sets.count)
    setBits.initialize(repeating: 0, count: rowWords * source.sets.count)
    for (index, set) in source.sets.enumerated() {
      for number in set { setBits[index * rowWords + number >> 6] |= 1 << UInt64(number & 63) }
    }
    ruleCount = source.rules.count
    precondition(ruleCount <= Self.ruleCountMax)
    rules = .allocate(capacity: ruleCount)
    rules.initialize(from: source.rules, count: ruleCount)
    elements = .allocate(capacity: source.elements.count)
    elements.initialize(from: source.elements, count: source.elements.count)
    var byWord = [[Int32]](repeating: [], count: source.numberCount + 1)
    // Idioms first, in the order in which they stand.
    let order = source.rules.indices.sorted { left, right in
      let isIdiom = (source.rules[left].category == nil, source.rules[right].category == nil)
      return isIdiom.0 == isIdiom.1 ? left < right : isIdiom.0
    }
    for index in order {
      let rule = source.rules[index]
      // An optional element at the beginning lets the rule begin with the next one, too.
      for place in Int(rule.first)..<Int(rule.first + rule.count) {
        for number in source.sets[Int(source.elements[place].set)]
        where byWord[number].last != Int32(index) { byWord[number].append(Int32(index)) }
        if !source.elements[place].isOptional { break }
      }
    }
    (offsets, starts) = Self.flattened(byWord)
    let byAnchor = source.rulesByAnchor
    (anchorOffsets, anchors) = Self.flattened(byAnchor)
    (signalAnchorOffsets, signalAnchors) = Self.flattened(
      byAnchor.map { $0.filter { source.rules[Int($0)].category != nil } })
  }

  /// Lists one behind the other, and where each begins.
  private static func flattened(
    _ lists: [[Int32]]
  ) -> (offsets: UnsafeMutablePointer<Int32>, all: UnsafeMutablePointer<Int32>) {
    let offsets = UnsafeMutablePointer<Int32>.allocate(capacity: lists.count + 1)
    let all = UnsafeMutablePointer<Int32>.allocate(capacity: lists.reduce(1) { $0 + $1.count })
    var place = 0
    for (number, list) in lists.enumerated() {
      (offsets + number).initialize(to: Int32(place))
      for rule in list {
        (all + place).initialize(to: rule)
        place += 1
      }
    }
    (offsets + lists.count).initialize(to: Int32(place))
    return (offsets, all)
  }

  deinit {
    rules.deallocate()
    elements.deallocate()
    setBits.deallocate()
    starts.deallocate()
    offsets.deallocate()
    anchors.deallocate()
    anchorOffsets.deallocate()
    signalAnchors.deallocate()
    signalAnchorOffsets.deallocate()
  }

  /// Whether the word with `number` is in a set; 0 is in none.
  @inline(__always)
  func contains(_ number: UInt16, in set: Int) -> Bool {
    // In bounds: numbers come from `words`, sets from the rules.
    setBits[set * rowWords + Int(number) >> 6] >> UInt64(number & 63) & 1 == 1
  }

  /// Whether some signal cannot be without the word with `number`, or one of a few like it.
  @inline(__always)
  func isAnchor(_ number: UInt16) -> Bool {
    signalAnchorOffsets[Int(number)] < signalAnchorOffsets[Int(number) + 1]
  }

  /// Whether some signal of which `number` is an anchor may be among these words: for each place of
  /// its rule that must be there one of them is, in whatever order.
  ///
  /// - Complexity: O(rules with that anchor · words)
  func mayMatch(
    anchor number: UInt16, _ words: UnsafePointer<UInt16>, _ count: Int
  ) -> Bool {
    for place in signalAnchorOffsets[Int(number)]..<signalAnchorOffsets[Int(number) + 1] {
      let rule = rules[Int(signalAnchors[Int(place)])]
      var isPossible = true
      for place in Int(rule.first)..<Int(rule.first + rule.count) {
        let element = elements[place]
        if element.isOptional || element.takesEnd { continue }
        var isThere = false
        for index in 0..<count where contains(words[index], in: Int(element.set)) {
          isThere = true
          break
        }
        if !isThere {
          isPossible = false
          break
        }
      }
      if isPossible { return true }
    }
    return false
  }

  /// The number of a word in lower case; 0 for a word that no rule names.
  @inline(__always)
  func number(of word: ByteView) -> UInt16 { words.number(of: word) }

  /// The number of a longer word of the rules that lacks a letter here, has one too many, or has
  /// two in the wrong order.
  func number(resembling word: ByteView) -> UInt16 { words.number(resembling: word) }
}

/// Reads the text of the rules. It is ours, so what is wrong with it is an error of the program.
struct SafetyRuleSource {
  private(set) var numbers: [[UInt8]: UInt16] = [:]
  private(set) var numberCount = 0
  private(set) var sets: [Set<Int>] = []
  private(set) var rules: [SafetyRuleSet.Rule] = []
  private(set) var elements: [SafetyRuleSet.Element] = []
  private var classes: [String: Set<Int>] = [:]
  private var known: [String: Int] = [:]

  /// Most words between two that a rule names.
  static let gapMax = 3
  /// The same for `~~`.
  static let wideGapMax = 8

  /// Reads the rules of one text.
  mutating func read(_ text: StaticString) {
    var statement = ""
    for line in ByteView(text).string.split(separator: "\n") {
      if line.first == " " {
        // A line that begins with | goes on with the word before.
        statement += line.dropFirst().first == "|" ? line.dropFirst() : line
      } else {
        readStatement(statement)
        statement = String(line)
      }
    }
    readStatement(statement)
  }

  private mutating func readStatement(_ statement: String) {
    if statement.isEmpty { return }
    let words = statement.split(separator: " ").map(String.init)
    if words.count > 2, words[1] == "=" {
      var members: Set<Int> = []
      for word in words.dropFirst(2) { members.formUnion(self.members(of: word)) }
      classes[words[0]] = members
    } else if words.count > 2, words[1] == "<" {
      let number = number(of: words[0])
      for word in words.dropFirst(2) {
        precondition(numbers[Array(word.utf8)] == nil)
        numbers[Array(word.utf8)] = UInt16(number)
      }
    } else {
      guard let colon = statement.firstIndex(of: ":") else {
        preconditionFailure("a rule without a colon")
      }
      readRule(
        statement[..<colon].split(separator: " ").map(String.init),
        statement[statement.index(after: colon)...].split(separator: " ").map(String.init))
    }
  }

  private mutating func readRule(_ head: [String], _ body: [String]) {
    var rule = SafetyRuleSet.Rule(
      category: nil, level: .none, isUndeniable: false, first: Int32(elements.count), count: 0)
    if head[0] == "jest" {
      rule.level = .mention
    } else if head[0] != "idiom" {
      rule.category = SafetyCategory.allCases.first { ByteView($0.name).string == head[0] }
      rule.level = SafetyLevel(rawValue: UInt8(head[1].prefix(1)) ?? 0) ?? .none
      rule.isUndeniable = head[1].hasSuffix("!")
      precondition(rule.category != nil && rule.level > .none)
    }
    var gap = 0
    for word in body {
      if word == "~" || word == "~~" {
        gap = word == "~" ? Self.gapMax : Self.wideGapMax
        continue
      }
      let isOptional = word.hasSuffix("?")
      var name = isOptional ? String(word.dropLast()) : word
      let takesEnd = name.hasSuffix("$")
      if takesEnd { name = String(name.dropLast(name.hasSuffix("|$") ? 2 : 1)) }
      elements.append(
        SafetyRuleSet.Element(
          set: Int32(setIndex(of: name)), gap: UInt8(gap), isOptional: isOptional,
          takesEnd: takesEnd))
      rule.count += 1
      gap = 0
    }
    precondition(rule.count > 0)
    rules.append(rule)
  }

  /// The index of the set `a|b|<class>`.
  private mutating func setIndex(of name: String) -> Int {
    if let index = known[name] { return index }
    var members: Set<Int> = []
    for word in name.split(separator: "|") { members.formUnion(self.members(of: String(word))) }
    sets.append(members)
    known[name] = sets.count - 1
    return sets.count - 1
  }

  /// The index of a class's set.
  mutating func setIndex(ofClass name: String) -> Int { setIndex(of: "<\(name)>") }

  private mutating func members(of word: String) -> Set<Int> {
    if word.hasPrefix("<") {
      guard let members = classes[word] else { preconditionFailure("no class \(word)") }
      return members
    }
    return [number(of: word)]
  }

  private mutating func number(of word: String) -> Int {
    let bytes = Array(word.utf8)
    if let known = numbers[bytes] { return Int(known) }
    numberCount += 1
    numbers[bytes] = UInt16(numberCount)
    return numberCount
  }

  // MARK: Anchors

  /// Words of everyday English, the most frequent first: poor anchors.
  private static let everyday: StaticString = """
    i to you the a it and my me that is do in of not be have what im for he she on so was like this
    dont with no just but they want her him know at if are about up get go going out think when all
    how can would them or your we an one from been there time will feel as now had am did because
    never ever some too make see need way good over off day more their his who people ive being had
    could make made talk date night work home life man girl guy friend wait come back down take
    said told cant sure stop kept last right says asked keep after things thing
    """

  /// The rules by the number of the words of their anchors; a rule of which nothing must be there
  /// by every word that it can begin with, which is every word of its places.
  var rulesByAnchor: [[Int32]] {
    var weights = [Int](repeating: 1, count: numberCount + 1)
    let everyday = ByteView(Self.everyday).string.split { $0 == " " || $0 == "\n" }
    for (rank, word) in everyday.enumerated() {
      guard let number = numbers[Array(word.utf8)] else { continue }
      weights[Int(number)] = max(weights[Int(number)], 20_000 / (rank + 1))
    }
    var result = [[Int32]](repeating: [], count: numberCount + 1)
    for (index, rule) in rules.enumerated() {
      let places = Int(rule.first)..<Int(rule.first + rule.count)
      let firm = places.filter { !elements[$0].isOptional && !elements[$0].takesEnd }
      let anchor = firm.min { left, right in
        func weight(_ place: Int) -> Int {
          sets[Int(elements[place].set)].reduce(0) { $0 + weights[$1] }
        }
        return weight(left) < weight(right)
      }
      for place in anchor.map({ [$0] }) ?? Array(places) {
        for number in sets[Int(elements[place].set)] where result[number].last != Int32(index) {
          result[number].append(Int32(index))
        }
      }
    }
    return result
  }
}
