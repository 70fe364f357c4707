import ClaudeStandIn
import Coach
import Foundation
import RESPServer
import Testing

extension CoachCommandTests {
  /// Summaries by the provider, with its stand-in behind them. See `Routing` for why here.
  @Suite struct ClaudeSummaries {
    private let folder = CoachWithStandIn.temporaryFolder()
    private static let key = CoachWithStandIn.key

    private func withCoach(
      _ standIn: StandIn, _ more: String = "",
      _ body: (_ connect: () throws -> TestClient) throws -> Void
    ) throws {
      try CoachWithStandIn.run(standIn, in: folder, more, body)
    }

    private static let story = """
      User: I met Anna at the climbing hall on Tuesday. My mail is max@example.org.
      Assistant: How did it go?
      User: She likes jazz. I promised to call her on 14 March at 7pm.
      """

    private func fill(_ client: TestClient, _ id: String, _ count: Int) throws {
      for number in 0..<count {
        let role = number % 2 == 0 ? "user" : "assistant"
        try client.send(
          "COACH.APPEND", id, role, "Message \(number): Anna and I met \(number) times.",
          "USER", "ann")
      }
    }

    @Test func theProviderSummarises() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer usage=100/0/0/0/20 text=Anna likes jazz; call her on 14 March.")
        let reply = try client.send(
          "COACH.SUMMARIZE", "TEXT", Self.story, "TOKENS", "60", "VIA", "CLAUDE", "USER", "ann")
        #expect(field(reply, "summary") == .text("Anna likes jazz; call her on 14 March."))
        #expect(field(reply, "via") == .text("claude"))
        #expect(field(reply, "fallback") == .null)
        #expect(field(reply, "sentences_source")?.number ?? 0 >= 4)
        let request = try #require(standIn.now.requests.first)
        #expect(request.body.contains("climbing hall"))
        #expect(!request.body.contains("max@example.org") && request.body.contains("[EMAIL_1]"))
        #expect(!request.body.contains("ann\""))
        // The economy tier's first model: what it bills is in the books.
        let spend = try client.send("COACH.SPEND", "USER", "ann")
        let cost = try #require(field(reply, "cost")?.string)
        #expect(cost != "0.00" && texts(spend).contains(cost), "\(cost) in \(spend)")
        #expect(field(try client.send("COACH.STATS"), "routes_summarisation") == .integer(1))
      }
    }

    @Test func aConversationIsCompactedByIt() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        try fill(client, "c", 40)
        standIn.play("answer usage=500/0/0/0/20 text=They met often.")
        let reply = try client.send("COACH.COMPRESS", "c", "VIA", "CLAUDE")
        #expect(field(reply, "via") == .text("claude"), "\(reply)")
        #expect(field(reply, "version") == .integer(1))
        #expect(field(reply, "recent") == .integer(15))
        let state = try client.send("HGET", "wingman:conv:{c}:state", "summary")
        #expect(state == .text("They met often."))
        let cost = try #require(field(reply, "cost")?.string)
        #expect(texts(try client.send("COACH.SPEND", "USER", "ann")).contains(cost))
        // An answer that is far too long is cut to what fits.
        standIn.play(
          "answer text="
            + Array(repeating: "Anna and I met in Rome.", count: 400).joined(separator: " "))
        let long = try client.send("COACH.COMPRESS", "c", "RATIO", "0.2", "VIA", "CLAUDE")
        let tokens = field(long, "summary_tokens")?.number ?? 0
        #expect(tokens > 0 && tokens < 150, "\(long)")
      }
    }

    @Test func failuresFallBackAndAreTold() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("error status=529 should-retry=false times=20")
        let busy = try client.send("COACH.SUMMARIZE", "TEXT", Self.story, "VIA", "CLAUDE")
        #expect(field(busy, "via") == .text("local"))
        #expect(field(busy, "fallback")?.string?.contains("overloaded_error") == true, "\(busy)")
        #expect(field(busy, "summary")?.string?.isEmpty == false)
        standIn.play([])
      }
      let other = try StandIn(key: Self.key)
      try withCoach(other) { connect in
        let client = try connect()
        try fill(client, "c", 40)
        other.play("answer stop=refusal text=I", "error status=400 message=no good")
        let refused = try client.send("COACH.COMPRESS", "c", "VIA", "CLAUDE")
        #expect(field(refused, "via") == .text("local"))
        #expect(field(refused, "fallback") == .text("the model refused"))
        #expect(field(refused, "version") == .integer(1))
        let failed = try client.send("COACH.SUMMARIZE", "CONV", "c", "VIA", "CLAUDE")
        #expect(field(failed, "fallback")?.string?.hasPrefix("invalid_request_error") == true)
        _ = try client.send("MULTI")
        _ = try client.send("COACH.SUMMARIZE", "TEXT", Self.story, "VIA", "CLAUDE")
        let inside = try client.send("EXEC").elements?[0] ?? .null
        #expect(field(inside, "fallback")?.string?.contains("MULTI") == true)
        #expect(field(inside, "summary")?.string?.isEmpty == false)
        #expect(other.now.requests.count == 2)
      }
    }

    @Test func budgetsHold() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        _ = try client.send("COACH.BUDGET", "SET", "USER", "ann", "DAY", "0.000001")
        let reply = try client.send(
          "COACH.SUMMARIZE", "TEXT", Self.story, "VIA", "CLAUDE", "USER", "ann")
        #expect(field(reply, "via") == .text("local"))
        #expect(field(reply, "fallback")?.string?.hasPrefix("over the user-day budget") == true)
        #expect(standIn.now.requests.isEmpty)
      }
    }

    @Test func aLongTextIsReadInParts() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        let text = (0..<6000).map { "Line \($0) says that Anna was in Rome in \($0)." }
          .joined(separator: "\n")
        standIn.play(Array(repeating: "answer usage=10/0/0/0/5 text=A part.", count: 20))
        let reply = try client.send(
          "COACH.SUMMARIZE", "TEXT", text, "TOKENS", "200", "VIA", "CLAUDE", "USER", "ann")
        #expect(field(reply, "via") == .text("claude"), "\(reply)")
        #expect(field(reply, "summary") == .text("A part."))
        let bodies = standIn.now.requests.map(\.body)
        let parts = bodies.filter { $0.contains("Summarise this, part ") }
        #expect(parts.count >= 3 && bodies.count == parts.count + 1)
        #expect(bodies.last?.contains("A part.") == true)
        #expect(
          (0..<6000).allSatisfy { line in
            line % 97 != 0 || parts.contains { $0.contains("Line \(line) says") }
          })
        let stats = try client.send("COACH.STATS")
        #expect(field(stats, "reserved") == .text("0.00"), "\(stats)")
      }
    }

    @Test func whoGoesAwayIsNotWaitedFor() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let asker = try connect()
        let other = try connect()
        standIn.play("stall")
        try asker.write(
          TestClient.encode(
            ["COACH.SUMMARIZE", "TEXT", Self.story, "VIA", "CLAUDE"].map { Array($0.utf8) }))
        #expect(standIn.wait { $0.held == 1 })
        #expect(try other.send("PING") == .simple("PONG"))
        let id = try other.send("CLIENT", "LIST").string?.split(separator: "\n")
          .first { $0.contains("coach.summarize") }?.split(separator: " ").first?.dropFirst(3)
        #expect(try other.send("CLIENT", "KILL", "ID", String(id ?? "")) == .integer(1))
        #expect(standIn.wait { $0.held == 0 })
      }
    }
  }
}
