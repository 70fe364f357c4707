import ClaudeStandIn
import Coach
import Foundation
import RESPServer
import Testing

extension CoachCommandTests {
  /// COACH.ASK over a socket, with the provider's stand-in behind it. See `Routing` for why here.
  @Suite struct Asking {
    private let folder = CoachWithStandIn.temporaryFolder()
    private static let key = CoachWithStandIn.key

    private func withCoach(
      _ standIn: StandIn, _ more: String = "",
      _ body: (_ connect: () throws -> TestClient) throws -> Void
    ) throws {
      try CoachWithStandIn.run(standIn, in: folder, more, body)
    }

    private func messages(_ client: TestClient, _ id: String) throws -> [String] {
      let entries = try client.send("XRANGE", "wingman:conv:{\(id)}", "-", "+").elements ?? []
      return entries.map { entry in
        let fields = entry.elements?[1] ?? .null
        return (field(fields, "role")?.string ?? "") + ": " + (field(fields, "text")?.string ?? "")
      }
    }

    @Test func answersInContext() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        _ = try client.send("COACH.APPEND", "7", "system", "You are a kind coach.")
        standIn.play(
          "answer usage=10/0/0/0/5 text=Say hello first.", "answer usage=20/0/0/0/7 text=Smile.")
        let first = try client.send("COACH.ASK", "7", "How do I ask her out?", "USER", "ann")
        #expect(field(first, "answer") == .text("Say hello first."))
        #expect(field(first, "label") == .text("coaching_request"))
        #expect(field(first, "tier") == .text("premium"))
        #expect(field(first, "model") == .text("claude-sonnet-5-5"))
        #expect(field(first, "stop_reason") == .text("end_turn"))
        // 10 x 2 + 5 x 10 dollars for a million.
        #expect(field(first, "cost") == .text("0.00007"))
        let second = try client.send(
          "COACH.ASK", "7", "And then, what do I do with ann@example.org?", "USER", "ann",
          "MAXTOKENS", "77")
        #expect(field(second, "redacted") == .integer(1))
        #expect(
          try messages(client, "7") == [
            "system: You are a kind coach.", "user: How do I ask her out?",
            "assistant: Say hello first.", "user: And then, what do I do with [EMAIL_1]?",
            "assistant: Smile.",
          ])
        let bodies = standIn.now.requests.map(\.body)
        #expect(bodies.count == 2)
        #expect(bodies[1].contains("Say hello first."))
        #expect(bodies[1].contains("You are a kind coach."))
        #expect(bodies[1].contains("\"max_tokens\":77"))
        #expect(bodies.allSatisfy { !$0.contains("ann") })
        let state = try client.send("HGETALL", "wingman:conv:{7}:state")
        #expect(field(state, "spent") == .text("\(70_000_000 + 110_000_000)"))
        #expect(field(state, "model") == .text("claude-sonnet-5-5"))
        let context = try client.send("COACH.CONTEXT", "7")
        #expect(field(context, "recent") == .integer(4))
      }
    }

    @Test func theLoopGoesOnMeanwhile() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let asker = try connect()
        let other = try connect()
        standIn.play("hold", "stall", "answer")
        try asker.write(TestClient.encode(["COACH.ASK", "1", "hello"].map { Array($0.utf8) }))
        #expect(standIn.wait { $0.held == 1 })
        #expect(try other.send("PING") == .simple("PONG"))
        standIn.release()
        #expect(field(try asker.read(), "label") == .text("greeting"))
        // Who goes away is not waited for.
        try asker.write(TestClient.encode(["COACH.ASK", "1", "thanks"].map { Array($0.utf8) }))
        #expect(standIn.wait { $0.held == 1 })
        let id = try other.send("CLIENT", "LIST").string?.split(separator: "\n")
          .first { $0.contains("coach.ask") }?.split(separator: " ").first?.dropFirst(3)
        #expect(try other.send("CLIENT", "KILL", "ID", String(id ?? "")) == .integer(1))
        #expect(standIn.wait { $0.held == 0 })
        #expect(field(try other.send("COACH.ASK", "1", "thanks"), "attempts") == .integer(1))
        #expect(
          try messages(other, "1").filter { $0 == "user: thanks" }.count == 1,
          "asked again it is not stored again")
      }
    }

    @Test func failuresAreTold() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("error status=400 message=no good", "error status=401", "answer text=fine")
        let failure = try client.send("COACH.ASK", "1", "hello")
        #expect(failure.isError("ASKFAILED invalid_request_error: no good (status 400"))
        #expect(try client.send("COACH.ASK", "1", "hello").isError("ASKFAILED authentication"))
        #expect(field(try client.send("COACH.ASK", "1", "hello"), "answer") == .text("fine"))
        #expect(try messages(client, "1") == ["user: hello", "assistant: fine"])
        #expect(try client.send("COACH.ASK", "1", " ").isError("ERR a message needs text"))
        #expect(try client.send("COACH.ASK", "1", "x", "MAXTOKENS").isError("ERR syntax"))
        #expect(try client.send("COACH.ASK", "{", "x").isError("ERR invalid conversation"))
        _ = try client.send("MULTI")
        _ = try client.send("COACH.ASK", "1", "hello")
        #expect(try client.send("EXEC").elements?[0].isError("ERR COACH.ASK waits") == true)
        #expect(try client.send("INFO", "coach").string?.contains("coach_api_failures:2") == true)
      }
    }

    @Test func aRefusalIsNoAnswer() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer stop=refusal text=I")
        let reply = try client.send("COACH.ASK", "1", "hello")
        #expect(field(reply, "stop_reason") == .text("refusal"))
        #expect(field(reply, "id") == .null)
        #expect(try messages(client, "1") == ["user: hello"])
      }
    }

    @Test func textComesWhileItIsWritten() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let listener = try connect()
        let asker = try connect()
        _ = try listener.send("SUBSCRIBE", "wingman:ask:5")
        standIn.play("hold after=1 chunks=2 text=Hello you")
        try asker.write(
          TestClient.encode(["COACH.ASK", "5", "hello", "STREAM"].map { Array($0.utf8) }))
        func next() throws -> String? { try listener.read().elements?[2].string }
        #expect(try next() == #"{"type":"text","text":"Hello"}"#)
        standIn.release()
        #expect(try next() == #"{"type":"text","text":" you"}"#)
        #expect(try next() == #"{"type":"end"}"#)
        #expect(field(try asker.read(), "answer") == .text("Hello you"))
        // Under RESP3 on the very connection that asks.
        _ = try asker.send("HELLO", "3")
        _ = try asker.send("SUBSCRIBE", "wingman:ask:6")
        standIn.play("answer chunks=1 text=Yes")
        try asker.write(
          TestClient.encode(["COACH.ASK", "6", "hello", "STREAM"].map { Array($0.utf8) }))
        let pushed = try asker.read()
        #expect(pushed.elements?[2] == .text(#"{"type":"text","text":"Yes"}"#))
      }
    }

    @Test func theSameAtOnceIsAskedOnce() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let clients = try (0..<3).map { _ in try connect() }
        standIn.play("hold text=once")
        for (index, client) in clients.enumerated() {
          try client.write(
            TestClient.encode(["COACH.ASK", "1", "hello", "USER", "u"].map { Array($0.utf8) }))
          if index == 0 { #expect(standIn.wait { $0.held == 1 }) }
        }
        let watcher = try connect()
        // The others have joined when they are counted.
        for _ in 0..<2000
        where try watcher.send("INFO", "coach").string?.contains("coach_api_shared:2") != true {
          usleep(2000)
        }
        standIn.release()
        let replies = try clients.map { try $0.read() }
        #expect(replies.allSatisfy { field($0, "answer") == .text("once") })
        #expect(Set(replies.map { field($0, "id")?.string }).count == 1)
        #expect(replies.filter { field($0, "cost") == .text("0.00") }.count == 2)
        #expect(standIn.now.requests.count == 1)
        #expect(try messages(watcher, "1") == ["user: hello", "assistant: once"])
      }
    }

    /// Another question's answer may be stored between a question and its context.
    @Test func questionsAtOnceInAConversationAreAllAnswered() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let clients = try (0..<6).map { _ in try connect() }
        for round in 0..<10 {
          for (index, client) in clients.enumerated() {
            standIn.play("answer text=Answer.")
            let text = "How do I ask number \(round)-\(index) out?"
            try client.write(
              TestClient.encode(["COACH.ASK", "1", text, "USER", "u"].map { Array($0.utf8) }))
          }
          for client in clients { #expect(field(try client.read(), "answer") == .text("Answer.")) }
        }
      }
    }

    @Test func anErasedConversationStaysErased() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let asker = try connect()
        let other = try connect()
        standIn.play("hold text=late")
        try asker.write(TestClient.encode(["COACH.ASK", "1", "hello"].map { Array($0.utf8) }))
        #expect(standIn.wait { $0.held == 1 })
        _ = try other.send("COACH.FORGET", "CONV", "1")
        standIn.release()
        let reply = try asker.read()
        #expect(field(reply, "answer") == .text("late"))
        #expect(field(reply, "id") == .null)
        #expect(
          try other.send("EXISTS", "wingman:conv:{1}", "wingman:conv:{1}:state") == .integer(0))
      }
    }

    @Test func conversationsAreOneUsers() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer text=Say hello first.", "answer text=Hi.", "answer text=Hi again.")
        _ = try client.send("COACH.ASK", "1", "How do I ask her out?", "USER", "ann")
        #expect(try client.send("HGET", "wingman:conv:{1}:state", "user") == .text("ann"))
        // Neither what is new nor what was asked already.
        for text in ["And then?", "How do I ask her out?", "I want to kill myself"] {
          let refused = try client.send("COACH.ASK", "1", text, "USER", "bob")
          #expect(refused.isError("ERR the conversation belongs to another user"))
        }
        #expect(standIn.now.requests.count == 1)
        #expect(try messages(client, "1").count == 2)
        #expect(try client.send("XLEN", "wingman:safety") == .integer(0))
        // An answer that is kept to be given again goes with the conversation's owner, too.
        _ = try client.send("COACH.ASK", "2", "hello")
        _ = try client.send("COACH.APPEND", "2", "user", "I am back", "USER", "ann")
        _ = try client.send("COACH.FORGET", "USER", "ann")
        let again = try client.send("COACH.ASK", "2", "hello")
        #expect(field(again, "cached") == .integer(0))
        #expect(field(again, "answer") == .text("Hi again."))
      }
    }

    @Test func budgetsHoldAndSpendIsWhatIsBilled() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer usage=1000/2000/0/3000/400 text=a")
        let reply = try client.send("COACH.ASK", "1", "How do I ask her out?", "USER", "u")
        // 1000 x 2 + 2000 x 2.5 + 3000 x 0.1 + 400 x 10 dollars for a million.
        #expect(field(reply, "cost") == .text("0.0113"))
        let spend = try client.send("COACH.SPEND", "USER", "u")
        #expect("\(spend)".contains(".text(\"0.0113\")") || texts(spend).contains("0.0113"))
        _ = try client.send("COACH.BUDGET", "SET", "USER", "u", "DAY", "0.0114")
        let refused = try client.send("COACH.ASK", "1", "How do I call her?", "USER", "u")
        #expect(refused.isError("OVERBUDGET"))
        #expect(standIn.now.requests.count == 1)
        #expect(try messages(client, "1").count == 2)
      }
    }

    @Test func smallTalkIsAnsweredAgain() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play(
          "answer usage=1000/0/0/0/500 text=Hi there.", "answer text=Hi you.",
          "answer text=Hi again.", "answer text=Ask her.", "answer text=Ask her.",
          "answer text=Write to bob@example.org.", "answer text=Once more.")
        func ask(_ id: String, _ text: String, _ user: String) throws -> (String?, Reply?) {
          let reply = try client.send("COACH.ASK", id, text, "USER", user)
          return (field(reply, "answer")?.string, field(reply, "cached"))
        }
        #expect(try ask("1", "Hello!", "ann") == ("Hi there.", .integer(0)))
        let again = try client.send("COACH.ASK", "2", "hello", "USER", "ann")
        #expect(field(again, "answer") == .text("Hi there."))
        #expect(field(again, "cached") == .integer(1))
        #expect(field(again, "cost") == .text("0.00"))
        #expect(try messages(client, "2") == ["user: hello", "assistant: Hi there."])
        // Another user, and another place in the conversation.
        #expect(try ask("3", "hello", "bob") == ("Hi you.", .integer(0)))
        #expect(try ask("1", "hello", "ann") == ("Hi again.", .integer(0)))
        // Coaching is never answered again, nor is what has personal data, on either side.
        #expect(try ask("4", "How do I ask her out?", "ann") == ("Ask her.", .integer(0)))
        #expect(try ask("5", "How do I ask her out?", "ann") == ("Ask her.", .integer(0)))
        #expect(try ask("6", "good morning", "ann").0 == "Write to bob@example.org.")
        #expect(try ask("7", "good morning", "ann") == ("Once more.", .integer(0)))
        let stats = try client.send("COACH.STATS")
        #expect(field(stats, "answers_cached") == .integer(1))
        #expect(field(stats, "answers_cached_tokens") == .integer(1500))
        // The economy tier: 1000 x 0.1 + 500 x 0.5 dollars for a million.
        #expect(field(stats, "answers_saved") == .text("0.00035"))
        // Erased with the user.
        _ = try client.send("COACH.FORGET", "USER", "ann")
        standIn.play("answer text=New.")
        #expect(try ask("8", "hello", "ann") == ("New.", .integer(0)))
        // And off.
        _ = try client.send("CONFIG", "SET", "coach-answer-cache", "no")
        standIn.play("answer text=Newer.")
        #expect(try ask("9", "hello", "ann") == ("Newer.", .integer(0)))
      }
    }

    /// Who asks does not notice that a model is away; and when it has failed several times, it is
    /// not asked any more for a while. The others' breakers stay closed.
    @Test func theNextModelAnswersAndTheBreakerOpens() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn, "coach-breaker-seconds 3600") { connect in
        let client = try connect()
        standIn.play(
          "error status=529 should-retry=false model=claude-sonnet-5-5 times=1000",
          "answer times=1000 text=From the next.")
        func breaker(_ model: String) throws -> String? {
          field(try client.send("COACH.MODELS", "INFO", model), "breaker")?.string
        }
        func ask(_ number: Int) throws -> Reply {
          let reply = try client.send(
            "COACH.ASK", "c\(number)", "How do I ask number \(number) out?", "USER", "ann")
          #expect(field(reply, "answer") == .text("From the next."))
          #expect(field(reply, "model") == .text("claude-opus-5-5"))
          return reply
        }
        var number = 0
        while try breaker("claude-sonnet-5-5") == "closed", number < 50 {
          number += 1
          #expect(field(try ask(number), "attempts") == .integer(2))
        }
        #expect(try breaker("claude-sonnet-5-5") == "open")
        #expect(field(try ask(51), "attempts") == .integer(1))
        #expect(try breaker("claude-opus-5-5") == "closed")
        let asked = standIn.now.requests.map(\.model)
        #expect(asked.filter { $0 == "claude-sonnet-5-5" }.count == number)
        #expect(asked.filter { $0 == "claude-opus-5-5" }.count == number + 1)
      }
    }

    /// An answer that is kept costs nothing, so neither budgets nor models that are down matter.
    @Test func keptAnswersNeedNoBudgetAndNoModel() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer usage=1000/0/0/0/500 text=Hi there.")
        func ask(_ id: String, _ text: String) throws -> Reply {
          try client.send("COACH.ASK", id, text, "USER", "ann")
        }
        #expect(field(try ask("1", "hello"), "cached") == .integer(0))
        _ = try client.send("COACH.BUDGET", "SET", "USER", "ann", "DAY", "0.0000001")
        let again = try ask("2", "Hello!")
        #expect(field(again, "answer") == .text("Hi there."))
        #expect(field(again, "cached") == .integer(1))
        #expect(field(again, "cost") == .text("0.00"))
        #expect(try messages(client, "2") == ["user: Hello!", "assistant: Hi there."])
        // What is not kept is refused, and so is what never is.
        #expect(try ask("3", "good morning").isError("OVERBUDGET"))
        #expect(try ask("4", "How do I ask her out?").isError("OVERBUDGET"))
        #expect(try messages(client, "4").isEmpty)
        _ = try client.send("COACH.BUDGET", "SET", "USER", "ann", "DAY", "10")
        for model in [
          "claude-haiku-5-5", "claude-haiku-4-5-20251001", "claude-sonnet-5-5", "claude-opus-5-5",
        ] {
          #expect(try client.send("COACH.MODELS", "DISABLE", model) == .ok)
        }
        #expect(try ask("5", "How do I ask her out?").isError("NOMODEL"))
        #expect(field(try ask("6", "hello"), "answer") == .text("Hi there."))
        #expect(try ask("7", "good morning").isError("NOMODEL"))
        #expect(standIn.now.requests.count == 1)
        let stats = try client.send("COACH.STATS")
        #expect(field(stats, "answers_cached") == .integer(2))
        #expect(field(stats, "routes_refused") == .integer(2))
        #expect(field(stats, "routes_without_model") == .integer(2))
      }
    }

    @Test func aCrisisIsNeverAnsweredAgain() throws {
      let standIn = try StandIn(key: Self.key)
      try withCoach(standIn) { connect in
        let client = try connect()
        standIn.play("answer text=one", "answer text=two")
        for (id, text) in [("1", "one"), ("2", "two")] {
          let reply = try client.send("COACH.ASK", id, "hello, I want to kill myself", "USER", "u")
          #expect(field(reply, "crisis") == .integer(1))
          #expect(field(reply, "answer") == .text(text))
        }
        #expect(
          try client.send("INFO", "coach").string?.contains("coach_answer_cache_entries:0") == true)
      }
    }

    @Test func staticQuestionsAreAnsweredToAll() throws {
      let standIn = try StandIn(key: Self.key)
      let line = "coach-static-questions-file \(folder)/questions"
      let files = ["questions": "How do I rate my confidence?\n"]
      try CoachWithStandIn.run(standIn, in: folder, line, files: files) { connect in
        let client = try connect()
        standIn.play("answer text=Under Tests.", "answer text=Hm.", "answer text=You, Ann?")
        func ask(_ id: String, _ user: String) throws -> (String?, Reply?) {
          let reply = try client.send(
            "COACH.ASK", id, "how do I rate my  confidence?", "USER", user)
          return (field(reply, "answer")?.string, field(reply, "cached"))
        }
        #expect(try ask("1", "ann") == ("Under Tests.", .integer(0)))
        #expect(try ask("2", "bob") == ("Under Tests.", .integer(1)))
        // In the middle of a conversation the answer may know of it: it is nobody else's.
        _ = try client.send("COACH.ASK", "3", "How do I ask her out?", "USER", "ann")
        #expect(try ask("3", "ann") == ("You, Ann?", .integer(0)))
        #expect(try ask("4", "bob") == ("Under Tests.", .integer(1)))
      }
    }

    @Test func withoutAKeyItSaysSo() throws {
      guard ProcessInfo.processInfo.environment[APIKey.variable] == nil else { return }
      let lines = "coach-corrections-file \"\"\ncoach-spend-file \"\""
      try ModuleServer.run([CoachModule()], configuration: lines) { connect in
        let client = try connect()
        let reply = try client.send("COACH.ASK", "1", "hello")
        #expect(reply.isError("ERR no key to the provider's API"))
        #expect(try client.send("EXISTS", "wingman:conv:{1}") == .integer(0))
      }
    }
  }
}
