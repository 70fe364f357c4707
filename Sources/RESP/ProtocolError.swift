/// What can be wrong with the bytes of a request. The connection gets `message` and is closed.
///
/// The texts are Redis's, so that a client's own diagnosis still works.
public enum ProtocolError: Error, Equatable {
  case inlineTooLong
  case unbalancedQuotes
  case argumentCountTooLong
  case argumentCountInvalid
  case argumentCountUnauthenticated
  case bulkLengthTooLong
  case bulkLengthInvalid
  case bulkLengthUnauthenticated
  case bulkExpected(got: UInt8)

  /// The error's text without the leading `-ERR Protocol error: `.
  public var message: StaticString {
    switch self {
    case .inlineTooLong: "too big inline request"
    case .unbalancedQuotes: "unbalanced quotes in request"
    case .argumentCountTooLong: "too big mbulk count string"
    case .argumentCountInvalid: "invalid multibulk length"
    case .argumentCountUnauthenticated: "unauthenticated multibulk length"
    case .bulkLengthTooLong: "too big bulk count string"
    case .bulkLengthInvalid: "invalid bulk length"
    case .bulkLengthUnauthenticated: "unauthenticated bulk length"
    case .bulkExpected: "expected '$', got "
    }
  }
}

/// What a request may ask for before it is refused.
public struct ParserLimits {
  /// Longest bulk string in bytes (`proto-max-bulk-len`).
  public var bulkLengthMax: Int

  /// Whether the client still has to authenticate: it may send 10 arguments of 16 KB at most.
  public var isUnauthenticated: Bool

  /// Longest inline request, and longest count line, in bytes.
  public static let lineLengthMax = 64 * 1024

  /// Most arguments of one request.
  public static let argumentCountMax = Int(Int32.max)

  /// The same limits for clients that have yet to authenticate.
  public static let unauthenticatedArgumentCountMax = 10
  public static let unauthenticatedBulkLengthMax = 16 * 1024

  public init(bulkLengthMax: Int = 512 << 20, isUnauthenticated: Bool = false) {
    self.bulkLengthMax = bulkLengthMax
    self.isUnauthenticated = isUnauthenticated
  }
}
