public import Bytes

/// Names an entry of a stream: a time in milliseconds, and a number that tells entries of the same
/// millisecond apart. Every new entry's ID is greater than all before it.
public struct StreamID: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// Unix time in milliseconds, as a rule.
  public var milliseconds: UInt64
  /// Counts the entries of one millisecond.
  public var sequence: UInt64

  /// Joins time and number.
  @inlinable
  public init(_ milliseconds: UInt64, _ sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  /// The smallest ID, 0-0, which no entry has.
  @inlinable
  public static var zero: StreamID { StreamID(0, 0) }

  /// The greatest ID.
  @inlinable
  public static var max: StreamID { StreamID(.max, .max) }

  @inlinable
  public static func < (left: StreamID, right: StreamID) -> Bool {
    left.milliseconds < right.milliseconds
      || left.milliseconds == right.milliseconds && left.sequence < right.sequence
  }

  /// The next greater ID; nil for the greatest.
  @inlinable
  public var successor: StreamID? {
    if sequence < .max { return StreamID(milliseconds, sequence + 1) }
    return milliseconds < .max ? StreamID(milliseconds + 1, 0) : nil
  }

  /// The next smaller ID; nil for 0-0.
  @inlinable
  public var predecessor: StreamID? {
    if sequence > 0 { return StreamID(milliseconds, sequence - 1) }
    return milliseconds > 0 ? StreamID(milliseconds - 1, .max) : nil
  }
}

// MARK: Text

extension StreamID {
  /// The longest text: two numbers of 20 digits and the dash, in bytes.
  public static var textBytesMax: Int { 41 }

  /// Texts from this length on are refused unread, as in Redis.
  private static var parsedBytesMax: Int { 127 }

  /// Reads an ID: "123-4", or "123" alone.
  ///
  /// - Parameters:
  ///   - text: what a client sent.
  ///   - sequence: what stands for a missing number.
  /// - Returns: nil for anything else.
  public init?(_ text: ByteView, missingSequence sequence: UInt64) {
    guard let (milliseconds, rest) = Self.split(text),
      let time = Self.number(milliseconds)
    else { return nil }
    guard let rest else {
      self.init(time, sequence)
      return
    }
    guard let number = Self.number(rest) else { return nil }
    self.init(time, number)
  }

  /// Reads "123-*", an ID whose number is to be chosen.
  ///
  /// - Returns: the milliseconds; nil for anything else.
  public static func millisecondsOfOpenID(_ text: ByteView) -> UInt64? {
    guard let (milliseconds, rest) = split(text), let rest, rest == "*" else { return nil }
    return number(milliseconds)
  }

  /// The parts before and behind the first dash.
  private static func split(_ text: ByteView) -> (ByteView, ByteView?)? {
    guard text.count <= parsedBytesMax else { return nil }
    // Redis reads IDs as C strings.
    let text = text.firstIndex(of: 0).map { text[0..<$0] } ?? text
    guard let dash = text.firstIndex(of: UInt8(ascii: "-")) else { return (text, nil) }
    return (text[0..<dash], text.dropFirst(dash + 1))
  }

  /// Reads a number as laxly as Redis does, by way of C's `strtoull`: blanks in front, a plus sign
  /// and leading zeros are fine, and a minus sign negates modulo 2^64 unless the text is the usual
  /// one of a negative number.
  private static func number(_ text: ByteView) -> UInt64? {
    if let plain = IntegerText.parseUInt64(text) { return plain }
    if IntegerText.parseInt64(text) != nil { return nil }
    var start = 0
    while start < text.count, text[start] == 0x20 || (0x09...0x0D).contains(text[start]) {
      start += 1
    }
    var isNegative = false
    if start < text.count, text[start] == UInt8(ascii: "-") || text[start] == UInt8(ascii: "+") {
      isNegative = text[start] == UInt8(ascii: "-")
      start += 1
    }
    guard start < text.count else { return nil }
    var value: UInt64 = 0
    for index in start..<text.count {
      let digit = text[index] &- 0x30
      guard digit <= 9 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return isNegative ? 0 &- value : value
  }

  /// Writes the ID as "123-4".
  ///
  /// - Parameter target: room for `textBytesMax` bytes.
  /// - Returns: the number of bytes written.
  @inlinable
  public func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
    var end = IntegerText.write(milliseconds, to: target)
    target[end] = UInt8(ascii: "-")
    end += 1
    return end + IntegerText.write(sequence, to: target + end)
  }
}

extension StreamID: CustomStringConvertible {
  /// "123-4".
  public var description: String { "\(milliseconds)-\(sequence)" }
}
