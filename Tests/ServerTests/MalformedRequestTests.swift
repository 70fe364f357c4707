import Glibc
import SeededRandom
import Testing

/// Requests that are wrong: every one gets Redis's words, and the connection its end.
///
/// The expectations hold for redis-server too: WINGCACHE_BINARY=redis-server runs them against it.
@Suite struct MalformedRequestTests {
  private static let long = 70 * 1024

  /// What is sent, and what comes back behind `-ERR Protocol error: `.
  private static let refused: [(sent: String, reply: String)] = [
    ("*abc\r\n", "invalid multibulk length"),
    ("*\r\n", "invalid multibulk length"),
    ("*2147483648\r\n", "invalid multibulk length"),
    ("*99999999999999999999\r\n", "invalid multibulk length"),
    ("* 1\r\n", "invalid multibulk length"),
    ("*+1\r\n", "invalid multibulk length"),
    ("*01\r\n", "invalid multibulk length"),
    ("*1\r\n$-1\r\n", "invalid bulk length"),
    ("*1\r\n$536870913\r\n", "invalid bulk length"),
    ("*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
    ("*1\r\n$abc\r\n", "invalid bulk length"),
    ("*1\r\n$\r\n", "invalid bulk length"),
    ("*1\r\n$04\r\nPING\r\n", "invalid bulk length"),
    ("*1\r\n$ 4\r\nPING\r\n", "invalid bulk length"),
    ("*1\r\n+PING\r\n", "expected '$', got '+'"),
    ("*2\r\n$4\r\nECHO\r\n*1\r\n", "expected '$', got '*'"),
    ("*" + String(repeating: "1", count: long), "too big mbulk count string"),
    ("*1\r\n$" + String(repeating: "1", count: long), "too big bulk count string"),
    (String(repeating: "x", count: long), "too big inline request"),
    ("GET \"k\r\n", "unbalanced quotes in request"),
    ("GET 'k'x\r\n", "unbalanced quotes in request"),
  ]

  @Test func isAnsweredAndEndsTheConnection() throws {
    let server = try TestServer()
    for (sent, reply) in Self.refused {
      let client = try server.connect()
      // The command in front is executed, the one behind is not.
      try client.write("PING\r\n")
      #expect(try client.read() == .simple("PONG"))
      try client.write(sent)
      let shown = sent.prefix(40).debugDescription
      #expect(try client.read() == .error("ERR Protocol error: " + reply), "\(shown)")
      #expect(client.isClosedByServer(), "\(shown)")
    }
    #expect(try server.connect().send("PING") == .simple("PONG"))
  }

  @Test func emptyAndNegativeArraysAreIgnored() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.write("*0\r\n*-1\r\n*-2147483648\r\n\r\n\r\nPING\r\n")
    #expect(try client.read() == .simple("PONG"))
  }

  @Test func strangersMayAskForLittle() throws {
    let server = try TestServer("--requirepass", "secret")
    for (sent, reply) in [
      ("*11\r\n", "unauthenticated multibulk length"),
      ("*1\r\n$16385\r\n", "unauthenticated bulk length"),
    ] {
      let client = try server.connect()
      try client.write(sent)
      #expect(try client.read() == .error("ERR Protocol error: " + reply))
      #expect(client.isClosedByServer())
    }
    let client = try server.connect()
    #expect(try client.send("GET", "k") == .error("NOAUTH Authentication required."))
    #expect(try client.send("AUTH", "wrong").isError("WRONGPASS"))
    #expect(try client.send("AUTH", "secret") == .ok)
    #expect(try client.send(["DEL"] + (0..<20).map { "k\($0)" }) == .integer(0))
  }

  @Test func aMillionArgumentsAreFine() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("SET", "k", "v")
    let count = 1_000_000
    var request = Array("*\(count + 1)\r\n$6\r\nEXISTS\r\n".utf8)
    let key = Array("$1\r\nk\r\n".utf8)
    request.reserveCapacity(request.count + count * key.count)
    for _ in 0..<count { request += key }
    try client.write(request)
    #expect(try client.read() == .integer(Int64(count)))
    #expect(try client.send("PING") == .simple("PONG"))
  }

  @Test func anAnnouncementCostsNoMemory() throws {
    let server = try TestServer()
    let other = try server.connect()
    #expect(try other.send("PING") == .simple("PONG"))
    let before = server.residentBytes
    // Nothing of what is announced ever comes: two gigabytes in four promises.
    let promising = try (0..<4).map { _ in try server.connect() }
    for client in promising {
      try client.write("*2\r\n$4\r\nECHO\r\n$536870912\r\nab")
    }
    let list = "*2147483647\r\n$6\r\nEXISTS\r\n"
    let many = try server.connect()
    try many.write(list)
    #expect(try other.send("PING") == .simple("PONG"))
    #expect(server.residentBytes - before < 16 << 20)
  }

  @Test func garbageHarmsNobodyElse() throws {
    let server = try TestServer()
    let bystander = try server.connect()
    var generator = SeededGenerator(test: "garbage")
    for _ in 0..<200 {
      let client = try server.connect()
      let count = Int.random(in: 1...600, using: &generator)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      if Bool.random(using: &generator) { bytes[0] = UInt8(ascii: "*") }
      // The server may have closed already.
      try? client.write(bytes)
    }
    #expect(try bystander.send("PING") == .simple("PONG"))
  }

  @Test func otherProtocolsGetNowhere() throws {
    let server = try TestServer()
    // A page of the web sends what it likes in the body of a POST.
    let post = "POST / HTTP/1.1\r\nHost: localhost:6379\r\n\r\nSET k hacked\r\n"
    let get = "GET / HTTP/1.1\r\nHost: localhost:6379\r\n\r\nSET k hacked\r\n"
    for text in [post, get, "host: x\r\nSET k hacked\r\n"] {
      let client = try server.connect()
      try client.write(text)
      #expect(client.isClosedByServer())
    }
    // TLS's first message: a handshake record, version 3.1, 512 bytes of ClientHello.
    let hello: [UInt8] =
      [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + Array(repeating: 0xAB, count: 506)
    let client = try server.connect()
    try client.write(hello)
    let other = try server.connect()
    #expect(try other.send("GET", "k") == .null)
    client.finishSending()
    #expect(client.isClosedByServer())
  }

  @Test func keysAreAnyBytes() throws {
    let server = try TestServer()
    let client = try server.connect()
    let all = (0...255).map { UInt8($0) }
    var keys: [[UInt8]] = [[], all, Array("a\r\nb".utf8), Array("$3\r\n".utf8)]
    keys += all.map { [$0] }
    for key in keys {
      #expect(try client.send(bytes: [Array("SET".utf8), key, key + all]) == .ok)
    }
    for key in keys {
      #expect(try client.send(bytes: [Array("GET".utf8), key]) == .bulk(key + all))
    }
    #expect(try client.send("DBSIZE") == .integer(Int64(keys.count)))
    #expect(try client.send(bytes: [Array("DEL".utf8)] + keys) == .integer(Int64(keys.count)))
  }

  @Test func aRequestMayComeByteByByte() throws {
    let server = try TestServer()
    let client = try server.connect()
    var one: CInt = 1
    setsockopt(
      client.fd, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
    for byte in TestClient.encode([Array("SET".utf8), Array("k".utf8), Array("a\r\nb".utf8)]) {
      try client.write([byte])
    }
    #expect(try client.read() == .ok)
    for byte in "get \"k\"\r\n".utf8 { try client.write([byte]) }
    #expect(try client.read() == .text("a\r\nb"))
  }
}
