import Testing

/// What the transcripts in the specs of the set commands leave out.
@Suite struct SetCommandTests {
  let server: TestServer
  let client: TestClient

  init() throws {
    server = try TestServer("--notify-keyspace-events", "KEA")
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  private func members(_ reply: Reply) -> [String] {
    (reply.elements ?? []).compactMap(\.string).sorted()
  }

  @Test func encodingsFollowTheLimits() throws {
    _ = try send("SADD", "s", "1", "2")
    #expect(try send("OBJECT", "ENCODING", "s") == .text("intset"))
    _ = try send("SADD", "s", "a")
    #expect(try send("OBJECT", "ENCODING", "s") == .text("listpack"))
    _ = try send("SADD", "s", String(repeating: "x", count: 65))
    #expect(try send("OBJECT", "ENCODING", "s") == .text("hashtable"))
    _ = try client.send(["SADD", "n"] + (0..<512).map(String.init))
    #expect(try send("OBJECT", "ENCODING", "n") == .text("intset"))
    _ = try send("SADD", "n", "512")
    #expect(try send("OBJECT", "ENCODING", "n") == .text("hashtable"))
    _ = try send("SADD", "other", "a", "1")
    #expect(try send("SINTERSTORE", "common", "s", "n") == .integer(2))
    #expect(try send("OBJECT", "ENCODING", "common") == .text("intset"))
  }

  @Test func errors() throws {
    let wrongType = Reply.error(
      "WRONGTYPE Operation against a key holding the wrong kind of value")
    _ = try send("SET", "text", "text")
    #expect(try send("SADD", "text", "a") == wrongType)
    #expect(try send("SINTER", "none", "text") == wrongType)
    #expect(try send("SUNIONSTORE", "x", "text") == wrongType)
    #expect(try send("SDIFFSTORE", "x", "none", "text") == wrongType)
    #expect(
      try send("SPOP", "none", "-1") == .error("ERR value is out of range, must be positive"))
    #expect(
      try send("SINTERCARD", "0", "a") == .error("ERR numkeys should be greater than 0"))
    #expect(
      try send("SINTERCARD", "2", "a")
        == .error("ERR Number of keys can't be greater than number of args"))
    #expect(
      try send("SINTERCARD", "1", "a", "LIMIT", "-1") == .error("ERR LIMIT can't be negative"))
    #expect(try send("SRANDMEMBER", "none", "1", "x") == .error("ERR syntax error"))
  }

  @Test func resultsReplaceWhateverWasThere() throws {
    _ = try send("SADD", "a", "1", "2", "3")
    _ = try send("SADD", "b", "2", "x")
    _ = try send("SET", "target", "text", "EX", "100")
    #expect(try send("SUNIONSTORE", "target", "a", "b") == .integer(4))
    #expect(try send("TTL", "target") == .integer(-1))
    #expect(members(try send("SMEMBERS", "target")) == ["1", "2", "3", "x"])
    // A key may be source and target.
    #expect(try send("SDIFFSTORE", "a", "a", "b") == .integer(2))
    #expect(members(try send("SMEMBERS", "a")) == ["1", "3"])
    #expect(try send("SINTERSTORE", "target", "a", "b") == .integer(0))
    #expect(try send("EXISTS", "target") == .integer(0))
  }

  @Test func setsAreSetsUnderRESP3() throws {
    _ = try send("HELLO", "3")
    _ = try send("SADD", "a", "1")
    let one = Reply.set([.text("1")])
    for command in [
      ["SMEMBERS", "a"], ["SINTER", "a", "a"], ["SUNION", "a"], ["SDIFF", "a"], ["SPOP", "a", "1"],
    ] {
      #expect(try client.send(command) == one)
    }
    #expect(try send("SINTER", "a", "b") == .set([]))
    #expect(try send("SPOP", "a", "1") == .set([]))
  }

  @Test(arguments: ["intset", "listpack", "hashtable"])
  func drawsAndPops(encoding: String) throws {
    let word = encoding == "intset" ? "" : "w"
    let all = (0..<(encoding == "hashtable" ? 300 : 100)).map { "\(word)\($0)" }
    _ = try client.send(["SADD", "s"] + all)
    #expect(try send("OBJECT", "ENCODING", "s") == .text(encoding))
    for count in [1, 10, 90, 1000] {
      let drawn = members(try send("SRANDMEMBER", "s", "\(count)"))
      #expect(drawn.count == min(count, all.count))
      #expect(Set(drawn).count == drawn.count)
      #expect(Set(drawn).isSubset(of: all))
      #expect(try send("SRANDMEMBER", "s", "-\(count)").elements?.count == count)
    }
    var left = Set(all)
    while left.count > 30 {
      for member in members(try send("SPOP", "s", "29")) { #expect(left.remove(member) != nil) }
      #expect(Set(members(try send("SMEMBERS", "s"))) == left)
    }
    #expect(Set(members(try send("SPOP", "s", "1000"))) == left)
    #expect(try send("EXISTS", "s") == .integer(0))
  }

  @Test func membersGoByThemselves() throws {
    _ = try send("SADD", "s", "a", "b", "c")
    #expect(try send("EXPIREMEMBER", "s", "a", "20", "ms") == .integer(1))
    #expect(try send("EXPIREMEMBER", "s", "b", "100") == .integer(1))
    #expect(try send("EXPIREMEMBER", "s", "x", "100") == .integer(0))
    #expect(try send("EXPIREMEMBER", "none", "x", "100") == .integer(0))
    #expect(try send("EXPIREMEMBER", "s", "b", "1", "h") == .error("ERR Invalid unit arg"))
    #expect(try send("TTL", "s", "b") == .integer(100))
    #expect(try send("TTL", "s", "x") == .integer(-2))
    let listener = try server.connect()
    try listener.send("SUBSCRIBE", "__keyevent@0__:sexpired")
    _ = try send("PEXPIREMEMBERAT", "s", "c", "1")
    while try send("SISMEMBER", "s", "a") == .integer(1) {}
    #expect(try send("SMEMBERS", "s") == .array([.text("b")]))
    #expect(try send("PERSIST", "s", "b") == .integer(1))
    #expect(try send("PERSIST", "s", "b") == .integer(0))
    #expect(try send("TTL", "s", "b") == .integer(-1))
    #expect(try send("TTL", "s") == .integer(-1))
  }
}
