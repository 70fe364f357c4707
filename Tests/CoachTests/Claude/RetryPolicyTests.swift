import Testing

@testable import Coach

@Suite struct RetryPolicyTests {
  private let policy = RetryPolicy()

  private func step(
    _ kind: ClaudeFailure.Kind, retries: Int = 0, hasNext: Bool = true, left: Int64 = 100_000,
    random: Double = 0, change: (inout ClaudeFailure) -> Void = { _ in }
  ) -> RetryPolicy.Step {
    var failure = ClaudeFailure(kind, "")
    change(&failure)
    return policy.step(
      after: failure, retries: retries, hasNext: hasNext, left: left, random: random)
  }

  @Test func `Every kind has its step`() {
    for kind in ClaudeFailure.Kind.allCases {
      let first = step(kind)
      let last = step(kind, retries: 2)
      let lastAlone = step(kind, retries: 2, hasNext: false)
      switch kind {
      case .permission, .notFound:
        #expect(first == .nextModel && last == .nextModel && lastAlone == .giveUp)
      case .conflict, .api, .timeout, .overloaded, .rateLimit, .cut, .stalled, .malformed:
        #expect(first == .again(after: 500) && last == .nextModel && lastAlone == .giveUp)
      case .unreachable:
        #expect(first == .again(after: 500) && last == .giveUp && lastAlone == .giveUp)
      case .invalidRequest, .authentication, .billing, .requestTooLarge, .spendLimit, .untrusted,
        .tooLarge, .invalid, .busy, .deadline, .cancelled, .noModel, .stopped:
        #expect(first == .giveUp && last == .giveUp && lastAlone == .giveUp)
      }
    }
  }

  @Test func `Waits double up to a limit, less a quarter of jitter`() {
    let failure = ClaudeFailure(.api, "")
    let waits = (0..<7).map { policy.wait(for: failure, retries: $0, random: 0) }
    #expect(waits == [500, 1000, 2000, 4000, 8000, 8000, 8000])
    #expect(policy.wait(for: failure, retries: 0, random: 1) == 375)
    #expect(policy.wait(for: failure, retries: .max, random: 0.5) == 7000)
  }

  @Test func `What the provider asks to wait is honoured up to a minute`() {
    #expect(step(.overloaded) { $0.retryAfterMilliseconds = 30_000 } == .again(after: 30_000))
    #expect(
      step(.overloaded, random: 0.5) { $0.retryAfterMilliseconds = 1000 } == .again(after: 1050))
    #expect(step(.overloaded) { $0.retryAfterMilliseconds = 60_001 } == .again(after: 500))
    #expect(step(.overloaded) { $0.retryAfterMilliseconds = 0 } == .again(after: 500))
  }

  @Test func `Under a rate limit a long wait is another model's turn`() {
    #expect(step(.rateLimit) { $0.retryAfterMilliseconds = 2000 } == .again(after: 2000))
    #expect(step(.rateLimit) { $0.retryAfterMilliseconds = 2001 } == .nextModel)
    #expect(
      step(.rateLimit, hasNext: false) { $0.retryAfterMilliseconds = 20_000 }
        == .again(after: 20_000))
  }

  @Test func `Nobody waits longer than anybody listens`() {
    #expect(step(.api, left: 500) == .nextModel)
    #expect(step(.api, hasNext: false, left: 500) == .giveUp)
    #expect(step(.api, left: 501) == .again(after: 500))
  }

  @Test func `The provider's own word counts`() {
    #expect(step(.api) { $0.shouldRetry = false } == .nextModel)
    #expect(step(.unreachable) { $0.shouldRetry = false } == .giveUp)
    #expect(step(.permission) { $0.shouldRetry = true } == .again(after: 500))
    #expect(step(.spendLimit) { $0.shouldRetry = true } == .giveUp)
    #expect(step(.authentication) { $0.shouldRetry = true } == .giveUp)
  }

  @Test(
    arguments: [
      (400, nil, nil, ClaudeFailure.Kind.invalidRequest), (401, nil, nil, .authentication),
      (402, nil, nil, .billing), (403, nil, nil, .permission), (404, nil, nil, .notFound),
      (408, nil, nil, .timeout), (409, nil, nil, .conflict), (413, nil, nil, .requestTooLarge),
      (418, nil, nil, .invalidRequest), (429, nil, nil, .rateLimit), (500, nil, nil, .api),
      (502, nil, nil, .api), (504, nil, nil, .timeout), (529, nil, nil, .overloaded),
      (307, nil, nil, .malformed), (0, nil, nil, .malformed),
      (429, "rate_limit_error", "enforced_spend_limit_reached", .spendLimit),
      (500, "overloaded_error", nil, .overloaded), (400, "not_heard_of", nil, .invalidRequest),
      // Our own names are none of the provider's.
      (500, "cancelled", nil, .api), (400, "deadline", nil, .invalidRequest),
    ] as [(Int, String?, String?, ClaudeFailure.Kind)])
  func `Answers have a meaning`(
    status: Int, type: String?, code: String?, kind: ClaudeFailure.Kind
  ) {
    #expect(ClaudeFailure.kind(status: status, type: type, code: code) == kind)
  }

  @Test func `Messages are one line of bounded length`() {
    #expect(ClaudeFailure(.api, "a\r\nb\u{7}c").message == "a  b c")
    let long = ClaudeFailure(.api, String(repeating: "é", count: 400) + "x").message
    #expect(long == String(repeating: "é", count: 250))
    let odd = ClaudeFailure(.api, "x" + String(repeating: "é", count: 400)).message
    #expect(odd == "x" + String(repeating: "é", count: 249))
  }
}

@Suite struct ResponseHeadersTests {
  private func read(_ lines: [String]) -> ResponseHeaders {
    var headers = ResponseHeaders()
    for line in lines {
      #expect(Array((line + "\r\n").utf8).withUnsafeBytes { headers.take($0) })
    }
    return headers
  }

  @Test func `What matters is read`() {
    let headers = read([
      "HTTP/1.1 100 Continue", "retry-after: 5", "", "HTTP/2 429 ",
      "Content-Type: Text/Event-Stream;x",
      "Request-Id:  req_7 ", "X-Should-Retry: false", "anthropic-ratelimit-tokens-limit: 50",
      "anthropic-ratelimit-tokens-remaining: 7",
      "anthropic-ratelimit-input-tokens-reset: 2026-11-23T12:00:00Z", "no colon here",
    ])
    #expect(headers.status == 429)
    #expect(headers.requestID == "req_7")
    #expect(headers.isEventStream)
    #expect(headers.shouldRetry == false)
    #expect(headers.retryAfter(wallSeconds: 0) == nil)
    #expect(headers.rateLimits.tokens.limit == 50)
    #expect(headers.rateLimits.tokens.remaining == 7)
    #expect(headers.rateLimits.inputTokens.reset == "2026-11-23T12:00:00Z")
  }

  @Test func `Waits come in three forms`() {
    #expect(read(["retry-after: 2"]).retryAfter(wallSeconds: 0) == 2000)
    #expect(read(["retry-after: 0.25"]).retryAfter(wallSeconds: 0) == 250)
    #expect(
      read(["retry-after: 2", "retry-after-ms: 120"]).retryAfter(wallSeconds: 0) == 120)
    let date = read(["retry-after: Sun, 06 Nov 1994 08:49:37 GMT"])
    #expect(date.retryAfter(wallSeconds: 784_111_770) == 7000)
    #expect(date.retryAfter(wallSeconds: 784_111_800) == 0)
    for value in ["-1", "nan", "1e9", "0x10", "", "soon", "99999999999999999999"] {
      #expect(read(["retry-after: \(value)"]).retryAfter(wallSeconds: 0) == nil)
    }
  }

  @Test func `Headers are bounded`() {
    var headers = ResponseHeaders()
    let line = Array(("x: " + String(repeating: "y", count: 1000)).utf8)
    let taken = (0..<100).prefix { _ in line.withUnsafeBytes { headers.take($0) } }
    #expect(taken.count == ResponseHeaders.bytesMax / line.count)
  }

  @Test func `Dates are seconds`() {
    #expect(HTTPDate.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(HTTPDate.seconds("Thu, 29 Feb 2024 23:59:59 GMT") == 1_709_251_199)
    #expect(HTTPDate.seconds("Mon, 23 Nov 2026 12:15:55 GMT") == 1_795_436_155)
    for text in [
      "", "Sun, 06 Nov 1994", "Sun, 99 Nov 1994 08:49:37 GMT", "x, 1 Foo 2000 1:1:1 GMT",
    ] {
      #expect(HTTPDate.seconds(text) == nil)
    }
  }
}
