import Bytes
import Coach
import Foundation

/// Recall and precision of the redactor on labelled sentences, by type.
enum RedactionEvaluation {
  /// What a label of the data set is called here; labels that are not attempted are missing.
  private static let kinds: [String: PersonalDataKind] = [
    "EMAIL_ADDRESS": .email, "PHONE_NUMBER": .phone, "CREDIT_CARD": .card, "IBAN_CODE": .iban,
    "US_SSN": .ssn, "IP_ADDRESS": .ip, "US_DRIVER_LICENSE": .licence, "DATE_TIME": .birthDate,
    "ADDRESS": .address, "PERSON": .name,
  ]

  private static let structured: Set<String> = [
    "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
    "US_DRIVER_LICENSE",
  ]

  private struct Tally {
    var labelled = 0
    var found = 0
    var exact = 0
    var findings = 0
    var right = 0

    static func += (left: inout Tally, right: Tally) {
      left.labelled += right.labelled
      left.found += right.found
      left.exact += right.exact
      left.findings += right.findings
      left.right += right.right
    }
  }

  private struct Label {
    var type: String
    var start: Int
    var end: Int
  }

  static func run(_ arguments: [String]) {
    let corpora = Corpora.find(arguments)
    let rows =
      corpora.json("presidio-research/generated_large.json") as? [[String: Any]] ?? []
    var tallies: [String: Tally] = [:]
    let shown = arguments.firstIndex(of: "--show").map { arguments[$0 + 1] }
    let redactor = Redactor()
    var byteCount = 0
    for row in rows {
      guard let text = row["full_text"] as? String else { continue }
      let labels = labels(row, text)
      let bytes = Array(text.utf8)
      byteCount += bytes.count
      var findings: [PersonalDataFinding] = []
      bytes.withByteView { redactor.scan($0, into: &findings) }
      tally(text, bytes, labels, findings, &tallies, shown)
    }
    print("\(rows.count) sentences of presidio-research/generated_large.json, \(byteCount) bytes")
    print("found: a finding of the type covers half of the label; exact: with the same ends")
    header()
    var all = Tally()
    var checked = Tally()
    var attempted = Tally()
    for (type, tally) in tallies.sorted(by: { $0.key < $1.key }) {
      line(type + (kinds[type] == nil ? " (not attempted)" : ""), tally)
      all += tally
      if structured.contains(type) { checked += tally }
      if kinds[type] != nil { attempted += tally }
    }
    line("structured", checked)
    line("attempted", attempted)
    line("all types", all)
    speed(rows.compactMap { $0["full_text"] as? String }, corpora)
  }

  private static func labels(_ row: [String: Any], _ text: String) -> [Label] {
    // The data set counts code points, the redactor bytes.
    var offsets: [Int] = []
    var offset = 0
    for scalar in text.unicodeScalars {
      offsets.append(offset)
      offset += UTF8.width(scalar)
    }
    offsets.append(offset)
    return (row["spans"] as? [[String: Any]] ?? []).compactMap { span in
      guard let type = span["entity_type"] as? String, let start = span["start_position"] as? Int,
        let end = span["end_position"] as? Int, end < offsets.count
      else { return nil }
      return Label(type: type, start: offsets[start], end: offsets[end])
    }
  }

  private static func tally(
    _ text: String, _ bytes: [UInt8], _ labels: [Label], _ findings: [PersonalDataFinding],
    _ tallies: inout [String: Tally], _ shown: String?
  ) {
    func show(_ what: String, _ start: Int, _ end: Int) {
      let value = String(decoding: bytes[start..<end], as: UTF8.self)
      let line = text.replacingOccurrences(of: "\n", with: "\\n")
      print(what, "[\(value.replacingOccurrences(of: "\n", with: "\\n"))]", "in:", line.prefix(160))
    }
    for label in labels {
      tallies[label.type, default: Tally()].labelled += 1
      guard let kind = kinds[label.type] else { continue }
      let covered = findings.filter { $0.kind == kind }.reduce(0) {
        $0 + max(0, min($1.end, label.end) - max($1.start, label.start))
      }
      if covered * 2 >= label.end - label.start {
        tallies[label.type, default: Tally()].found += 1
      } else if shown == label.type {
        show("missed", label.start, label.end)
      }
      if findings.contains(where: {
        $0.kind == kind && $0.start == label.start && $0.end == label.end
      }) {
        tallies[label.type, default: Tally()].exact += 1
      }
    }
    for finding in findings {
      let type = kinds.first { $0.value == finding.kind }?.key ?? "\(finding.kind.label)"
      tallies[type, default: Tally()].findings += 1
      let isRight = labels.contains {
        kinds[$0.type] == finding.kind && $0.start < finding.end && finding.start < $0.end
      }
      if isRight {
        tallies[type, default: Tally()].right += 1
      } else if shown == type {
        show("wrong", finding.start, finding.end)
      }
    }
  }

  private static func header() {
    print(
      column("type", 34, right: false), column("labels", 7), column("found", 7),
      column("exact", 7), column("findings", 9), column("right", 7), column("recall", 8),
      column("precision", 10))
  }

  private static func line(_ name: String, _ tally: Tally) {
    let recall = tally.labelled == 0 ? 0 : Double(tally.found) / Double(tally.labelled)
    let precision = tally.findings == 0 ? 0 : Double(tally.right) / Double(tally.findings)
    print(
      column(name, 34, right: false), column("\(tally.labelled)", 7), column("\(tally.found)", 7),
      column("\(tally.exact)", 7), column("\(tally.findings)", 9), column("\(tally.right)", 7),
      column(tally.labelled == 0 ? "-" : fixed(recall, 4), 8),
      column(tally.findings == 0 ? "-" : fixed(precision, 4), 10))
  }

  private static func speed(_ texts: [String], _ corpora: Corpora) {
    for (name, text) in [
      ("these sentences", texts.joined(separator: "\n")),
      ("counsel-chat", corpora.counselChat().map(\.text).joined(separator: "\n")),
    ] {
      let bytes = Array(text.utf8)
      let seconds = TokenEvaluation.best {
        var findings: [PersonalDataFinding] = []
        bytes.withByteView { Redactor().scan($0, into: &findings) }
      }
      print("speed on \(name): \(fixed(Double(bytes.count) / 1e6 / seconds, 0)) MB/s of one core")
    }
  }
}
