import Foundation
import Glibc
import Testing

/// What happens to keys of classes when their database, or what it says, goes wrong.
@Suite(.serialized, .enabled(if: ScratchPostgres.isAvailable, "there is no PostgreSQL"))
struct ReadThroughFailureTests {
  private static let things = ReadThroughTests.things

  /// A value that is stale at once, and can be used for an hour.
  private static let stale = """
    class thing
      key      wingman:thing:{id:int}
      sql      SELECT body FROM things WHERE id = :id;
      ttl      1ms
      stale    1h
      negative 1ms
      value    column body
      redact   no
    class fresh
      key      wingman:fresh:{id:int}
      sql      SELECT body FROM things WHERE id = :id;
      ttl      1h
      negative 1ms
      value    column body
      redact   no
      watch    things id

    """

  @Test func databaseComesLater() throws {
    let postgres = try ScratchPostgres(Self.things)
    postgres.stop()
    let setup = try ReadThroughServer(postgres, classes: Self.stale, isReachable: false)
    let client = try setup.connect()
    try setup.eventually("known to be away") {
      try setup.figure("postgres_problem", client) != ""
    }
    let answer = try client.send("GET", "wingman:thing:7")
    #expect(answer.isError("UNAVAILABLE the database cannot be reached"), "\(answer)")
    #expect(try client.send("MGET", "x", "wingman:thing:7").isError("UNAVAILABLE"))
    #expect(try client.send("CACHE.REFRESH", "wingman:thing:7").isError("UNAVAILABLE"))
    #expect(try client.send("GET", "x") == .null)
    #expect(setup.server.logged.contains("The database cannot be reached"))
    try postgres.start()
    try setup.eventually("there") { try client.send("GET", "wingman:thing:7") == .text("body 7") }
    #expect(try setup.figure("postgres_reachable", client) == "1")
  }

  @Test func killedAndStartedAgain() throws {
    let postgres = try ScratchPostgres(Self.things)
    let setup = try ReadThroughServer(
      postgres, classes: Self.stale, ["--postgres-trust", "3600000"])
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:thing:7") == .text("body 7"))
    #expect(try client.send("GET", "wingman:fresh:7") == .text("body 7"))
    postgres.stop()
    try setup.eventually("noticed") { try setup.figure("postgres_problem", client) != "" }
    // What is there, stale or fresh, is served; what is not there is an error at once.
    for _ in 0..<20 {
      #expect(try client.send("GET", "wingman:thing:7") == .text("body 7"))
      #expect(try client.send("GET", "wingman:fresh:7") == .text("body 7"))
      #expect(try client.send("GET", "wingman:thing:8").isError("UNAVAILABLE"))
    }
    #expect(try setup.figure("postgres_listening", client) == "0")
    try postgres.start()
    try postgres.run("UPDATE things SET body = 'later' WHERE id = 7")
    try setup.eventually("back") { try client.send("GET", "wingman:thing:8") == .text("body 8") }
    // Nobody told of the change, yet both find it.
    try setup.eventually("listening") { try setup.figure("postgres_listening", client) == "1" }
    for name in ["wingman:thing:7", "wingman:fresh:7"] {
      try setup.eventually("the new value") { try client.send("GET", name) == .text("later") }
    }
  }

  /// A database that is there and says nothing.
  @Test func stalled() throws {
    let postgres = try ScratchPostgres(Self.things)
    let setup = try ReadThroughServer(postgres, classes: Self.stale)
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:thing:7") == .text("body 7"))
    for (name, value) in [
      ("load-timeout", "300"), ("statement-timeout", "200"), ("connect-timeout", "500"),
      ("heartbeat", "200"), ("breaker-time", "200"),
    ] {
      #expect(try client.send("CONFIG", "SET", "postgres-\(name)", value) == .ok)
    }
    postgres.freeze()
    let others = try (0..<20).map { _ in try setup.connect() }
    for (index, other) in others.enumerated() {
      try other.write("GET wingman:thing:\(20 + index % 5)\r\nPING\r\n")
    }
    for other in others {
      let answer = try other.read()
      #expect(answer.isError("UNAVAILABLE"), "\(answer)")
      #expect(try other.read() == .simple("PONG"))
    }
    // Stale values are still good, and it is known that changes are not heard of.
    #expect(try client.send("GET", "wingman:thing:7") == .text("body 7"))
    try setup.eventually("deaf") { try setup.figure("postgres_listening", client) == "0" }
    try setup.eventually("given up on") {
      _ = try client.send("GET", "wingman:thing:30")
      return try setup.figure("postgres_breaker_openings", client) != "0"
        || setup.figure("postgres_problem", client) != ""
    }
    postgres.resume()
    try setup.eventually("there") { try client.send("GET", "wingman:thing:8") == .text("body 8") }
    try setup.eventually("listening") { try setup.figure("postgres_listening", client) == "1" }
  }

  @Test func killedWhileAllWait() throws {
    let postgres = try ScratchPostgres(Self.things)
    let classes = """
      class slow
        key    wingman:slow:{id:int}
        sql    SELECT 'x' AS x FROM pg_advisory_xact_lock_shared(:id);
        ttl    1h
        value  column x
      """
    let setup = try ReadThroughServer(
      postgres, classes: classes,
      ["--postgres-load-timeout", "60000", "--postgres-statement-timeout", "60000"])
    let watcher = try setup.connect()
    let barrier = try ScratchPostgres.Barrier(postgres, 1)
    let clients = try (0..<30).map { _ in try setup.connect() }
    for client in clients { try client.write("GET wingman:slow:1\r\n") }
    try setup.eventually("all wait") { try setup.figure("blocked_clients", watcher) == "30" }
    postgres.stop()
    for client in clients {
      let answer = try client.read()
      #expect(answer.isError("UNAVAILABLE"), "\(answer)")
    }
    barrier.end()
    try postgres.start()
    try setup.eventually("there") { try clients[0].send("GET", "wingman:slow:1") == .text("x") }
  }

  /// The old row was read, then it changed, then the answer came: it must not be stored.
  @Test func changeCrossesLoad() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let classes = """
      class slow
        key    wingman:slow:{id:int}
        sql    SELECT body, pg_advisory_xact_lock_shared(id) FROM things WHERE id = :id;
        ttl    1h
        value  column body
        watch  things id
      """
    let setup = try ReadThroughServer(
      postgres, classes: classes,
      ["--postgres-load-timeout", "60000", "--postgres-statement-timeout", "60000"])
    let watcher = try setup.connect()
    let barrier = try ScratchPostgres.Barrier(postgres, 7)
    let client = try setup.connect()
    try client.write("GET wingman:slow:7\r\n")
    try setup.eventually("the query has read the row") {
      try postgres.run(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' "
          + "AND datname = current_database()") == "1"
    }
    try postgres.run("UPDATE things SET body = 'new' WHERE id = 7")
    try setup.eventually("heard of") {
      try setup.figure("postgres_invalidations", watcher) == "1"
    }
    try barrier.release(in: postgres)
    #expect(try client.read() == .text("new"))
    #expect(try client.send("GET", "wingman:slow:7") == .text("new"))
    #expect(try setup.figure("postgres_reloads", watcher) == "1")
  }

  @Test func storms() throws {
    let postgres = try ScratchPostgres.database(
      Self.things + """
        INSERT INTO things (id, owner, body)
          SELECT n, 'user' || n % 3, 'body ' || n FROM generate_series(1000, 5000) AS n;
        """)
    let classes =
      Self.stale + """
        class pair
          key    wingman:pair:{owner}:{id:int}
          sql    SELECT body FROM things WHERE id = :id AND owner = :owner;
          ttl    1h
          value  column body
          redact no
          watch  things owner

        """
    let setup = try ReadThroughServer(postgres, classes: classes)
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:pair:user1:7") == .text("body 7"))
    #expect(try client.send("GET", "wingman:pair:user1:10") == .text("body 10"))
    #expect(try client.send("GET", "wingman:pair:user2:8") == .text("body 8"))
    #expect(try client.send("GET", "wingman:fresh:2000") == .text("body 2000"))
    #expect(try client.send("GET", "wingman:fresh:3001") == .text("body 3001"))
    // Each statement tells of its rows together.
    try postgres.run("UPDATE things SET body = 'new ' || id WHERE id BETWEEN 2000 AND 2999")
    try setup.eventually("new") {
      try client.send("GET", "wingman:fresh:2000") == .text("new 2000")
    }
    #expect(try client.send("GET", "wingman:fresh:3001") == .text("body 3001"))
    let told = try #require(Int(try setup.figure("postgres_notifications", client)))
    #expect(told <= 4)
    // Too many to name: the whole class, and only it.
    try postgres.run("UPDATE things SET body = 'newer ' || id WHERE id >= 1000")
    try setup.eventually("newer") {
      try client.send("GET", "wingman:fresh:3001") == .text("newer 3001")
    }
    // The keys that were not read again go, too.
    try setup.eventually("removed") {
      try client.send("MULTI")
      try client.send("EXISTS", "wingman:fresh:2000")
      return try client.send("EXEC") == .array([.integer(0)])
    }
    // Those of one owner, whatever their ID.
    try postgres.run("UPDATE things SET body = 'other ' || id WHERE owner = 'user1' AND id < 100")
    for id in [7, 10] {
      try setup.eventually("other") {
        try client.send("GET", "wingman:pair:user1:\(id)") == .text("other \(id)")
      }
    }
    #expect(try setup.figure("postgres_notifications_unreadable", client) == "0")
    // Many statements, one after the other, and reads between them.
    for round in 1...40 {
      try postgres.run("UPDATE things SET body = 'round \(round)' WHERE id = 50")
      try setup.eventually("round \(round)") {
        try client.send("GET", "wingman:fresh:50") == .text("round \(round)")
      }
    }
    try postgres.run("TRUNCATE things")
    try setup.eventually("empty") { try client.send("GET", "wingman:fresh:50") == .null }
  }

  /// Tens of thousands of notifications at once, some of them of nobody's making: reads go on, and
  /// what is said last is heard.
  @Test func stormOfNotifications() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let setup = try ReadThroughServer(postgres, classes: Self.stale)
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:fresh:7") == .text("body 7"))
    #expect(try client.send("GET", "wingman:fresh:8") == .text("body 8"))
    let before = try #require(Int(try setup.figure("postgres_notifications", client)))
    try postgres.run(
      """
      SELECT count(pg_notify('wingcache', 'fresh id' || chr(10) || n))
        FROM generate_series(1000, 20999) AS n;
      SELECT count(pg_notify('wingcache', 'nonsense' || n)) FROM generate_series(1, 5000) AS n;
      SELECT count(pg_notify('wingcache', 'fresh id x' || chr(10) || n))
        FROM generate_series(1, 100) AS n;
      SELECT pg_notify('wingcache', 'nobody id' || chr(10) || '7');
      UPDATE things SET body = 'at last' WHERE id = 7
      """)
    try setup.eventually("heard of") {
      try client.send("GET", "wingman:fresh:7") == .text("at last")
    }
    #expect(try client.send("GET", "wingman:fresh:8") == .text("body 8"))
    #expect(try setup.figure("postgres_notifications_unreadable", client) == "5100")
    let after = try #require(Int(try setup.figure("postgres_notifications", client)))
    // Of several equal ones in a transaction PostgreSQL sends one.
    #expect(after - before >= 25_102)
    #expect(try setup.figure("postgres_listening", client) == "1")
    #expect(try setup.figure("postgres_invalidated_classes", client) == "0")
  }

  /// A class whose pattern takes keys that are none of its business is refused where it takes those
  /// of another class, or nearly all there are; otherwise they are keys that have no row, and what
  /// applications write to them is theirs.
  @Test func classesThatMatchTooMuch() throws {
    let broad = """
      class broad
        key      wingman:{anything}
        sql      SELECT body FROM things WHERE body = :anything;
        ttl      1h
        negative 1ms
        value    column body
        redact   no

      """
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.things), classes: broad)
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:body 7") == .text("body 7"))
    #expect(try client.send("GET", "wingman:settings") == .null)
    #expect(try client.send("SET", "wingman:settings", "mine") == .ok)
    #expect(try client.send("GET", "wingman:settings") == .text("mine"))
    #expect(try client.send("GET", "wingman:body 7:8") == .null)
    let long = String(repeating: "x", count: 257)
    let loads = try setup.figure("postgres_loads", client)
    #expect(try client.send("GET", "wingman:\(long)") == .null)
    #expect(try setup.figure("postgres_loads", client) == loads)
    for (key, reason) in [
      ("wingman:{id:int}", "could be of the class"), ("{id}", "plain text"),
      ("wi{id}", "plain text"),
      ("*{id}", "plain text"),
    ] {
      let other = broad.replacing("class broad", with: "class other")
        .replacing("wingman:{anything}", with: key).replacing(":anything", with: ":id")
      try setup.rewrite(broad + other)
      let refusal = try client.send("CACHE.RELOAD")
      #expect(refusal.isError("ERR"), "\(key): \(refusal)")
      #expect(refusal.allText.contains(reason), "\(key): \(refusal)")
      #expect(try client.send("GET", "wingman:body 9") == .text("body 9"))
    }
  }

  @Test func silentListenerShortensTrust() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let setup = try ReadThroughServer(
      postgres, classes: Self.stale, ["--postgres-trust", "1"])
    let client = try setup.connect()
    #expect(try client.send("GET", "wingman:fresh:7") == .text("body 7"))
    // The listener goes, and cannot come back; the others stay.
    let other = postgres.database(named: "postgres")
    try other.run("ALTER DATABASE \(postgres.database) ALLOW_CONNECTIONS false")
    try other.run(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = '\(postgres.database)' AND query LIKE '%pg_notify%'
      """)
    try setup.eventually("deaf") { try setup.figure("postgres_listening", client) == "0" }
    // What was good for an hour is got anew.
    try setup.eventually("loaded again") {
      #expect(try client.send("GET", "wingman:fresh:7") == .text("body 7"))
      return try setup.figure("postgres_loads", client) != "1"
    }
    try other.run("ALTER DATABASE \(postgres.database) ALLOW_CONNECTIONS true")
    try setup.eventually("listening") { try setup.figure("postgres_listening", client) == "1" }
  }

  @Test func wrongQueries() throws {
    let postgres = try ScratchPostgres.database(Self.things)
    let classes = """
      class missing
        key   wingman:missing:{id:int}
        sql   SELECT * FROM later WHERE id = :id;
        ttl   1h
      class broken
        key   wingman:broken:{id:int}
        sql   SELEKT :id;
        ttl   1h
      class writing
        key   wingman:writing:{id:int}
        sql   SELECT nextval('counter') + :id AS n;
        ttl   1h
      class large
        key   wingman:large:{n:int}
        sql   SELECT repeat('x', :n::int) AS x;
        ttl   1h
        value column x
        redact no
      class many
        key   wingman:many:{n:int}
        sql   SELECT generate_series(1, :n::int) AS x;
        ttl   1h
      """
    let setup = try ReadThroughServer(
      postgres, classes: classes, ["--postgres-value-bytes-max", "100000"])
    let client = try setup.connect()
    try postgres.run("CREATE SEQUENCE counter")
    #expect(try client.send("GET", "wingman:missing:1").isError("ERR loading 'missing' failed"))
    #expect(try client.send("GET", "wingman:broken:1").isError("ERR loading 'broken' failed"))
    #expect(try client.send("GET", "wingman:writing:1").isError("ERR loading 'writing' failed"))
    #expect(try client.send("GET", "wingman:large:100000").string?.utf8.count == 100_000)
    #expect(try client.send("GET", "wingman:large:100001").isError("ERR the value is larger"))
    #expect(try client.send("GET", "wingman:many:10001").isError("ERR the value is larger"))
    #expect(setup.server.logged.contains("class=broken"))
    // A table that comes later is found.
    try postgres.run("CREATE TABLE later AS SELECT 1 AS id, 'x' AS body")
    #expect(try client.send("GET", "wingman:missing:1") == .text(#"{"id":1,"body":"x"}"#))
    let problem = try client.send("CACHE.CLASSES", "broken")
    #expect(problem.allText.contains("syntax error"))
  }

  @Test func statementsEnd() throws {
    let classes = """
      class slow
        key   wingman:slow:{n:int}
        sql   SELECT pg_sleep(:n::int);
        ttl   1h
      """
    let setup = try ReadThroughServer(
      ScratchPostgres.database(), classes: classes, ["--postgres-statement-timeout", "100"])
    let client = try setup.connect()
    let answer = try client.send("GET", "wingman:slow:3600")
    #expect(answer.isError("UNAVAILABLE"), "\(answer)")
  }
}
