import Foundation
import Testing

/// Moving keys between servers.
@Suite struct MigrateCommandTests {
  private struct Pair: @unchecked Sendable {
    // Sendable: each client is used by one thread.
    let source: TestServer
    let target: TestServer
    let from: TestClient
    let to: TestClient

    init(_ options: String...) throws {
      source = try TestServer("--threads", "2")
      target = try TestServer(options: ["--threads", "2"] + options)
      from = try source.connect()
      to = try target.connect()
    }

    func migrate(_ words: String...) throws -> Reply {
      try from.send(["MIGRATE", "127.0.0.1", "\(target.port)"] + words)
    }
  }

  @Test func movesEveryType() throws {
    let pair = try Pair()
    let makers = [
      "SET string value", "RPUSH list a b c 1 2 3", "SADD numbers 1 2 3", "SADD set a b",
      "HSET hash a 1 b 2", "ZADD sorted 1 a 2.5 b", "XADD stream 1-1 a b",
    ]
    for maker in makers {
      _ = try pair.from.send(maker.split(separator: " ").map(String.init))
    }
    let keys = makers.map { String($0.split(separator: " ")[1]) }
    let payloads = try keys.map { try pair.from.send("DUMP", $0) }
    #expect(try pair.from.send("PEXPIRE", "string", "100000") == .integer(1))
    #expect(
      try pair.from.send(
        ["MIGRATE", "127.0.0.1", "\(pair.target.port)", "", "3", "60000", "KEYS"] + keys + ["no"])
        == .ok)
    #expect(try pair.from.send("DBSIZE") == .integer(0))
    #expect(try pair.to.send("SELECT", "3") == .ok)
    for (key, payload) in zip(keys, payloads) {
      #expect(try pair.to.send("DUMP", key) == payload, "\(key)")
    }
    let left = try #require(pair.to.send("PTTL", "string").number)
    #expect(left > 50_000 && left <= 100_000)
    #expect(try pair.source.info("migrate_cached_sockets", pair.from) == "1")
  }

  @Test func errorsAreThoseOfTheTarget() throws {
    let pair = try Pair()
    #expect(try pair.migrate("k", "0", "1000") == .simple("NOKEY"))
    _ = try pair.from.send("MSET", "a", "1", "b", "2", "c", "3")
    _ = try pair.to.send("SET", "b", "there")
    let busy = Reply.error(
      "ERR Target instance replied with error: BUSYKEY Target key name already exists.")
    #expect(try pair.migrate("", "0", "1000", "KEYS", "a", "b", "c") == busy)
    #expect(try pair.from.send("EXISTS", "a", "b", "c") == .integer(1))
    #expect(try pair.to.send("MGET", "a", "b", "c") == .texts("1", "there", "3"))
    #expect(try pair.migrate("b", "0", "1000", "COPY", "REPLACE") == .ok)
    #expect(try pair.to.send("GET", "b") == .text("2"))
    #expect(try pair.from.send("GET", "b") == .text("2"))
    #expect(
      try pair.migrate("b", "0", "1000", "AUTH", "secret")
        .isError("ERR Target instance replied with error: ERR AUTH <password> called"))
    #expect(
      try pair.migrate("b", "77", "1000")
        == .error("ERR Target instance replied with error: ERR DB index is out of range"))
    #expect(try pair.from.send("EXISTS", "b") == .integer(1))
    #expect(
      try pair.migrate("b", "0", "1000", "KEYS", "b")
        == .error(
          "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"))
    #expect(try pair.migrate("b", "0", "1000", "AUTH") == .error("ERR syntax error"))
    #expect(
      try pair.from.send("MIGRATE", "127.0.0.1", "1", "b", "0", "1000")
        == .error("IOERR error or timeout writing to target instance"))
    let replies = try pair.from.pipeline([
      ["MULTI"], ["MIGRATE", "127.0.0.1", "1", "b", "0", "1000"], ["EXEC"],
    ])
    #expect(replies[2].elements?.first?.isError("ERR MIGRATE has to wait") == true)
  }

  @Test func authenticates() throws {
    let pair = try Pair("--requirepass", "secret")
    #expect(try pair.to.send("AUTH", "secret") == .ok)
    _ = try pair.from.send("MSET", "a", "1", "b", "2")
    #expect(
      try pair.migrate("a", "0", "1000")
        == .error("ERR Target instance replied with error: NOAUTH Authentication required."))
    #expect(
      try pair.migrate("a", "0", "1000", "AUTH", "wrong")
        .isError("ERR Target instance replied with error: WRONGPASS"))
    #expect(try pair.migrate("a", "0", "1000", "AUTH", "secret") == .ok)
    #expect(try pair.migrate("b", "0", "1000", "AUTH2", "default", "secret") == .ok)
    #expect(try pair.to.send("MGET", "a", "b") == .texts("1", "2"))
  }

  /// The target is silent: others are served meanwhile, and the key stays.
  @Test func aSilentTargetHoldsNobodyUp() throws {
    let pair = try Pair()
    _ = try pair.from.send("MSET", "k", "v", "l", "w")
    // The kernel goes on taking connections for it.
    pair.target.send(signal: SIGSTOP)
    #expect(
      try pair.migrate("k", "0", "100")
        == .error("IOERR error or timeout reading to target instance"))
    #expect(try pair.from.send("GET", "k") == .text("v"))
    try pair.from.write("MIGRATE 127.0.0.1 \(pair.target.port) l 0 60000\r\n")
    let other = try pair.source.connect()
    #expect(try pair.source.wait { try pair.source.info("blocked_clients", other) == "1" })
    #expect(try other.send("SET", "other", "1") == .ok)
    // A key is on one way at a time.
    #expect(
      try other.send("MIGRATE", "127.0.0.1", "1", "l", "0", "100")
        == .error("ERR Another client is migrating the same key"))
    pair.target.send(signal: SIGCONT)
    #expect(try pair.from.read() == .ok)
    #expect(try other.send("EXISTS", "l") == .integer(0))
    #expect(try pair.migrate("k", "0", "60000", "REPLACE") == .ok)
    #expect(try pair.to.send("MGET", "k", "l") == .texts("v", "w"))
  }

  /// What is written to a key on its way arrives, and the key is in one place.
  @Test func changesOnTheWayAreNotLost() throws {
    let pair = try Pair()
    let large = String(repeating: "x", count: 200_000)
    let rounds = 30
    for round in 0..<rounds {
      #expect(try pair.from.send("RPUSH", "l\(round)", large, large) == .integer(2))
      let errors = Threads.run(2) { thread in
        if thread == 0 {
          #expect(try pair.migrate("l\(round)", "0", "60000") == .ok)
        } else {
          // An element is added before the key has gone, or makes a key of its own here.
          let client = try pair.source.connect()
          for number in 0..<10 { _ = try client.send("RPUSH", "l\(round)", "\(number)") }
        }
      }
      #expect(errors.isEmpty)
      let there = try pair.to.send("LRANGE", "l\(round)", "2", "-1").elements ?? []
      let here = try pair.from.send("LRANGE", "l\(round)", "0", "-1").elements ?? []
      #expect(there + here == (0..<10).map { .text("\($0)") })
    }
  }

  @Test(.enabled(if: TestServer.redisBinary != nil, "redis-server is not installed"))
  func movesToRedisAndBack() throws {
    let redis = try TestServer.redis()
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let other = try redis.connect()
    _ = try client.send("RPUSH", "list", "a", String(repeating: "long ", count: 4000), "3")
    _ = try client.send("HSET", "hash", "a", "1")
    _ = try client.send("PEXPIRE", "hash", "100000")
    #expect(
      try client.send(
        "MIGRATE", "localhost", "\(redis.port)", "", "0", "60000", "KEYS", "list", "hash") == .ok)
    #expect(try other.send("LINDEX", "list", "2") == .text("3"))
    #expect(try other.send("PTTL", "hash").number ?? 0 > 50_000)
    #expect(
      try other.send(
        "MIGRATE", "127.0.0.1", "\(server.port)", "", "1", "60000", "KEYS", "list", "hash")
        == .ok)
    _ = try client.send("SELECT", "1")
    #expect(try client.send("LLEN", "list") == .integer(3))
    #expect(try client.send("HGET", "hash", "a") == .text("1"))
  }
}
