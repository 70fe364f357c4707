import Foundation
import SeededRandom
import Testing

/// COACH.APPEND, COACH.CONTEXT, COACH.COMPRESS and what belongs to them, over sockets.
@Suite struct ConversationCommandTests {
  /// A map reply by its keys; arrays of RESP2 as well.
  static func fields(_ reply: Reply) throws -> [String: Reply] {
    let parts = try #require(reply.elements, "\(reply)")
    var fields: [String: Reply] = [:]
    for index in stride(from: 0, to: parts.count - 1, by: 2) {
      fields[parts[index].string ?? ""] = parts[index + 1]
    }
    return fields
  }

  struct Block: Decodable {
    struct Cache: Decodable { let type: String }
    let type: String
    let text: String
    let cache: Cache?

    enum CodingKeys: String, CodingKey {
      case type, text
      case cache = "cache_control"
    }
  }

  struct Message: Decodable {
    let role: String
    let content: [Block]
  }

  /// The messages of COACH.CONTEXT, checked for what the provider demands.
  static func messages(_ fields: [String: Reply]) throws -> [Message] {
    guard case .bulk(let bytes)? = fields["messages"] else {
      throw TestClient.Failure(description: "no messages in \(fields)")
    }
    let messages = try JSONDecoder().decode([Message].self, from: Data(bytes))
    for (index, message) in messages.enumerated() {
      #expect(message.role == (index % 2 == 0 ? "user" : "assistant"))
      #expect(!message.content.isEmpty)
      #expect(message.content.allSatisfy { $0.type == "text" && !$0.text.isEmpty })
    }
    let marks = messages.flatMap(\.content).filter { $0.cache != nil }
    #expect(marks.count <= 1)
    #expect(marks.isEmpty || messages.last?.content.last?.cache?.type == "ephemeral")
    return messages
  }

  private func context(
    _ client: TestClient, _ words: String...
  ) throws -> (fields: [String: Reply], messages: [Message]) {
    let reply = try client.send(["COACH.CONTEXT"] + words)
    let fields = try Self.fields(reply)
    return (fields, try Self.messages(fields))
  }

  /// Appends messages in turn by user and assistant.
  private func fill(_ client: TestClient, _ id: String, _ range: Range<Int>) throws {
    for number in range {
      let role = number % 2 == 0 ? "user" : "assistant"
      let text = "Message \(number): I met Anna\(number) at the gym on Tuesday. I will call her."
      let reply = try client.send("COACH.APPEND", id, role, text)
      #expect(!reply.isError(), "\(reply)")
    }
  }

  @Test func appendsAndReads() throws {
    let server = try TestServer()
    let client = try server.connect()
    let first = try Self.fields(
      client.send("COACH.APPEND", "42", "user", "Mail me: ada@example.org", "USER", "u7"))
    #expect(first["redacted"] == .integer(1))
    #expect(first["messages"] == .integer(1))
    let id = try #require(first["id"]?.string)
    #expect(
      try client.send("COACH.APPEND", "42", "ASSISTANT", "Shall we practise?").isError() == false)
    let yes = try Self.fields(client.send("COACH.APPEND", "wingman:conv:{42}", "user", "yes"))
    #expect(yes["label"] == .text("coaching_request"))
    // Ordinary keys.
    #expect(try client.send("XLEN", "wingman:conv:{42}") == .integer(3))
    let range = try client.send("XRANGE", "wingman:conv:{42}", id, id)
    #expect(range.elements?.first?.elements?[1].elements?[1] == .text("user"))
    #expect(try client.send("HGET", "wingman:conv:{42}:state", "user") == .text("u7"))
    #expect(try client.send("HGET", "wingman:conv:{42}:state", "messages") == .text("3"))
    #expect(try client.send("EXPIRE", "wingman:conv:{42}", "100") == .integer(1))
    let (fields, messages) = try context(client, "42")
    #expect(messages.map(\.role) == ["user", "assistant", "user"])
    #expect(messages[0].content[0].text == "Mail me: [EMAIL_1]")
    #expect(fields["tokens_full"] == fields["tokens_sent"])
    #expect(fields["version"] == .integer(0))
    #expect(fields["covered"] == .null)
    // The counts add up to COACH.TOKENS.
    var sum = 0
    for text in ["Mail me: [EMAIL_1]", "Shall we practise?", "yes"] {
      let tokens = try Self.fields(client.send("COACH.TOKENS", text, "BARE"))
      sum += Int(tokens["tokens"]?.number ?? 0)
    }
    #expect(fields["tokens_full"] == .integer(Int64(6 + sum + 2 * 6)))
    let text = try Self.fields(client.send("COACH.CONTEXT", "42", "AS", "TEXT"))
    #expect(
      text["text"]
        == .text(
          "User: Mail me: [EMAIL_1]\n\nAssistant: Shall we practise?\n\nUser: yes"))
    _ = try client.send("HELLO", "3")
    guard case .map = try client.send("COACH.CONTEXT", "42") else {
      Issue.record("no map under RESP3")
      return
    }
  }

  /// Several messages by one command are stored as they would be one by one.
  @Test func appendsSeveralAtOnce() throws {
    let server = try TestServer()
    let client = try server.connect()
    let messages = [
      ("system", "Be kind."), ("assistant", "Shall we practise?"), ("user", "yes"),
      ("user", "Mail me: ada@example.org, how do I ask her out?"), ("assistant", "Gladly."),
      ("user", String(repeating: "I met Anna at the gym. ", count: 300)),
    ]
    for (role, text) in messages {
      try client.send("COACH.APPEND", "one", role, text, "USER", "u7")
    }
    let words = messages.flatMap { [$0.0, $0.1] }
    let reply = try Self.fields(
      client.send(["COACH.APPEND", "all", "USER", "u7", "MESSAGES"] + words))
    #expect(reply["appended"] == .integer(6))
    #expect(reply["redacted"] == .integer(1))
    #expect(reply["messages"] == .integer(5))
    #expect(reply["safety"] == .text("none"))
    func entries(_ id: String) throws -> [[Reply]] {
      let all = try client.send("XRANGE", "wingman:conv:{\(id)}", "-", "+").elements ?? []
      return all.map { $0.elements?[1].elements ?? [] }
    }
    #expect(try entries("all") == entries("one"))
    let labels = try entries("all").map { $0[7] }
    #expect(
      reply["labels"]?.elements?.map { $0 == .null ? .text("") : $0 } == labels, "\(labels)")
    func state(_ id: String) throws -> [String: Reply] {
      var state = try Self.fields(client.send("HGETALL", "wingman:conv:{\(id)}:state"))
      // An ID, which is the time.
      state["system"] = nil
      return state
    }
    #expect(try state("all") == state("one"))
    #expect(
      try context(client, "all").fields["tokens_full"]
        == context(client, "one").fields["tokens_full"])
    let ids = try client.send("XRANGE", "wingman:conv:{all}", "-", "+").elements ?? []
    #expect(ids.first?.elements?.first == reply["first"])
    #expect(ids.last?.elements?.first == reply["last"])
  }

  /// All messages of a command are stored, or none is.
  @Test func severalAreRefusedAsOne() throws {
    let server = try TestServer("--coach-message-bytes-max", "2000")
    let client = try server.connect()
    let long = String(repeating: "x", count: 1500)
    for (words, error) in [
      (["user", "hi", "wizard", "x"], "ERR unknown role 'wizard'"),
      (["user", "hi", "user", " "], "ERR a message needs text"),
      (["user", "hi", "user"], "ERR messages are roles and texts in turn"),
      (["user", long, "assistant", long], "ERR the messages have 2000 bytes at most together"),
      (["user", "hi", "user", long + long], "ERR a message has 2000 bytes at most"),
      (Array(repeating: "user", count: 514), "ERR one command adds 256 messages at most"),
      ([], "ERR"),
    ] {
      let reply = try client.send(["COACH.APPEND", "c", "MESSAGES"] + words)
      #expect(reply.isError(error), "\(reply)")
    }
    #expect(try client.send("DBSIZE") == .integer(0))
    try client.send("COACH.APPEND", "c", "user", "hi")
    // The stream has room for two more IDs.
    try client.send("XSETID", "wingman:conv:{c}", "18446744073709551615-18446744073709551613")
    let reply = try client.send(
      "COACH.APPEND", "c", "MESSAGES", "user", "a", "assistant", "b", "user", "c")
    #expect(reply.isError("ERR The stream has exhausted the last possible ID"), "\(reply)")
    #expect(try client.send("XLEN", "wingman:conv:{c}") == .integer(1))
    #expect(try client.send("HGET", "wingman:conv:{c}:state", "messages") == .text("1"))
    try client.send("MULTI")
    try client.send("COACH.APPEND", "d", "MESSAGES", "user", "a", "assistant", "b")
    #expect(try client.send("EXEC").elements?.count == 1)
    #expect(try client.send("XLEN", "wingman:conv:{d}") == .integer(2))
  }

  @Test func compactsInOneStep() throws {
    let server = try TestServer()
    let client = try server.connect()
    try fill(client, "c", 0..<30)
    var (fields, messages) = try context(client, "c")
    #expect(fields["compacted"] == .integer(0))
    #expect(fields["recent"] == .integer(30))
    // Cold, so that nothing speaks against it.
    try client.send("HSET", "wingman:conv:{c}:state", "sent_at", "1")
    try fill(client, "c", 30..<31)
    (fields, messages) = try context(client, "c")
    #expect(fields["compacted"] == .integer(1))
    #expect(fields["recent"] == .integer(15))
    #expect(fields["version"] == .integer(1))
    let covered = try #require(fields["covered"]?.elements)
    #expect(covered[2] == .integer(16))
    #expect(messages[0].content[0].text.hasPrefix("Summary of the conversation so far:\n"))
    #expect(messages[0].content[0].text.contains("Anna"))
    let full = try #require(fields["tokens_full"]?.number)
    let sent = try #require(fields["tokens_sent"]?.number)
    #expect(sent < full)
    // Between compactions the beginning stays as it is.
    let before = messages
    try fill(client, "c", 31..<40)
    (fields, messages) = try context(client, "c")
    #expect(fields["compacted"] == .integer(0))
    #expect(fields["version"] == .integer(1))
    for (old, new) in zip(before.dropLast(), messages) {
      #expect(old.content.map(\.text) == new.content.map(\.text))
    }
    // A lost state is made again from the stream.
    try client.send("COACH.PIN", "c", "Her dog is big")
    try client.send("DEL", "wingman:conv:{c}:state")
    (fields, messages) = try context(client, "c")
    #expect(fields["recent"] == .integer(15))
    #expect(messages[0].content[0].text == "Facts to remember:\n- Her dog is big")
    #expect(messages[0].content[1].text.hasPrefix("Summary"))
    #expect(fields["tokens_full"]?.number ?? 0 > full)
  }

  @Test func warmCacheIsWeighed() throws {
    let server = try TestServer()
    let client = try server.connect()
    try fill(client, "w", 0..<30)
    _ = try context(client, "w")
    try fill(client, "w", 30..<31)
    let (fields, _) = try context(client, "w")
    #expect(fields["reason"]?.string?.contains("$") == true, "\(fields)")
    let compress = try Self.fields(client.send("COACH.COMPRESS", "w", "RATIO", "0.2"))
    #expect(compress["compacted"] == .integer(1))
    #expect(compress["recent"] == .integer(15))
    let before = try #require(compress["tokens_before"]?.number)
    let after = try #require(compress["tokens_after"]?.number)
    #expect(after < before)
    #expect(try client.send("COACH.COMPRESS", "w", "VIA", "GPT").isError("ERR syntax"))
    try client.send("CONFIG", "SET", "coach-compact-by", "count")
    try fill(client, "w", 31..<48)
    #expect(try context(client, "w").fields["compacted"] == .integer(1))
  }

  /// What is sent never has more tokens than the budget, counted block by block.
  @Test func budgetsAreKept() throws {
    var generator = SeededGenerator(test: "budgetsAreKept")
    let server = try TestServer()
    let client = try server.connect()
    let words = [
      "no", "Anna", "said", "on", "Tuesday", "7pm", "I will", "because", "she", "😀", "日本",
    ]
    for round in 0..<12 {
      let id = "r\(round)"
      var hasPin = false
      var (lastRole, lastText) = ("", "")
      for number in 0..<Int.random(in: 1...60, using: &generator) {
        let longest = [3, 20, 200].randomElement(using: &generator) ?? 3
        var text = ""
        for _ in 0..<Int.random(in: 1...longest, using: &generator) {
          text +=
            (words.randomElement(using: &generator) ?? "") + [" ", ". "].randomElement(
              using: &generator)!
        }
        let role = Bool.random(using: &generator) ? "user" : "assistant"
        #expect(try client.send("COACH.APPEND", id, role, text).isError() == false)
        (lastRole, lastText) = (role, text)
        if number % 25 == 24 {
          hasPin = true
          try client.send("COACH.PIN", id, "fact \(number)")
        }
        if number % 17 == 16 { try client.send("COACH.APPEND", id, "system", "Be kind \(number).") }
      }
      for _ in 0..<6 {
        let budget = Int.random(in: 1...1500, using: &generator)
        let recent = Int.random(in: 1...40, using: &generator)
        let reply = try client.send(
          "COACH.CONTEXT", id, "BUDGET", "\(budget)", "RECENT", "\(recent)")
        if reply.isError("ERR a budget of") {
          let sizes = "\(reply)".split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
          let isExplained =
            lastRole == "user" && sizes.count >= 3 && sizes[1] + sizes[2] > budget
          #expect(budget < 80 || hasPin || isExplained, "\(reply)")
          continue
        }
        let fields = try Self.fields(reply)
        // What is to be answered is never left out.
        if lastRole == "user" {
          let last = try Self.messages(fields).last?.content.last?.text
          #expect(last == lastText, "round \(round), budget \(budget), recent \(recent)")
        }
        let sent = try #require(fields["tokens_sent"]?.number)
        #expect(sent <= budget)
        let messages = try Self.messages(fields)
        let blocks =
          messages.flatMap(\.content).map(\.text) + [fields["system"]?.string].compactMap { $0 }
        var counted = 6 + max(0, blocks.count - 1) * 6
        for block in blocks {
          let tokens = try Self.fields(client.send("COACH.TOKENS", block, "BARE"))
          counted += Int(tokens["tokens"]?.number ?? 0)
        }
        #expect(Int64(counted) == sent, "round \(round), budget \(budget)")
        let text = try client.send("COACH.CONTEXT", id, "BUDGET", "\(budget)", "AS", "TEXT")
        if !text.isError() {
          #expect(try Self.fields(text)["tokens_sent"]?.number ?? .max <= Int64(budget))
        }
      }
    }
  }

  @Test func keysCanBeNamedOtherwise() throws {
    let server = try TestServer("--coach-conversation-prefix", "chat:")
    let client = try server.connect()
    for name in ["7", "chat:{7}"] { try client.send("COACH.APPEND", name, "user", "Hi") }
    #expect(try client.send("XLEN", "chat:{7}") == .integer(2))
    #expect(
      try client.send("COMMAND", "GETKEYS", "COACH.CONTEXT", "chat:{7}")
        == .texts("chat:{7}", "chat:{7}:state"))
    // Names are made where commands find their keys, so the prefix is that of the start.
    let change = try client.send("CONFIG", "SET", "coach-conversation-prefix", "talk:")
    #expect(change.isError("ERR CONFIG SET failed"), "\(change)")
    #expect(
      try client.send("CONFIG", "GET", "coach-conversation-prefix").elements?.last
        == .text("chat:"))
    // It is no name of a conversation here, and no ID.
    #expect(try client.send("COACH.CONTEXT", "wingman:conv:{7}").isError("ERR invalid"))
    try client.send("ACL", "SETUSER", "app", "on", "nopass", "+@all", "~chat:{7}*")
    try client.send("AUTH", "app", "")
    #expect(try client.send("COACH.APPEND", "7", "user", "Hi").isError() == false)
    #expect(try client.send("COACH.APPEND", "8", "user", "Hi").isError("NOPERM"))
  }

  @Test func pinsSurvive() throws {
    let server = try TestServer()
    let client = try server.connect()
    try fill(client, "p", 0..<5)
    let id = try #require(client.send("COACH.PIN", "p", "His goal: ask her out by 14 March").string)
    #expect(try client.send("COACH.PIN", "p", "His goal: ask her out by 14 March").string == id)
    let second = try #require(client.send("COACH.PIN", "p", "Mail bob@example.org").string)
    // Three compactions.
    for count in 1...3 {
      try fill(client, "p", (5 + 20 * (count - 1))..<(5 + 20 * count))
      try client.send("COACH.COMPRESS", "p", "RATIO", "0.05")
      let (fields, messages) = try context(client, "p", "BUDGET", "200")
      #expect(
        messages[0].content[0].text
          == "Facts to remember:\n- His goal: ask her out by 14 March\n- Mail [EMAIL_1]")
      #expect(fields["tokens_sent"]?.number ?? 999 <= 200)
      #expect(fields["version"]?.number ?? 0 >= Int64(count))
    }
    let fields = try context(client, "p", "BUDGET", "200").fields
    #expect(
      try client.send("COACH.PINS", "p")
        == .array([
          .array([.text(id), .text("His goal: ask her out by 14 March")]),
          .array([.text(second), .text("Mail [EMAIL_1]")]),
        ]))
    #expect(try client.send("COACH.UNPIN", "p", id) == .integer(1))
    #expect(try client.send("COACH.UNPIN", "p", id) == .integer(0))
    let version = try context(client, "p", "BUDGET", "200").fields["version"]
    #expect(version == fields["version"])
    try client.send("CONFIG", "SET", "coach-pins-max", "1")
    #expect(try client.send("COACH.PIN", "p", "more").isError("ERR a conversation has 1"))
    #expect(try client.send("COACH.UNPIN", "p", "x").isError("ERR Invalid stream ID"))
    let facts = try Self.fields(client.send("COACH.FACTS", "p"))
    #expect(Self.total(facts["numbers"]) > 10)
  }

  private static func total(_ reply: Reply?) -> Int64 {
    reply.flatMap { try? fields($0) }?["total"]?.number ?? 0
  }

  @Test func summarises() throws {
    let server = try TestServer()
    let client = try server.connect()
    let story = """
      Ann: Hi! Well, I met Tom on Friday. It was nice. The weather was so so. Mail tom@example.org.
      Coach: Good. What is your goal?
      Ann: I want to ask him out by 14 March. I promise to call him at 7pm. Okay.
      """
    let one = try Self.fields(client.send("COACH.SUMMARIZE", "TEXT", story, "SENTENCES", "2"))
    #expect(one["sentences"] == .integer(2))
    #expect(one["sentences_source"]?.number ?? 0 > 6)
    for limit in [1, 5, 20, 60] {
      let few = try Self.fields(
        client.send("COACH.SUMMARIZE", "TEXT", story, "TOKENS", "\(limit)", "VIA", "LOCAL"))
      #expect(few["tokens"]?.number ?? 99 <= Int64(limit))
    }
    let all = try Self.fields(client.send("COACH.SUMMARIZE", "TEXT", story, "RATIO", "1"))
    #expect(all["summary"]?.string?.contains("[EMAIL_1]") == true)
    try client.send("SET", "notes", story)
    #expect(
      try client.send("COACH.SUMMARIZE", "KEY", "notes", "RATIO", "1").elements
        == client.send("COACH.SUMMARIZE", "TEXT", story, "RATIO", "1").elements)
    try client.send("RPUSH", "list", "a")
    #expect(try client.send("COACH.SUMMARIZE", "KEY", "list").isError("WRONGTYPE"))
    #expect(try client.send("COACH.SUMMARIZE", "KEY", "none").isError("ERR no such key"))
    try fill(client, "s", 0..<10)
    let conversation = try Self.fields(client.send("COACH.SUMMARIZE", "CONV", "s"))
    #expect(conversation["summary"]?.string?.contains("Anna") == true)
    #expect(
      try client.send("COACH.SUMMARIZE", "KEY", "wingman:conv:{s}").elements
        == client.send("COACH.SUMMARIZE", "CONV", "s").elements)
    for wrong in [["RATIO", "0"], ["RATIO", "x"], ["SENTENCES", "0"], ["TOKENS", "-1"]] {
      #expect(try client.send(["COACH.SUMMARIZE", "TEXT", "x"] + wrong).isError("ERR \(wrong[0])"))
    }
    for wrong in [["RATIO"], ["RATIO", "1", "TOKENS", "2"], ["NOW", "1"], ["VIA", "x"]] {
      #expect(try client.send(["COACH.SUMMARIZE", "TEXT", "x"] + wrong).isError("ERR syntax"))
    }
  }
}
