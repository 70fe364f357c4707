import ArgumentParser
import Bytes
import Coach
import Foundation
import ToolSupport

/// Recall and precision of the crisis rules on our labelled lines, every miss, and what they flag
/// in the public data sets.
struct SafetyEvaluation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "safety",
    abstract: "Recall and precision of the crisis rules, every miss, and what they flag.")

  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("The folder of our labelled lines.", valueName: "folder"))
  var messages = "tools/coacheval/messages"

  @Flag(help: "Show what is flagged in the answers of counsel-chat, too.")
  var show = false

  @Flag(help: "Judge the lines that the rules were written with, and nothing else.")
  var onlyDev = false

  @Flag(help: "Judge the public sets alone.")
  var onlyData = false

  private struct Line {
    var label: String
    var text: String
  }

  func validate() throws {
    if onlyDev, onlyData { throw ValidationError("--only-dev and --only-data leave nothing") }
  }

  func run() throws {
    if !onlyData {
      for name in onlyDev ? ["safety-dev"] : ["safety-dev", "safety-eval", "safety-indirect"] {
        Self.evaluate(name, try Self.lines(messages + "/\(name).tsv"))
      }
    }
    Self.printSpeed()
    if !onlyDev { try Self.judge(Corpora(sets: data.sets), showsAnswers: show) }
  }

  private static func judge(_ corpora: Corpora, showsAnswers: Bool) throws {
    flagged("clinc150", try corpora.clinc())
    flagged("small-talk-rasa", try corpora.smallTalk())
    flagged("hwu64", try corpora.hwu())
    flagged("banking77", try corpora.banking())
    flagged("qmsum", try corpora.qmsum())
    let counsel = try corpora.counselChat()
    flagged(
      "counsel-chat answers", counsel.filter { $0.source == "counsel-chat-a" },
      shows: showsAnswers)
    flagged("counsel-chat questions", counsel.filter { $0.source == "counsel-chat-q" })
    try topics(corpora)
  }

  private static func lines(_ path: String) throws -> [Line] {
    return try text(of: path).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Failure("\(path): not a label, a tab, a text: \(line)") }
      return Line(label: parts[0], text: parts[1])
    }
  }

  static func verdict(_ text: String) -> SafetyVerdict {
    Array(text.utf8).withByteView { SafetyDetector.verdict(on: $0) }
  }

  private static func evaluate(_ name: String, _ lines: [Line]) {
    print("\(name): \(lines.count) lines")
    var missed: [String] = []
    var wrong: [String] = []
    var found: [String: (all: Int, flagged: Int, sameCategory: Int)] = [:]
    var mentions = 0
    for line in lines {
      let verdict = verdict(line.text)
      if line.label == "none" {
        if verdict.isCrisis {
          wrong.append("\(description(verdict)): \(line.text)")
        } else if verdict.level == .mention {
          mentions += 1
        }
        continue
      }
      found[line.label, default: (0, 0, 0)].all += 1
      if verdict.isCrisis {
        found[line.label]?.flagged += 1
        let category = SafetyCategory.allCases.first { "\($0.name)" == line.label }
        if let category, verdict.level(category) >= .concern {
          found[line.label]?.sameCategory += 1
        }
      } else {
        missed.append("\(line.label) (\(verdict.level.name)): \(line.text)")
      }
    }
    for (label, tally) in found.sorted(by: { $0.key < $1.key }) {
      print(
        "  \(column(label, 10, right: false)) flagged \(tally.flagged) of \(tally.all),",
        "with this category \(tally.sameCategory)")
    }
    let positives = found.values.reduce(0) { $0 + $1.all }
    let flagged = found.values.reduce(0) { $0 + $1.flagged }
    let negatives = lines.count - positives
    print(
      "  recall \(fixed(Double(flagged) / Double(positives), 4))",
      "precision \(fixed(Double(flagged) / Double(max(1, flagged + wrong.count)), 4))",
      "false alarms \(wrong.count) of \(negatives) look-alikes, mentions \(mentions)")
    for line in missed { print("  missed", line) }
    for line in wrong { print("  wrong", line) }
    print()
  }

  private static func description(_ verdict: SafetyVerdict) -> String {
    SafetyCategory.allCases.filter { verdict.level($0) > .none }
      .map { "\($0.name) \(verdict.level($0).name)" }.joined(separator: ", ")
  }

  private static func flagged(_ name: String, _ texts: [SourceText], shows: Bool = true) {
    var lines: [String] = []
    var mentions = 0
    for text in Set(texts.map(\.text)).sorted() {
      let verdict = verdict(text)
      if verdict.level == .mention { mentions += 1 }
      guard verdict.isCrisis else { continue }
      let bytes = Array(text.utf8)
      let start = max(0, verdict.start - 60)
      let end = min(bytes.count, verdict.end + 60)
      let excerpt = String(decoding: bytes[start..<end], as: UTF8.self)
        .replacingOccurrences(of: "\n", with: " ")
      lines.append("\(description(verdict)): …\(excerpt)…")
    }
    let count = Set(texts.map(\.text)).count
    print(
      "\(name): \(lines.count) of \(count) flagged",
      "(\(fixed(100 * Double(lines.count) / Double(max(1, count)), 2)) %), mentions \(mentions)")
    if shows { for line in lines { print("  " + line) } }
  }

  /// Questions of counsel-chat by the topic that its therapists gave them.
  private static func topics(_ corpora: Corpora) throws {
    let rows = try corpora.sets.counselChat()
    guard let header = rows.first, let id = header.firstIndex(of: "questionID"),
      let title = header.firstIndex(of: "questionTitle"),
      let topic = header.firstIndex(of: "topic"),
      let question = header.firstIndex(of: "questionText")
    else { return }
    var seen = Set<String>()
    var byTopic: [String: (all: Int, flagged: Int)] = [:]
    var missed: [String] = []
    for row in rows.dropFirst() where row.count == header.count && seen.insert(row[id]).inserted {
      let verdict = verdict(row[title] + "\n" + row[question])
      byTopic[row[topic], default: (0, 0)].all += 1
      if verdict.isCrisis {
        byTopic[row[topic]]?.flagged += 1
      } else if ["self-harm", "domestic-violence"].contains(row[topic]) {
        missed.append("\(row[topic]): \(row[title]) \(row[question].prefix(300))")
      }
    }
    print("counsel-chat questions by topic")
    for (name, tally) in byTopic.sorted(by: { $0.key < $1.key }) {
      print("  \(column(name, 26, right: false)) \(column("\(tally.flagged)", 4)) of \(tally.all)")
    }
    for line in missed { print("  missed", line.replacingOccurrences(of: "\n", with: " ")) }
  }

  private static func printSpeed() {
    let line = "I had a great first date yesterday and want to text her, what should I say? "
    let bytes = Array(String(repeating: line, count: 20_000).utf8)
    let seconds = TokenEvaluation.best { _ = bytes.withByteView { SafetyDetector.verdict(on: $0) } }
    let short = Array(line.utf8)
    let one = TokenEvaluation.best {
      for _ in 0..<1000 { _ = short.withByteView { SafetyDetector.verdict(on: $0) } }
    }
    print(
      "speed: \(fixed(Double(bytes.count) / 1e6 / seconds, 0)) MB/s,",
      "\(fixed(one * 1e6 / 1000, 2)) µs for a message of \(short.count) bytes\n")
  }
}
