public import Bytes

/// A text without its personal data.
public struct RedactedText: Sendable {
  /// The text with placeholders.
  public var bytes: [UInt8]
  /// What was found, with its place in the text as it was.
  public var findings: [PersonalDataFinding]

  /// Whether there was nothing to redact.
  public var isUnchanged: Bool { findings.isEmpty }
}

/// Finds personal data in a text and replaces it by typed placeholders: `[EMAIL_1]`.
///
/// The same value gets the same number, so that what a text says of "[NAME_1]" stays readable;
/// values are compared without what people write differently (a telephone number's spaces, a mail
/// address's capitals). Redacting a redacted text changes nothing.
///
/// There is no regular expression: a hand-written pass (`RedactionScan`) recognises each kind where
/// it can begin and checks what can be checked (Luhn's sum of cards, the remainder of account
/// numbers, areas of social security numbers). What has no check sum, telephone numbers above all,
/// is judged by form and by the words around it. Bytes that are not UTF-8 are kept as they are.
public struct Redactor: Sendable {
  /// Which names and addresses are taken.
  public enum Level: Sendable {
    /// Those that the text introduces: by rules alone.
    case introduced
    /// Those that a trained tagger finds as well, wherever they stand, with places, organisations,
    /// dates and the addresses of pages.
    case all
  }

  /// What is looked for.
  public var kinds: PersonalDataKinds
  public var level: Level
  private let model: TaggerModel?

  /// Makes a redactor.
  ///
  /// - Parameter model: the tagger's, where it is not the one that is built in.
  public init(
    kinds: PersonalDataKinds = .all, level: Level = .introduced, model: TaggerModel? = nil
  ) {
    self.kinds = kinds
    self.level = level
    self.model = model
  }

  /// Finds personal data, in order and without overlaps, not numbered.
  ///
  /// - Complexity: O(n), with a factor of at most `RedactionScan.reach` on hostile text.
  public func scan(_ text: ByteView, into findings: inout [PersonalDataFinding]) {
    var scan = RedactionScan(text)
    scan.run()
    if level == .all {
      scan.findings = NameTagger.run(
        text, PageAddresses.added(to: scan.findings, in: text), by: model ?? .shipped)
    }
    for finding in scan.findings where kinds.contains(PersonalDataKinds(finding.kind)) {
      findings.append(finding)
    }
  }

  /// What rules have found with the addresses of pages: what the tagger is given, for training.
  public static func withPageAddresses(
    _ found: [PersonalDataFinding], in text: ByteView
  ) -> [PersonalDataFinding] {
    PageAddresses.added(to: found, in: text)
  }

  /// Whether there is anything to redact.
  ///
  /// - Complexity: O(n)
  public func finds(in text: ByteView) -> Bool {
    var findings: [PersonalDataFinding] = []
    scan(text, into: &findings)
    return !findings.isEmpty
  }

  /// Replaces personal data by placeholders.
  ///
  /// - Complexity: O(n), allocates the result and a dictionary of the values found.
  public func redact(_ text: ByteView) -> RedactedText {
    var findings: [PersonalDataFinding] = []
    scan(text, into: &findings)
    var numbers: [[UInt8]: Int] = [:]
    var counts = [Int](repeating: 0, count: PersonalDataKind.allCases.count)
    return Self.replace(findings, in: text) { kind, value in
      if let number = numbers[value] { return number }
      counts[Int(kind.rawValue)] += 1
      numbers[value] = counts[Int(kind.rawValue)]
      return counts[Int(kind.rawValue)]
    }
  }

  /// Replaces what was found by placeholders.
  ///
  /// - Parameter number: the number of a value, which is given in the form in which equal ones are
  ///   equal, its kind in front. Asked in the order of the text.
  static func replace(
    _ findings: [PersonalDataFinding], in text: ByteView,
    number: (PersonalDataKind, [UInt8]) -> Int
  ) -> RedactedText {
    guard !findings.isEmpty else { return RedactedText(bytes: text.array, findings: []) }
    var findings = findings
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count + findings.count * 8)
    var end = 0
    for index in findings.indices {
      let finding = findings[index]
      let value = comparable(text[finding.start..<finding.end], finding.kind)
      findings[index].number = number(finding.kind, value)
      bytes.append(contentsOf: text[end..<finding.start].buffer)
      bytes.append(UInt8(ascii: "["))
      bytes.append(contentsOf: ByteView(finding.kind.label).buffer)
      bytes.append(UInt8(ascii: "_"))
      bytes.append(contentsOf: Array(String(findings[index].number).utf8))
      bytes.append(UInt8(ascii: "]"))
      end = finding.end
    }
    bytes.append(contentsOf: text[end..<text.count].buffer)
    return RedactedText(bytes: bytes, findings: findings)
  }

  /// A value in the form in which equal ones are equal, with its kind in front.
  private static func comparable(_ value: ByteView, _ kind: PersonalDataKind) -> [UInt8] {
    var result: [UInt8] = [kind.rawValue]
    switch kind {
    case .phone, .card, .ssn, .iban:
      for byte in value.buffer {
        let lower = byte.lowercasedASCII
        if lower &- 0x30 < 10 || lower &- 0x61 < 26 { result.append(lower) }
      }
    case .credential: result.append(contentsOf: value.buffer)
    default:
      for byte in value.buffer { result.append(byte.lowercasedASCII) }
    }
    return result
  }
}
