import Foundation
import Testing

/// DEBUG, as test suites use it, and the parameters about payloads.
@Suite struct DebugCommandTests {
  /// Commands that make a key of every type, small and large.
  private static let makers: [[String]] = {
    var all: [[String]] = [
      ["SET", "int", "12345"], ["SET", "short", "hello"],
      ["SET", "long", String(repeating: "abc ", count: 500)],
      ["RPUSH", "list", "a", "2", "c"], ["SADD", "ints", "3", "1", "2"],
      ["SADD", "set", "a", "b", "c"], ["HSET", "hash", "f", "1", "g", "two"],
      ["ZADD", "sorted", "1", "a", "2.5", "b", "inf", "c", "1e300", "d"],
      ["XADD", "stream", "1-1", "f", "v"], ["XADD", "stream", "2-7", "f", "w", "g", "x"],
      ["XGROUP", "CREATE", "stream", "group", "0"],
      ["XREADGROUP", "GROUP", "group", "me", "COUNT", "1", "STREAMS", "stream", ">"],
    ]
    for number in 0..<700 {
      let text = "member \(number) " + String(repeating: "x", count: number % 90)
      all.append(["RPUSH", "longlist", text])
      all.append(["SADD", "bigset", text])
      all.append(["HSET", "bighash", text, "\(number)"])
      all.append(["ZADD", "bigsorted", "\(Double(number) / 7)", text])
    }
    all.append(["PEXPIRE", "set", "1000000"])
    return all
  }()

  private static let keys = [
    "int", "short", "long", "list", "ints", "set", "hash", "sorted", "stream", "longlist",
    "bigset", "bighash", "bigsorted",
  ]

  @Test func reloadKeepsEverything() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.pipeline(Self.makers)
    _ = try client.pipeline([
      ["SELECT", "3"], ["SET", "other", "v"], ["SELECT", "0"],
      ["HSET", "timed", "a", "1", "b", "2"], ["HPEXPIRE", "timed", "900000", "FIELDS", "1", "a"],
      ["SETWITHETAG", "tagged", "v"],
    ])
    // Tables may have another order afterwards.
    let ordered = Self.keys.filter { !$0.hasPrefix("big") }
    let questions =
      [
        ["DEBUG", "DIGEST"], ["DBSIZE"], ["XINFO", "STREAM", "stream"], ["GETWITHETAG", "tagged"],
      ]
      + Self.keys.map { ["OBJECT", "ENCODING", $0] } + ordered.map { ["DUMP", $0] }
    let before = try client.pipeline(questions)
    #expect(try client.send("DEBUG", "RELOAD") == .ok)
    #expect(try client.pipeline(questions) == before)
    #expect(try client.send("DEBUG", "LOADAOF") == .ok)
    #expect(try client.pipeline(questions) == before)
    #expect(try client.send("PTTL", "set").number ?? 0 > 900_000)
    let left = try client.send("HPTTL", "timed", "FIELDS", "2", "a", "b").elements
    #expect(left?.first?.number ?? 0 > 800_000)
    #expect(left?.last == .integer(-1))
    #expect(try client.send("DEBUG", "RELOAD", "NOFLUSH", "MERGE") == .ok)
    #expect(try client.pipeline(questions) == before)
    #expect(
      try client.send("DEBUG", "RELOAD", "x")
        == .error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."))
    #expect(try client.send("DEBUG", "RELOAD", "NOSAVE").isError("ERR Error trying to load"))
    #expect(try client.send("DBSIZE") == before[1])
  }

  /// Encodings are chosen by the present limits; uses are kept as the policy wants it.
  @Test func reloadChoosesAnew() throws {
    let server = try TestServer("--maxmemory-policy", "allkeys-lru")
    let client = try server.connect()
    _ = try client.pipeline([
      ["HSET", "h", "a", "1", "b", "2"], ["SET", "s", "v"], ["WATCH", "s"],
      ["CONFIG", "SET", "hash-max-listpack-entries", "1"],
    ])
    #expect(try client.send("OBJECT", "ENCODING", "h") == .text("listpack"))
    let payload = try #require(Self.bytes(client.send("DUMP", "s")))
    let words = ["RESTORE", "idle", "0"].map { Array($0.utf8) } + [payload]
    #expect(try client.send(bytes: words + [Array("IDLETIME".utf8), Array("5000".utf8)]) == .ok)
    #expect(try client.send("DEBUG", "RELOAD") == .ok)
    #expect(try client.send("OBJECT", "ENCODING", "h") == .text("hashtable"))
    #expect(try client.send("OBJECT", "IDLETIME", "idle").number ?? 0 >= 4900)
    // Whoever watches a key learns that it was gone for a moment.
    #expect(try client.pipeline([["MULTI"], ["PING"], ["EXEC"]])[2] == .null)
    _ = try client.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    #expect(try client.send(bytes: words + [Array("FREQ".utf8), Array("77".utf8)]).isError())
    _ = try client.send("DEL", "idle")
    #expect(try client.send(bytes: words + [Array("FREQ".utf8), Array("77".utf8)]) == .ok)
    #expect(try client.send("DEBUG", "RELOAD") == .ok)
    #expect(try client.send("OBJECT", "FREQ", "idle") == .integer(77))
  }

  private static func bytes(_ reply: Reply) -> [UInt8]? {
    if case .bulk(let bytes) = reply { bytes } else { nil }
  }

  /// Both servers give the same digest of the same data.
  @Test(.enabled(if: TestServer.redisBinary != nil, "redis-server is not installed"))
  func digestsAreThoseOfRedis() throws {
    let server = try TestServer("--threads", "2")
    let redis = try TestServer.redis()
    let clients = [try server.connect(), try redis.connect()]
    for client in clients {
      _ = try client.pipeline(Self.makers)
      _ = try client.pipeline([["SELECT", "3"], ["SET", "other", "v"], ["SELECT", "0"]])
    }
    let digests = try clients.map { try $0.send("DEBUG", "DIGEST") }
    #expect(digests[0] == digests[1])
    let values = try clients.map {
      try $0.send(["DEBUG", "DIGEST-VALUE"] + Self.keys + ["nothing"])
    }
    #expect(values[0] == values[1])
  }

  @Test func keysThatAreDueAreShown() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    #expect(try client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0") == .ok)
    #expect(try client.send("SET", "k", "v", "PX", "1") == .ok)
    #expect(try server.wait { try client.send("DEBUG", "OBJECT", "k").string != nil })
    usleep(5000)
    #expect(
      try client.send("DEBUG", "OBJECT", "k").string?.contains("serializedlength:2 ") == true)
    #expect(try client.send("EXISTS", "k") == .integer(0))
    #expect(try client.send("DEBUG", "OBJECT", "k") == .error("ERR no such key"))
  }

  @Test func looksAtStructures() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.pipeline(Self.makers)
    #expect(
      try client.send("DEBUG", "LISTPACK", "hash")
        == .simple("Listpack structure printed on stdout"))
    #expect(server.wait { server.logged.contains("1 at 9: 1") })
    #expect(
      try client.send("DEBUG", "LISTPACK", "bighash")
        == .error("ERR Not a listpack encoded object."))
    #expect(
      try client.send("DEBUG", "QUICKLIST", "longlist", "1")
        == .simple("Quicklist structure printed on stdout"))
    #expect(
      try client.send("DEBUG", "QUICKLIST", "hash")
        == .error("ERR Not a quicklist encoded object."))
    let text = try client.send("DEBUG", "OBJECT", "longlist").string ?? ""
    #expect(text.contains(" ql_listpack_max:-2 ql_compressed:0 ql_uncompressed_size:"))
    for key in ["bigset", "bighash", "bigsorted"] {
      #expect(
        try client.send("DEBUG", "HTSTATS-KEY", key).string?.hasPrefix("number of elements: 700")
          == true)
    }
    #expect(try client.send("DEBUG", "HTSTATS-KEY", "hash").isError("ERR The value stored at"))
    #expect(try client.send("DEBUG", "STRINGMATCH-LEN", "100", "a*a*b") == .integer(0))
    for name in ["JMAP", "REPLICATE", "SEGFAULT"] {
      #expect(try client.send("DEBUG", name, "x").isError("ERR "))
    }
  }

  @Test func payloadParametersTakeEffect() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.send("SET", "k", String(repeating: "a", count: 1000))
    let packed = try #require(Self.bytes(client.send("DUMP", "k")))
    #expect(packed.count < 100)
    #expect(try client.send("CONFIG", "SET", "rdbcompression", "no") == .ok)
    let plain = try #require(Self.bytes(client.send("DUMP", "k")))
    #expect(plain.count == 1000 + 1 + 2 + 10)
    _ = try client.send("HSET", "h", "a", "1")
    let payload = try #require(Self.bytes(client.send("DUMP", "h")))
    let restore = [Array("RESTORE".utf8), Array("h".utf8), [0x30], payload, Array("REPLACE".utf8)]
    var expected = 0
    for (value, adds) in [("no", 0), ("yes", 1), ("clients", 1)] {
      #expect(try client.send("CONFIG", "SET", "sanitize-dump-payload", value) == .ok)
      #expect(try client.send(bytes: restore) == .ok)
      expected += adds
      #expect(try server.info("dump_payload_sanitizations", client) == "\(expected)")
    }
    _ = try client.send(
      "ACL", "SETUSER", "trusted", "on", "nopass", "~*", "+@all", "skip-sanitize-payload")
    #expect(try client.send("AUTH", "trusted", "") == .ok)
    #expect(try client.send(bytes: restore) == .ok)
    #expect(try server.info("dump_payload_sanitizations", client) == "\(expected)")
  }

  @Test func memoryOfEveryTypeIsTold() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.pipeline(Self.makers)
    for key in Self.keys {
      let estimate = try client.send("MEMORY", "USAGE", key).number ?? 0
      let exact = try client.send("MEMORY", "USAGE", key, "SAMPLES", "0").number ?? 0
      #expect(estimate >= 16 && exact >= 16, "\(key)")
      if key.hasPrefix("big") { #expect(exact > 30_000 && estimate * 4 > exact, "\(key)") }
    }
    #expect(
      try client.send("MEMORY", "USAGE", "int", "SAMPLES", "-1") == .error("ERR syntax error"))
    _ = try client.send("EVAL", "return 1", "0")
    let stats = try client.send("MEMORY", "STATS").elements ?? []
    for name in ["lua.caches", "script.VMs"] {
      let index = try #require(stats.firstIndex(of: .text(name)))
      #expect(stats[index + 1].number ?? 0 > 0, "\(name)")
    }
    #expect(try server.info("evicted_scripts", client) == "0")
    _ = try client.send("HPEXPIRE", "hash", "100000", "FIELDS", "1", "f")
    #expect(try server.info("db0", client).hasSuffix(",subexpiry=1"))
  }
}
