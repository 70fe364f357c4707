import Foundation

/// Plays one scenario on a connection. Its functions return whether the connection goes on.
struct Player {
  private let server: StandIn
  private let connection: Connection
  private let scenario: Scenario
  private let body: [String: Any]
  private let model: String
  private let requestID: String

  init(
    _ server: StandIn, _ connection: Connection, _ scenario: Scenario, _ body: [String: Any]
  ) {
    self.server = server
    self.connection = connection
    self.scenario = scenario
    self.body = body
    model = body["model"] as? String ?? ""
    requestID = "req_standin_\(server.now.requests.count)"
  }

  private var headers: [String] {
    var lines = ["request-id: \(requestID)"]
    for name in ["requests", "tokens", "input-tokens", "output-tokens"] {
      lines.append("anthropic-ratelimit-\(name)-limit: 1000")
      lines.append("anthropic-ratelimit-\(name)-remaining: 999")
      lines.append("anthropic-ratelimit-\(name)-reset: 2026-11-23T12:00:00Z")
    }
    for (setting, header) in [
      ("retry-after", "retry-after"), ("retry-after-ms", "retry-after-ms"),
      ("should-retry", "x-should-retry"),
    ] {
      if let value = scenario.settings[setting] { lines.append("\(header): \(value)") }
    }
    return lines
  }

  private func json(_ value: Any) -> String {
    let data = try? JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  /// Answers with an error.
  func refuse(_ status: Int, _ type: String, _ message: String, code: String? = nil) -> Bool {
    var error: [String: Any] = ["type": type, "message": message]
    if let code { error["details"] = ["error_code": code] }
    return connection.answer(
      status, headers + ["content-type: application/json"],
      json(["type": "error", "error": error, "request_id": requestID]))
  }

  /// Plays.
  mutating func play() -> Bool {
    let after = scenario.number("after", default: 1)
    switch scenario.name {
    case "error": return playError()
    case "stall" where after < 0: return stall()
    case "hold" where after < 0:
      server.hold()
      return answer()
    case "cut" where after < 0, "close": return false
    case "garbage":
      connection.send("\u{1}\u{2} this is no HTTP at all \r\n\r\n\r\n")
      return false
    case "garbage-json":
      return connection.answer(200, headers + ["content-type: application/json"], "{\"type\":")
    case "garbage-stream":
      connection.begin(headers + ["content-type: text/event-stream"])
      connection.piece("event: message_start\ndata: {\"type\":\"message_start\",}\n\n")
      return connection.piece("")
    case "html":
      return connection.answer(
        scenario.number("status", default: 502), ["content-type: text/html"],
        "<html><body>Bad gateway</body></html>")
    case "redirect":
      let to = scenario.settings["to"] ?? "http://127.0.0.1:9/"
      return connection.answer(307, ["location: \(to)"], "")
    default: return answer()
    }
  }

  private static let types = [
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
    403: "permission_error", 404: "not_found_error", 409: "conflict_error",
    413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error",
    529: "overloaded_error",
  ]

  private func playError() -> Bool {
    let status = scenario.number("status", default: 500)
    let type = scenario.settings["type"] ?? Self.types[status] ?? "api_error"
    let message = scenario.settings["message"] ?? (status == 404 ? "model: \(model)" : "played")
    return refuse(status, type, message, code: scenario.settings["code"])
  }

  /// Nothing more comes until the other side has gone.
  private func stall() -> Bool {
    server.change { $0.held += 1 }
    connection.waitForEnd()
    server.change { $0.held -= 1 }
    return false
  }

  private var text: String {
    if let text = scenario.settings["text"] { return text }
    let last = PromptCache.blocks(of: body).last?.block["text"] as? String ?? ""
    return "That matters to you. What would be a small first step about this: \(last.prefix(80))"
  }

  private func counts(_ text: String) -> PromptCache.Counts {
    let given = (scenario.settings["usage"] ?? "").split(separator: "/").map { Int($0) ?? 0 }
    guard given.count == 5 else {
      var counts = server.count(body, model: model)
      counts.output = max(1, text.utf8.count / 4)
      return counts
    }
    return PromptCache.Counts(
      input: given[0], write: given[1], writeHour: given[2], read: given[3], output: given[4])
  }

  private func usage(_ counts: PromptCache.Counts, output: Int) -> [String: Any] {
    [
      "input_tokens": counts.input,
      "cache_creation_input_tokens": counts.write + counts.writeHour,
      "cache_read_input_tokens": counts.read,
      "cache_creation": [
        "ephemeral_5m_input_tokens": counts.write, "ephemeral_1h_input_tokens": counts.writeHour,
      ],
      "output_tokens": output, "service_tier": "standard",
    ]
  }

  private func message(_ content: [Any], _ stop: Any, _ usage: [String: Any]) -> [String: Any] {
    [
      "id": "msg_\(requestID)", "type": "message", "role": "assistant", "model": model,
      "content": content, "stop_reason": stop, "stop_sequence": NSNull(),
      "stop_details": details(stop), "usage": usage,
    ]
  }

  private func details(_ stop: Any) -> Any {
    stop as? String == "refusal" ? ["type": "refusal", "category": "cyber"] : NSNull()
  }

  private func answer() -> Bool {
    let text = self.text
    let counts = self.counts(text)
    let stop = scenario.settings["stop"] ?? "end_turn"
    guard body["stream"] as? Bool == true else {
      if scenario.name == "hold" { server.hold() }
      if scenario.name == "stall" { return stall() }
      if scenario.name == "cut" || scenario.name == "truncated" {
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        connection.send("content-length: 1000\r\n\r\n{\"type\":\"message\"")
        return false
      }
      let content: [Any] = [
        ["type": "thinking", "thinking": "Hm.", "signature": "c2ln"],
        ["type": "text", "text": text],
      ]
      return connection.answer(
        200, headers + ["content-type: application/json"],
        json(message(content, stop, usage(counts, output: counts.output))))
    }
    connection.begin(headers + ["content-type: text/event-stream; charset=utf-8"])
    return stream(text, counts, stop)
  }

  @discardableResult
  private func event(_ name: String, _ fields: [String: Any]) -> Bool {
    var fields = fields
    fields["type"] = name
    return connection.piece("event: \(name)\ndata: \(json(fields))\n\n")
  }

  private func stream(_ text: String, _ counts: PromptCache.Counts, _ stop: String) -> Bool {
    event("message_start", ["message": message([], NSNull(), usage(counts, output: 1))])
    var index = 0
    if let thoughts = scenario.settings["thinking"].flatMap({ Int($0) }) {
      think(thoughts)
      index = 1
    }
    event(
      "content_block_start",
      ["index": index, "content_block": ["type": "text", "text": ""]])
    event("ping", [:])
    let pieces = Self.split(text, scenario.number("chunks", default: 4))
    let after = scenario.number("after", default: 1)
    for (number, piece) in pieces.enumerated() {
      if number == after, let goesOn = interrupt() { return goesOn }
      for _ in 0..<scenario.number("pings") { event("ping", [:]) }
      if scenario.number("delay") > 0 { usleep(UInt32(scenario.number("delay")) * 1000) }
      let delta: [String: Any] = ["type": "text_delta", "text": piece]
      guard event("content_block_delta", ["index": index, "delta": delta]) else { return false }
    }
    if after >= pieces.count, let goesOn = interrupt() { return goesOn }
    event("content_block_stop", ["index": index])
    event("something_new", ["anything": [1, 2, 3]])
    event(
      "message_delta",
      [
        "delta": [
          "stop_reason": stop, "stop_sequence": NSNull(), "stop_details": details(stop),
        ],
        "usage": ["output_tokens": counts.output],
      ])
    if scenario.name == "unended" {
      event("message_stop", [:])
      return stall()
    }
    // The last event and the end of the answer at once: the connection is free for the next call
    // when the client has read the one.
    let last = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    return connection.send(
      String(last.utf8.count, radix: 16) + "\r\n" + last + "\r\n0\r\n\r\n")
  }

  private func think(_ count: Int) {
    event(
      "content_block_start",
      ["index": 0, "content_block": ["type": "thinking", "thinking": "", "signature": ""]])
    for number in 0..<count {
      let delta: [String: Any] = ["type": "thinking_delta", "thinking": "thought \(number) "]
      event("content_block_delta", ["index": 0, "delta": delta])
    }
    event(
      "content_block_delta",
      ["index": 0, "delta": ["type": "signature_delta", "signature": "c2ln"]])
    event("content_block_stop", ["index": 0])
  }

  /// What happens in the middle; nil when the answer just goes on.
  private func interrupt() -> Bool? {
    switch scenario.name {
    case "stall": return stall()
    case "cut": return false
    case "truncated": return connection.piece("")
    case "hold":
      server.hold()
      return nil
    case "stream-error":
      let type = scenario.settings["type"] ?? "overloaded_error"
      let message = scenario.settings["message"] ?? "Overloaded"
      let error: [String: Any] = ["type": type, "message": message]
      event("error", ["error": error])
      return connection.piece("")
    case "huge":
      let delta: [String: Any] = [
        "type": "text_delta", "text": String(repeating: "x", count: 100_000),
      ]
      while event("content_block_delta", ["index": 0, "delta": delta]) {}
      return false
    case "long-event":
      let line = String(repeating: "y", count: 100_000)
      connection.piece("data: ")
      while connection.piece(line) {}
      return false
    default: return nil
    }
  }

  /// `text` in about `count` pieces of whole characters.
  static func split(_ text: String, _ count: Int) -> [String] {
    let size = max(1, (text.count + max(1, count) - 1) / max(1, count))
    var pieces: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return pieces
  }
}
