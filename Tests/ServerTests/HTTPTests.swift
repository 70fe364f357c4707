import Foundation
import Testing

/// A server that serves HTTP on a Unix socket in its directory, so that no two tests can want the
/// same port.
private struct HTTPTestServer {
  let server: TestServer
  let path: String

  init(_ options: String...) throws {
    path = "/tmp/wingcache-http-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    server = try TestServer(
      options: ["--http-port", "1", "--http-bind", path, "--http-timeout", "600"] + options)
  }

  func connect() throws -> HTTPClient { try HTTPClient(path: path) }

  func get(
    _ target: String, _ headers: [(String, String)] = []
  ) throws -> HTTPClient.Answer { try connect().send("GET", target, headers) }

  func metrics() throws -> ExpositionParser { try ExpositionParser(get("/metrics").text) }
}

@Suite struct HTTPTests {
  @Test func servesStringsWithTheirETags() throws {
    let http = try HTTPTestServer()
    let client = try http.server.connect()
    try client.send("SET", "wingman:static:page", "hello", "WITHETAG")
    try client.send("EXPIRE", "wingman:static:page", "100")
    let answer = try http.get("/static/page")
    #expect(answer.status == 200)
    #expect(answer.text == "hello")
    #expect(answer["ETag"] == "\"1\"")
    #expect(answer["Content-Length"] == "5")
    #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
    #expect(answer["X-Content-Type-Options"] == "nosniff")
    #expect(answer["Date"]?.hasSuffix(" GMT") == true)
    let age = answer["Cache-Control"]?.split(separator: "=").last.flatMap { Int($0) } ?? 0
    #expect((1...100).contains(age))
    // The number goes up with every change, for HTTP as for GETWITHETAG.
    try client.send("APPEND", "wingman:static:page", "!")
    #expect(
      try client.send("GETWITHETAG", "wingman:static:page")
        == .array([.integer(2), .text("hello!")]))
    let changed = try http.get("/static/page", [("If-None-Match", "\"1\"")])
    #expect(changed.status == 200)
    #expect(changed["ETag"] == "\"2\"")
    for condition in ["\"2\"", "W/\"2\"", "\"x\", \"2\"", "*", " \"1\" ,W/\"2\" ", ", \"2\","] {
      let same = try http.get("/static/page", [("If-None-Match", condition)])
      #expect(same.status == 304, "\(condition)")
      #expect(same.body.isEmpty)
      #expect(same["ETag"] == "\"2\"")
      #expect(same["Cache-Control"]?.hasPrefix("public, max-age=") == true)
    }
    for condition in ["\"3\"", "2", "\"2", "* , \"1\"", "\"2\" x", "", "W/2", "\"22\""] {
      #expect(
        try http.get("/static/page", [("If-None-Match", condition)]).status == 200, "\(condition)")
    }
    let two = try http.get(
      "/static/page", [("If-None-Match", "\"9\""), ("If-None-Match", "\"2\"")])
    #expect(two.status == 304)
  }

  @Test func aStringWithoutANumberIsKnownByItsContent() throws {
    let http = try HTTPTestServer()
    let client = try http.server.connect()
    try client.send("SET", "wingman:static:a", "{\"a\":1}")
    let answer = try http.get("/static/a")
    #expect(answer["Cache-Control"] == "public, no-cache")
    #expect(answer["Content-Type"] == "application/json")
    let tag = try #require(answer["ETag"])
    #expect(try http.get("/static/a", [("If-None-Match", tag)]).status == 304)
    try client.send("SET", "wingman:static:a", "{\"a\":2}")
    let changed = try http.get("/static/a", [("If-None-Match", tag)])
    #expect(changed.status == 200)
    #expect(changed["ETag"] != tag)
    // Whatever is in it, and however large it is.
    let large = String(repeating: "0123456789abcdef", count: 65536) + "\u{0}"
    try client.send("SET", "wingman:static:large", large)
    let whole = try http.get("/static/large")
    #expect(whole.text == large)
    #expect(whole["Content-Type"] == "text/plain; charset=utf-8")
    try client.send(bytes: [
      Array("SET".utf8), Array("wingman:static:png".utf8),
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0xFF],
    ])
    #expect(try http.get("/static/png")["Content-Type"] == "image/png")
    try client.send("SET", "wingman:static:web", "<html><script>alert(1)</script>")
    #expect(try http.get("/static/web")["Content-Type"] == "text/plain; charset=utf-8")
    try client.send("CONFIG", "SET", "http-static-type", "text/html", "http-static-prefix", "p:")
    #expect(try http.get("/static/web").status == 404)
    try client.send("SET", "p:web", "")
    let empty = try http.get("/static/web")
    #expect(empty["Content-Type"] == "text/html")
    #expect(empty["Content-Length"] == "0")
    #expect(
      try client.send("CONFIG", "SET", "http-static-type", "a\r\nb").isError("ERR"))
  }

  @Test func headHasNoBody() throws {
    let http = try HTTPTestServer()
    try http.server.connect().send("SET", "wingman:static:a", "hello")
    let connection = try http.connect()
    let head = try connection.send("HEAD", "/static/a")
    #expect(head.status == 200)
    #expect(head["Content-Length"] == "5")
    #expect(try connection.send("HEAD", "/static/b").status == 404)
    // Had there been a body, this would read it.
    #expect(try connection.send("GET", "/static/a").text == "hello")
  }

  @Test func refusesWhatMakesNoSense() throws {
    let http = try HTTPTestServer()
    let client = try http.server.connect()
    try client.send("SET", "wingman:static:a", "hello")
    try client.send("SET", "wingman:static:a.b_c-D9", "name")
    try client.send("RPUSH", "wingman:static:list", "x")
    let connection = try http.connect()
    let long = String(repeating: "x", count: 129)
    let statuses: [(String, Int)] = [
      ("/static/a", 200), ("/static/%61", 200), ("http://anywhere/static/a?x=1#y", 200),
      ("/static/a.b_c-D9", 200), ("/static/none", 404), ("/static/list", 404), ("/", 404),
      ("/static", 404), ("/metrics/x", 404), ("/static/", 400), ("/static/\(long)", 400),
      ("/static/..", 400), ("/static/../../etc/passwd", 400), ("/static/%2e%2e%2f", 400),
      ("/static/a%", 400), ("/static/a%4", 400), ("/static/a%zz", 400), ("/static/a%00", 400),
      ("/static/a%0d%0aSet-Cookie:x", 400), ("/static/a/b", 400), ("/static/a:b", 400),
      ("/static/*", 400), ("/static/%C3%A9", 400), ("*", 400),
    ]
    for (target, status) in statuses {
      let answer = try connection.send("GET", target)
      #expect(answer.status == status, "\(target)")
      #expect(status == 200 || answer["Cache-Control"] == "no-store", "\(target)")
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
      let answer = try connection.send(method, "/static/a", [("Content-Length", "0")])
      #expect(answer.status == 405)
      #expect(answer["Allow"] == "GET, HEAD")
    }
    #expect(try client.send("EXISTS", "wingman:static:a") == .integer(1))
  }

  @Test func usersRightsHold() throws {
    let http = try HTTPTestServer()
    let client = try http.server.connect()
    try client.send("SET", "wingman:static:a", "hello")
    try client.send("ACL", "SETUSER", "web", "on", "~wingman:static:b*", "+get")
    try client.send("CONFIG", "SET", "http-user", "web")
    #expect(try http.get("/static/a").status == 403)
    #expect(try http.get("/static/b").status == 404)
    try client.send("ACL", "SETUSER", "web", "~*")
    #expect(try http.get("/static/a").status == 200)
    try client.send("ACL", "SETUSER", "web", "off")
    #expect(try http.get("/static/a").status == 403)
    try client.send("ACL", "DELUSER", "web")
    #expect(try http.get("/static/a").status == 403)
    // Where everybody has to log in, HTTP is nobody until it is told who it is.
    try client.send("CONFIG", "SET", "http-user", "")
    #expect(try http.get("/static/a").status == 200)
    try client.send("CONFIG", "SET", "requirepass", "secret")
    #expect(try http.get("/static/a").status == 403)
    try client.send("CONFIG", "SET", "http-user", "default")
    #expect(try http.get("/static/a").status == 200)
  }

  /// Who may see keys of classes, and until when, is told to commands only.
  @Test func keysOfClassesAreNoStaticContent() throws {
    let file = "/tmp/wingcache-classes-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: file) }
    let classes = """
      class page
        key wingman:static:row-{id:int}
        sql SELECT :id AS id;
        ttl 1h
      """
    try Data(classes.utf8).write(to: URL(fileURLWithPath: file))
    let http = try HTTPTestServer(
      "--postgres-url", "postgresql://127.0.0.1:1/none", "--cache-classes-file", file)
    let client = try http.server.connect()
    for name in ["row-1", "row-x"] { try client.send("SET", "wingman:static:\(name)", "text") }
    #expect(try http.get("/static/row-1").status == 403)
    #expect(try http.get("/static/row-x").status == 200)
  }

  @Test func readsCountAsReads() throws {
    let http = try HTTPTestServer("--threads", "3")
    let client = try http.server.connect()
    try client.send("SET", "wingman:static:a", "hello")
    try client.send("CONFIG", "RESETSTAT")
    for _ in 0..<5 { #expect(try http.get("/static/a").status == 200) }
    _ = try http.get("/static/none")
    #expect(try http.server.info("keyspace_hits", client) == "5")
    #expect(try http.server.info("keyspace_misses", client) == "1")
    #expect(try http.server.info("http_answers_200", client) == "5")
  }

  @Test func saysHowItIs() throws {
    let http = try HTTPTestServer()
    let alive = try http.get("/healthz")
    #expect(alive.status == 200)
    #expect(alive.text == "ok\n")
    let ready = try http.get("/readyz")
    #expect(ready.status == 200)
    #expect(ready.text.hasPrefix("ready\n"))
    #expect(ready["Cache-Control"] == "no-store")
  }

  /// What is called a counter stays when everything that was made goes again.
  @Test func countersNeverFall() throws {
    let http = try HTTPTestServer()
    let client = try http.server.connect()
    let other = try http.server.connect()
    try other.send("CLIENT", "TRACKING", "ON", "BCAST", "REDIRECT", "0")
    try client.send("CACHE.RULE", "SET", "p:", "QUOTA", "100keys", "DEFAULTTTL", "100")
    for number in 0..<20 {
      try client.send("CACHE.SET", "p:\(number)", "v", "TAGS", "1", "t")
      try client.send("CACHE.GET", "q:\(number)")
    }
    try client.send("COACH.APPEND", "1", "user", "My name is Ann, and I was born in 1990.")
    try client.send("COACH.ROUTE", "1", "hello", "USER", "ann", "RESERVE", "r1")
    try client.send("COACH.ROUTE", "2", "How do I ask her out?", "USER", "ann", "RESERVE", "r2")
    try client.send("COACH.SAFETY", "I want to kill myself", "CONV", "1")
    try client.send("SETBIT", "big", "1000000", "1")
    let before = try http.metrics()
    try client.send("CACHE.INVALIDATE", "TAG", "t")
    try client.send("CACHE.INVALIDATE", "PREFIX", "p:")
    try client.send("CACHE.INVALIDATE", "KEY", "q:1")
    for _ in 0..<5 { try client.send("COACH.ROUTE", "3", "How do I ask?", "USER", "ann") }
    try client.send("COACH.FORGET", "USER", "ann")
    try client.send("FLUSHALL")
    try client.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    try client.send("ECHO", "the end")
    var after = before
    // A reading is good for a tenth of a second.
    let isSeen = try http.server.wait {
      after = try http.metrics()
      return after.value("wingcache_command_calls_total", ["command": "echo"]) == 1
    }
    #expect(isSeen)
    for sample in before.samples where before.types[sample.name] == "counter" {
      let now = after.value(sample.name, sample.labels)
      #expect((now ?? -1) >= sample.value, "\(sample.name) \(sample.labels)")
    }
    #expect(after.value("wingcache_cache_tagged_keys") == 0)
    #expect(before.types["wingcache_coach_routing_saved_dollars"] == "gauge")
  }

  @Test func metricsAreWellFormed() throws {
    let http = try HTTPTestServer("--requirepass", "very-secret-word")
    let client = try http.server.connect()
    try client.send("AUTH", "very-secret-word")
    for _ in 0..<7 { try client.send("SET", "k", "v", "EX", "100") }
    for _ in 0..<3 { try client.send("GET", "k") }
    try client.send("GET", "none")
    try client.send("COACH.CLASSIFY", "hello")
    try client.send("LPUSH", "k", "x")
    try client.send("EVAL", "return redis.error_reply('A\"B\\\\ x')", "0")
    try client.send("CACHE.RULE", "SET", "pa\"ge:", "MAXTTL", "60")
    try client.send("GET", "pa\"ge:1")
    let answer = try http.get("/metrics")
    #expect(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(!answer.text.contains("very-secret-word"))
    let metrics = try ExpositionParser(answer.text)
    #expect(metrics.value("wingcache_command_calls_total", ["command": "set"]) == 7)
    #expect(metrics.value("wingcache_command_calls_total", ["command": "get"]) == 5)
    #expect((metrics.value("wingcache_command_seconds_total", ["command": "set"]) ?? -1) >= 0)
    #expect(metrics.value("wingcache_keyspace_hits_total") == 3)
    #expect(metrics.value("wingcache_keyspace_misses_total") == 2)
    #expect(metrics.value("wingcache_errors_total", ["code": "WRONGTYPE"]) == 1)
    #expect(metrics.value("wingcache_keys", ["db": "0"]) == 1)
    #expect(metrics.value("wingcache_keys_expiring", ["db": "0"]) == 1)
    #expect(metrics.value("wingcache_connected_clients") == 1)
    #expect((metrics.value("wingcache_memory_resident_bytes") ?? 0) > 1_000_000)
    #expect((metrics.value("wingcache_expiry_lag_seconds", ["quantile": "0.99"]) ?? -1) >= 0)
    #expect(
      metrics.value("wingcache_coach_command_calls_total", ["command": "coach.classify"]) == 1)
    #expect(metrics.value("wingcache_http_connections") == 1)
    #expect(metrics.value("wingcache_cache_rules") == 1)
    #expect(metrics.value("wingcache_cache_rule_misses_total", ["prefix": "pa\"ge:"]) == 1)
    #expect(metrics.types["wingcache_keyspace_hits_total"] == "counter")
    #expect(metrics.types["wingcache_memory_used_bytes"] == "gauge")
    for (name, type) in metrics.types {
      #expect((type == "counter") == name.hasSuffix("_total"), "\(name)")
      #expect(name.hasPrefix("wingcache_"), "\(name)")
    }
    try client.send("DEL", "k")
    // A reading is good for a tenth of a second.
    let isSeen = try http.server.wait {
      try http.metrics().value("wingcache_keys", ["db": "0"]) == nil
    }
    #expect(isSeen)
  }

  @Test func isOffUnlessAskedFor() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try server.info("http_listening", client) == "0")
    #expect(try client.send("CONFIG", "GET", "http-port") == .texts("http-port", "0"))
    #expect(!server.logged.contains("HTTP"))
  }

  @Test func aTakenPortIsSaidAtOnce() throws {
    let taken = try TestServer()
    do {
      _ = try TestServer(options: ["--http-port", "\(taken.port)"])
      Issue.record("a second server listens on the port")
    } catch let failure as TestServer.Failure {
      #expect(failure.description.contains("cannot listen on 127.0.0.1:\(taken.port) for HTTP"))
    }
    #expect(throws: TestServer.Failure.self) {
      _ = try TestServer(options: ["--http-port", "1", "--http-bind", "nowhere"])
    }
  }

  @Test func listensOnAPort() throws {
    // The port is free when it is picked; somebody may take it before the server does.
    for attempt in 0..<20 {
      let port = UInt16.random(in: 20000...60000)
      guard let server = try? TestServer(options: ["--http-port", "\(port)"]) else { continue }
      let client = try HTTPClient(port: port)
      #expect(try client.send("GET", "/healthz").status == 200, "attempt \(attempt)")
      #expect(server.logged.contains("Ready to serve HTTP address=127.0.0.1:\(port)"))
      server.send(signal: SIGTERM)
      #expect(client.isClosedByServer())
      #expect(server.waitForExit() == 0)
      return
    }
    Issue.record("no port was free")
  }
}
