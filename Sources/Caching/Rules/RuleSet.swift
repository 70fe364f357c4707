internal import Bytes

/// All rules, to be asked for the one with the longest prefix of a key. Made anew when a rule
/// changes, never changed.
///
/// The prefixes stand in order. Of those that are prefixes of a key, the longest is the greatest
/// that is not above the key, or a prefix of that one: so a binary search and a walk along
/// `parents`, which lead from a prefix to the longest other one that it begins with.
///
///     rules    a:   a:b:   a:b:c   q:       key a:b:x → greatest not above: a:b:c?  no: a:b:
///     parents  -    0      1       -
final class RuleSet: Sendable {
  /// A rule and its figures.
  struct Entry: Sendable {
    let rule: CacheRule
    let figures: RuleFigures
    let parent: Int
  }

  static let rulesMax = 1024

  let entries: [Entry]
  /// Whether any rule looks at writing commands before they run.
  let examinesWrites: Bool

  /// Makes a set; of two rules of one prefix the later one holds. Figures of prefixes that `old`
  /// has, too, go on.
  init(_ rules: [CacheRule], after old: RuleSet?) {
    var byPrefix: [[UInt8]: CacheRule] = [:]
    for rule in rules { byPrefix[rule.prefix] = rule }
    let sorted = byPrefix.values.sorted { $0.prefix.lexicographicallyPrecedes($1.prefix) }
    var entries: [Entry] = []
    for rule in sorted {
      var parent = entries.count - 1
      while parent >= 0, !rule.prefix.starts(with: entries[parent].rule.prefix) {
        parent = entries[parent].parent
      }
      let figures = old?.entries.first { $0.rule.prefix == rule.prefix }?.figures
      entries.append(Entry(rule: rule, figures: figures ?? RuleFigures(), parent: parent))
    }
    self.entries = entries
    examinesWrites = entries.contains { $0.rule.quota != nil || $0.rule.personalData != .allow }
  }

  /// The rule for a key: its index in `entries`.
  ///
  /// - Complexity: O(log rules + rules that are prefixes of one another)
  func match(_ key: ByteView) -> Int? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      let isAbove = entries[middle].rule.prefix.withByteView { key < $0 }
      if isAbove { high = middle } else { low = middle + 1 }
    }
    var index = low - 1
    while index >= 0 {
      let prefix = entries[index].rule.prefix
      let isPrefix = prefix.withByteView { $0.count <= key.count && key[0..<$0.count] == $0 }
      if isPrefix { return index }
      index = entries[index].parent
    }
    return nil
  }

  /// All rules as `cache-rule` takes them.
  var text: String { entries.map(\.rule.text).joined(separator: " ; ") }

  /// Reads what `text` shows: rules with a semicolon between them.
  static func parse(_ text: String, canRedact: Bool) throws(CacheRule.Mistake) -> [CacheRule] {
    guard let words = Array(text.utf8).withByteView({ ArgumentSplitter.split($0) }) else {
      throw CacheRule.Mistake(reason: "unbalanced quotes")
    }
    var rules: [CacheRule] = []
    var current: [[UInt8]] = []
    func end() throws(CacheRule.Mistake) {
      guard let prefix = current.first else { return }
      rules.append(
        try CacheRule(prefix: prefix, options: Array(current.dropFirst()), canRedact: canRedact))
      current = []
    }
    let semicolon = UInt8(ascii: ";")
    for word in words {
      if word == [semicolon] {
        try end()
      } else if !current.isEmpty, word.last == semicolon {
        current.append(Array(word.dropLast()))
        try end()
      } else {
        current.append(word)
      }
    }
    try end()
    guard rules.count <= rulesMax else {
      throw CacheRule.Mistake(reason: "\(rulesMax) rules at most")
    }
    return rules
  }
}
