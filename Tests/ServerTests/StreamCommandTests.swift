import Testing

/// What the transcripts in the specs of the stream commands leave out.
@Suite struct StreamCommandTests {
  let client: TestClient
  private let server: TestServer

  init() throws {
    server = try TestServer()
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  private func entry(_ id: String, _ words: String...) -> Reply {
    .array([.text(id), .array(words.map { .text($0) })])
  }

  @Test func aGroupCalledStreamsIsNoMemoryFault() throws {
    _ = try send("XADD", "s", "1-1", "a", "b")
    _ = try send("XGROUP", "CREATE", "s", "streams", "0")
    #expect(
      try send("XREADGROUP", "GROUP", "streams", "streams", "STREAMS", "s", ">")
        == .array([.array([.text("s"), .array([entry("1-1", "a", "b")])])]))
    // The key positions are misled here, and the command notices.
    #expect(
      try send("XREADGROUP", "COUNT", "1", "GROUP", "streams", "c", "STREAMS", "s", ">")
        == .error("ERR syntax error"))
  }

  @Test func waitingForTheEndAndForTheNewest() throws {
    _ = try send("XADD", "s", "1-1", "a", "b")
    #expect(
      try send("XREAD", "STREAMS", "s", "+")
        == .array([.array([.text("s"), .array([entry("1-1", "a", "b")])])]))
    let waiting = try server.connect()
    try waiting.write(
      TestClient.encode(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"].map { Array($0.utf8) }))
    while try send("CLIENT", "LIST").string?.contains("flags=b") != true {}
    _ = try client.pipeline([
      ["MULTI"], ["XADD", "s", "2-1", "a", "c"], ["XADD", "s", "3-1", "a", "d"], ["EXEC"],
    ])
    #expect(
      try waiting.read()
        == .array([
          .array([.text("s"), .array([entry("2-1", "a", "c"), entry("3-1", "a", "d")])])
        ]))
  }

  @Test func aRemovedGroupEndsTheWait() throws {
    _ = try send("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    for removal in [["XGROUP", "DESTROY", "s", "g"], ["DEL", "s"]] {
      _ = try send("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
      let waiting = try server.connect()
      let command = ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"]
      try waiting.write(TestClient.encode(command.map { Array($0.utf8) }))
      while try send("CLIENT", "LIST").string?.contains("flags=b") != true {}
      _ = try client.send(removal)
      #expect(
        try waiting.read()
          == .error(
            "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"))
    }
  }

  @Test func deletedEntriesStayPendingUntilTheyAreClaimed() throws {
    for id in ["1-1", "2-1", "3-1"] { _ = try send("XADD", "s", id, "a", id) }
    _ = try send("XGROUP", "CREATE", "s", "g", "0")
    _ = try send("XREADGROUP", "GROUP", "g", "ann", "STREAMS", "s", ">")
    _ = try send("XDEL", "s", "2-1")
    let history = try send("XREADGROUP", "GROUP", "g", "ann", "STREAMS", "s", "0")
    #expect(history.elements?.first?.elements?.last?.elements?.count == 3)
    #expect(
      try send("XAUTOCLAIM", "s", "g", "bob", "0", "-", "COUNT", "2", "JUSTID")
        == .array([.text("3-1"), .texts("1-1"), .texts("2-1")]))
    #expect(
      try send("XPENDING", "s", "g")
        == .array([
          .integer(2), .text("1-1"), .text("3-1"),
          .array([.texts("ann", "1"), .texts("bob", "1")]),
        ]))
  }

  @Test func idsAreReadAsLaxlyAsInRedis() throws {
    #expect(try send("XADD", "s", "+07-01", "a", "b") == .text("7-1"))
    let invalid = Reply.error("ERR Invalid stream ID specified as stream command argument")
    for id in ["-", "+", "", "1-", "1-1-1", "a", "18446744073709551616"] {
      #expect(try send("XADD", "s", id, "a", "b") == invalid)
    }
    #expect(
      try send("XRANGE", "s", "(18446744073709551615-18446744073709551615", "+")
        == .error("ERR invalid start ID for the interval"))
  }
}
