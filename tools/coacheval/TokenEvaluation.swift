import ArgumentParser
import Bytes
import Coach
import Foundation
import ToolSupport

/// Exact counts against the fixtures, their speed, and the estimate's error by source.
struct TokenEvaluation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Exact counts against the fixtures, their speed, and the estimate's error.")

  @OptionGroup var data: DataOptions

  @Flag(name: .customLong("speed"), help: "Measure the speed alone.")
  var isSpeedOnly = false

  func run() throws {
    let corpora = Corpora(sets: data.sets)
    let vocabulary = try Self.vocabulary(corpora)
    if !isSpeedOnly { try Self.printExact(corpora, vocabulary) }
    try Self.printSpeed(corpora, vocabulary)
    if !isSpeedOnly { try Self.printEstimate(corpora, vocabulary) }
  }

  static func vocabulary(_ corpora: Corpora) throws -> TokenVocabulary {
    do {
      return try TokenVocabulary(path: corpora.sets.folder + "/ctok/pieces_v4_7.txt")
    } catch {
      throw Failure(error.message)
    }
  }

  // MARK: Exact

  private struct Agreement {
    var texts = 0
    var matches = 0
    var bytes = 0
  }

  private static func printExact(_ corpora: Corpora, _ vocabulary: TokenVocabulary) throws {
    var bySource: [String: Agreement] = [:]
    func check(_ source: String, _ text: String, _ family: TokenFamily, _ expected: Int) {
      let bytes = Array(text.utf8)
      let count = bytes.withByteView { vocabulary.count($0, family: family) }
      bySource[source, default: Agreement()].texts += 1
      bySource[source, default: Agreement()].bytes += bytes.count
      if count == expected { bySource[source, default: Agreement()].matches += 1 }
    }
    for row in try corpora.sets.objects("ctok/fixtures.jsonl.gz") {
      guard let text = row["text"] as? String, let source = row["src"] as? String,
        let older = row["count_v4_7"] as? Int, let newer = row["count_v5"] as? Int
      else { continue }
      check("fixtures " + source, text, .v4, older)
      check("fixtures " + source, text, .v5, newer)
    }
    for (name, key) in [("udhr", "f"), ("multipl_e", "lang")] {
      let file = try corpora.sets.json("ctok/\(name)_counts.json")
      let counts = file as? [String: [String: Any]] ?? [:]
      for row in try corpora.sets.objects("ctok/\(name).jsonl.gz") {
        guard let text = row["text"] as? String, let id = row[key] as? String else { continue }
        for family in TokenFamily.allCases {
          let recorded = counts[family.rawValue]?["counts"] as? [String: Int]
          if let expected = recorded?[id] { check("recorded " + name, text, family, expected) }
        }
      }
    }
    print("Exact counts, families v4.7 and v5")
    print(column("source", 26, right: false), column("counts", 8), column("equal", 8))
    for (source, result) in bySource.sorted(by: { $0.key < $1.key }) {
      print(
        column(source, 26, right: false), column("\(result.texts)", 8),
        column("\(result.matches)", 8))
    }
    let all = bySource.values.reduce(0) { $0 + $1.texts }
    let equal = bySource.values.reduce(0) { $0 + $1.matches }
    print(column("all", 26, right: false), column("\(all)", 8), column("\(equal)", 8), "\n")
  }

  // MARK: Speed

  private static func printSpeed(_ corpora: Corpora, _ vocabulary: TokenVocabulary) throws {
    print("Speed on one core")
    let sets: [(String, [SourceText])] = try [
      ("English prose (qmsum)", corpora.qmsum()),
      ("English posts (counsel-chat)", corpora.counselChat()),
      ("500 languages (udhr)", corpora.udhr()), ("programs (multipl_e)", corpora.programs()),
    ]
    for (name, texts) in sets {
      let bytes = Array(texts.map(\.text).joined(separator: "\n").utf8)
      var tokens = 0
      let exact = best { tokens = bytes.withByteView { vocabulary.count($0, family: .v5) } }
      let estimated = best { _ = bytes.withByteView { TokenEstimate.count($0) } }
      let size = Double(bytes.count) / 1e6
      print(
        column(name, 30, right: false), column(fixed(size, 1) + " MB", 9),
        column("\(tokens) tokens", 16), "exact", column(fixed(size / exact, 0), 5),
        "MB/s, estimate",
        column(fixed(size / estimated, 0), 5), "MB/s")
    }
    print()
  }

  /// The shortest of several runs, in seconds of this thread.
  static func best(_ body: () -> Void) -> Double { Double(shortestNanoseconds(of: 9, body)) / 1e9 }

  // MARK: Estimate

  private static func printEstimate(_ corpora: Corpora, _ vocabulary: TokenVocabulary) throws {
    print("Estimate against exact counts, by conversation (v5, content only), in percent of tokens")
    print("(the weights saw half of the groups: `fit` those, `held` the others)")
    print(
      column("source", 20, right: false), column("groups", 7), column("tokens", 9),
      column("mean", 7), column("|mean|", 7), column("worst-", 7), column("worst+", 7),
      column("within 2%", 10), column("under", 7))
    for (name, texts) in try EstimateFitting.sets(corpora) {
      for isHeld in [false, true] {
        let part = texts.filter { EstimateFitting.isHeld($0) == isHeld }
        printRow(name + (isHeld ? " held" : " fit"), part, vocabulary)
      }
    }
    var fixtures: [String: [SourceText]] = [:]
    for (index, row) in try corpora.sets.objects("ctok/fixtures.jsonl.gz").enumerated() {
      guard let text = row["text"] as? String, let source = row["src"] as? String else { continue }
      fixtures[source, default: []].append(
        SourceText(source: source, text: text, group: index / 30))
    }
    print("the fixtures, in groups of up to 30")
    for (name, texts) in fixtures.sorted(by: { $0.key < $1.key }) {
      printRow("fixtures " + name, texts, vocabulary)
    }
  }

  private static func printRow(
    _ name: String, _ texts: [SourceText], _ vocabulary: TokenVocabulary
  ) {
    var groups: [String: (exact: Int, estimate: Int)] = [:]
    for text in texts {
      let bytes = Array(text.text.utf8)
      let key = text.source.prefix(12) + "\(text.group)"
      let exact = bytes.withByteView { vocabulary.count($0, family: .v5, isFramed: false) }
      let estimate = bytes.withByteView { TokenEstimate.count($0, isFramed: false) }
      groups[String(key), default: (0, 0)].exact += exact
      groups[String(key), default: (0, 0)].estimate += estimate
    }
    let used = groups.values.filter { $0.exact > 0 }
    guard !used.isEmpty else { return }
    let errors = used.map { 100 * Double($0.estimate - $0.exact) / Double($0.exact) }
    let exact = used.reduce(0) { $0 + $1.exact }
    let total = used.reduce(0) { $0 + $1.estimate }
    let within = Double(errors.filter { abs($0) <= 2 }.count) / Double(errors.count)
    let under = Double(errors.filter { $0 < 0 }.count) / Double(errors.count)
    print(
      column(name, 20, right: false), column("\(used.count)", 7), column("\(exact)", 9),
      column(fixed(100 * Double(total - exact) / Double(exact), 2), 7),
      column(fixed(errors.map(abs).reduce(0, +) / Double(errors.count), 2), 7),
      column(fixed(errors.min() ?? 0, 2), 7), column(fixed(errors.max() ?? 0, 2), 7),
      column(fixed(100 * within, 1) + "%", 10), column(fixed(100 * under, 1) + "%", 7))
  }
}
