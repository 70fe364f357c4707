import Foundation
import Testing

@testable import Coach

@Suite struct ClaudeRequestTests {
  private func body(_ request: ClaudeRequest, _ model: Model = Model(name: "m")) throws -> String {
    String(decoding: try request.body(for: model), as: UTF8.self)
  }

  @Test func `A request is written as documented`() throws {
    var request = ClaudeRequest(
      system: [.init("Be kind.", cache: .hour)],
      messages: [
        .init(.user, "Hi/\"\n\u{1}😀"), .init(.assistant, "Hello", cache: .fiveMinutes),
        .init(.user, "Help"),
      ], outputTokensMax: 9000)
    request.stopSequences = ["END"]
    request.userID = "u-1"
    request.effort = .low
    #expect(
      try body(request) == #"""
        {"max_tokens":8192,"messages":[{"content":[{"text":"Hi/\"\n\u0001😀","type":"text"}],\#
        "role":"user"},{"content":[{"cache_control":{"ttl":"5m","type":"ephemeral"},\#
        "text":"Hello","type":"text"}],\#
        "role":"assistant"},{"content":[{"text":"Help","type":"text"}],"role":"user"}],\#
        "metadata":{"user_id":"u-1"},"model":"m","output_config":{"effort":"low"},\#
        "stop_sequences":["END"],"stream":true,"system":[{"cache_control":{"ttl":"1h",\#
        "type":"ephemeral"},"text":"Be kind.","type":"text"}]}
        """#)
    request = ClaudeRequest(messages: [.init(.user, "x")], outputTokensMax: 5)
    request.isStreamed = false
    #expect(
      try body(request) == #"""
        {"max_tokens":5,"messages":[{"content":[{"text":"x","type":"text"}],"role":"user"}],\#
        "model":"m"}
        """#)
  }

  @Test func `Mistakes are told before anything is sent`() {
    func mistake(_ change: (inout ClaudeRequest) -> Void) -> String? {
      var request = ClaudeRequest(
        system: [.init("s")], messages: [.init(.user, "a")], outputTokensMax: 5)
      change(&request)
      if request.mistake != nil {
        #expect(throws: ClaudeFailure.self) { try request.body(for: Model(name: "m")) }
      }
      return request.mistake
    }
    #expect(mistake { _ in } == nil)
    #expect(mistake { $0.messages = [] } != nil)
    #expect(mistake { $0.messages[0].blocks = [] } != nil)
    #expect(mistake { $0.messages.append(.init(.assistant, "b")) } != nil)
    #expect(mistake { $0.outputTokensMax = 0 } != nil)
    #expect(mistake { $0.messages[0].blocks[0].text = " \n\t" } != nil)
    #expect(mistake { $0.system[0].text = "" } != nil)
    #expect(mistake { $0.stopSequences = [" "] } != nil)
    let kept = ClaudeRequest.Block("s", cache: .fiveMinutes)
    #expect(mistake { $0.system = Array(repeating: kept, count: 4) } == nil)
    #expect(mistake { $0.system = Array(repeating: kept, count: 5) } != nil)
    #expect(mistake { $0.system = [.init("s", cache: .hour), kept] } == nil)
    #expect(mistake { $0.system = [kept, .init("s", cache: .hour)] } != nil)
    #expect(
      mistake {
        $0.system = [kept]
        $0.messages[0].blocks[0].cache = .hour
      } != nil)
  }

  @Test func `A body has a limit`() {
    let text = String(repeating: "x", count: ClaudeRequest.bodyBytesMax)
    let request = ClaudeRequest(messages: [.init(.user, text)], outputTokensMax: 5)
    #expect(throws: ClaudeFailure.self) { try request.body(for: Model(name: "m")) }
  }
}

@Suite struct APIKeyTests {
  private static let secret = "sk-ant-0123456789"

  @Test func `A key is nowhere to be seen`() throws {
    let key = try #require(APIKey(" \(Self.secret)\n"))
    let settings = try ClaudeSettings(key: key)
    var dumped = ""
    dump(settings, to: &dumped)
    for text in [
      "\(key)", String(reflecting: key), "\(settings)", String(reflecting: settings), dumped,
    ] {
      #expect(!text.contains("0123456789"))
    }
    #expect(key.headerLine == "x-api-key: \(Self.secret)")
    #expect(key.removed(from: "no \(Self.secret)\(Self.secret)!") == "no (key)(key)!")
    #expect(key.removed(from: "no key") == "no key")
  }

  @Test func `What cannot be a key is none`() {
    for text in ["", "  \n", "a b", "a\nb", "é", String(repeating: "x", count: 4097)] {
      #expect(APIKey(text) == nil)
    }
  }

  @Test func `A key comes from a file`() throws {
    let path = NSTemporaryDirectory() + "wingcache-key-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: ClaudeSettings.Mistake.self) { try APIKey.file(path) }
    try Data("\(Self.secret)\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try APIKey.file(path).headerLine == "x-api-key: \(Self.secret)")
    try Data("two words".utf8).write(to: URL(fileURLWithPath: path))
    let mistake = #expect(throws: ClaudeSettings.Mistake.self) { try APIKey.file(path) }
    #expect(mistake?.description == "\(path) holds no key")
  }

  @Test func `Plain HTTP is for this machine only`() throws {
    let key = try #require(APIKey(Self.secret))
    for url in [
      "https://api.anthropic.com", "https://example.com:8443/claude/", "http://127.0.0.1:80",
      "http://localhost", "http://[::1]:8080/x",
    ] {
      #expect(throws: Never.self) { try ClaudeSettings(key: key, baseURL: url) }
    }
    for url in [
      "", "http://example.com", "http://localhost.example.com", "ftp://localhost", "https://",
      "http://127.0.0.1@example.com", "https://a b", "https://a?b", "http://[::1].example.com",
    ] {
      #expect(throws: ClaudeSettings.Mistake.self) { try ClaudeSettings(key: key, baseURL: url) }
    }
    #expect(try ClaudeSettings(key: key, baseURL: "https://x/y/").baseURL == "https://x/y")
  }
}
