import Foundation
import SeededRandom
import ToolSupport

/// The messages that were written for this project: by ourselves in many styles, and by others.
struct OwnMessages {
  var folder = "tools/coachtrain/messages"

  /// Labels as our files have them.
  private static let columns = [
    "greeting": 0, "confirmation": 1, "small_talk": 2, "coaching_request": 3, "assessment": 4,
    "none": noneColumn,
  ]

  /// How the sources of authors begin whose messages are kept from training.
  private static let sealedAuthors = "author:sealed"

  /// Messages that are kept from training: some of our own, and all of some authors.
  func sealed() throws -> [Example] {
    try style("sealed.tsv") + allAuthors().filter { $0.source.hasPrefix(Self.sealedAuthors) }
  }

  /// Messages that others wrote for this project, but for those that are kept from training.
  func authors() throws -> [Example] {
    try allAuthors().filter { !$0.source.hasPrefix(Self.sealedAuthors) }
  }

  /// One file for each author.
  private func allAuthors() throws -> [Example] {
    try files(in: "authors/").flatMap { try authored(folder + "/authors/" + $0) }
  }

  /// Our own messages: one file for each author's style.
  func styles() throws -> [Example] {
    try files().filter { $0 != "turns.tsv" && $0 != "sealed.tsv" }.flatMap(style)
  }

  /// The messages of one file: lines of label, tab, text.
  private func style(_ name: String) throws -> [Example] {
    var examples: [Example] = []
    for (number, line) in try lines(name).enumerated() {
      let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
      guard parts.count == 2, let column = Self.columns[parts[0]] else {
        throw Failure("\(name): line \(number + 1) is not a label, a tab and a text: \(line)")
      }
      for text in variants(of: parts[1]) {
        examples.append(Example(text: text, column: column, source: "own:" + name.dropLast(4)))
      }
    }
    return examples
  }

  /// Messages of one author, or of several in one file: a line "# author: name" opens each one's.
  func authored(_ path: String) throws -> [Example] {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    var author = "author:" + (file.hasSuffix(".tsv") ? String(file.dropLast(4)) : file)
    var examples: [Example] = []
    for line in try text(of: path).split(separator: "\n").map(String.init) {
      if line.hasPrefix("# author:") {
        author = "author:" + line.dropFirst(9).trimmingCharacters(in: .whitespaces)
      } else if !line.hasPrefix("#") {
        let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
        guard parts.count == 2, let column = Self.columns[parts[0]] else {
          throw Failure("\(path): not a label, a tab and a text: \(line)")
        }
        examples.append(Example(text: parts[1], column: column, source: author))
      }
    }
    return examples
  }

  /// Variants of a pattern: of each {a|b|c} one alternative is taken; a text without is itself.
  private func variants(of pattern: String) -> [String] {
    guard pattern.contains("{") else { return [pattern] }
    // Always the same ones: the pattern itself is the seed.
    var generator = SeededGenerator(seed: pattern.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    var made: [String] = []
    for _ in 0..<Self.variantsMax {
      var text = ""
      var rest = pattern[...]
      while let open = rest.firstIndex(of: "{"), let close = rest.firstIndex(of: "}") {
        text += rest[..<open]
        let choices = rest[rest.index(after: open)..<close]
          .split(separator: "|", omittingEmptySubsequences: false)
        text += choices.randomElement(using: &generator) ?? ""
        rest = rest[rest.index(after: close)...]
      }
      text += rest
      if !made.contains(text) { made.append(text) }
    }
    return made
  }

  /// Variants that are made of one pattern.
  private static let variantsMax = 16

  /// Names of our own files, in order.
  private func files(in part: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + "/" + part)
      .filter { $0.hasSuffix(".tsv") }.sorted()
  }

  /// Lines of one of our own files without comments and empty ones.
  func lines(_ name: String) throws -> [String] {
    try text(of: folder + "/" + name)
      .split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") && !$0.trimmingCharacters(in: .whitespaces).isEmpty }
  }
}
