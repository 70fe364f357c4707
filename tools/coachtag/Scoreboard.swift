import Bytes
import Coach
import Foundation

/// Counts what was found of labelled sentences, type by type: a label is found when findings of its
/// type cover half of it; a finding is right when it overlaps a label of its type.
struct Scoreboard {
  struct Tally {
    var labelled = 0
    var found = 0
    var foundAsAny = 0
    var findings = 0
    var right = 0
    var rightAsAny = 0

    static func += (left: inout Tally, right: Tally) {
      left.labelled += right.labelled
      left.found += right.found
      left.foundAsAny += right.foundAsAny
      left.findings += right.findings
      left.right += right.right
      left.rightAsAny += right.rightAsAny
    }

    var recall: Double { labelled == 0 ? 0 : Double(found) / Double(labelled) }
    var precision: Double { findings == 0 ? 0 : Double(right) / Double(findings) }
  }

  static let kinds: [String: [PersonalDataKind]] = [
    "EMAIL_ADDRESS": [.email], "PHONE_NUMBER": [.phone], "CREDIT_CARD": [.card],
    "IBAN_CODE": [.iban], "US_SSN": [.ssn], "IP_ADDRESS": [.ip], "US_DRIVER_LICENSE": [.licence],
    "DATE_TIME": [.date, .birthDate], "ADDRESS": [.address], "PERSON": [.name], "PREFIX": [.name],
    "LOCATION": [.place], "ORGANIZATION": [.organisation], "DOMAIN_NAME": [.url],
  ]

  /// Under which type a finding is counted.
  private static let types: [PersonalDataKind: String] = [
    .email: "EMAIL_ADDRESS", .phone: "PHONE_NUMBER", .card: "CREDIT_CARD", .iban: "IBAN_CODE",
    .ssn: "US_SSN", .ip: "IP_ADDRESS", .licence: "US_DRIVER_LICENSE", .date: "DATE_TIME",
    .birthDate: "DATE_TIME", .address: "ADDRESS", .name: "PERSON", .place: "LOCATION",
    .organisation: "ORGANIZATION", .url: "DOMAIN_NAME",
  ]

  /// What rules find by form and check sum.
  private static let structured: Set<String> = [
    "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
    "US_DRIVER_LICENSE",
  ]

  var tallies: [String: Tally] = [:]
  /// Prints what is missed or wrong of this type.
  var shown: String?

  /// - Parameter counts: labels that are looked at, by what is labelled, where not all are:
  ///   findings are then not judged.
  mutating func add(
    _ sentence: LabelledSentence, _ findings: [PersonalDataFinding],
    counts: ((String) -> Bool)? = nil
  ) {
    let bytes = Array(sentence.text.utf8)
    func value(_ start: Int, _ end: Int) -> String {
      String(decoding: bytes[start..<end], as: UTF8.self).replacing("\n", with: "\\n")
    }
    for label in sentence.labels where counts?(value(label.start, label.end)) ?? true {
      let kinds = Self.kinds[label.type] ?? []
      func covers(_ findings: [PersonalDataFinding]) -> Bool {
        2 * findings.reduce(0) { $0 + max(0, min($1.end, label.end) - max($1.start, label.start)) }
          >= label.end - label.start
      }
      tallies[label.type, default: Tally()].labelled += 1
      if covers(findings.filter { kinds.contains($0.kind) }) {
        tallies[label.type, default: Tally()].found += 1
      } else if shown == label.type {
        print("missed [\(value(label.start, label.end))] in", value(0, bytes.count).prefix(150))
      }
      if covers(findings) { tallies[label.type, default: Tally()].foundAsAny += 1 }
    }
    for finding in findings where counts == nil {
      let type = Self.types[finding.kind] ?? "\(finding.kind.label)"
      let overlapping = sentence.labels.filter { $0.start < finding.end && finding.start < $0.end }
      tallies[type, default: Tally()].findings += 1
      if !overlapping.isEmpty { tallies[type, default: Tally()].rightAsAny += 1 }
      if overlapping.contains(where: { Self.kinds[$0.type]?.contains(finding.kind) == true }) {
        tallies[type, default: Tally()].right += 1
      } else if shown == type {
        print("wrong [\(value(finding.start, finding.end))] in", value(0, bytes.count).prefix(150))
      }
    }
  }

  var total: Tally { sum { _ in true } }

  private func sum(_ counts: (String) -> Bool) -> Tally {
    var all = Tally()
    for (type, tally) in tallies where counts(type) { all += tally }
    return all
  }

  func write(_ title: String) {
    print("\n" + title)
    print(
      "type                 labels  found findings  right  recall precision"
        + "  any type: recall precision"
    )
    for (type, tally) in tallies.sorted(by: { $0.key < $1.key }) { Self.line(type, tally) }
    Self.line("structured types", sum { Self.structured.contains($0) })
    Self.line("all types", total)
  }

  private static func line(_ name: String, _ tally: Tally) {
    func share(_ part: Int, _ whole: Int) -> String {
      whole == 0 ? "    -" : String(format: "%.3f", Double(part) / Double(whole))
    }
    let cells = [
      name.padding(toLength: 19, withPad: " ", startingAt: 0), right("\(tally.labelled)", 7),
      right("\(tally.found)", 6), right("\(tally.findings)", 8), right("\(tally.right)", 6),
      right(share(tally.found, tally.labelled), 7), right(share(tally.right, tally.findings), 9),
      right(share(tally.foundAsAny, tally.labelled), 16),
      right(share(tally.rightAsAny, tally.findings), 9),
    ]
    print(cells.joined(separator: " "))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
