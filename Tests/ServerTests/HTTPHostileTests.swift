import Foundation
import Testing

/// HTTP clients that mean no good, or many of them.
@Suite struct HTTPHostileTests {
  private final class HTTP {
    let server: TestServer
    let path: String

    init(_ options: String...) throws {
      path = "/tmp/wingcache-http-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      server = try TestServer(
        options: ["--http-port", "1", "--http-bind", path, "--http-timeout", "600"] + options)
    }

    func connect() throws -> HTTPClient { try HTTPClient(path: path) }

    func isAlive() throws -> Bool { try connect().send("GET", "/healthz").status == 200 }
  }

  @Test func headersAreLimited() throws {
    let http = try HTTP("--http-max-header-bytes", "1000")
    let long = String(repeating: "x", count: 1001)
    let many = (0..<80).map { ("X-\($0)", "yyyyyyyyyyyyyyyyyyyy") }
    let requests = [
      HTTPClient.request("GET", "/healthz", [("X", long)]),
      HTTPClient.request("GET", "/healthz", [(long, "x")]),
      HTTPClient.request("GET", "/healthz", many),
      HTTPClient.request("GET", "/\(long)"),
      HTTPClient.request("GET", "/healthz", (0..<101).map { ("A\($0)", "") }),
    ]
    for request in requests {
      let client = try http.connect()
      try client.write(request)
      #expect(try client.read().status == 431)
      #expect(client.isClosedByServer())
    }
    let fit = (0..<20).map { ("X-\($0)", "yyyyyyyyyyyyyyyyyyyy") }
    #expect(try http.connect().send("GET", "/healthz", fit).status == 200)
  }

  /// Without end, and the server does not keep it.
  @Test func anEndlessHeaderIsCut() throws {
    let http = try HTTP()
    let client = try http.connect()
    let block = String(repeating: "x", count: 1 << 16)
    var isOpen = try client.write("GET / HTTP/1.1\r\nX: ")
    for _ in 0..<1000 where isOpen { isOpen = try client.write(block) }
    #expect(!isOpen)
    #expect(try http.isAlive())
  }

  @Test func whatIsNoHTTPIsRefused() throws {
    let http = try HTTP()
    let requests = [
      "*1\r\n$4\r\nPING\r\n", "GET /healthz\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{0}\u{1}\u{0}\u{0}\u{0}\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ]
    for request in requests {
      let client = try http.connect()
      try client.write(request)
      client.finishSending()
      let answer = try? client.read()
      // Some are only cut; none is served.
      #expect(answer?.status ?? 400 >= 400, "\(request)")
    }
    #expect(try http.isAlive())
  }

  @Test func bodiesAreNotWanted() throws {
    let http = try HTTP()
    let client = try http.connect()
    try client.write(
      HTTPClient.request("GET", "/healthz", [("Content-Length", "5")]) + "12345"
        + HTTPClient.request("GET", "/healthz"))
    #expect(try client.read().status == 200)
    #expect(try client.read().status == 200)
    let greedy = try http.connect()
    try greedy.write(HTTPClient.request("POST", "/healthz", [("Content-Length", "100000000")]))
    var isOpen = true
    let block = String(repeating: "x", count: 1 << 16)
    // What comes within a second of the answer is thrown away; then the connection is cut.
    for _ in 0..<100_000 where isOpen { isOpen = try greedy.write(block) }
    #expect(!isOpen)
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let http = try HTTP("--threads", "3")
    let setter = try http.server.connect()
    for index in 0..<10 { try setter.send("SET", "wingman:static:\(index)", "value \(index)") }
    let client = try http.connect()
    let targets = (0..<200).map { "/static/\($0 % 12)" }
    try client.write(targets.map { HTTPClient.request("GET", $0) }.joined())
    for index in 0..<200 {
      let answer = try client.read()
      if index % 12 < 10 {
        #expect(answer.text == "value \(index % 12)")
      } else {
        #expect(answer.status == 404)
      }
    }
    // The last one that is asked for is the last one.
    try client.write(
      HTTPClient.request("GET", "/static/1", [("Connection", "close")])
        + HTTPClient.request("GET", "/static/2"))
    let last = try client.read()
    #expect(last.text == "value 1")
    #expect(last["Connection"] == "close")
    #expect(client.isClosedByServer())
  }

  /// Who asks for much and reads nothing holds one answer, not all.
  @Test func aClientThatDoesNotReadHoldsLittle() throws {
    let http = try HTTP()
    let setter = try http.server.connect()
    try setter.send("SET", "wingman:static:large", String(repeating: "x", count: 4 << 20))
    let client = try http.connect()
    let before = http.server.residentBytes
    try client.write(
      (0..<200).map { _ in HTTPClient.request("GET", "/static/large") }.joined())
    _ = try client.read()
    #expect(try http.isAlive())
    // 800 MB were asked for. Sanitizers keep what was freed.
    guard !TestServer.isSanitized else { return }
    #expect(http.server.residentBytes - before < 100 << 20)
  }

  @Test func slowClientsAreCut() throws {
    let http = try HTTP("--http-timeout", "1")
    let idle = try http.connect()
    let slow = try http.connect()
    try slow.write("GET /healthz HTTP/1.1\r\nHost:")
    let kept = try http.connect()
    // On a slow machine its second may be over.
    _ = try? kept.send("GET", "/healthz")
    #expect(idle.isClosedByServer())
    #expect(slow.isClosedByServer())
    #expect(kept.isClosedByServer())
    let client = try http.server.connect()
    #expect(try http.server.info("http_timeouts", client) == "3")
  }

  @Test func connectionsAreLimited() throws {
    let http = try HTTP("--http-max-connections", "3")
    var clients: [HTTPClient] = []
    for _ in 0..<3 {
      let client = try http.connect()
      #expect(try client.send("GET", "/healthz").status == 200)
      clients.append(client)
    }
    let surplus = try http.connect()
    #expect(surplus.isClosedByServer())
    clients.removeLast()
    // The place is free as soon as the server sees the end.
    let isFree = http.server.wait { (try? http.isAlive()) == true }
    #expect(isFree)
    let client = try http.server.connect()
    #expect(try Int(http.server.info("http_refused", client)) ?? 0 >= 1)
  }

  @Test func manyAtOnceWhileKeysChange() throws {
    let http = try HTTP("--threads", "4")
    let path = http.path
    let writer = try http.server.connect()
    try writer.send("SET", "wingman:static:k", "0", "WITHETAG")
    let port = http.server.port
    let errors = Threads.run(9) { number in
      guard number > 0 else {
        let writer = try TestClient(port: port)
        for round in 0..<200 {
          try writer.send("SETIFGREATER", "wingman:static:k", "value \(round)", "\(round + 2)")
        }
        return
      }
      let client = try HTTPClient(path: path)
      for round in 0..<60 {
        let target = ["/static/k", "/metrics", "/readyz", "/static/none"][(number + round) % 4]
        let answer = try client.send("GET", target)
        #expect([200, 404].contains(answer.status))
      }
    }
    #expect(errors.isEmpty)
    #expect(try http.connect().send("GET", "/static/k")["ETag"] == "\"201\"")
  }
}
