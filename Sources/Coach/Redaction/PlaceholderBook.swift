internal import Bytes

/// Which numbers the redacted values of a conversation have: two people are not to be taken for
/// one, nor one for two, however many messages lie between.
///
/// A record for each value, in the order in which they were met: a byte for its kind, and 8 for a
/// hash of it whose key only this process has. The number is the place among those of the kind,
/// from 1 on. So nothing of the value itself is kept. 9 bytes a value, `recordsMax` at most: beyond
/// that new values share a number.
struct PlaceholderBook {
  /// Values that are told apart.
  static var recordsMax: Int { 1000 }
  /// Bytes of texts that one command numbers, which takes some 0.3 ms: it is done where the
  /// conversation is in hand. What is behind keeps numbers of its own.
  static var textBytesMax: Int { 64 << 10 }
  private static var recordBytes: Int { 9 }

  private struct Value: Hashable {
    let kind: UInt8
    let hash: UInt64
  }

  /// The records, as the conversation's state keeps them.
  private(set) var bytes: [UInt8] = []
  private var numbers: [Value: Int] = [:]
  private var counts = [Int](repeating: 0, count: 256)

  /// Takes records over; what is no whole record is dropped.
  ///
  /// - Complexity: O(records)
  init(_ records: [UInt8]) {
    let count = min(records.count / Self.recordBytes, Self.recordsMax)
    for start in stride(from: 0, to: count * Self.recordBytes, by: Self.recordBytes) {
      let hash = records[start + 1..<start + Self.recordBytes].reversed()
      _ = number(
        of: Value(kind: records[start], hash: hash.reduce(0) { $0 << 8 | UInt64($1) }))
    }
  }

  /// The number of a value, which is met for the first time unless it is known.
  ///
  /// - Complexity: O(1)
  mutating func number(of kind: PersonalDataKind, hash: UInt64) -> Int {
    number(of: Value(kind: kind.rawValue, hash: hash))
  }

  private mutating func number(of value: Value) -> Int {
    if let number = numbers[value] { return number }
    let number = counts[Int(value.kind)] + 1
    guard bytes.count < Self.recordsMax * Self.recordBytes else { return number }
    counts[Int(value.kind)] = number
    numbers[value] = number
    bytes.append(value.kind)
    withUnsafeBytes(of: value.hash.littleEndian) { bytes.append(contentsOf: $0) }
    return number
  }
}
