internal import Bytes

/// Reads an operator's file of rules.
///
/// One rule a line: name, label, effect, place, a colon, and phrases between bars:
///
///     # what people call us
///     our-bot    small_talk        decide  whole    : hello wingbot | wingbot are you there
///     test-me    assessment        +2      anywhere : test me | quiz me on *
///     the-test   assessment        -1.5    anywhere : driving test | blood test
///
/// - A line that starts with a bar goes on with the phrases of the line before.
/// - The label is one of the five, or `uncertain`.
/// - The effect is `decide`, or what is added to the label's log-odds, from −10 to +10.
/// - The place is `anywhere`, `start`, `end` or `whole`.
/// - A phrase is compared as messages are read: capitals, marks on letters and apostrophes make no
///   difference. `*` stands for any one word, but not for the first.
public enum RuleFile {
  /// What is wrong with a file.
  public struct Mistake: Error, Equatable, Sendable {
    /// Line, counted from 1.
    public var line: Int
    public var reason: String
  }

  /// Bytes of a file.
  public static let bytesMax = 1 << 20

  /// Makes a table from the text of a file.
  ///
  /// - Throws: the first mistake.
  /// - Complexity: O(bytes)
  public static func parse(_ text: String) throws(Mistake) -> RuleTable {
    guard text.utf8.count <= bytesMax else {
      throw Mistake(line: 1, reason: "the file is larger than \(bytesMax) bytes")
    }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: MessageReader.memoryBytes, alignment: 16)
    defer { memory.deallocate() }
    var reader = MessageReader(memory: memory)
    var rules: [RuleTable.Rule] = []
    var hashes: [[[UInt64]]] = []
    var phraseCount = 0
    var line = 0
    for (start, trimmed) in joinedLines(of: text) {
      line = start
      let rule = try rule(in: trimmed[...], line)
      if rules.contains(where: { $0.name == rule.name }) {
        throw Mistake(line: line, reason: "there is a rule '\(rule.name)' already")
      }
      var words: [[UInt64]] = []
      for phrase in rule.phrases { words.append(try wordHashes(phrase, line, &reader)) }
      phraseCount += words.count
      rules.append(rule)
      hashes.append(words)
      guard rules.count <= RuleTable.rulesMax, phraseCount <= RuleTable.phrasesMax else {
        throw Mistake(
          line: line,
          reason: "more than \(RuleTable.rulesMax) rules or \(RuleTable.phrasesMax) phrases")
      }
    }
    return RuleTable(rules, hashes: hashes)
  }

  /// Lines without comments and empty ones, continued ones joined, with their numbers.
  private static func joinedLines(of text: String) -> [(Int, String)] {
    var lines: [(Int, String)] = []
    var number = 0
    for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let trimmed = part.trimmingSpaces
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      if trimmed.hasPrefix("|"), !lines.isEmpty {
        lines[lines.count - 1].1 += trimmed
      } else {
        lines.append((number, String(trimmed)))
      }
    }
    return lines
  }

  private static func rule(in text: Substring, _ line: Int) throws(Mistake) -> RuleTable.Rule {
    guard let colon = text.firstIndex(of: ":") else {
      throw Mistake(line: line, reason: "there is no ':' before the phrases")
    }
    let fields = text[..<colon].split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard fields.count == 4 else {
      throw Mistake(
        line: line, reason: "name, label, effect and place are expected before the ':'")
    }
    guard let label = MessageLabel(named: fields[1]) else {
      throw Mistake(line: line, reason: "'\(fields[1])' is no label")
    }
    let places: [Substring: RuleTable.Place] = [
      "anywhere": .anywhere, "start": .start, "end": .end, "whole": .whole,
    ]
    guard let place = places[fields[3]] else {
      throw Mistake(
        line: line, reason: "'\(fields[3])' is no place: anywhere, start, end or whole")
    }
    let phrases = text[text.index(after: colon)...].split(separator: "|")
      .map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
    guard !phrases.isEmpty else { throw Mistake(line: line, reason: "there is no phrase") }
    return RuleTable.Rule(
      name: String(fields[0]), label: label, effect: try effect(fields[2], line), place: place,
      phrases: phrases, line: line)
  }

  private static func effect(
    _ text: Substring, _ line: Int
  ) throws(Mistake) -> RuleTable.Effect {
    if text == "decide" { return .decides }
    guard let number = Float(text), number >= -10, number <= 10 else {
      throw Mistake(
        line: line, reason: "'\(text)' is neither 'decide' nor a number from -10 to +10")
    }
    return .adds(number)
  }

  private static func wordHashes(
    _ phrase: String, _ line: Int, _ reader: inout MessageReader
  ) throws(Mistake) -> [UInt64] {
    var hashes: [UInt64] = []
    for part in phrase.split(separator: " ") {
      if part == "*" {
        hashes.append(0)
        continue
      }
      var word = String(part)
      word.withUTF8 { reader.read(ByteView(UnsafeRawBufferPointer($0))) }
      for index in 0..<reader.tokenCount { hashes.append(reader.token(index).hash) }
    }
    guard let first = hashes.first, first != 0 else {
      throw Mistake(line: line, reason: "the phrase '\(phrase)' does not start with a word")
    }
    guard hashes.count <= RuleTable.wordsMax else {
      throw Mistake(
        line: line, reason: "the phrase '\(phrase)' has more than \(RuleTable.wordsMax) words")
    }
    return hashes
  }
}

extension MessageLabel {
  /// The label with this name, as on the wire.
  public init?(named name: some StringProtocol) {
    for label in Self.allCases where "\(label.name)" == name {
      self = label
      return
    }
    return nil
  }
}

extension Substring {
  /// Without spaces, tabs and carriage returns at both ends.
  fileprivate var trimmingSpaces: Substring {
    var part = self
    while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
    while let last = part.last, last == " " || last == "\t" || last == "\r" { part.removeLast() }
    return part
  }
}
