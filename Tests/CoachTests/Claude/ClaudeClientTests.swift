import ClaudeStandIn
import Coach
import Foundation
import Testing

/// The client against the stand-in: what goes well.
@Suite struct ClaudeClientTests {
  @Test(arguments: [true, false])
  func `An answer comes whole, with what it costs`(isStreamed: Bool) throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play(
      "answer thinking=3 pings=2 chunks=5 usage=10/200/300/4000/50 text=Go on, 😀!")
    var request = ClaudeFixture.request("Hello")
    request.isStreamed = isStreamed
    let model = ModelCatalog.builtIn.chain(of: .premium)[0]
    let (outcome, pieces) = try fixture.ask(request, models: [model])
    let answer = try #require(outcome.answer)
    #expect(answer.text == "Go on, 😀!")
    #expect(pieces.joined() == answer.text)
    #expect(answer.model == model.name)
    #expect(answer.stopReason == .endTurn)
    #expect(answer.requestID.hasPrefix("req_standin_"))
    let usage = Usage(
      inputTokens: 10, cacheWriteTokens: 200, cacheWriteHourTokens: 300, cacheReadTokens: 4000,
      outputTokens: 50)
    #expect(answer.usage == usage)
    #expect(outcome.charges.map(\.cost) == [model.cost(of: usage)])
    // 10 x 2 + 200 x 2.5 + 300 x 4 + 4000 x 0.1 + 50 x 10 dollars for a million.
    #expect(outcome.cost == Money(dollars: "0.002620"))
    #expect(outcome.attempts == 1)
    #expect(outcome.rateLimits.requests.remaining == 999)
    #expect(!outcome.isShared)
    let statistics = fixture.client.statistics
    #expect(statistics.answers == 1 && statistics.open == 0 && statistics.attempts == 1)
    #expect(statistics.cost == outcome.cost)
  }

  @Test func `A prompt over the step costs more`() throws {
    let fixture = try ClaudeFixture()
    let haiku = ModelCatalog.builtIn.chain(of: .economy)[0]
    fixture.standIn.play("answer usage=100000/0/0/0/10", "answer usage=100000/0/0/1/10")
    let short = try fixture.ask(models: [haiku]).outcome
    let long = try fixture.ask(models: [haiku]).outcome
    #expect(short.cost == Money(dollars: "0.010005"))
    #expect(long.cost == Money(dollars: "0.05002505"))
  }

  @Test func `Connections are kept`() throws {
    let fixture = try ClaudeFixture()
    for index in 0..<20 {
      if index == 10 { fixture.standIn.play("error status=400") }
      _ = try fixture.ask()
    }
    #expect(fixture.standIn.now.requests.count == 20)
    #expect(fixture.standIn.now.connections == 1)
    #expect(fixture.client.statistics.connections == 1)
  }

  @Test func `The request carries key and version`() throws {
    let fixture = try ClaudeFixture()
    var request = ClaudeFixture.request("Hello")
    request.system = [.init(String(repeating: "Be kind. ", count: 400), cache: .fiveMinutes)]
    let first = try fixture.ask(request).outcome
    let second = try fixture.ask(request).outcome
    let seen = fixture.standIn.now.requests[0]
    #expect(seen.headers["x-api-key"] == ClaudeFixture.secret)
    #expect(seen.headers["anthropic-version"] == "2023-06-01")
    #expect(seen.headers["content-type"] == "application/json")
    #expect(seen.body == fixture.standIn.now.requests[1].body)
    #expect(first.answer?.usage.cacheWriteTokens == 900)
    #expect(second.answer?.usage.cacheReadTokens == 900)
  }

  /// The server speaks it by hand: its settings, the client's acknowledged, headers, one answer.
  @Test func `Where HTTP 2 is offered it is spoken`() throws {
    let openssl = "/usr/bin/openssl"
    guard FileManager.default.isExecutableFile(atPath: openssl) else {
      print("skipped: no \(openssl) to serve TLS with")
      return
    }
    let server = try TLSServer(openssl, offering: "h2")
    defer { server.stop() }
    let key = try #require(APIKey(ClaudeFixture.secret))
    var settings = try ClaudeSettings(key: key, baseURL: "https://127.0.0.1:\(server.port)")
    settings.certificatesPath = server.certificatePath
    let client = try ClaudeClient(settings)
    defer { client.stop() }
    let waiting = Waiting()
    _ = try client.start(
      ClaudeFixture.request("Are we there yet?"), models: [ClaudeFixture.haiku],
      handler: waiting.take)
    let sent = try server.waitForInput("Are we there yet?")
    // What openssl has to say of the connection comes before it.
    #expect(String(decoding: sent, as: UTF8.self).contains("PRI * HTTP/2.0\r\n"))
    func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ body: [UInt8] = []) -> [UInt8] {
      let count = body.count
      return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
        + [0, 0, 0, stream] + body
    }
    let answer = """
      {"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-5-5",\
      "content":[{"type":"text","text":"By another road."}],"stop_reason":"end_turn",\
      "usage":{"input_tokens":9,"output_tokens":4}}
      """
    // Field 8 of the static table is ":status: 200", 31 the name "content-type".
    let type = Array("application/json".utf8)
    let headers = [0x88, 0x0F, 0x10, UInt8(type.count)] + type
    try server.send(
      frame(4, 0, 0) + frame(4, 1, 0) + frame(1, 4, 1, headers)
        + frame(0, 1, 1, Array(answer.utf8)))
    let outcome = waiting.end().outcome
    #expect(outcome.answer?.text == "By another road.")
    #expect(outcome.attempts == 1)
    #expect(outcome.charges.map(\.usage) == [Usage(inputTokens: 9, outputTokens: 4)])
  }

  @Test(arguments: ["refusal", "max_tokens", "stop_sequence", "model_context_window_exceeded"])
  func `An answer that ends in another way is an answer`(stop: String) throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("answer stop=\(stop)")
    let answer = try #require(try fixture.ask().outcome.answer)
    #expect(answer.stopReason.word == stop)
    #expect(answer.refusalCategory == (stop == "refusal" ? "cyber" : ""))
  }

  @Test func `Many calls are made at once, on connections of their own`() throws {
    let fixture = try ClaudeFixture { $0.concurrentMax = 8 }
    fixture.standIn.play("hold times=20")
    let waiting = try (0..<20).map { index in
      let waiting = Waiting()
      _ = try fixture.client.start(
        ClaudeFixture.request("Number \(index)"), models: [ClaudeFixture.haiku],
        handler: waiting.take)
      return waiting
    }
    // Eight fly, the others wait for them.
    #expect(fixture.standIn.wait { $0.held == 8 })
    #expect(fixture.client.statistics.open == 20)
    for _ in 0..<20 { fixture.standIn.release() }
    for (index, waiting) in waiting.enumerated() {
      let text = try #require(waiting.end().outcome.answer?.text)
      #expect(text.hasSuffix("Number \(index)"))
    }
    #expect(fixture.standIn.now.connections == 8)
  }

  @Test func `Past the limit there is an error at once`() throws {
    let fixture = try ClaudeFixture {
      $0.concurrentMax = 1
      $0.waitingMax = 1
    }
    fixture.standIn.play("hold times=2")
    let waiting = [Waiting(), Waiting()]
    for (index, one) in waiting.enumerated() {
      _ = try fixture.client.start(
        ClaudeFixture.request("\(index)"), models: [ClaudeFixture.haiku], handler: one.take)
    }
    let failure = #expect(throws: ClaudeFailure.self) {
      _ = try fixture.ask(ClaudeFixture.request("one too many"))
    }
    #expect(failure?.kind == .busy)
    fixture.standIn.release()
    fixture.standIn.release()
    for one in waiting { #expect(one.end().outcome.answer != nil) }
    #expect(try fixture.ask().outcome.answer != nil)
    #expect(fixture.client.statistics.refused == 1)
  }

  @Test func `Equal calls in flight are made once, and paid once`() throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("hold after=2 chunks=4 text=abcdefgh")
    let waiting = (0..<5).map { _ in Waiting() }
    let request = ClaudeFixture.request("the same")
    for (index, one) in waiting.enumerated() {
      _ = try fixture.client.start(
        request, models: [ClaudeFixture.haiku], wantsText: index != 3, handler: one.take)
      // The first has heard something before the others come.
      if index == 0 {
        #expect(fixture.standIn.wait { $0.held == 1 })
        one.waitForText()
      }
    }
    var other = request
    other.userID = "somebody"
    #expect(try fixture.ask(other).outcome.isShared == false)
    fixture.standIn.release()
    let ends = waiting.map { $0.end() }
    #expect(ends.allSatisfy { $0.outcome.answer?.text == "abcdefgh" })
    #expect(ends.map { $0.outcome.isShared } == [false, true, true, true, true])
    #expect(ends.map { $0.outcome.charges.count } == [1, 0, 0, 0, 0])
    #expect(ends.map { $0.pieces.joined() == "abcdefgh" } == [true, true, true, false, true])
    #expect(fixture.standIn.now.requests.count == 2)
    // Once it has ended, the same is asked anew.
    #expect(try fixture.ask(request).outcome.isShared == false)
  }

  @Test func `Who cancels is told, and the last one ends the call`() throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("stall after=1 usage=7/0/0/0/9")
    let waiting = [Waiting(), Waiting()]
    let calls = try waiting.map {
      try fixture.client.start(
        ClaudeFixture.request("same"), models: [ClaudeFixture.haiku], handler: $0.take)
    }
    for one in waiting { one.waitForText() }
    fixture.client.cancel(calls[0])
    let first = waiting[0].end().outcome
    #expect(first.failure?.kind == .cancelled)
    #expect(first.charges.isEmpty)
    #expect(fixture.standIn.wait { $0.held == 1 })
    #expect(fixture.standIn.now.connectionsEnded == 0)
    fixture.client.cancel(calls[0])
    fixture.client.cancel(calls[1])
    let second = waiting[1].end().outcome
    #expect(second.failure?.kind == .cancelled)
    #expect(second.charges.map(\.usage) == [Usage(inputTokens: 7, outputTokens: 1)])
    #expect(fixture.standIn.wait { $0.connectionsEnded == 1 })
    fixture.client.cancel(calls[1])
    #expect(try fixture.ask().outcome.answer != nil)
    #expect(waiting.allSatisfy { $0.endings == 1 })
  }

  @Test func `Stopping tells everybody`() throws {
    let fixture = try ClaudeFixture { $0.concurrentMax = 2 }
    fixture.standIn.play("stall times=9")
    let waiting = try (0..<4).map { index in
      let waiting = Waiting()
      _ = try fixture.client.start(
        ClaudeFixture.request("\(index)"), models: [ClaudeFixture.haiku], handler: waiting.take)
      return waiting
    }
    #expect(fixture.standIn.wait { $0.held == 2 })
    fixture.client.stop()
    for one in waiting { #expect(one.end().outcome.failure?.kind == .stopped) }
    let failure = #expect(throws: ClaudeFailure.self) { try fixture.ask() }
    #expect(failure?.kind == .stopped)
    #expect(fixture.client.statistics.open == 0)
  }

  @Test func `An answer that is whole is not waited for`() throws {
    let fixture = try ClaudeFixture(isClockReal: false)
    fixture.standIn.play("unended text=all of it")
    #expect(try fixture.ask().outcome.answer?.text == "all of it")
    #expect(fixture.standIn.wait { $0.held == 1 })
    #expect(fixture.standIn.now.connectionsEnded == 0)
    fixture.clock.advance(milliseconds: 1000)
    #expect(fixture.standIn.wait { $0.connectionsEnded == 1 })
  }
}
