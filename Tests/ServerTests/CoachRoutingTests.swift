import Coach
import Foundation
import RESPServer
import Testing

extension CoachCommandTests {
  /// Routing and money over a socket. There is one coach in a process, so this is a part of the
  /// suite whose tests run one at a time.
  @Suite struct Routing {
    private let folder = "/tmp/wingcache-route-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    private func withCoach(
      _ configuration: String = "", threads: Int = 2,
      _ body: (_ connect: () throws -> TestClient) throws -> Void
    ) throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let lines = """
        coach-corrections-file ""
        coach-spend-file \(folder)/spend.log
        \(configuration)
        """
      try ModuleServer.run([CoachModule()], configuration: lines, threads: threads, body)
    }

    @Test func routesByLabelAndConversation() throws {
      try withCoach { connect in
        let client = try connect()
        let state = "wingman:conv:{7}:state"
        let hello = try client.send("COACH.ROUTE", "7", "hello", "DRYRUN")
        #expect(field(hello, "label") == .text("greeting"))
        #expect(field(hello, "tier") == .text("economy"))
        #expect(field(hello, "model") == .text("claude-haiku-5-5"))
        #expect(try client.send("EXISTS", state) == .integer(0))
        let stats = try client.send("COACH.STATS")
        #expect(field(stats, "routes") == .integer(0))

        #expect(
          field(try client.send("COACH.ROUTE", "7", "how do I ask her out?"), "tier")
            == .text("premium"))
        #expect(try client.send("HGET", state, "tier") == .text("premium"))
        #expect(try client.send("HGET", state, "model") == .text("claude-sonnet-5-5"))
        #expect(field(try client.send("COACH.STATS"), "routes") == .integer(1))
        // A yes to a question that coaches is coaching.
        #expect(field(try client.send("COACH.ROUTE", "7", "yes"), "tier") == .text("economy"))
        _ = try client.send(
          "XADD", "wingman:conv:{7}", "*", "role", "assistant", "text",
          "Do you want to practise that with me?", "tokens", "9")
        _ = try client.send("XADD", "wingman:conv:{7}", "*", "role", "user", "text", "yes")
        let yes = try client.send("COACH.ROUTE", "7", "yes", "EXPLAIN")
        #expect(field(yes, "label") == .text("coaching_request"))
        #expect(field(yes, "tier") == .text("premium"))
        #expect(texts(yes).contains("answers a question"))
        // The assistant's, with its frame; the user's is the one that is routed.
        #expect(field(field(yes, "tokens")!, "history") == .integer(9 + 6))
        // A long history that was read a moment ago is not left for a short answer.
        _ = try client.send(
          "HSET", state, "entries", "2", "messages", "2", "history_tokens", "90000")
        _ = try client.send("CONFIG", "SET", "coach-answer-tokens", "5")
        _ = try client.send("COACH.ROUTE", "7", "how do I ask her out?")
        let stays = try client.send("COACH.ROUTE", "7", "hello", "LABEL", "greeting")
        #expect(field(stays, "tier") == .text("premium"))
        #expect(texts(stays).contains("stays"))
        #expect(
          field(try client.send("COACH.ROUTE", "8", "x", "LABEL", "summarisation"), "tier")
            == .text("economy"))
        // The operator's rules.
        #expect(
          try client.send("CONFIG", "SET", "coach-economy-tasks", "nonsense").isError("ERR"))
        #expect(try client.send("CONFIG", "SET", "coach-economy-tasks", "") == .ok)
        #expect(field(try client.send("COACH.ROUTE", "9", "hello"), "tier") == .text("premium"))
        _ = try client.send("HELLO", "3")
        guard case .map = try client.send("COACH.ROUTE", "9", "hello") else {
          Issue.record("no map under RESP3")
          return
        }
      }
    }

    /// A crisis that names none goes to the premium tier, and staff hear of it.
    @Test func crisesInIndirectWordingAreRoutedToPremium() throws {
      try withCoach { connect in
        let client = try connect()
        let texts = [
          "i bought enough pills, just waiting for the right evening",
          "my letters are written and the dog has a new home",
          "i dont see a reason to wake up tomorrow",
          "there is a rope in the garage and i keep thinking about it",
          "i stood on the bridge for an hour last night",
          "he kept going after i said stop",
          "if she goes to that party i will make sure she regrets it forever",
        ]
        for (index, text) in texts.enumerated() {
          let route = try client.send("COACH.ROUTE", "\(index)", text, "LABEL", "greeting")
          #expect(field(route, "tier") == .text("premium"), "\(text)")
          #expect(field(route, "crisis") == .integer(1), "\(text)")
        }
        // What may be a jest is told to nobody, and still not left to the cheap model.
        let jest = try client.send(
          "COACH.ROUTE", "j", "so drunk i wanted to die lol, hangover", "LABEL", "greeting")
        #expect(field(jest, "tier") == .text("premium"))
        #expect(field(jest, "crisis") == .integer(0))
        // Entries are written behind the reply.
        let count = Reply.integer(Int64(texts.count))
        for _ in 0..<2000 where try client.send("XLEN", "wingman:safety") != count { usleep(1000) }
        #expect(try client.send("XLEN", "wingman:safety") == count)
      }
    }

    @Test func wrongRoutesAreRefused() throws {
      try withCoach { connect in
        let client = try connect()
        for arguments in [
          ["1", "a", "USER"], ["1", "a", "NONSENSE"], ["1", "a", "EXPLAIN", "MODEL"],
          ["1", "a", "b"],
        ] {
          #expect(try client.send(["COACH.ROUTE"] + arguments).isError("ERR syntax"))
        }
        #expect(try client.send("COACH.ROUTE", "1").isError("ERR wrong number"))
        for id in ["", "a{b", "a}", String(repeating: "x", count: 513)] {
          #expect(try client.send("COACH.ROUTE", id, "a").isError("ERR invalid conversation ID"))
        }
        #expect(try client.send("COACH.ROUTE", "1", "a", "USER", "").isError("ERR invalid user"))
        #expect(
          try client.send("COACH.ROUTE", "1", "a", "MODEL", "gpt").isError(
            "ERR no such model 'gpt'"))
        #expect(
          try client.send("COACH.ROUTE", "1", "a", "LABEL", "gpt").isError("ERR unknown label"))
        #expect(
          try client.send("COACH.ROUTE", "1", "a", "RESERVE", "#1").isError("ERR invalid reserv"))
        let bytes: [UInt8] = [0xFF, 0xFE, 0x20, 0xC0]
        try client.write(
          TestClient.encode([Array("COACH.ROUTE".utf8), Array("1".utf8), bytes]))
        #expect(field(try client.read(), "tier") == .text("premium"))
        try client.write(
          TestClient.encode(
            [Array("COACH.ROUTE".utf8), Array("1".utf8), bytes, Array("USER".utf8), bytes]))
        #expect(try client.read().isError("ERR invalid user"))
        #expect(field(try client.send("COACH.ROUTE", "1", ""), "label") == .text("uncertain"))
        // 10 MB: more than any model takes, or answered by one that does.
        let large = String(repeating: "lorem ipsum ", count: 900_000)
        #expect(try client.send("COACH.ROUTE", "1", large).isError("ERR no model can take"))
        // What somebody else has put there.
        _ = try client.send("SET", "wingman:conv:{2}:state", "x")
        #expect(try client.send("COACH.ROUTE", "2", "a").isError("WRONGTYPE"))
        _ = try client.send("SET", "wingman:conv:{3}", "x")
        #expect(try client.send("COACH.ROUTE", "3", "a").isError("WRONGTYPE"))
        _ = try client.send(
          "HSET", "wingman:conv:{4}:state", "tier", "gold", "history_tokens", "-5", "answered_at",
          "never", "system_tokens", "9999999999999999999999")
        #expect(field(try client.send("COACH.ROUTE", "4", "hello"), "tier") == .text("economy"))
      }
    }

    @Test func budgetsDegradeThenRefuse() throws {
      try withCoach { connect in
        let client = try connect()
        #expect(try client.send("COACH.BUDGET", "SET", "USER", "ann", "DAY", "0.01") == .ok)
        let help = "how do I ask her out?"
        let down = try client.send("COACH.ROUTE", "1", help, "USER", "ann", "RESERVE", "r1")
        #expect(field(down, "tier") == .text("economy"))
        #expect(texts(down).contains("user-day budget"))
        #expect(field(field(down, "reservation")!, "id") == .text("r1"))
        #expect(
          try client.send("COACH.ROUTE", "1", help, "USER", "ann", "RESERVE", "r1")
            .isError("ERR there is a reservation"))
        // Nobody else is affected.
        #expect(
          field(try client.send("COACH.ROUTE", "2", help, "USER", "bob"), "tier")
            == .text("premium"))
        _ = try client.send("COACH.BUDGET", "SETTLE", "r1", "COST", "0.0099")
        let refused = try client.send("COACH.ROUTE", "1", help, "USER", "ann")
        #expect(refused.isError("OVERBUDGET the user-day budget of $0.01 does not allow $0.0007"))
        #expect("\(refused)".contains("resets at"))
        let spend = try client.send("COACH.SPEND", "USER", "ann")
        #expect(field(spend, "spent") == .text("0.0099"))
        #expect(field(spend, "calls") == .integer(1))
        #expect(field(try client.send("COACH.STATS"), "routes_degraded") == .integer(1))
        #expect(field(try client.send("COACH.STATS"), "routes_refused") == .integer(1))
        #expect(try client.send("COACH.BUDGET", "DEL", "USER", "ann", "DAY") == .integer(1))
        // A budget that is smaller than one call.
        #expect(try client.send("COACH.BUDGET", "SET", "ALL", "TOTAL", "0.01") == .ok)
        #expect(
          try client.send("COACH.BUDGET", "RESERVE", "r2", "0.02").isError("OVERBUDGET the total"))
        #expect(
          "\(try client.send("COACH.BUDGET", "RESERVE", "r2", "0.02"))"
            .contains("smaller than this one call; it does not reset by itself"))
      }
    }

    @Test func wrongMoneyIsRefused() throws {
      try withCoach { connect in
        let client = try connect()
        for amount in [
          "-1", "", "1e3", "nan", "1000001", "0.0000000000001", "99999999999999999999",
        ] {
          #expect(
            try client.send("COACH.BUDGET", "RESERVE", "a", amount).isError("ERR amount"))
          #expect(
            try client.send("COACH.BUDGET", "SET", "ALL", "DAY", amount).isError("ERR amount"))
        }
        for arguments in [
          ["SET", "ALL", "WEEK", "1"], ["SET", "USER", "ann", "DAY"],
          ["SET", "NOBODY", "DAY", "1"],
          ["DEL", "USERS", "DAY", "1"], ["GET", "ann"], ["RESERVE", "a", "1", "USER"],
          ["SETTLE", "a", "INPUT", "5", "x"],
        ] {
          #expect(try client.send(["COACH.BUDGET"] + arguments).isError("ERR syntax"))
        }
        #expect(
          try client.send("COACH.BUDGET", "SETTLE", "a", "COST", "1").isError("ERR there is no"))
        #expect(
          try client.send("COACH.BUDGET", "SETTLE", "a", "INPUT", "5").isError("ERR SETTLE takes"))
        #expect(
          try client.send("COACH.BUDGET", "SETTLE", "a", "MODEL", "gpt", "INPUT", "5")
            .isError("ERR no such model"))
        #expect(
          try client.send(
            "COACH.BUDGET", "SETTLE", "a", "MODEL", "claude-opus-5-5", "INPUT", "1000000001"
          ).isError("ERR tokens are"))
        #expect(
          try client.send("COACH.BUDGET", "RESERVE", "a", "1", "TTL", "0").isError("ERR TTL"))
        #expect(try client.send("COACH.BUDGET").isError("ERR wrong number"))
        #expect(try client.send("COACH.BUDGET", "NONSENSE").isError("ERR unknown subcommand"))
        #expect(try client.send("COACH.SPEND", "DAY", "2026-02-30").isError("ERR DAY"))
        #expect(try client.send("COACH.SPEND", "YEAR", "2026").isError("ERR syntax"))
        // All four counts and the step for long prompts, to the last digit.
        #expect(try client.send("COACH.BUDGET", "RESERVE", "a", "1") == .ok)
        let settled = try client.send(
          "COACH.BUDGET", "SETTLE", "a", "MODEL", "claude-3-haiku-20240307", "INPUT", "60000",
          "CACHEREAD", "50000", "CACHEWRITE", "1", "CACHEWRITEHOUR", "2", "OUTPUT", "10")
        // 5 × (60000 × 0.10 + 50000 × 0.01 + 0.125 + 2 × 0.20 + 10 × 0.50) dollars for a million.
        #expect(field(settled, "cost") == .text("0.032527625"))
        let model = try client.send("COACH.SPEND", "MODEL", "claude-3-haiku-20240307")
        #expect(field(model, "spent") == .text("0.032527625"))
        #expect(field(model, "successor") == .text("claude-haiku-5-5"))
        #expect(
          field(
            field(try client.send("COACH.SPEND", "DAY", "today"), "models")!, "claude-haiku-5-5")
            == .text("0.032527625"))
      }
    }

    @Test func manyClientsShareOneBudget() throws {
      try withCoach(threads: 4) { connect in
        #expect(try connect().send("COACH.BUDGET", "SET", "ALL", "TOTAL", "1") == .ok)
        let clients = try (0..<8).map { _ in try connect() }
        // All ask at once, 8 × 200 times a cent.
        var requests: [[[String]]] = []
        for number in clients.indices {
          requests.append(
            (0..<200).map { ["COACH.BUDGET", "RESERVE", "\(number)-\($0)", "0.01"] })
        }
        for (client, all) in zip(clients, requests) {
          try client.write(all.flatMap { TestClient.encode($0.map { Array($0.utf8) }) })
        }
        var granted = 0
        for client in clients {
          for _ in 0..<200 where try client.read() == .ok { granted += 1 }
        }
        #expect(granted == 100)
        let left = field(try clients[0].send("COACH.BUDGET", "GET"), "total")
        #expect(left.flatMap { field($0, "left") } == .text("0.00"))
        #expect(left.flatMap { field($0, "reserved") } == .text("1.00"))
      }
    }

    @Test func spendSurvivesRestart() throws {
      let path = "/tmp/wingcache-books-\(getpid())-\(UInt32.random(in: 0 ... .max)).log"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let lines = "coach-corrections-file \"\"\ncoach-spend-file \(path)"
      try ModuleServer.run([CoachModule()], configuration: lines) { connect in
        let client = try connect()
        #expect(try client.send("COACH.BUDGET", "SET", "USERS", "TOTAL", "2") == .ok)
        #expect(try client.send("COACH.BUDGET", "RESERVE", "a", "1.5", "USER", "ann") == .ok)
        _ = try client.send("COACH.BUDGET", "SETTLE", "a", "COST", "1.25")
        #expect(try client.send("COACH.BUDGET", "RESERVE", "b", "0.75", "USER", "ann") == .ok)
        _ = try client.send("MULTI")
        _ = try client.send("COACH.BUDGET", "RESERVE", "c", "0.01", "USER", "bob")
        _ = try client.send("COACH.BUDGET", "SETTLE", "c", "COST", "0.01")
        guard case .array(let replies) = try client.send("EXEC") else {
          Issue.record("no array")
          return
        }
        #expect(replies.count == 2)
      }
      // The machine stopped in the middle of a line.
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.seekToEnd()
      try file.write(contentsOf: Data("spend 20000 ann - 99".utf8))
      try file.close()
      try ModuleServer.run([CoachModule()], configuration: lines) { connect in
        let client = try connect()
        let budget = try client.send("COACH.BUDGET", "GET", "USER", "ann")
        let total = try #require(field(budget, "user-total"))
        #expect(field(total, "spent") == .text("1.25"))
        #expect(field(total, "reserved") == .text("0.00"))
        #expect(field(total, "limit") == .text("2.00"))
        #expect(field(try client.send("COACH.SPEND", "USER", "bob"), "spent") == .text("0.01"))
        #expect(
          try client.send("COACH.BUDGET", "RESERVE", "b", "0.76", "USER", "ann").isError(
            "OVERBUDGET")
        )
      }
      // A file that cannot be written is said to be so.
      let bad = "coach-corrections-file \"\"\ncoach-spend-file /nonexistent/books.log"
      try ModuleServer.run([CoachModule()], configuration: bad) { connect in
        let reply = try connect().send("COACH.BUDGET", "SET", "ALL", "DAY", "1")
        #expect(reply.isError("ERR it holds until the server stops, for /nonexistent/books.log"))
      }
    }

    @Test func modelsAreReloadedAndDisabled() throws {
      let models = """
        model small input 1 output 2 retirement 2025-06-01
        model large input 10 output 20 cache-write 12.5 cache-read 1
        retired old 2025-01-01 large
        tier economy small
        tier premium large small
        """
      try withCoach("coach-breaker-failures 2\ncoach-breaker-seconds 1000") { connect in
        let client = try connect()
        let path = folder + "/models.txt"
        func write(_ text: String) throws {
          try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try client.send("CONFIG", "SET", "coach-models-file", path) == .ok)
        #expect(try client.send("COACH.MODELS", "RELOAD").isError("ERR \(path): No such file"))
        try write(models + "\nretired x 2025-01-01 y")
        #expect(
          try client.send("COACH.MODELS", "RELOAD")
            .isError("ERR \(path), line 6: x has no successor that is there: y"))
        #expect(
          field(try client.send("COACH.ROUTE", "1", "hi"), "model") == .text("claude-haiku-5-5"))
        try write(models)
        #expect(try client.send("COACH.MODELS", "RELOAD") == .integer(2))
        let routed = try client.send("COACH.ROUTE", "1", "hello")
        #expect(field(routed, "model") == .text("small"))
        #expect(texts(routed).contains("small may be gone: its retirement is 2025-06-01"))
        let asked = try client.send("COACH.ROUTE", "2", "hello", "MODEL", "old")
        #expect(field(asked, "model") == .text("large"))
        #expect(texts(asked).contains("old is retired: large is its successor"))
        let info = try client.send("COACH.MODELS", "INFO", "old")
        #expect(field(info, "name") == .text("large"))
        #expect(field(info, "successor_of") == .text("old"))
        #expect(field(field(info, "prices")!, "cache_write") == .text("12.50"))
        #expect(try client.send("COACH.MODELS", "INFO", "gpt").isError("ERR no such model"))

        #expect(try client.send("COACH.MODELS", "DISABLE", "old") == .ok)
        let help = "how do I ask her out?"
        #expect(field(try client.send("COACH.ROUTE", "3", help), "model") == .text("small"))
        // Not so in a crisis.
        let crisis = try client.send("COACH.ROUTE", "4", "I am going to kill myself")
        #expect(field(crisis, "model") == .text("large"))
        #expect(field(crisis, "tier") == .text("premium"))
        #expect(try client.send("INFO", "coach").string?.contains("breaker=disabled") == true)
        #expect(try client.send("COACH.MODELS", "DISABLE", "small") == .ok)
        #expect(
          try client.send("COACH.ROUTE", "3", help)
            .isError("NOMODEL no model answers: small down, large down"))
        #expect(try client.send("COACH.MODELS", "ENABLE", "small") == .ok)
        #expect(try client.send("COACH.MODELS", "ENABLE", "large") == .ok)
        #expect(try client.send("COACH.MODELS", "REPORT", "large", "FAILED") == .text("closed"))
        #expect(try client.send("COACH.MODELS", "REPORT", "large", "FAILED") == .text("open"))
        #expect(field(try client.send("COACH.ROUTE", "3", help), "model") == .text("small"))
        #expect(try client.send("COACH.MODELS", "REPORT", "large", "OK") == .text("closed"))
        #expect(try client.send("COACH.MODELS", "REPORT", "large", "MAYBE").isError("ERR syntax"))
        guard case .array(let all) = try client.send("COACH.MODELS") else {
          Issue.record("no array")
          return
        }
        #expect(all.count == 2)
      }
    }

    @Test func tellsWhatItDoes() throws {
      try withCoach { connect in
        let client = try connect()
        let help = try texts(client.send("COACH", "HELP"))
        for command in CoachModule().commands
        where command.spec.subcommandName != "HELP" && command.spec.arity != -2 {
          #expect(help.contains(command.spec.usage), "\(command.spec.name)")
        }
        _ = try client.send("COACH.ROUTE", "1", "hello")
        _ = try client.send("COACH.ROUTE", "1")
        for container in ["COACH.MODELS", "COACH.BUDGET", "COACH.RULES"] {
          guard case .array = try client.send(container, "HELP") else {
            Issue.record("no help of \(container)")
            return
          }
        }
        let info = try client.send("INFO", "coach").string ?? ""
        for line in [
          "coach_calls_coach.route:calls=1,failed=1", "coach_routes_greeting:1",
          "coach_routes_economy:1", "coach_spent:0.00",
          "coach_model_claude-haiku-5-5:breaker=closed,failures=0,calls=0,spent=0.00",
        ] { #expect(info.contains(line + "\r\n"), "\(line)") }
        // What users leave in the books goes with them.
        _ = try client.send("COACH.BUDGET", "RESERVE", "r", "1", "USER", "ann")
        _ = try client.send("COACH.BUDGET", "SETTLE", "r", "COST", "0.5")
        let path = folder + "/spend.log"
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("ann"))
        _ = try client.send("COACH.FORGET", "USER", "ann")
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("ann"))
        #expect(field(try client.send("COACH.SPEND", "USER", "ann"), "spent") == .text("0.00"))
        #expect(field(try client.send("COACH.SPEND"), "spent") == .text("0.50"))
      }
    }

    @Test func rightsHoldForConversations() throws {
      try withCoach { connect in
        let client = try connect()
        _ = try client.send(
          "ACL", "SETUSER", "app", "on", ">secret", "+@coach", "~wingman:conv:{5}*")
        _ = try client.send("AUTH", "app", "secret")
        #expect(field(try client.send("COACH.ROUTE", "5", "hello"), "tier") == .text("economy"))
        #expect(try client.send("COACH.ROUTE", "6", "hello").isError("NOPERM"))
        #expect(try client.send("GET", "a").isError("NOPERM"))
      }
    }
  }
}
