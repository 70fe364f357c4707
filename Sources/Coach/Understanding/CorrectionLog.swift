public import Bytes

/// The file of corrections, line by line: what was learnt and what was undone, in order.
///
///     learn 12 coaching_request 9f86d081 my date is at 0
///     undo 12 60303ae2
///
/// The hexadecimal number is a checksum of the rest of the line, so a line that was half written
/// when the machine stopped is known for what it is. Texts are stored as the classifier reads
/// them: without capitals and signs, and every number as 0, so no telephone number and no date
/// gets into the file.
public enum CorrectionLog {
  /// The line for a correction.
  public static func learnt(
    _ number: Int, _ label: MessageLabel, text: [UInt8]
  ) -> [UInt8] {
    line("learn \(number) \(label.name)", text)
  }

  /// The line for an undone correction.
  public static func undone(_ number: Int) -> [UInt8] { line("undo \(number)", nil) }

  /// What came of reading a file.
  public struct Outcome: Equatable, Sendable {
    /// Lines that were applied.
    public var applied = 0
    /// Whole lines that are no lines of this file.
    public var skipped = 0
    /// Bytes up to the end of the last whole line; what follows was torn and is to be cut off.
    public var soundBytes = 0
  }

  /// Applies a file's lines to a classifier.
  ///
  /// - Complexity: O(bytes)
  public static func replay(
    _ bytes: ByteView, into classifier: inout Classifier, reader: inout MessageReader
  ) -> Outcome {
    var outcome = Outcome()
    var start = 0
    for end in 0..<bytes.count where bytes[end] == lineEnd {
      if apply(bytes[start..<end], to: &classifier, reader: &reader) {
        outcome.applied += 1
      } else {
        outcome.skipped += 1
      }
      start = end + 1
    }
    outcome.soundBytes = start
    return outcome
  }

  private static func apply(
    _ line: ByteView, to classifier: inout Classifier, reader: inout MessageReader
  ) -> Bool {
    var rest = line
    guard let verb = nextWord(&rest), let number = nextWord(&rest).flatMap({ Int($0) }) else {
      return false
    }
    if verb == "undo" {
      guard let sum = nextWord(&rest), rest.isEmpty, sum == checksum("undo \(number)", []) else {
        return false
      }
      return classifier.undo(number, reader: &reader)
    }
    guard verb == "learn", let name = nextWord(&rest), let label = MessageLabel(named: name),
      let sum = nextWord(&rest),
      sum == checksum("learn \(number) \(name)", Array(rest.buffer))
    else { return false }
    return classifier.learn(label, rest, number: number, reader: &reader) != nil
  }

  private static func nextWord(_ rest: inout ByteView) -> String? {
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: 0x20) ?? rest.count
    let word = String(decoding: rest[0..<end].buffer, as: UTF8.self)
    rest = rest.dropFirst(end + 1)
    return word
  }

  private static func line(_ head: String, _ text: [UInt8]?) -> [UInt8] {
    // The normalised text has no line ends: all control characters separate words.
    var line = Array("\(head) \(checksum(head, text ?? []))".utf8)
    if let text { line += [0x20] + text }
    return line + [lineEnd]
  }

  private static func checksum(_ head: String, _ text: [UInt8]) -> String {
    var sum: UInt64 = 0
    for byte in head.utf8 { sum = MessageHash.mix(sum ^ UInt64(byte)) }
    sum = MessageHash.mix(sum ^ 0x100)
    for byte in text { sum = MessageHash.mix(sum ^ UInt64(byte)) }
    let digits = String(sum >> 32, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  private static let lineEnd: UInt8 = 0x0A
}
