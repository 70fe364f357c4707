import Testing

/// AUTH, HELLO, RESET, QUIT and CLIENT, and what the network layer has to do for them.
@Suite struct ConnectionCommandTests {
  private func field(_ name: String, of client: TestClient) throws -> String {
    let line = try client.send("CLIENT", "INFO").string ?? ""
    let found = line.split(separator: " ").first { $0.hasPrefix("\(name)=") }
    return String(found?.dropFirst(name.count + 1) ?? "?")
  }

  @Test func helloSwitchesProtocols() throws {
    let server = try TestServer()
    let client = try server.connect()
    guard case .map(let facts) = try client.send("HELLO", "3") else {
      Issue.record("no map")
      return
    }
    #expect(facts[0] == .text("server"))
    #expect(facts[1] == .text("redis"))
    #expect(facts[5] == .integer(3))
    #expect(try client.send("GET", "absent") == .null)
    guard case .array(let same) = try client.send("HELLO", "2") else {
      Issue.record("no array")
      return
    }
    #expect(same.count == 14)
    #expect(try client.send("HELLO", "4").isError("NOPROTO"))
    #expect(try client.send("HELLO", "two").isError("ERR Protocol version is not an integer"))
    #expect(try client.send("HELLO", "3", "SETNAME").isError("ERR Syntax error in HELLO option"))
    #expect(try field("resp", of: client) == "2")
  }

  @Test func passwordsAreAskedFor() throws {
    let server = try TestServer("--requirepass", "secret")
    let client = try server.connect()
    #expect(try client.send("PING") == .error("NOAUTH Authentication required."))
    #expect(try client.send("HELLO", "3").isError("NOAUTH HELLO must be called"))
    #expect(try client.send("AUTH", "wrong").isError("WRONGPASS"))
    #expect(try client.send("AUTH", "nobody", "secret").isError("WRONGPASS"))
    #expect(try client.send("EXEC").isError("EXECABORT"))
    #expect(try client.send("AUTH", "secret") == .ok)
    #expect(try client.send("ACL", "WHOAMI") == .text("default"))
    #expect(try client.send("RESET") == .simple("RESET"))
    #expect(try client.send("PING").isError("NOAUTH"))
    // What may follow AUTH in the same packet is more than what may come before it.
    let many = ["MSET"] + (0..<20).flatMap { ["key\($0)", "value"] }
    #expect(try client.pipeline([["AUTH", "secret"], many]) == [.ok, .ok])
    let other = try server.connect()
    try other.write("*11\r\n")
    #expect(try other.read().isError("ERR Protocol error: unauthenticated multibulk length"))
    #expect(other.isClosedByServer())
  }

  @Test func killsClientsOfOtherLoops() throws {
    let server = try TestServer("--threads", "4")
    let client = try server.connect()
    let others = try (0..<6).map { _ in try server.connect() }
    let id = try others[0].send("CLIENT", "ID").number ?? 0
    for other in others { try other.send("PING") }
    #expect(try client.send("CLIENT", "KILL", "ID", "\(id)") == .integer(1))
    #expect(others[0].isClosedByServer())
    try others[1].send("SUBSCRIBE", "news")
    #expect(try client.send("CLIENT", "KILL", "TYPE", "pubsub") == .integer(1))
    #expect(others[1].isClosedByServer())
    #expect(try client.send("CLIENT", "KILL", "USER", "default") == .integer(4))
    for other in others { #expect(other.isClosedByServer()) }
    #expect(try client.send("CLIENT", "KILL", "127.0.0.1:1") == .error("ERR No such client"))
    let own = try field("addr", of: client)
    #expect(try client.send("CLIENT", "KILL", own) == .ok)
    #expect(client.isClosedByServer())
  }

  @Test func subcommandsAreNoCommands() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("client|kill", "a", "b").isError("ERR unknown command"))
    #expect(try client.send("CLIENT|ID").isError("ERR unknown command"))
    #expect(try client.send("CLIENT", "NOTHING").isError("ERR unknown subcommand 'NOTHING'."))
  }

  @Test func repliesCanBeTurnedOff() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.write("CLIENT REPLY SKIP\r\nPING\r\nECHO one\r\n")
    #expect(try client.read() == .text("one"))
    try client.send("HELLO", "3")
    try client.write("CLIENT REPLY OFF\r\nPING\r\nSUBSCRIBE a\r\nCLIENT REPLY ON\r\n")
    // Messages are no replies.
    #expect(try client.read() == .push([.text("subscribe"), .text("a"), .integer(1)]))
    #expect(try client.read() == .ok)
  }

  @Test func resetForgetsEverything() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("HELLO", "3", "SETNAME", "me")
    try client.send("SELECT", "5")
    try client.send("CLIENT", "NO-TOUCH", "ON")
    try client.send("SUBSCRIBE", "news")
    try client.send("MULTI")
    #expect(try client.send("RESET") == .simple("RESET"))
    #expect(try client.send("EXEC") == .error("ERR EXEC without MULTI"))
    #expect(try client.send("CLIENT", "GETNAME") == .null)
    #expect(try field("db", of: client) == "0")
    #expect(try field("flags", of: client) == "N")
    #expect(try server.connect().send("PUBLISH", "news", "x") == .integer(0))
  }

  @Test func nothingBehindQuitIsExecuted() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.write("PING\r\nQUIT\r\nSET after quit\r\n")
    #expect(try client.read() == .simple("PONG"))
    #expect(try client.read() == .ok)
    #expect(client.isClosedByServer())
    #expect(try server.connect().send("EXISTS", "after") == .integer(0))
  }

  @Test func pendingOutputIsSentBeforeQuitCloses() throws {
    let server = try TestServer()
    let value = [UInt8](repeating: 7, count: 1_000_000)
    try server.connect().send(bytes: [Array("SET".utf8), Array("v".utf8), value])
    let client = try server.connect()
    try client.write(String(repeating: "GET v\r\n", count: 20) + "QUIT\r\nPING\r\n")
    for _ in 0..<20 { #expect(try client.read() == .bulk(value)) }
    #expect(try client.read() == .ok)
    #expect(client.isClosedByServer())
  }

  @Test func halfClosedConnectionsAreAnswered() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.write("ECHO last\r\n")
    client.finishSending()
    #expect(try client.read() == .text("last"))
    #expect(client.isClosedByServer())
  }

  @Test func pauseHoldsPipelinesBackUnharmed() throws {
    let server = try TestServer()
    let control = try server.connect()
    let client = try server.connect()
    let blob = [UInt8](repeating: 65, count: 100_000)
    for mode in ["ALL", "WRITE"] {
      let isForReads = mode == "ALL"
      #expect(try control.send("CLIENT", "PAUSE", isForReads ? "200" : "60000", mode) == .ok)
      try client.write("SET \"a b\" \"x\\x41 y\"\r\nGET \"a b\"\r\n")
      try client.write(TestClient.encode([Array("SET".utf8), Array("big".utf8), blob]))
      try client.write("STRLEN big\r\nECHO \"\\n\"\r\n")
      // Under ALL nothing can be asked: the pause ends by itself.
      if !isForReads {
        while try !(control.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
        #expect(try control.send("CLIENT", "UNPAUSE") == .ok)
      }
      #expect(try client.read() == .ok)
      #expect(try client.read() == .text("xA y"))
      #expect(try client.read() == .ok)
      #expect(try client.read() == .integer(100_000))
      #expect(try client.read() == .text("\n"))
    }
  }

  @Test func scriptsThatWriteNothingAreNotHeldBackFromWriting() throws {
    let server = try TestServer()
    let control = try server.connect()
    let client = try server.connect()
    let library = """
      #!lua name=lib
      redis.register_function{
        function_name='f', callback=function() return 'f' end, flags={'no-writes'}}
      """
    #expect(try control.send("FUNCTION", "LOAD", library) == .text("lib"))
    try control.send("CLIENT", "PAUSE", "60000", "WRITE")
    let script = "#!lua flags=no-writes\nreturn 1"
    #expect(try client.send("EVAL", script, "0") == .integer(1))
    #expect(try client.send("FCALL", "f", "0") == .text("f"))
    #expect(
      try client.pipeline([["MULTI"], ["EVAL", script, "0"], ["EXEC"]]).last
        == .array([.integer(1)]))
    // One that says nothing may write.
    try client.write("EVAL 'return 2' 0\r\n")
    while try !(control.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
    #expect(try control.send("CLIENT", "UNPAUSE") == .ok)
    #expect(try client.read() == .integer(2))
  }

  @Test func pausedClientsThatLeaveAreForgotten() throws {
    let server = try TestServer()
    let control = try server.connect()
    var client: TestClient? = try server.connect()
    #expect(try control.send("CLIENT", "PAUSE", "60000", "WRITE") == .ok)
    try client?.write("SET gone 1\r\n")
    while try !(control.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
    client = nil
    while try !(control.send("INFO", "clients").string ?? "").contains("blocked_clients:0") {}
    #expect(try control.send("CLIENT", "UNPAUSE") == .ok)
    #expect(try control.send("EXISTS", "gone") == .integer(0))
  }

  @Test func keysDoNotExpireDuringAPause() throws {
    let server = try TestServer()
    let client = try server.connect()
    _ = try client.pipeline([
      ["MULTI"], ["SET", "k", "v", "PX", "20"], ["CLIENT", "PAUSE", "60000", "WRITE"], ["EXEC"],
    ])
    while try client.send("GET", "k") != .null {}
    #expect((try client.send("INFO", "stats").string ?? "").contains("expired_keys:0"))
    try client.send("CLIENT", "UNPAUSE")
    #expect(try client.send("GET", "k") == .null)
    while try !(client.send("INFO", "stats").string ?? "").contains("expired_keys:1") {}
  }

  @Test func elementsThatAreDueAreNotSeenDuringAPause() throws {
    let server = try TestServer()
    let client = try server.connect()
    _ = try client.pipeline([
      ["HSET", "h", "f", "v", "g", "w"], ["SADD", "s", "a", "b"],
      ["ZADD", "z", "1", "a", "2", "b"],
    ])
    _ = try client.pipeline([
      ["MULTI"], ["HPEXPIRE", "h", "20", "FIELDS", "2", "f", "g"],
      ["EXPIREMEMBER", "s", "a", "20", "MS"], ["EXPIREMEMBER", "s", "b", "20", "MS"],
      ["EXPIREMEMBER", "z", "a", "20", "MS"], ["EXPIREMEMBER", "z", "b", "20", "MS"],
      ["CLIENT", "PAUSE", "60000", "WRITE"], ["EXEC"],
    ])
    while try client.send("HLEN", "h") != .integer(0) {}
    // Everybody's deadline may be a millisecond later than the first one's.
    while try client.send("EXISTS", "h", "s", "z") != .integer(0) {}
    #expect(try client.send("HRANDFIELD", "h", "3", "WITHVALUES") == .array([]))
    #expect(try client.send("HRANDFIELD", "h") == .null)
    #expect(try client.send("SRANDMEMBER", "s", "4") == .array([]))
    #expect(try client.send("ZRANGE", "z", "0", "-1") == .array([]))
    #expect(try client.send("DBSIZE") == .integer(3))
    try client.send("CLIENT", "UNPAUSE")
    while try client.send("DBSIZE") != .integer(0) {}
  }

  /// Drawing removes what is due and leaves the rest.
  @Test func drawsDuringAPauseMeetNothingThatIsDue() throws {
    let server = try TestServer()
    let client = try server.connect()
    _ = try client.pipeline([
      ["HSET", "h", "f", "v", "g", "w"], ["SADD", "s", "a", "b"], ["MULTI"],
      ["HPEXPIRE", "h", "20", "FIELDS", "1", "f"], ["EXPIREMEMBER", "s", "a", "20", "MS"],
      ["CLIENT", "PAUSE", "60000", "WRITE"], ["EXEC"],
    ])
    while try client.send("HLEN", "h") != .integer(1) {}
    while try client.send("SCARD", "s") != .integer(1) {}
    let drawn = try client.send("HRANDFIELD", "h", "3", "WITHVALUES")
    #expect(drawn == .array([.text("g"), .text("w")]))
    #expect(try client.send("SRANDMEMBER", "s", "4") == .array([.text("b")]))
  }

  @Test func idleClientsAreClosedSubscribersAreNot() throws {
    let server = try TestServer("--timeout", "1")
    let idle = try server.connect()
    let subscriber = try server.connect()
    try subscriber.send("SUBSCRIBE", "news")
    #expect(idle.isClosedByServer())
    #expect(try server.connect().send("PUBLISH", "news", "x") == .integer(1))
  }

  @Test func clientsAreLimited() throws {
    let server = try TestServer("--maxclients", "2")
    let first = try server.connect()
    try first.send("PING")
    let second = try server.connect()
    try second.send("PING")
    let third = try server.connect()
    #expect(try third.read() == .error("ERR max number of clients reached"))
    #expect(third.isClosedByServer())
  }
}
