import Testing

/// Subscriptions, messages, and clients that do not read them.
@Suite struct PubSubCommandTests {
  @Test func messagesHaveTheFormOfTheProtocol() throws {
    let server = try TestServer()
    let old = try server.connect()
    let new = try server.connect()
    let publisher = try server.connect()
    try new.send("HELLO", "3")
    #expect(
      try old.send("SUBSCRIBE", "a") == .array([.text("subscribe"), .text("a"), .integer(1)]))
    #expect(
      try new.send("PSUBSCRIBE", "?") == .push([.text("psubscribe"), .text("?"), .integer(1)]))
    #expect(try publisher.send("PUBLISH", "a", "hi") == .integer(2))
    #expect(try old.read() == .array([.text("message"), .text("a"), .text("hi")]))
    #expect(
      try new.read() == .push([.text("pmessage"), .text("?"), .text("a"), .text("hi")]))
    #expect(try old.send("GET", "k").isError("ERR Can't execute 'get'"))
    #expect(try new.send("GET", "k") == .null)
    #expect(try old.send("PING") == .array([.text("pong"), .text("")]))
    #expect(try new.send("PING") == .simple("PONG"))
  }

  @Test func publishingToOneselfAnswersFirst() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("HELLO", "3")
    try client.send("SUBSCRIBE", "a")
    #expect(try client.send("PUBLISH", "a", "x") == .integer(1))
    #expect(try client.read() == .push([.text("message"), .text("a"), .text("x")]))
  }

  @Test func whatWasPublishedBeforeUnsubscribingArrives() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("HELLO", "3")
    let message = Reply.push([.text("message"), .text("a"), .text("x")])
    for leaving in ["UNSUBSCRIBE a", "RESET"] {
      try client.send("HELLO", "3")
      try client.send("SUBSCRIBE", "a")
      try client.write("PUBLISH a x\r\n\(leaving)\r\n")
      let replies = try [client.read(), client.read(), client.read()]
      #expect(replies.contains(message), "\(leaving)")
      #expect(replies.contains(.integer(1)), "\(leaving)")
      #expect(replies.last != message, "\(leaving)")
    }
  }

  @Test func countsAreThoseOfTheKind() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.write("SUBSCRIBE a a\r\nPSUBSCRIBE p*\r\nSSUBSCRIBE s t\r\nSUNSUBSCRIBE zz\r\n")
    let counts = try (0..<6).map { _ in try client.read().elements?[2].number }
    #expect(counts == [1, 1, 2, 1, 2, 2])
    try client.write("UNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nPING\r\n")
    #expect(try client.read().elements?[2] == .integer(1))
    #expect(try client.read().elements?[2] == .integer(0))
    #expect(try client.read() == .array([.text("punsubscribe"), .null, .integer(0)]))
    // Shard channels are left, so it still counts as subscribed.
    #expect(try client.read() == .array([.text("pong"), .text("")]))
  }

  @Test func noMessageFollowsTheLastConfirmation() throws {
    let server = try TestServer("--threads", "4")
    let publisher = try server.connect()
    let client = try server.connect()
    try client.send("HELLO", "3")
    for _ in 0..<50 {
      try client.send("SUBSCRIBE", "fast")
      try publisher.write(String(repeating: "PUBLISH fast x\r\n", count: 20))
      try client.write("UNSUBSCRIBE fast\r\n")
      while try client.read().elements?[0] != .text("unsubscribe") {}
      for _ in 0..<20 { _ = try publisher.read() }
      #expect(try client.send("PING") == .simple("PONG"))
    }
  }

  @Test(arguments: ["pubsub 500000 0 0", "pubsub 0 100000 1"])
  func subscribersThatDoNotReadAreClosed(limit: String) throws {
    let server = try TestServer()
    let publisher = try server.connect()
    try publisher.send("CONFIG", "SET", "client-output-buffer-limit", limit)
    let client = try TestClient(port: server.port, receiveBufferBytes: 4096)
    try client.send("SUBSCRIBE", "a")
    let message = String(repeating: "m", count: 5_000)
    while try publisher.send("PUBLISH", "a", message) == .integer(1) {}
    #expect(client.isClosedByServer())
  }

  @Test func monitorsSeeCommandsInOrderAndNoPasswords() throws {
    let server = try TestServer()
    let monitor = try server.connect()
    let client = try server.connect()
    #expect(try monitor.send("MONITOR") == .ok)
    _ = try client.pipeline([
      ["AUTH", "default", "secret"], ["MULTI"], ["SET", "k", "v"], ["EXEC"],
    ])
    let lines = try (0..<4).map { _ in try monitor.read().string ?? "" }
    #expect(lines[0].hasSuffix("\"AUTH\" \"(redacted)\" \"(redacted)\""))
    #expect(lines[1].hasSuffix("\"MULTI\""))
    #expect(lines[2].hasSuffix("\"SET\" \"k\" \"v\""))
    #expect(lines[3].hasSuffix("\"EXEC\""))
    #expect(try monitor.send("GET", "k") == .error("ERR Replica can't interact with the keyspace"))
    #expect(try monitor.send("RESET") == .simple("RESET"))
    try client.send("SET", "k", "w")
    #expect(try monitor.send("GET", "k") == .text("w"))
  }
}
