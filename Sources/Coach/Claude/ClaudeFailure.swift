/// Why there is no answer.
///
/// Its texts are the provider's or our own words; a key is never among them.
public struct ClaudeFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What went wrong, as far as it matters to who asks.
  public enum Kind: String, CaseIterable, Sendable {
    // Answers of the provider, named as it names them.
    case invalidRequest = "invalid_request_error"
    case authentication = "authentication_error"
    case billing = "billing_error"
    case permission = "permission_error"
    case notFound = "not_found_error"
    case conflict = "conflict_error"
    case requestTooLarge = "request_too_large"
    case rateLimit = "rate_limit_error"
    case spendLimit = "enforced_spend_limit_reached"
    case api = "api_error"
    case timeout = "timeout_error"
    case overloaded = "overloaded_error"
    // The way there.
    case unreachable
    case untrusted
    case cut
    case stalled
    case malformed
    case tooLarge = "too_large"
    // Before or beside it.
    case invalid
    case busy
    case deadline
    case cancelled
    case noModel = "no_model"
    case stopped
  }

  /// What went wrong.
  public var kind: Kind
  /// In words, on one line.
  public var message: String
  /// The status of the answer; 0 when there was none.
  public var status = 0
  /// The provider's name for the request, which its support asks for; empty when there is none.
  public var requestID = ""
  /// The model that was asked; empty when none was.
  public var model = ""
  /// What the provider asks to wait, in milliseconds.
  public var retryAfterMilliseconds: Int64?
  /// The provider's own word on whether to try again.
  public var shouldRetry: Bool?
  /// What had been answered before it failed.
  public var partialText = ""

  /// Makes a failure.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = Self.line(message)
  }

  /// Bytes of a message that are kept.
  public static let messageBytesMax = 500

  /// Such as "rate_limit_error: slow down (status 429, claude-haiku-5-5, request req_1)".
  public var description: String {
    var facts: [String] = []
    if status != 0 { facts.append("status \(status)") }
    if !model.isEmpty { facts.append(model) }
    if !requestID.isEmpty { facts.append("request \(requestID)") }
    let suffix = facts.isEmpty ? "" : " (" + facts.joined(separator: ", ") + ")"
    return "\(kind.rawValue): \(message)\(suffix)"
  }

  /// What the provider's answer means.
  ///
  /// - Parameters:
  ///   - status: of the answer; 200 for an error within a stream.
  ///   - type: the error's type as the provider names it; it says more than the status.
  ///   - code: `error.details.error_code`.
  public static func kind(status: Int, type: String?, code: String?) -> Kind {
    if code == Kind.spendLimit.rawValue { return .spendLimit }
    if let type, let kind = Kind(rawValue: type), kind.isOfProvider { return kind }
    switch status {
    case 400: return .invalidRequest
    case 401: return .authentication
    case 402: return .billing
    case 403: return .permission
    case 404: return .notFound
    case 408, 504: return .timeout
    case 409: return .conflict
    case 413: return .requestTooLarge
    case 429: return .rateLimit
    case 529: return .overloaded
    case 400..<500: return .invalidRequest
    case 500..<600: return .api
    // A redirection, or an answer of some other server.
    default: return .malformed
    }
  }

  /// One line without control characters, cut to `messageBytesMax`.
  static func line(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8.prefix(messageBytesMax) { bytes.append(byte < 0x20 ? 0x20 : byte) }
    // A character that is cut in two is left out.
    while let last = bytes.last, last >= 0x80, String(validating: bytes, as: UTF8.self) == nil {
      bytes.removeLast()
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ClaudeFailure.Kind {
  /// Whether the provider itself said so.
  var isOfProvider: Bool {
    switch self {
    case .invalidRequest, .authentication, .billing, .permission, .notFound, .conflict,
      .requestTooLarge, .rateLimit, .spendLimit, .api, .timeout, .overloaded:
      return true
    default: return false
    }
  }

  /// Whether it tells that the model, or what serves it, is in a bad way.
  public var isFailingModel: Bool {
    switch self {
    case .api, .timeout, .overloaded, .cut, .stalled, .malformed, .tooLarge, .unreachable:
      return true
    default: return false
    }
  }
}
