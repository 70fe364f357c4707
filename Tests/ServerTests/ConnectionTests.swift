import Testing

/// Requests however they are cut, and connections however they end.
@Suite struct ConnectionTests {
  @Test func answersPing() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("PING") == .simple("PONG"))
    #expect(try client.send("ECHO", "hi") == .text("hi"))
  }

  @Test func everyPrefixOfARequestIsOnlyAPrefix() throws {
    let server = try TestServer("--threads", "1")
    let request = TestClient.encode([Array("ECHO".utf8), Array("a\r\nb".utf8)])
    for cut in 1..<request.count {
      let client = try server.connect()
      try client.write(Array(request[..<cut]))
      // The other half is sent when the first has been read: a second connection's reply says so.
      try server.connect().send("PING")
      try client.write(Array(request[cut...]))
      #expect(try client.read() == .text("a\r\nb"), "cut at \(cut)")
    }
  }

  @Test func largeBulksArriveWhole() throws {
    let server = try TestServer()
    let client = try server.connect()
    for count in [1, 1000, 32 * 1024 - 1, 32 * 1024, 65536, 100_000, 3_000_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(try client.send(bytes: [Array("ECHO".utf8), bytes]) == .bulk(bytes))
      // And with commands in front and behind.
      let ping = TestClient.encode([Array("PING".utf8)])
      let echo = TestClient.encode([Array("ECHO".utf8), bytes])
      try client.write(ping + echo + ping + echo)
      #expect(try client.read() == .simple("PONG"))
      #expect(try client.read() == .bulk(bytes))
      #expect(try client.read() == .simple("PONG"))
      #expect(try client.read() == .bulk(bytes))
    }
  }

  @Test func stopsCleanlyOnSIGTERM() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("PING") == .simple("PONG"))
    server.send(signal: 15)
    #expect(client.isClosedByServer())
    #expect(server.waitForExit() == 0)
  }
}
