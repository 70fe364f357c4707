import ClaudeStandIn
import Coach
import Foundation
import Testing

/// The client against the stand-in: everything that can go wrong.
@Suite struct ClaudeFailureTests {
  private typealias Kind = ClaudeFailure.Kind

  /// Rows of the table of errors: what is played, and what it is.
  @Test(arguments: [
    ("error status=400", Kind.invalidRequest, 1), ("error status=401", .authentication, 1),
    ("error status=402", .billing, 1), ("error status=413", .requestTooLarge, 1),
    ("error status=429 code=enforced_spend_limit_reached", .spendLimit, 1),
    ("error status=403", .permission, 1), ("error status=404", .notFound, 1),
    ("error status=409", .conflict, 3), ("error status=408 type=timeout_error", .timeout, 3),
    ("error status=429", .rateLimit, 3), ("error status=500", .api, 3),
    ("error status=504", .timeout, 3), ("error status=529", .overloaded, 3),
    ("error status=418 type=new_error", .invalidRequest, 1),
    ("error status=500 should-retry=false", .api, 1),
    ("error status=429 retry-after-ms=1", .rateLimit, 3),
    ("html status=502", .api, 3), ("html status=400", .invalidRequest, 1),
    ("redirect", .malformed, 3), ("garbage", .malformed, 3), ("garbage-json", .malformed, 3),
    ("garbage-stream", .malformed, 3), ("close", .cut, 3), ("cut after=2", .cut, 3),
    ("cut after=9", .cut, 3), ("truncated", .cut, 3), ("stream-error", .overloaded, 3),
    ("stream-error type=api_error", .api, 3), ("stream-error type=new_error", .api, 3),
    ("stream-error after=9", .overloaded, 3), ("huge", .tooLarge, 1),
    ("long-event", .tooLarge, 1),
  ])
  func `Every failure is told for what it is`(line: String, kind: ClaudeFailure.Kind, attempts: Int)
    throws
  {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("\(line) times=3")
    let (outcome, pieces) = try fixture.ask(wantsText: false)
    let failure = try #require(outcome.failure)
    #expect(failure.kind == kind, "\(failure)")
    #expect(outcome.attempts == attempts)
    #expect(fixture.standIn.now.requests.count == attempts)
    #expect(pieces.isEmpty)
    #expect(failure.model == ClaudeFixture.haiku.name)
    #expect(!failure.message.isEmpty)
    #expect(fixture.client.statistics.failures == [kind: 1])
    #expect(fixture.client.statistics.retries == attempts - 1)
    if kind.isFailingModel == false || line.hasPrefix("error") {
      #expect(failure.requestID.hasPrefix("req_standin_") != line.hasPrefix("html"))
    }
  }

  /// What fails in passing, then an answer.
  @Test(arguments: [
    "error status=409", "error status=429", "error status=500", "error status=504",
    "error status=529", "error status=529 retry-after-ms=2", "html", "garbage", "garbage-stream",
    "garbage-json", "close", "cut", "cut after=0", "truncated", "stream-error",
    "error status=403 should-retry=true",
  ])
  func `What passes is tried again`(line: String) throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("\(line) times=2", "answer text=there we are")
    let (outcome, _) = try fixture.ask(wantsText: false)
    #expect(outcome.answer?.text == "there we are")
    #expect(outcome.attempts == 3)
  }

  @Test func `Attempts that broke off are billed too`() throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play(
      "cut after=2 usage=100/0/0/0/20", "error status=529", "answer usage=100/0/0/0/20")
    let (outcome, _) = try fixture.ask(models: ClaudeFixture.chain, wantsText: false)
    #expect(outcome.answer != nil)
    #expect(
      outcome.charges.map(\.usage) == [
        Usage(inputTokens: 100, outputTokens: 1), Usage(inputTokens: 100, outputTokens: 20),
      ])
    #expect(fixture.client.statistics.usage == Usage(inputTokens: 200, outputTokens: 21))
  }

  @Test func `Nothing is repeated once somebody has heard a part`() throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.play("stream-error after=2 chunks=4 text=abcdefgh")
    let (outcome, pieces) = try fixture.ask(models: ClaudeFixture.chain)
    #expect(outcome.failure?.kind == .overloaded)
    #expect(outcome.failure?.partialText == "abcd")
    #expect(pieces.joined() == "abcd")
    #expect(outcome.attempts == 1)
  }

  @Test func `The next model is asked`() throws {
    let fixture = try ClaudeFixture()
    let chain = ClaudeFixture.chain
    fixture.standIn.play(
      "error status=529 times=3 model=\(chain[0].name)", "error status=403 model=\(chain[1].name)")
    let (outcome, _) = try fixture.ask(models: chain)
    #expect(outcome.answer?.model == chain[2].name)
    #expect(outcome.attempts == 5)
    #expect(fixture.client.statistics.fallbacks == 2)
    #expect(
      fixture.standIn.now.requests.map(\.model) == [0, 0, 0, 1, 2].map { chain[$0].name })
  }

  @Test func `A retired model is passed over from then on`() throws {
    let fixture = try ClaudeFixture(isClockReal: false)
    let chain = [Model(name: "claude-3-haiku-20240307"), ClaudeFixture.haiku]
    #expect(try fixture.ask(models: chain).outcome.attempts == 2)
    #expect(try fixture.ask(models: chain).outcome.attempts == 1)
    let alone = try fixture.ask(models: [chain[0]]).outcome
    #expect(alone.failure?.kind == .noModel)
    #expect(alone.attempts == 0)
    // Who knows: after ten minutes it is asked again.
    fixture.clock.advance(milliseconds: 600_000)
    #expect(try fixture.ask(models: chain).outcome.attempts == 2)
  }

  @Test func `A wait that was asked for is kept`() throws {
    let fixture = try ClaudeFixture(isClockReal: false) { $0.deadlineMilliseconds = 100_000 }
    fixture.standIn.play("error status=529 retry-after=30")
    let waiting = Waiting()
    _ = try fixture.client.start(
      ClaudeFixture.request("x"), models: [ClaudeFixture.haiku], handler: waiting.take)
    fixture.clock.waitForDecision()
    fixture.clock.advance(milliseconds: 29_999)
    // A round trip on the client's thread: whatever it would do by now it has done.
    _ = try fixture.ask(ClaudeFixture.request("y"))
    #expect(fixture.standIn.now.requests.count == 2)
    fixture.clock.advance(milliseconds: 1)
    #expect(waiting.end().outcome.answer != nil)
    #expect(fixture.standIn.now.requests.count == 3)
  }

  @Test func `Under a rate limit the next model is asked at once`() throws {
    let fixture = try ClaudeFixture(isClockReal: false)
    fixture.standIn.play("error status=429 retry-after=30")
    let (outcome, _) = try fixture.ask(models: ClaudeFixture.chain)
    #expect(outcome.answer?.model == ClaudeFixture.chain[1].name)
  }

  @Test(arguments: ["stall after=-1", "stall after=0", "stall after=2"])
  func `Nobody waits beyond the deadline`(line: String) throws {
    let fixture = try ClaudeFixture(isClockReal: false) {
      $0.stallMilliseconds = 1_000_000
      $0.firstByteMilliseconds = 1_000_000
    }
    fixture.standIn.play("\(line) chunks=4 text=abcdefgh")
    let waiting = [Waiting(), Waiting()]
    for (index, one) in waiting.enumerated() {
      _ = try fixture.client.start(
        ClaudeFixture.request("x"), models: [ClaudeFixture.haiku],
        deadlineMilliseconds: index == 0 ? 5000 : 9000, handler: one.take)
    }
    #expect(fixture.standIn.wait { $0.held == 1 })
    if line.hasSuffix("2") { for one in waiting { one.waitForText() } }
    fixture.clock.advance(milliseconds: 5000)
    #expect(waiting[0].end().outcome.failure?.kind == .deadline)
    #expect(fixture.standIn.now.held == 1)
    fixture.clock.advance(milliseconds: 4000)
    let outcome = waiting[1].end().outcome
    #expect(outcome.failure?.kind == .deadline)
    #expect(outcome.microseconds == 9_000_000)
    #expect(fixture.standIn.wait { $0.connectionsEnded == 1 })
  }

  @Test(arguments: [true, false])
  func `A call that waits for its turn has its deadline too`(isReal: Bool) throws {
    let fixture = try ClaudeFixture(isClockReal: isReal) { $0.concurrentMax = 1 }
    fixture.standIn.play("stall after=-1 times=2")
    let first = Waiting()
    let second = Waiting()
    _ = try fixture.client.start(
      ClaudeFixture.request("x"), models: [ClaudeFixture.haiku], handler: first.take)
    #expect(fixture.standIn.wait { $0.held == 1 })
    _ = try fixture.client.start(
      ClaudeFixture.request("y"), models: [ClaudeFixture.haiku], deadlineMilliseconds: 50,
      handler: second.take)
    if !isReal { fixture.clock.advance(milliseconds: 50) }
    let outcome = second.end().outcome
    #expect(outcome.failure?.kind == .deadline)
    #expect(outcome.attempts == 0)
    #expect(first.endings == 0)
  }

  @Test(arguments: ["stall after=-1", "stall after=2"])
  func `A stall is noticed and tried again`(line: String) throws {
    let fixture = try ClaudeFixture(isClockReal: false) { $0.deadlineMilliseconds = 86_400_000 }
    fixture.standIn.play(line)
    let waiting = Waiting()
    _ = try fixture.client.start(
      ClaudeFixture.request("x"), models: [ClaudeFixture.haiku], wantsText: false,
      handler: waiting.take)
    #expect(fixture.standIn.wait { $0.held == 1 })
    // What was sent may have been read by now or not: then it counts from the next look.
    repeat {
      fixture.clock.advance(milliseconds: 60_000)
    } while !fixture.clock.waitForDecision(milliseconds: 50)
    fixture.clock.advance(milliseconds: 10)
    let outcome = waiting.end().outcome
    #expect(outcome.answer != nil)
    #expect(outcome.attempts == 2)
    #expect(fixture.client.statistics.retries == 1)
  }

  @Test func `Where nobody listens there is an error, after another try`() throws {
    let fixture = try ClaudeFixture()
    fixture.standIn.stop()
    // The listener closes when it notices.
    fixture.standIn.wait { $0.connectionsEnded == $0.connections }
    let (outcome, _) = try fixture.ask(models: ClaudeFixture.chain)
    let failure = try #require(outcome.failure)
    #expect(failure.kind == .unreachable || failure.kind == .cut)
  }

  @Test func `A wrong key is told without being shown`() throws {
    let fixture = try ClaudeFixture { settings in
      if let key = APIKey("sk-wrong-key") { settings.key = key }
    }
    fixture.standIn.play("error status=401 message=invalid x-api-key sk-wrong-key")
    for _ in 0..<2 {
      let failure = try #require(try fixture.ask().outcome.failure)
      #expect(failure.kind == .authentication)
      #expect(!failure.description.contains("sk-wrong-key"))
    }
  }

  @Test func `Mistakes are refused before they are sent`() throws {
    let fixture = try ClaudeFixture()
    let empty = #expect(throws: ClaudeFailure.self) {
      try fixture.ask(ClaudeFixture.request(" "))
    }
    #expect(empty?.kind == .invalid)
    let none = #expect(throws: ClaudeFailure.self) { try fixture.ask(models: []) }
    #expect(none?.kind == .noModel)
    #expect(fixture.standIn.now.connections == 0)
  }

  @Test func `A certificate that nobody vouches for ends it before the key is sent`() throws {
    let openssl = "/usr/bin/openssl"
    guard FileManager.default.isExecutableFile(atPath: openssl) else {
      print("skipped: no \(openssl) to serve TLS with")
      return
    }
    let server = try TLSServer(openssl)
    defer { server.stop() }
    let key = try #require(APIKey(ClaudeFixture.secret))
    var settings = try ClaudeSettings(key: key, baseURL: "https://127.0.0.1:\(server.port)")
    // It answers no requests like ours.
    settings.firstByteMilliseconds = 1000
    settings.retries.retriesMax = 0
    for trusts in [false, true] {
      settings.certificatesPath = trusts ? server.certificatePath : nil
      let client = try ClaudeClient(settings)
      defer { client.stop() }
      let waiting = Waiting()
      _ = try client.start(
        ClaudeFixture.request("x"), models: [ClaudeFixture.haiku], handler: waiting.take)
      let outcome = waiting.end().outcome
      if trusts {
        #expect(outcome.failure?.kind == .stalled)
      } else {
        #expect(outcome.failure?.kind == .untrusted)
        #expect(outcome.attempts == 1)
      }
    }
  }
}
