import Testing

/// What stands beside a conversation's stream: counts, summary, numbers of redacted values.
@Suite struct ConversationStateTests {
  /// The hash is an ordinary key, so anybody may write anything to it.
  @Test func aStateThatSomebodyElseWroteIsCountedAnew() throws {
    let server = try TestServer()
    let client = try server.connect()
    let state = "wingman:conv:{c}:state"
    try client.send("COACH.APPEND", "c", "user", "hello")
    // A number that is none, in front of others, becomes one and so a shorter field; what follows
    // would be the lead bytes of no element.
    let noise = [UInt8](repeating: 0xFE, count: 60)
    try client.send("DEL", state)
    let words = ["HSET", state, "messages", String(repeating: "n", count: 37), "entries", "1", "x"]
    #expect(try client.send(bytes: words.map { Array($0.utf8) } + [noise]) == .integer(3))
    #expect(try client.send("COACH.APPEND", "c", "user", "again").elements != nil)
    #expect(try client.send("COACH.APPEND", "c", "system", "Be kind.").elements != nil)
    let reply = try ConversationCommandTests.fields(client.send("COACH.CONTEXT", "c"))
    #expect(reply["recent"] == .integer(2), "\(reply)")
    #expect(try client.send("HGET", state, "messages") == .text("2"))
    #expect(try client.send("XLEN", "wingman:conv:{c}") == .integer(3))
  }

  /// What is lost of the state is made again, and what somebody has written there breaks no budget.
  @Test func whatIsLostOfTheStateIsMadeAgain() throws {
    let server = try TestServer()
    let client = try server.connect()
    let state = "wingman:conv:{c}:state"
    for number in 0..<40 {
      try client.send(
        "COACH.APPEND", "c", number % 2 == 0 ? "user" : "assistant",
        "Anna said on day \(number) that she would call at \(number % 12 + 1) pm.")
    }
    try client.send("COACH.PIN", "c", "Anna is allergic to nuts.")
    try client.send("COACH.COMPRESS", "c")
    let before = try ConversationCommandTests.fields(client.send("COACH.CONTEXT", "c"))
    let kept = try client.send("HGETALL", state)
    for field in [
      "summary", "summary_tokens", "through", "covered", "covered_tokens", "version", "pins",
      "messages", "history_tokens", "entries",
    ] {
      #expect(try client.send("HDEL", state, field) == .integer(1), "\(field)")
      let after = try ConversationCommandTests.fields(
        client.send("COACH.CONTEXT", "c", "BUDGET", "700"))
      let text = after["messages"]?.string ?? ""
      #expect(text.contains("Anna is allergic to nuts."), "without \(field)")
      let said = (0..<40).filter { text.contains("day \($0) ") }.count
      #expect(text.contains("Summary of the conversation") || said == 40, "without \(field)")
      #expect(text.contains("day 39 "))
      #expect(after["tokens_full"] == before["tokens_full"], "without \(field)")
      #expect(after["tokens_sent"]?.number ?? .max <= 700)
      try client.send("DEL", state)
      try client.send(["HSET", state] + (kept.elements ?? []).compactMap(\.string))
    }
    for (field, value) in [
      ("summary", String(repeating: "x ", count: 3000)), ("summary_tokens", "1"),
      ("pin_tokens", "1"), ("covered", "39"), ("history_tokens", "1"),
    ] {
      try client.send("HSET", state, field, value)
      let after = try ConversationCommandTests.fields(
        client.send("COACH.CONTEXT", "c", "BUDGET", "700"))
      var counted = 0
      for text in try ConversationCommandTests.messages(after).flatMap(\.content).map(\.text) {
        let tokens = try ConversationCommandTests.fields(client.send("COACH.TOKENS", text, "BARE"))
        counted += 6 + Int(tokens["tokens"]?.number ?? 0)
      }
      if field.hasPrefix("summary") { #expect(counted <= 700, "with another \(field)") }
    }
  }

  /// A value keeps its number from message to message, and another value gets another one.
  @Test func placeholdersAreNumberedThroughTheConversation() throws {
    let server = try TestServer()
    let client = try server.connect()
    func texts(_ id: String) throws -> [String] {
      let all = try client.send("XRANGE", "wingman:conv:{\(id)}", "-", "+").elements ?? []
      return all.compactMap { $0.elements?[1].elements?[3].string }
    }
    let messages = [
      ("my name is Tom, mail tom@example.com", "my name is [NAME_1], mail [EMAIL_1]"),
      ("write to priya@example.com", "write to [EMAIL_2]"),
      ("nothing to see here", "nothing to see here"),
      ("TOM@example.com or dana@example.com", "[EMAIL_1] or [EMAIL_3]"),
    ]
    var tokens = 0
    for (text, _) in messages {
      let reply = try ConversationCommandTests.fields(
        client.send("COACH.APPEND", "one", "user", text))
      tokens += Int(reply["tokens"]?.number ?? 0)
    }
    #expect(try texts("one") == messages.map(\.1))
    let all = try ConversationCommandTests.fields(
      client.send(["COACH.APPEND", "all", "MESSAGES"] + messages.flatMap { ["user", $0.0] }))
    #expect(try texts("all") == messages.map(\.1))
    #expect(all["tokens"] == .integer(Int64(tokens)))
    #expect(
      try client.send("HGET", "wingman:conv:{all}:state", "history_tokens")
        == .text("\(tokens)"))
    // Facts share the numbers, and one that is there already is known.
    let pin = try client.send("COACH.PIN", "all", "her address is dana@example.com")
    #expect(try client.send("COACH.PIN", "all", "her address is dana@example.com") == pin)
    #expect(try texts("all").last == "her address is [EMAIL_3]")
    try client.send("COACH.COMPRESS", "all")
    #expect((try client.send("COACH.CONTEXT", "all").elements ?? []).isEmpty == false)
    // Of the values themselves nothing is kept.
    let state = try client.send("HGETALL", "wingman:conv:{all}:state").elements ?? []
    #expect(!state.contains { ($0.string ?? "").contains("example") })
    // Records that somebody else wrote are taken for what they are.
    for records in ["", "x", String(repeating: "y", count: 20_000)] {
      try client.send("HSET", "wingman:conv:{all}:state", "placeholders", records)
      let reply = try client.send("COACH.APPEND", "all", "user", "mail eve@example.com")
      #expect(!reply.isError(), "\(reply)")
    }
  }
}
