import Foundation
import RESPServer
import Testing

/// Keys that are loaded from a real PostgreSQL.
@Suite(.enabled(if: ScratchPostgres.isAvailable, "there is no PostgreSQL"))
struct ReadThroughTests {
  static let things = """
    CREATE TABLE things (id bigint PRIMARY KEY, owner text, body text, price numeric, facts jsonb,
      seen timestamptz);
    INSERT INTO things SELECT n, 'user' || n % 3, 'body ' || n, n + 0.50, '{"a": [1, null]}',
      '2026-01-02 03:04:05+00' FROM generate_series(1, 100) AS n;
    INSERT INTO things (id, owner, body) VALUES (101, 'user1', NULL);
    """

  static let thing = """
    class thing
      key    wingman:thing:{id:int}
      sql    SELECT id, owner, body FROM things WHERE id = :id;
      ttl    1h
      stale  1h
      negative 1h
      redact no
      watch  things id

    """

  private func body(_ id: Int, _ text: String? = nil) -> Reply {
    .text(#"{"id":\#(id),"owner":"user\#(id % 3)","body":"\#(text ?? "body \(id)")"}"#)
  }

  @Test func readsLoad() throws {
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.things), classes: Self.thing)
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:thing:7") == body(7))
    #expect(try client.send("EXISTS", "wingman:thing:8") == .integer(1))
    for id in [8, 9] {
      let left = try #require(try client.send("TTL", "wingman:thing:\(id)").number)
      #expect((3000...3600).contains(left))
    }
    #expect(try client.send("STRLEN", "wingman:thing:10") == .integer(42))
    #expect(try client.send("TYPE", "wingman:thing:11") == .simple("string"))
    #expect(
      try client.send("MGET", "wingman:thing:12", "other", "wingman:thing:999", "wingman:thing:7")
        == .array([body(12), .null, .null, body(7)]))
    #expect(try client.send("EXISTS", "wingman:thing:999", "wingman:thing:13") == .integer(1))
    #expect(try client.send("GET", "wingman:thing:101").string?.contains(#""body":null"#) == true)
    // Not of the class, so nothing is asked.
    for name in ["wingman:thing:07", "wingman:thing:x", "wingman:thing:", "wingman:thing:1:2"] {
      #expect(try client.send("GET", name) == .null)
    }
    #expect(try setup.figure("postgres_loads", client) == "9")
    #expect(try setup.figure("postgres_negatives", client) == "1")
    // In another database they are ordinary keys.
    try client.send("SELECT", "1")
    #expect(try client.send("GET", "wingman:thing:7") == .null)
    #expect(try client.send("CACHE.REFRESH", "wingman:thing:7").isError("ERR keys of classes"))
  }

  @Test func typesAreTheDatabase() throws {
    let classes = """
      class whole
        key    wingman:whole:{id:int}
        sql    SELECT price, facts, seen AT TIME ZONE 'UTC' AS seen, NULL::text AS nothing
               FROM things WHERE id = :id;
        ttl    1h
        redact no
      class list
        key    wingman:list:{owner}
        sql    SELECT id FROM things WHERE owner = :owner AND id < 10 ORDER BY id;
        ttl    1h
        value  array
      class plain
        key    wingman:plain:{id}
        sql    SELECT body, id FROM things WHERE id = :id;
        ttl    1h
        value  column body
      class several
        key    wingman:several:{id:int}
        sql    SELECT id FROM things WHERE id <= :id ORDER BY 1;
        ttl    1h
      """
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.things), classes: classes)
    let client = try setup.connect()
    #expect(
      try client.send("GET", "wingman:whole:7")
        == .text(
          #"{"price":7.50,"facts":{"a": [1, null]},"seen":"2026-01-02T03:04:05","nothing":null}"#))
    #expect(try client.send("GET", "wingman:list:user1") == .text(#"[{"id":1},{"id":4},{"id":7}]"#))
    #expect(try client.send("GET", "wingman:list:nobody") == .text("[]"))
    #expect(try client.send("GET", "wingman:plain:7") == .text("body 7"))
    #expect(try client.send("GET", "wingman:plain:101") == .null)
    #expect(try client.send("GET", "wingman:several:1") == .text(#"{"id":1}"#))
    #expect(try client.send("GET", "wingman:several:2") == .text(#"[{"id":1},{"id":2}]"#))
    // A placeholder of any text, a column of numbers: one spelling is a key, others are not.
    for name in ["07", "7 ", "+7", "x", "99999999999999999999", "7;--", "1 OR 1=1", "7'"] {
      #expect(try client.send("GET", "wingman:plain:\(name)") == .null, "\(name)")
    }
    #expect(try setup.postgres.run("SELECT count(*) FROM things") == "101")
  }

  @Test func keysNeverBecomeSQL() throws {
    let classes = """
      class note
        key    wingman:note:{title}
        sql    SELECT body FROM things WHERE body = :title;
        ttl    1h
        value  column body
        redact no
      """
    let postgres = try ScratchPostgres.database(Self.things)
    let attempts = [
      "'; DROP TABLE things; --", "' OR '1'='1", "$1", "\\", "\\'; --", "\"", "$$", "%s%n", "é'é",
      "body 7' --", "/*", "*/", "(SELECT 1)", ";", "'||(SELECT 1)||'",
    ]
    let setup = try ReadThroughServer(postgres, classes: classes)
    let client = try setup.connect()
    for text in attempts {
      #expect(try client.send("GET", "wingman:note:\(text)") == .null, "\(text)")
      try postgres.run(
        "INSERT INTO things (id, body) VALUES (\(1000 + text.hashValue.magnitude % 1_000_000_000), "
          + "$wing$\(text)$wing$)")
      #expect(try client.send("CACHE.REFRESH", "wingman:note:\(text)") == .ok, "\(text)")
      #expect(try client.send("GET", "wingman:note:\(text)") == .text(text), "\(text)")
    }
    #expect(try postgres.run("SELECT count(*) FROM things") == "\(101 + attempts.count)")
  }

  /// A class whose loads wait until the lock of their number is free.
  private static let slow = """
    class slow
      key    wingman:slow:{id:int}
      sql    SELECT clock_timestamp() AS loaded FROM pg_advisory_xact_lock_shared(:id);
      ttl    1h
      value  column loaded
      redact no
    """

  /// Ten thousand reads of a key that is not there are one query.
  @Test func oneLoadForAll() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let setup = try ReadThroughServer(
      postgres, classes: Self.slow,
      ["--postgres-load-timeout", "600000", "--postgres-statement-timeout", "600000"])
    let watcher = try setup.connect()
    let barrier = try ScratchPostgres.Barrier(postgres, 7)
    let clients = try (0..<200).map { _ in try setup.connect() }
    let requests = (0..<50).map { _ in
      TestClient.encode([Array("GET".utf8), Array("wingman:slow:7".utf8)])
    }
    for client in clients {
      try client.write(requests.flatMap { $0 } + TestClient.encode([Array("PING".utf8)]))
    }
    try setup.eventually("all wait") { try setup.figure("blocked_clients", watcher) == "200" }
    #expect(try watcher.send("PING") == .simple("PONG"))
    try barrier.release(in: postgres)
    var values: Set<String> = []
    for client in clients {
      for _ in 0..<50 { values.insert(try client.read().string ?? "nothing") }
      #expect(try client.read() == .simple("PONG"))
    }
    #expect(values.count == 1)
    #expect(values.first?.hasPrefix("20") == true)
    #expect(try setup.figure("postgres_loads", watcher) == "1")
    #expect(try setup.figure("postgres_waits", watcher) == "200")
  }

  /// As many clients as one server has by default, all waiting for one key.
  @Test func tenThousandClientsWaitForOneKey() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    // This process has other sockets, too.
    let count = min(10_000, OpenFiles.raiseLimit() - 2000)
    if count < 10_000 { print("with \(count) clients: more files may not be open here") }
    let socket = "/tmp/wingcache-slow-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let setup = try ReadThroughServer(
      postgres, classes: Self.slow,
      [
        "--postgres-load-timeout", "600000", "--postgres-statement-timeout", "600000",
        "--unixsocket", socket, "--maxclients", "\(count + 10)",
      ])
    let watcher = try setup.connect()
    watcher.setTimeout(seconds: 120)
    let barrier = try ScratchPostgres.Barrier(postgres, 8)
    var clients: [TestClient] = []
    for _ in 0..<count {
      let client = try TestClient(path: socket)
      client.setTimeout(seconds: 120)
      try client.write("GET wingman:slow:8\r\n")
      clients.append(client)
    }
    try setup.eventually("all wait", seconds: 300) {
      try setup.figure("blocked_clients", watcher) == "\(count)"
    }
    // Others are served meanwhile.
    #expect(try watcher.send("PING") == .simple("PONG"))
    #expect(try watcher.send("GET", "other") == .null)
    try barrier.release(in: postgres)
    let first = try clients[0].read()
    #expect(first.string?.hasPrefix("20") == true)
    for client in clients.dropFirst() { #expect(try client.read() == first) }
    #expect(try setup.figure("postgres_loads", watcher) == "1")
    #expect(try setup.figure("postgres_waits", watcher) == "\(count)")
    #expect(try setup.figure("blocked_clients", watcher) == "0")
  }

  @Test func repliesKeepTheirOrder() throws {
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.things), classes: Self.thing)
    let client = try setup.connect()
    var commands: [[String]] = []
    var expected: [Reply] = []
    for id in 1...60 {
      commands += [["SET", "k", "\(id)"], ["GET", "wingman:thing:\(id)"], ["GET", "k"]]
      expected += [.ok, body(id), .text("\(id)")]
    }
    #expect(try client.pipeline(commands) == expected)
    // Skipped replies stay skipped, and only those.
    try client.write("CLIENT REPLY SKIP\r\nGET wingman:thing:61\r\nGET wingman:thing:62\r\n")
    #expect(try client.read() == body(62))
  }

  @Test func transactionsAndScriptsSeeWhatIsThere() throws {
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.things), classes: Self.thing)
    let client = try setup.connect()
    try client.send("MULTI")
    try client.send("GET", "wingman:thing:7")
    #expect(try client.send("EXEC") == .array([.null]))
    // It has been asked for meanwhile.
    try setup.eventually("loaded") {
      try client.send("MULTI")
      try client.send("GET", "wingman:thing:7")
      return try client.send("EXEC") == .array([body(7)])
    }
    let script = "return redis.call('GET', KEYS[1])"
    #expect(try client.send("EVAL", script, "1", "wingman:thing:8") == .null)
    try setup.eventually("loaded") {
      try client.send("EVAL", script, "1", "wingman:thing:8") == body(8)
    }
  }

  @Test func changesAreHeardOf() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let setup = try ReadThroughServer(postgres, classes: Self.thing)
    let client = try setup.connect()
    try client.send("CONFIG", "SET", "notify-keyspace-events", "KEA")
    let events = try setup.connect()
    _ = try events.send("SUBSCRIBE", "__keyevent@0__:del")
    let tracking = try setup.connect()
    _ = try tracking.send("HELLO", "3")
    #expect(try tracking.send("CLIENT", "TRACKING", "ON") == .ok)
    #expect(try tracking.send("GET", "wingman:thing:7") == body(7))
    #expect(try client.send("GET", "wingman:thing:8") == body(8))
    #expect(try client.send("GET", "wingman:thing:200") == .null)
    // A new ID touches the keys of both.
    try postgres.run("UPDATE things SET id = 200 WHERE id = 7")
    #expect(
      try tracking.read()
        == .push([.text("invalidate"), .array([.text("wingman:thing:7")])]))
    #expect(
      try events.read()
        == .array([.text("message"), .text("__keyevent@0__:del"), .text("wingman:thing:7")]))
    #expect(try client.send("GET", "wingman:thing:7") == .null)
    try setup.eventually("the new row") {
      try client.send("GET", "wingman:thing:200").string?.contains("body 7") == true
    }
    #expect(try setup.figure("postgres_invalidated_keys", client) == "2")
    #expect(try client.send("GET", "wingman:thing:8") == body(8))
    // One that is not there any more.
    try postgres.run("DELETE FROM things WHERE id = 8")
    try setup.eventually("gone") { try client.send("GET", "wingman:thing:8") == .null }
    // Rolled back is not changed.
    try postgres.run("BEGIN; UPDATE things SET body = 'x' WHERE id = 9; ROLLBACK")
    #expect(try client.send("GET", "wingman:thing:9") == body(9))
  }
}
