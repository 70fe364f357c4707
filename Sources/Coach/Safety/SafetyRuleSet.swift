internal import Bytes

/// The rules of `SafetyRules`, made ready for matching.
///
/// Every word that a rule names has a number; what a rule allows at one place is a set of numbers,
/// a row of bits. Rules are found by the word they begin with:
///
///     word → number → rules that begin so → elements: (set, optional?, words that may come before)
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
    /// nil: an idiom, which takes its words away from all others.
    var category: SafetyCategory?
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
  private let words: SafetyWordTable

  /// Sets that stand for words with a role of their own.
  let negators: Int
  let chain: Int
  let fiction: Int
  let firstPerson: Int

  /// Number of rules, idioms among them.
  let ruleCount: Int

  /// The rules that are built in.
  static let shared = SafetyRuleSet(SafetyRules.all)

  init(_ texts: [StaticString]) {
    var source = SafetyRuleSource()
    for text in texts { source.read(text) }
    negators = source.setIndex(ofClass: "negator")
    chain = source.setIndex(ofClass: "chain")
    fiction = source.setIndex(ofClass: "fiction")
    firstPerson = source.setIndex(ofClass: "first")
    words = SafetyWordTable(source.numbers, stems: source.stems)
    rowWords = (source.numberCount >> 6) + 1
    setBits = .allocate(capacity: rowWords * source.sets.count)
    setBits.initialize(repeating: 0, count: rowWords * source.sets.count)
    for (index, set) in source.sets.enumerated() {
      for number in set { setBits[index * rowWords + number >> 6] |= 1 << UInt64(number & 63) }
    }
    ruleCount = source.rules.count
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
    offsets = .allocate(capacity: byWord.count + 1)
    offsets.initialize(repeating: 0, count: byWord.count + 1)
    let total = byWord.reduce(0) { $0 + $1.count }
    starts = .allocate(capacity: total + 1)
    starts.initialize(repeating: 0, count: total + 1)
    var place = 0
    for (number, list) in byWord.enumerated() {
      offsets[number] = Int32(place)
      for rule in list {
        starts[place] = rule
        place += 1
      }
    }
    offsets[byWord.count] = Int32(place)
  }

  deinit {
    rules.deallocate()
    elements.deallocate()
    setBits.deallocate()
    starts.deallocate()
    offsets.deallocate()
  }

  /// Whether the word with `number` is in a set; 0 is in none.
  @inline(__always)
  func contains(_ number: UInt16, in set: Int) -> Bool {
    // In bounds: numbers come from `words`, sets from the rules.
    setBits[set * rowWords + Int(number) >> 6] >> UInt64(number & 63) & 1 == 1
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
  private(set) var stems: [(stem: [UInt8], number: UInt16)] = []
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
    if head[0] != "idiom" {
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
    let isStem = word.hasSuffix("*")
    let bytes = Array((isStem ? String(word.dropLast()) : word).utf8)
    precondition(bytes.count <= SafetyWordTable.wordByteCountMax)
    if isStem {
      if let known = stems.first(where: { $0.stem == bytes }) { return Int(known.number) }
    } else if let known = numbers[bytes] {
      return Int(known)
    }
    numberCount += 1
    if isStem {
      stems.append((bytes, UInt16(numberCount)))
    } else {
      numbers[bytes] = UInt16(numberCount)
    }
    return numberCount
  }
}
