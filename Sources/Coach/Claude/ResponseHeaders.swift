/// What matters among the headers of an answer.
///
/// Fed line by line; a new status line (after "100 Continue") begins anew. Values are cut to 256
/// bytes, and more than `bytesMax` bytes of headers are refused.
struct ResponseHeaders: Sendable {
  /// The answer's status; 0 before there is one.
  private(set) var status = 0
  /// The provider's name for the request.
  private(set) var requestID = ""
  private(set) var isEventStream = false
  private(set) var shouldRetry: Bool?
  private(set) var rateLimits = ClaudeRateLimits()

  private var bytesTotal = 0
  private var retryAfterMilliseconds: Int64?
  private var retryAfterSeconds: Double?
  private var retryAfterDate: Int64?

  static let bytesMax = 64 * 1024

  /// Takes a line, with or without its end.
  ///
  /// - Returns: false when there are too many.
  mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
    bytesTotal += line.count
    guard bytesTotal <= Self.bytesMax else { return false }
    if line.starts(with: "HTTP/".utf8) {
      let total = bytesTotal
      self = ResponseHeaders()
      bytesTotal = total
      let words = String(decoding: line.prefix(32), as: UTF8.self).split(separator: " ")
      status = words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
      return true
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon <= 64 else {
      return true
    }
    let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
    take(name, Self.value(line[(colon + 1)...]))
    return true
  }

  private static func value(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    let cut = bytes.drop { $0 <= 0x20 }.prefix(256)
    let end = cut.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? cut.startIndex
    return String(decoding: cut[..<end], as: UTF8.self)
  }

  private mutating func take(_ name: String, _ value: String) {
    switch name {
    case "request-id": requestID = value
    case "content-type": isEventStream = value.lowercased().hasPrefix("text/event-stream")
    case "x-should-retry":
      if value == "true" { shouldRetry = true }
      if value == "false" { shouldRetry = false }
    case "retry-after-ms":
      if let number = Self.number(value) { retryAfterMilliseconds = Int64(number.rounded(.up)) }
    case "retry-after":
      if let number = Self.number(value) {
        retryAfterSeconds = number
      } else {
        retryAfterDate = HTTPDate.seconds(value)
      }
    default:
      if name.hasPrefix("anthropic-ratelimit-") { takeLimit(name.dropFirst(20), value) }
    }
  }

  /// A plain decimal up to a week of milliseconds; no signs, exponents or names of numbers.
  private static func number(_ text: String) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 || $0 == UInt8(ascii: ".") }),
      let value = Double(text), value <= 604_800_000
    else { return nil }
    return value
  }

  private mutating func takeLimit(_ name: Substring, _ value: String) {
    let paths: [(String, WritableKeyPath<ClaudeRateLimits, ClaudeRateLimits.Limit>)] = [
      ("requests-", \.requests), ("tokens-", \.tokens), ("input-tokens-", \.inputTokens),
      ("output-tokens-", \.outputTokens),
    ]
    for (prefix, path) in paths where name.hasPrefix(prefix) {
      switch name.dropFirst(prefix.utf8.count) {
      case "limit": rateLimits[keyPath: path].limit = Int(value)
      case "remaining": rateLimits[keyPath: path].remaining = Int(value)
      case "reset": rateLimits[keyPath: path].reset = value
      default: break
      }
      return
    }
  }

  /// What the provider asks to wait, in milliseconds; nil when it does not.
  ///
  /// - Parameter wallSeconds: now, in seconds since 1970; for a date.
  func retryAfter(wallSeconds: Int64) -> Int64? {
    if let retryAfterMilliseconds { return retryAfterMilliseconds }
    if let retryAfterSeconds { return Int64((retryAfterSeconds * 1000).rounded(.up)) }
    return retryAfterDate.map { max(0, $0 - wallSeconds) * 1000 }
  }
}

/// Dates of HTTP headers.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is
  /// still sent; nil for anything else.
  static func seconds(_ text: String) -> Int64? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", words[0].hasSuffix(","),
      let day = Int64(words[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(words[2])),
      let year = Int64(words[3]), (1970...9999).contains(year)
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]),
      (0...60).contains(clock[2])
    else { return nil }
    // Days since 1970 by counting years from March, so that the leap day is the last.
    let shifted = month >= 2 ? year : year - 1
    let monthFromMarch = Int64((month + 10) % 12)
    let days =
      shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (monthFromMarch * 306 + 5) / 10
      + day - 1 - 719_468
    return ((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]
  }
}
