import Foundation
import Glibc
import Testing

/// Who may see keys of classes, what is stored, how classes change.
@Suite(.enabled(if: ScratchPostgres.isAvailable, "there is no PostgreSQL"))
struct ReadThroughRuleTests {
  private static let notes = """
    CREATE TABLE notes (owner text PRIMARY KEY, body text, card bigint);
    INSERT INTO notes VALUES ('ann', 'Write to ann@example.com', 4111111111111111),
      ('bob', 'nothing', 7);
    """

  private static let owned = """
    class note
      key     wingman:note:{owner}
      sql     SELECT body FROM notes WHERE owner = :owner;
      ttl     1h
      value   column body
      redact  no
      owner   owner
      readers backend

    """

  private func isDenied(_ reply: Reply) -> Bool { reply.isError("NOPERM this key of the class") }

  @Test func ownersAlone() throws {
    let setup = try ReadThroughServer(
      ScratchPostgres.database(Self.notes), classes: Self.owned)
    let admin = try setup.connect()
    for user in ["ann", "bob", "backend"] {
      #expect(
        try admin.send("ACL", "SETUSER", user, "on", "nopass", "~*", "&*", "+@all") == .ok)
    }
    func client(_ user: String) throws -> TestClient {
      let client = try setup.connect()
      #expect(try client.send("AUTH", user, "x") == .ok)
      return client
    }
    let ann = try client("ann")
    let bob = try client("bob")
    let backend = try client("backend")
    #expect(try bob.send("GET", "wingman:note:bob") == .text("nothing"))
    // Not before it is cached, nor after.
    for _ in 0..<2 {
      for command in [
        ["GET", "wingman:note:ann"], ["MGET", "wingman:note:bob", "wingman:note:ann"],
        ["EXISTS", "wingman:note:ann"], ["STRLEN", "wingman:note:ann"],
        ["GETRANGE", "wingman:note:ann", "0", "1"], ["TTL", "wingman:note:ann"],
        ["DUMP", "wingman:note:ann"], ["OBJECT", "ENCODING", "wingman:note:ann"],
        ["COPY", "wingman:note:ann", "mine"], ["RENAME", "wingman:note:ann", "mine"],
        ["GETDEL", "wingman:note:ann"], ["GETEX", "wingman:note:ann"],
        ["SET", "wingman:note:ann", "x"], ["DEL", "wingman:note:ann"],
        ["LCS", "wingman:note:bob", "wingman:note:ann"], ["CACHE.REFRESH", "wingman:note:ann"],
        ["SORT", "wingman:note:ann"], ["EVAL", "return 1", "1", "wingman:note:ann"],
        ["BITOP", "NOT", "mine", "wingman:note:ann"],
      ] {
        let reply = try bob.send(command)
        #expect(isDenied(reply), "\(command): \(reply)")
      }
      #expect(
        try bob.send("EVAL", "return redis.call('GET', 'wingman:note:ann')", "0")
          .isError("NOPERM"))
      #expect(
        try bob.send("SORT", "list", "BY", "nosort", "GET", "wingman:note:*").isError("ERR GET"))
      #expect(try bob.send("MULTI") == .ok)
      #expect(try bob.send("GET", "wingman:note:ann") == .simple("QUEUED"))
      #expect(try bob.send("GET", "wingman:note:bob") == .simple("QUEUED"))
      guard case .array(let replies) = try bob.send("EXEC") else {
        Issue.record("no replies")
        return
      }
      #expect(isDenied(replies[0]))
      #expect(replies[1] == .text("nothing"))
      let piped = try bob.pipeline([
        ["GET", "wingman:note:ann"], ["GET", "wingman:note:bob"], ["GET", "wingman:note:ann"],
      ])
      #expect(isDenied(piped[0]) && piped[1] == .text("nothing") && isDenied(piped[2]))
      #expect(isDenied(try admin.send("GET", "wingman:note:ann")))
      #expect(try ann.send("GET", "wingman:note:ann") == .text("Write to ann@example.com"))
    }
    #expect(
      try backend.send("MGET", "wingman:note:ann", "wingman:note:bob")
        == .texts("Write to ann@example.com", "nothing"))
    #expect(try bob.send("EXISTS", "mine") == .integer(0))
  }

  @Test func prefixOfTheUser() throws {
    let classes = Self.owned.replacingOccurrences(
      of: "owner   owner", with: "owner   owner prefix u-")
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.notes), classes: classes)
    let client = try setup.connect()
    for user in ["bob", "u-bob"] {
      try client.send("ACL", "SETUSER", user, "on", "nopass", "~*", "+@all")
    }
    #expect(try client.send("AUTH", "bob", "x") == .ok)
    #expect(isDenied(try client.send("GET", "wingman:note:bob")))
    #expect(try client.send("AUTH", "u-bob", "x") == .ok)
    #expect(try client.send("GET", "wingman:note:bob") == .text("nothing"))
  }

  @Test func personalDataIsNotStored() throws {
    let classes = """
      class note
        key   wingman:note:{owner}
        sql   SELECT owner, body, card FROM notes WHERE owner = :owner;
        ttl   1h
      class body
        key   wingman:body:{owner}
        sql   SELECT body FROM notes WHERE owner = :owner;
        ttl   1h
        value column body
      """
    let setup = try ReadThroughServer(ScratchPostgres.database(Self.notes), classes: classes)
    let client = try setup.connect()
    #expect(
      try client.send("GET", "wingman:note:ann")
        == .text(#"{"owner":"ann","body":"Write to [EMAIL_1]","card":"[CARD_1]"}"#))
    #expect(try client.send("GET", "wingman:body:ann") == .text("Write to [EMAIL_1]"))
    #expect(
      try client.send("GET", "wingman:note:bob")
        == .text(#"{"owner":"bob","body":"nothing","card":7}"#))
  }

  @Test func classesAreReadAgain() throws {
    let setup = try ReadThroughServer(
      ScratchPostgres.database(Self.notes), classes: Self.owned)
    let client = try setup.connect()
    #expect(isDenied(try client.send("GET", "wingman:note:bob")))
    let open = """
      class note
        key    wingman:note:{owner}
        sql    SELECT body || '!' AS body FROM notes WHERE owner = :owner;
        ttl    1h
        value  column body
        redact no

      """
    try setup.rewrite(open)
    #expect(try client.send("CACHE.RELOAD") == .integer(1))
    #expect(try client.send("GET", "wingman:note:bob") == .text("nothing!"))
    // Mistakes change nothing.
    try setup.rewrite(open + open)
    #expect(try client.send("CACHE.RELOAD").isError("ERR"))
    try setup.rewrite(open + open.replacingOccurrences(of: "class note", with: "class other"))
    let refusal = try client.send("CACHE.RELOAD")
    #expect(refusal.allText.contains("could be of the class"))
    try setup.rewrite(open.replacingOccurrences(of: "wingman:note:", with: ""))
    #expect(try client.send("CACHE.RELOAD").allText.contains("plain text"))
    #expect(try client.send("GET", "wingman:note:bob") == .text("nothing!"))
    #expect(
      try client.send("CONFIG", "SET", "cache-classes-file", "/nowhere/at/all").isError("ERR"))
    // Another query is another class: what the old one has stored is not its value.
    try setup.rewrite(open.replacingOccurrences(of: "'!'", with: "'?'"))
    #expect(try client.send("CACHE.RELOAD") == .integer(1))
    #expect(try client.send("GET", "wingman:note:bob") == .text("nothing?"))
    // An equal one keeps what it has.
    let loads = try setup.figure("postgres_loads", client)
    #expect(try client.send("CACHE.RELOAD") == .integer(1))
    #expect(try client.send("GET", "wingman:note:bob") == .text("nothing?"))
    #expect(try setup.figure("postgres_loads", client) == loads)
    // None at all.
    #expect(try client.send("CONFIG", "SET", "cache-classes-file", "") == .ok)
    #expect(try client.send("CACHE.CLASSES") == .array([]))
    #expect(try client.send("GET", "wingman:note:ann") == .null)
  }

  @Test func staleValuesWhileOneRefreshes() throws {
    let classes = """
      class slow
        key    wingman:slow:{id:int}
        sql    SELECT clock_timestamp() AS loaded FROM pg_advisory_xact_lock_shared(:id);
        ttl    1ms
        stale  1h
        value  column loaded
        redact no
      """
    let postgres = try ScratchPostgres.database(Self.notes)
    let setup = try ReadThroughServer(
      postgres, classes: classes,
      ["--postgres-load-timeout", "60000", "--postgres-statement-timeout", "60000"])
    let client = try setup.connect()
    let first = try client.send("GET", "wingman:slow:7")
    #expect(try client.send("TTL", "wingman:slow:7") == .integer(0))
    try setup.eventually("nothing is under way") {
      try setup.figure("postgres_loading", client) == "0"
    }
    let barrier = try ScratchPostgres.Barrier(postgres, 7)
    // The refresh of the TTL above may have ended before the lock was taken.
    let old = try client.send("GET", "wingman:slow:7")
    #expect(old.string != nil)
    for _ in 0..<50 { #expect(try client.send("GET", "wingman:slow:7") == old) }
    #expect(try setup.figure("postgres_loading", client) == "1")
    try barrier.release(in: postgres)
    try setup.eventually("refreshed") {
      let now = try client.send("GET", "wingman:slow:7")
      return now != old && now != first
    }
  }

  @Test func passwordStaysSecret() throws {
    let folder = "/tmp/wingcache-secret-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = "\(folder)/wingcache.conf"
    try "postgres-url postgres://u:geheim%21x@/db?host=\(folder)\nslowlog-log-slower-than 0\n"
      .write(toFile: file, atomically: true, encoding: .utf8)
    let server = try TestServer(file: file)
    let client = try server.connect()
    let monitor = try server.connect()
    _ = try monitor.send("MONITOR")
    var shown = (try client.send("CONFIG", "GET", "*")).allText
    shown += (try client.send("CONFIG", "GET", "postgres-url")).allText
    _ = try client.send("CONFIG", "SET", "postgres-url", "postgres://u:geheim!y@h/db")
    shown += (try client.send("INFO", "everything")).allText
    shown += (try client.send("SLOWLOG", "GET", "100")).allText
    shown += (try client.send("CACHE.CLASSES")).allText
    _ = try client.send("ECHO", "the-end")
    while !shown.contains("the-end") { shown += try monitor.read().allText }
    shown += server.logged
    #expect(!shown.contains("geheim"))
    #expect(shown.contains("postgres://u:***@"))
  }
}
