import Foundation
import Testing

/// Whose conversations are, who may erase them, and that nothing of them is left.
@Suite struct ConversationErasureTests {
  private func fields(_ reply: Reply) throws -> [String: Reply] {
    try ConversationCommandTests.fields(reply)
  }

  private static let crisis = "I want to kill myself"

  /// Waits until the entries are written that other commands have left behind: one more is, and
  /// entries of one loop are written in turn.
  private func conversationsToldOf(_ client: TestClient) throws -> [String] {
    let marker = "marker-\(UInt64.random(in: 0...UInt64.max))"
    try client.send("COACH.SAFETY", Self.crisis, "CONV", marker)
    for _ in 0..<100_000 {
      let all = try client.send("XRANGE", "wingman:safety", "-", "+").elements ?? []
      let names = all.compactMap { $0.elements?[1].elements?[1].string }
      if names.contains(marker) { return names.filter { !$0.hasPrefix("marker-") } }
    }
    Issue.record("the entry is not written")
    return []
  }

  @Test func conversationsAreOneUsers() throws {
    let server = try TestServer()
    let client = try server.connect()
    let refusal = "ERR the conversation belongs to another user"
    let long = String(repeating: "We talked about jazz. ", count: 1000)
    try client.send("COACH.APPEND", "c", "user", "Hello there")
    for number in 0..<40 {
      try client.send("COACH.APPEND", "c", "user", "I met Anna \(number) times", "USER", "u1")
    }
    func expectRefusals() throws {
      for words in [
        ["user", "hi", "USER", "u2"], ["user", long, "USER", "u2"], ["user", "hi", "USER", "u"],
        ["USER", "u2", "MESSAGES", "user", "hi", "assistant", "hi"],
      ] {
        #expect(try client.send(["COACH.APPEND", "c"] + words).isError(refusal), "\(words)")
      }
    }
    try expectRefusals()
    for words in [["user", "hi", "USER", ""], ["USER", "", "MESSAGES", "user", "hi"]] {
      let reply = try client.send(["COACH.APPEND", "c"] + words)
      #expect(reply.isError("ERR a user's ID has 1 to 512 bytes"), "\(words)")
    }
    #expect(try client.send("XLEN", "wingman:conv:{c}") == .integer(41))
    #expect(try client.send("HGET", "wingman:conv:{c}:state", "user") == .text("u1"))
    try client.send("COACH.COMPRESS", "c")
    // Without the state the newest entries tell.
    try client.send("DEL", "wingman:conv:{c}:state")
    try expectRefusals()
    #expect(try client.send("EXISTS", "wingman:conv:{c}:state") == .integer(0))
    #expect(try !client.send("COACH.APPEND", "c", "assistant", "Hi").isError())
    #expect(try client.send("HGET", "wingman:conv:{c}:state", "user") == .text("u1"))
    #expect(try !client.send("COACH.APPEND", "c", "user", "hi", "USER", "u1").isError())
    // A number for a name, and nothing is made of what is refused.
    #expect(try !client.send("COACH.APPEND", "n", "user", "hi", "USER", "7").isError())
    #expect(try !client.send("COACH.APPEND", "n", "user", "hi", "USER", "7").isError())
    #expect(try client.send("COACH.APPEND", "n", "user", "hi", "USER", "07").isError(refusal))
    #expect(try client.send("COACH.APPEND", "new", "user", "hi", "USER", "").isError("ERR a user"))
    #expect(try client.send("EXISTS", "wingman:conv:{new}") == .integer(0))
    try client.send("COACH.FORGET", "USER", "u1")
    #expect(try !client.send("COACH.APPEND", "c", "user", "hi", "USER", "u2").isError())
  }

  /// Wherever the user is named in a conversation, it goes as a whole.
  @Test func everyTraceOfAUserIsFound() throws {
    let server = try TestServer()
    let client = try server.connect()
    func add(_ id: String, _ user: String) throws {
      let name = "wingman:conv:{\(id)}"
      try client.send("XADD", name, "*", "role", "user", "text", "I met Anna", "user", user)
    }
    // At the end, after a summary; in the middle; far behind; in a state that has no stream; in
    // one whose stream names somebody else.
    for _ in 0..<40 { try client.send("COACH.APPEND", "a", "user", "I met Anna", "USER", "u1") }
    try add("a", "u2")
    try client.send("COACH.COMPRESS", "a")
    for user in ["u3", "u1", "u3"] { try add("b", user) }
    for index in 0..<12 {
      let words = (0..<250).flatMap { ["user", "Number \($0) of \(index)"] }
      try client.send(["COACH.APPEND", "c", "USER", "u3", "MESSAGES"] + words)
    }
    try add("c", "u1")
    for _ in 0..<1200 { try add("c", "u4") }
    try client.send("HSET", "wingman:conv:{d}:state", "user", "u1", "summary", "Anna")
    try client.send("HSET", "wingman:conv:{e}:state", "user", "u1", "summary", "Anna")
    try add("e", "u2")
    try client.send("SELECT", "5")
    for user in ["u3", "u1", "u3"] { try add("f", user) }
    try client.send("SELECT", "0")
    for index in 0..<50 { try add("other\(index)", "u\(index + 10)") }
    try client.send("SET", "wingman:conv:{string}", "u1")
    let before = try #require(client.send("DBSIZE").number)
    let reply = try fields(client.send("COACH.FORGET", "USER", "u1"))
    #expect(reply["conversations"] == .integer(6))
    #expect(reply["keys"] == .integer(9))
    // The receipt is new.
    #expect(try client.send("DBSIZE") == .integer(before - 8 + 1))
    for id in ["a", "b", "c", "d", "e"] {
      let names = ["wingman:conv:{\(id)}", "wingman:conv:{\(id)}:state"]
      #expect(try client.send(["EXISTS"] + names) == .integer(0), "\(id)")
    }
    try client.send("SELECT", "5")
    #expect(try client.send("DBSIZE") == .integer(0))
  }

  @Test func crisesAreForgottenWithoutKeys() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    // It was never kept.
    try client.send("COACH.SAFETY", Self.crisis, "CONV", "zz9")
    #expect(try conversationsToldOf(client) == ["zz9"])
    let never = try fields(client.send("COACH.FORGET", "CONV", "zz9"))
    #expect(never["crises"] == .integer(1))
    #expect(never["keys"] == .integer(0))
    #expect(never["conversations"] == .integer(0))
    #expect(try conversationsToldOf(client) == [])
    // It has expired, and so has its owner's name; other users' entries stay.
    for (id, user) in [("mine", "u1"), ("alike", "u12"), ("theirs", "u2")] {
      try client.send("COACH.APPEND", id, "user", "Hello there", "USER", user)
      try client.send("COACH.APPEND", id, "user", Self.crisis)
      try client.send("COACH.SAFETY", Self.crisis + " tonight", "CONV", id)
    }
    try client.send("COACH.ROUTE", "routed", Self.crisis, "USER", "u1")
    #expect(try conversationsToldOf(client).count == 7)
    for id in ["mine", "alike", "theirs", "routed"] {
      try client.send("DEL", "wingman:conv:{\(id)}", "wingman:conv:{\(id)}:state")
    }
    let user = try fields(client.send("COACH.FORGET", "USER", "u1"))
    #expect(user["crises"] == .integer(3))
    #expect(user["keys"] == .integer(0))
    #expect(try conversationsToldOf(client) == ["alike", "alike", "theirs", "theirs"])
    let entries = "\(try client.send("XRANGE", "wingman:safety", "-", "+"))"
    #expect(!entries.contains("u2"))
  }

  /// Entries are written after their command: what is erased before that is not written any more.
  @Test func crisesOnTheirWayAreForgotten() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let other = try server.connect()
    let append = ["COACH.APPEND", "p", "user", Self.crisis, "USER", "u1"]
    let safety = ["COACH.SAFETY", Self.crisis + " now", "CONV", "p"]
    for forget in [["COACH.FORGET", "CONV", "p"], ["COACH.FORGET", "USER", "u1"]] {
      let replies = try client.pipeline([append, safety, forget, ["EXISTS", "wingman:conv:{p}"]])
      #expect(try fields(replies[2])["crises"] == .integer(2), "\(forget)")
      #expect(try conversationsToldOf(client) == [])
      // From another loop, whichever comes first.
      for _ in 0..<20 {
        try client.send(append)
        #expect(try fields(other.send(forget))["crises"] == .integer(1))
      }
      #expect(try conversationsToldOf(client) == [])
    }
    let replies = try client.pipeline([
      ["MULTI"], append, safety, ["COACH.FORGET", "CONV", "p"], ["EXEC"],
    ])
    let erased = try #require(replies[4].elements?.last)
    #expect(try fields(erased)["crises"] == .integer(2))
    #expect(try fields(erased)["keys"] == .integer(2))
    #expect(try conversationsToldOf(client) == [])
    // Of what is another's, nothing is lost.
    _ = try client.pipeline([
      append, ["COACH.FORGET", "CONV", "q"], ["COACH.FORGET", "USER", "u"],
    ])
    #expect(try conversationsToldOf(client) == ["p"])
  }

  @Test func rightsHoldForErasures() throws {
    let server = try TestServer()
    let admin = try server.connect()
    let noKey = "NOPERM this user has no permissions to access one of the keys"
    for id in ["5", "6"] {
      try admin.send("COACH.APPEND", id, "user", "Hello there", "USER", "u\(id)")
    }
    try admin.send("ACL", "SETUSER", "none", "on", "nopass", "+@coach")
    try admin.send(
      "ACL", "SETUSER", "app", "on", "nopass", "+@coach", "+eval", "+multi", "+exec",
      "~wingman:conv:{5}*")
    try admin.send("ACL", "SETUSER", "reader", "on", "nopass", "+@coach", "%R~*")
    for name in ["none", "app", "reader"] {
      let client = try server.connect()
      try client.send("AUTH", name, "x")
      #expect(try client.send("COACH.FORGET", "USER", "u6").isError(noKey), "\(name)")
      #expect(try client.send("COACH.FORGET", "CONV", "6").isError(noKey), "\(name)")
      let dry = try admin.send("ACL", "DRYRUN", name, "COACH.FORGET", "USER", "u6")
      #expect(dry != .ok, "\(name)")
      #expect(try !client.send("COACH.SAFETY", Self.crisis).isError())
    }
    let client = try server.connect()
    try client.send("AUTH", "app", "x")
    #expect(try client.send("COACH.SAFETY", Self.crisis, "CONV", "6").isError(noKey))
    #expect(try client.send("COACH.SAFETY", Self.crisis, "CONV", "wingman:conv:{6}").isError(noKey))
    #expect(try !client.send("COACH.SAFETY", Self.crisis, "conv", "5").isError())
    func script(_ text: String) throws -> Reply { try client.send("EVAL", text, "0") }
    #expect(try script("return redis.call('COACH.SAFETY', 'hi', 'CONV', '6')").isError())
    #expect(try !script("return redis.call('COACH.SAFETY', 'hi', 'CONV', '5')").isError())
    #expect(try script("return redis.acl_check_cmd('COACH.FORGET', 'USER', 'x')") == .null)
    try client.send("MULTI")
    #expect(try client.send("COACH.SAFETY", "hi", "CONV", "6").isError(noKey))
    #expect(try client.send("EXEC").isError("EXECABORT"))
    #expect(try !client.send("COACH.FORGET", "CONV", "5").isError())
    #expect(try admin.send("EXISTS", "wingman:conv:{6}") == .integer(1))
    // Who may write every key may erase users; a selector of its own is enough.
    try admin.send(
      "ACL", "SETUSER", "keeper", "on", "nopass", "+@coach", "~a", "(+coach.forget %W~*)")
    try client.send("AUTH", "keeper", "x")
    let reply = try fields(client.send("COACH.FORGET", "USER", "u6"))
    #expect(reply["keys"] == .integer(2))
    // What applications get does not teach or limit everybody.
    try admin.send(
      "ACL", "SETUSER", "plain", "on", "nopass", "+@coach", "-@admin", "-@dangerous",
      "~wingman:conv:*")
    try client.send("AUTH", "plain", "x")
    for words in [
      ["COACH.LEARN", "greeting", "zork"], ["COACH.LEARN", "LIST"], ["COACH.RULES", "RELOAD"],
      ["COACH.MODELS", "RELOAD"], ["COACH.MODELS", "DISABLE", "claude-haiku-5-5"],
      ["COACH.BUDGET", "SET", "ALL", "DAY", "0"], ["COACH.BUDGET", "DEL", "ALL", "DAY"],
      ["COACH.FORGET", "USER", "u"],
    ] {
      #expect(try client.send(words).isError("NOPERM this user has no permissions to run"))
    }
    #expect(try !client.send("COACH.APPEND", "7", "user", "Hello").isError())
  }

  @Test func keysOfSafetyAreKnown() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(
      try client.send("COMMAND", "GETKEYS", "COACH.SAFETY", "hi", "CONV", "5")
        == .texts("wingman:conv:{5}", "wingman:conv:{5}:state"))
    #expect(try client.send("COMMAND", "GETKEYS", "COACH.SAFETY", "hi") == .array([]))
    #expect(try client.send("COACH.SAFETY", "hi", "CONV").isError("ERR syntax"))
    #expect(try client.send("COACH.SAFETY", "hi", "CONV", "").isError("ERR invalid conv"))
    #expect(try client.send("COACH.SAFETY", "CONV", "CONV", "5").isError() == false)
    // Keys of other types are no business of its.
    try client.send("SET", "wingman:conv:{8}", "x")
    #expect(try client.send("COACH.SAFETY", Self.crisis, "CONV", "8").isError() == false)
    #expect(try conversationsToldOf(client) == ["8"])
  }
}
