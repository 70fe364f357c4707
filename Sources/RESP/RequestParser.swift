internal import Bytes

/// What the parser found.
public enum ParseOutcome: Equatable {
  /// A whole request; its arguments are at the end of the store. Never without arguments.
  case request

  /// The bytes end before the request does.
  case incomplete

  /// The stream cannot be understood any more.
  case failure(ProtocolError)
}

/// Finds requests in a byte stream: RESP arrays of bulk strings, and inline commands.
///
///     *2 CR LF $3 CR LF GET CR LF $1 CR LF k CR LF
///     ^ count  ^ bulk length      ^ position, `remaining` = 1
///
/// The parser holds where it stands, not the bytes: the caller keeps them at the same place until
/// the request is complete (or calls `ArgumentStore.rebase`), and calls again with more. Nothing is
/// scanned twice except a line whose end has not come yet, and that is bounded by
/// `ParserLimits.lineLengthMax`. Arguments point into the buffer, which is never written to; quoted
/// inline arguments are unescaped into memory of the argument store.
///
/// Like Redis it takes the two bytes behind a bulk string for CR LF without looking, ignores empty
/// and negative arrays, and reads an inline command up to LF with an optional CR.
public struct RequestParser {
  /// Offset of the next byte to look at.
  public var position: Int = 0

  /// Arguments still missing of the request begun; 0 between requests.
  public private(set) var remaining: Int = 0

  /// Length of the bulk string begun, or -1 while its length line is still to come.
  public private(set) var bulkLength: Int = -1

  public init() {}

  /// Parses the next request.
  ///
  /// - Parameters:
  ///   - bytes: the buffer, of which `count` bytes are filled.
  ///   - limits: what is refused.
  ///   - store: receives the arguments, of an incomplete request too.
  /// - Complexity: O(bytes looked at), each bulk string counting 1.
  public mutating func next(
    in bytes: UnsafeMutablePointer<UInt8>, count: Int, limits: borrowing ParserLimits,
    into store: inout ArgumentStore
  ) -> ParseOutcome {
    while remaining == 0 {
      guard position < count else { return .incomplete }
      guard bytes[position] == UInt8(ascii: "*") else {
        let start = store.count
        switch parseInline(in: bytes, count: count, into: &store) {
        case .request where store.count == start: continue  // an empty line
        case let outcome: return outcome
        }
      }
      let digit = shortCount(in: bytes, count: count)
      if digit > 0 {
        position &+= 4
        begin(argumentCount: digit)
        break
      }
      switch parseLine(after: position &+ 1, in: bytes, count: count) {
      case .incomplete:
        return count &- position > ParserLimits.lineLengthMax
          ? .failure(.argumentCountTooLong) : .incomplete
      case .invalid: return .failure(.argumentCountInvalid)
      case .number(let length, let end):
        guard length <= ParserLimits.argumentCountMax else {
          return .failure(.argumentCountInvalid)
        }
        if limits.isUnauthenticated, length > ParserLimits.unauthenticatedArgumentCountMax {
          return .failure(.argumentCountUnauthenticated)
        }
        position = end
        begin(argumentCount: max(0, length))
      }
    }
    takeShortBulks(in: bytes, count: count, lengthMax: limits.bulkLengthMax, into: &store)
    return remaining == 0
      ? .request : parseBulks(in: bytes, count: count, limits: limits, into: &store)
  }

  /// The number of a line that has just one digit, at `position`; -1 for any other line.
  @inline(__always)
  func shortCount(in bytes: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
    guard count &- position >= 4, bytes[position &+ 2] == 0x0D else { return -1 }
    let digit = Int(bytes[position &+ 1]) &- 0x30
    return digit >= 0 && digit <= 9 ? digit : -1
  }

  mutating func begin(argumentCount: Int) {
    remaining = argumentCount
    bulkLength = -1
  }

  /// Takes bulk strings of whatever length, begun or not.
  @inline(never)
  private mutating func parseBulks(
    in bytes: UnsafeMutablePointer<UInt8>, count: Int, limits: borrowing ParserLimits,
    into store: inout ArgumentStore
  ) -> ParseOutcome {
    while remaining > 0 {
      if bulkLength < 0 {
        guard position < count else { return .incomplete }
        if let outcome = parseBulkLength(in: bytes, count: count, limits: limits) {
          return outcome
        }
      }
      guard count &- position >= bulkLength &+ 2 else { return .incomplete }
      store.append(ByteView(base: UnsafePointer(bytes + position), count: bulkLength))
      position &+= bulkLength &+ 2
      finishBulk()
    }
    return .request
  }

  /// Takes the bulk strings that are here in whole and whose lengths have one or two digits, as
  /// nearly all have; the first other one is left to the general way. Same results, a third of the
  /// instructions.
  @inline(__always)
  private mutating func takeShortBulks(
    in bytes: UnsafeMutablePointer<UInt8>, count: Int, lengthMax: Int,
    into store: inout ArgumentStore
  ) {
    guard bulkLength < 0 else { return }
    var place = position
    var left = remaining
    while left > 0, count &- place >= 6 {
      // "$d CR LF" or "$dd CR"; a missing LF is nothing to Redis either.
      let word = UnsafeRawPointer(bytes + place).loadUnaligned(as: UInt32.self).littleEndian
      guard word & 0xFF == 0x24 else { break }
      let first = Int(word &>> 8 & 0xFF) &- 0x30
      guard first >= 0, first <= 9 else { break }
      var start = place &+ 4
      var length = first
      if word &>> 16 & 0xFF != 0x0D {
        let second = Int(word &>> 16 & 0xFF) &- 0x30
        guard second >= 0, second <= 9, first != 0, word &>> 24 == 0x0D else { break }
        length = first &* 10 &+ second
        start = place &+ 5
      }
      guard length <= lengthMax, count &- start >= length &+ 2 else { break }
      store.append(ByteView(base: UnsafePointer(bytes + start), count: length))
      place = start &+ length &+ 2
      left &-= 1
    }
    position = place
    remaining = left
  }

  /// Reads a bulk string's length line.
  ///
  /// - Returns: why that is not possible; nil on success.
  private mutating func parseBulkLength(
    in bytes: UnsafeMutablePointer<UInt8>, count: Int, limits: borrowing ParserLimits
  ) -> ParseOutcome? {
    switch parseLine(after: position &+ 1, in: bytes, count: count) {
    case .incomplete:
      return count &- position > ParserLimits.lineLengthMax
        ? .failure(.bulkLengthTooLong) : .incomplete
    case .invalid:
      guard bytes[position] == UInt8(ascii: "$") else {
        return .failure(.bulkExpected(got: bytes[position]))
      }
      return .failure(.bulkLengthInvalid)
    case .number(let length, let end):
      guard bytes[position] == UInt8(ascii: "$") else {
        return .failure(.bulkExpected(got: bytes[position]))
      }
      guard length >= 0, length <= limits.bulkLengthMax else {
        return .failure(.bulkLengthInvalid)
      }
      if limits.isUnauthenticated, length > ParserLimits.unauthenticatedBulkLengthMax {
        return .failure(.bulkLengthUnauthenticated)
      }
      position = end
      bulkLength = length
      return nil
    }
  }

  @inline(__always)
  private mutating func finishBulk() {
    remaining &-= 1
    bulkLength = -1
  }

  /// Takes note that the caller has read the bulk string begun, and the CR LF behind it, by itself.
  ///
  /// The caller has appended the argument to the store. `position` stays: those bytes never stood
  /// in the buffer.
  ///
  /// - Returns: whether the request is complete.
  public mutating func didReadBulk() -> Bool {
    precondition(remaining > 0 && bulkLength >= 0)
    finishBulk()
    return remaining == 0
  }
}

/// A count line: `*`, `$`, a number, CR LF.
enum CountLine {
  case number(Int, end: Int)
  case incomplete
  case invalid
}

extension RequestParser {
  /// Reads the number from `start` to CR, strictly: no sign but `-`, no leading zero, no overflow.
  func parseLine(
    after start: Int, in bytes: UnsafeMutablePointer<UInt8>, count: Int
  ) -> CountLine {
    // Most counts have one to three digits: accumulate while looking for the CR.
    var index = start
    var value = 0
    while index < count {
      let digit = Int(bytes[index]) &- 0x30
      guard digit >= 0, digit <= 9, index &- start < 18 else { break }
      value = value &* 10 &+ digit
      index &+= 1
    }
    guard index < count else { return .incomplete }
    if bytes[index] == 0x0D, index > start, bytes[start] != 0x30 || index &- start == 1 {
      return index &+ 1 < count ? .number(value, end: index &+ 2) : .incomplete
    }
    return parseUnusualLine(after: start, in: bytes, count: count)
  }

  private func parseUnusualLine(
    after start: Int, in bytes: UnsafeMutablePointer<UInt8>, count: Int
  ) -> CountLine {
    let rest = ByteView(base: UnsafePointer(bytes + start), count: max(0, count - start))
    guard let end = rest.firstIndex(of: 0x0D), start + end + 1 < count else { return .incomplete }
    guard let value = IntegerText.parseInt64(rest[0..<end]) else { return .invalid }
    return .number(Int(value), end: start + end + 2)
  }
}
