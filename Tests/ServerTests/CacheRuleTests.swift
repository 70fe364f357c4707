import Foundation
import RESPServer
import SeededRandom
import Testing

@testable import Caching

/// Rules for prefixes over sockets.
@Suite struct CacheRuleTests {
  /// A number of CACHE.RULE STATS.
  private func figure(_ name: String, of prefix: String, _ client: TestClient) throws -> Int64 {
    let reply = try client.send("CACHE.RULE", "STATS", prefix)
    let parts = try #require(reply.elements?.first?.elements, "\(reply)")
    let index = try #require(parts.firstIndex(of: .text(name)))
    return try #require(parts[index + 1].number)
  }

  /// Waits until what was there before the rule is counted.
  private func waitForCount(_ prefix: String, _ client: TestClient) throws {
    while try figure("counting", of: prefix, client) != 0 {}
  }

  @Test(arguments: [
    ["SET", "s:k", "v"], ["SETNX", "s:k", "v"], ["HSET", "s:k", "f", "v"], ["LPUSH", "s:k", "v"],
    ["SADD", "s:k", "v"], ["ZADD", "s:k", "1", "v"], ["XADD", "s:k", "*", "f", "v"],
    ["INCR", "s:k"], ["APPEND", "s:k", "v"], ["MSET", "a", "1", "s:k", "v"], ["PFADD", "s:k", "v"],
    ["SETBIT", "s:k", "1", "1"], ["GEOADD", "s:k", "1", "1", "v"], ["RENAME", "other", "s:k"],
    ["COPY", "other", "s:k"], ["EVAL", "return redis.call('SET', KEYS[1], 'v')", "1", "s:k"],
    ["CACHE.SET", "s:k", "v"], ["SUNIONSTORE", "s:k", "members"],
  ])
  func everyWriteGetsTheDefaultTime(command: [String]) throws {
    let server = try TestServer("--cache-rule", "s: DEFAULTTTL 100 MAXTTL 1000")
    let client = try server.connect()
    try client.send("SET", "other", "v")
    try client.send("SADD", "members", "v")
    #expect(try !client.send(command).isError(), "\(command)")
    let left = try client.send("TTL", "s:k").number ?? -9
    #expect((1...100).contains(left), "\(command)")
    #expect(try client.send("TTL", "other") != .integer(100))
  }

  @Test func timesAreBounded() throws {
    let server = try TestServer(
      "--cache-rule", "s: DEFAULTTTL 100 MAXTTL 1000 ; s:short: MAXTTL 50")
    let client = try server.connect()
    func left(_ key: String) throws -> Int64 { try client.send("TTL", key).number ?? -9 }
    try client.send("SET", "s:k", "v", "EX", "500")
    #expect(try (101...500).contains(left("s:k")))
    try client.send("SET", "s:k", "v", "EX", "5000")
    #expect(try (501...1000).contains(left("s:k")))
    try client.send("EXPIRE", "s:k", "9999")
    #expect(try left("s:k") <= 1000)
    try client.send("PERSIST", "s:k")
    #expect(try (1...100).contains(left("s:k")))
    try client.send("EXPIREAT", "s:k", "33177117420")
    #expect(try left("s:k") <= 1000)
    try client.send("GETEX", "s:k", "PERSIST")
    #expect(try (1...100).contains(left("s:k")))
    // The longest prefix holds, alone.
    try client.send("SET", "s:short:k", "v")
    #expect(try (1...50).contains(left("s:short:k")))
    // Inside a transaction it is so at once.
    try client.send("MULTI")
    try client.send("SET", "s:t", "v")
    try client.send("TTL", "s:t")
    #expect(try client.send("EXEC") == .array([.ok, .integer(100)]))
    #expect(
      try client.send(
        "EVAL", "redis.call('SET', KEYS[1], 1) return redis.call('TTL', KEYS[1])", "1", "s:e")
        == .integer(100))
    // Nothing of it holds for other keys, or once the rule is gone.
    try client.send("SET", "t:k", "v")
    #expect(try left("t:k") == -1)
    #expect(try client.send("CACHE.RULE", "DEL", "s:") == .integer(1))
    try client.send("SET", "s:k", "v")
    #expect(try left("s:k") == -1)
  }

  @Test func readsRenewWhereTheySlide() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("CACHE.RULE", "SET", "s:", "DEFAULTTTL", "100", "SLIDING", "yes")
    for command in [["GET", "s:k"], ["MGET", "s:k", "x"], ["STRLEN", "s:k"]] {
      try client.send("SET", "s:k", "v", "EX", "50")
      #expect(try client.send("TTL", "s:k").number ?? 0 <= 50)
      // To ask for the time is not to read.
      try client.send("EXISTS", "s:k")
      #expect(try client.send("TTL", "s:k").number ?? 0 <= 50)
      try client.send(command)
      #expect(try client.send("TTL", "s:k").number ?? 0 > 50, "\(command)")
    }
    // Never shorter.
    try client.send("SET", "s:k", "v", "EX", "500")
    try client.send("GET", "s:k")
    #expect(try client.send("TTL", "s:k").number ?? 0 > 100)
  }

  @Test func figuresOfAPrefix() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    try client.send("MSET", "p:1", "v", "p:2", "v", "q:1", "v")
    try client.send("CACHE.RULE", "SET", "p:", "MAXTTL", "1000")
    try waitForCount("p:", client)
    #expect(try figure("keys", of: "p:", client) == 2)
    try client.send("GET", "p:1")
    try client.send("GET", "p:none")
    try client.send("GET", "q:1")
    #expect(try figure("hits", of: "p:", client) == 1)
    #expect(try figure("misses", of: "p:", client) == 1)
    let before = try figure("bytes", of: "p:", client)
    #expect(before > 0)
    try client.send("SET", "p:3", String(repeating: "x", count: 10_000))
    #expect(try figure("bytes", of: "p:", client) >= before + 10_000)
    try client.send("RENAME", "p:3", "q:3")
    #expect(try figure("bytes", of: "p:", client) <= before + 64)
    try client.send("SELECT", "1")
    try client.send("SET", "p:x", "v")
    #expect(try figure("keys", of: "p:", client) == 3)
    try client.send("FLUSHDB")
    try client.send("SELECT", "0")
    #expect(try figure("keys", of: "p:", client) == 2)
    try client.send("SWAPDB", "0", "1")
    #expect(try figure("keys", of: "p:", client) == 2)
    try client.send("FLUSHALL")
    #expect(try figure("keys", of: "p:", client) == 0)
    #expect(try figure("bytes", of: "p:", client) == 0)
  }

  /// Random writes and removals: what is counted is what is there.
  @Test func figuresAddUp() throws {
    var random = SeededGenerator(test: "CacheRuleTests.figuresAddUp")
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    try client.send("CACHE.RULE", "SET", "p:", "MAXTTL", "1000")
    try client.send("CACHE.RULE", "SET", "p:a:", "DEFAULTTTL", "1000")
    var commands: [[String]] = []
    for _ in 0..<3000 {
      let key =
        ["p:", "p:a:", "x:"][Int.random(in: 0..<3, using: &random)]
        + "\(Int.random(in: 0..<20, using: &random))"
      let other =
        ["p:", "p:a:", "x:"][Int.random(in: 0..<3, using: &random)]
        + "\(Int.random(in: 0..<20, using: &random))"
      switch Int.random(in: 0..<8, using: &random) {
      case 0: commands.append(["SET", key, "v"])
      case 1: commands.append(["APPEND", key, String(repeating: "x", count: 50)])
      case 2: commands.append(["DEL", key])
      case 3: commands.append(["RENAME", key, other])
      case 4: commands.append(["LPUSH", "\(key):l", other])
      case 5: commands.append(["RPOP", "\(key):l"])
      case 6: commands.append(["COPY", key, other, "REPLACE"])
      default: commands.append(["PEXPIRE", key, "0"])
      }
    }
    for start in stride(from: 0, to: commands.count, by: 500) {
      _ = try client.pipeline(Array(commands[start..<start + 500]))
      let all = try client.send("KEYS", "p:*").elements?.compactMap(\.string) ?? []
      let inner = all.filter { $0.hasPrefix("p:a:") }.count
      #expect(try figure("keys", of: "p:a:", client) == Int64(inner))
      #expect(try figure("keys", of: "p:", client) == Int64(all.count - inner))
      var bytes: Int64 = 0
      for key in all where !key.hasPrefix("p:a:") {
        bytes += try client.send("MEMORY", "USAGE", key).number ?? 0
      }
      #expect(try figure("bytes", of: "p:", client) == bytes)
    }
  }

  @Test func quotasHold() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("CACHE.RULE", "SET", "k:", "QUOTA", "2keys")
    try client.send("CACHE.RULE", "SET", "b:", "QUOTA", "10kb")
    #expect(try client.send("SET", "k:1", "v") == .ok)
    #expect(try client.send("SADD", "k:2", "v") == .integer(1))
    #expect(try client.send("SET", "k:3", "v").isError("QUOTA keys beginning with 'k:'"))
    #expect(try client.send("EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k:3").isError())
    // Those that are there may change, and make room.
    #expect(try client.send("SET", "k:1", "w") == .ok)
    #expect(try client.send("SADD", "k:2", "w") == .integer(1))
    #expect(try client.send("DEL", "k:1") == .integer(1))
    #expect(try client.send("SET", "k:3", "v") == .ok)
    #expect(try figure("over_quota", of: "k:", client) == 2)
    try client.send("MULTI")
    #expect(try client.send("SET", "k:4", "v").isError("QUOTA"))
    #expect(try client.send("EXEC").isError("EXECABORT"))
    #expect(try client.send("SET", "b:1", String(repeating: "x", count: 11_000)) == .ok)
    #expect(try client.send("SET", "b:2", "v").isError("QUOTA"))
    #expect(try client.send("GET", "b:1").string?.count == 11_000)
    #expect(try client.send("DEL", "b:1") == .integer(1))
    #expect(try client.send("SET", "b:2", "v") == .ok)
  }

  @Test func personalDataStaysOut() throws {
    let server = try TestServer()
    let client = try server.connect()
    let mail = "write to ada@example.org"
    try client.send("CACHE.RULE", "SET", "r:", "NOPERSONALDATA", "refuse")
    try client.send("CACHE.RULE", "SET", "c:", "NOPERSONALDATA", "redact")
    for command in [
      ["SET", "r:k", mail], ["HSET", "r:k", "f", mail], ["HSET", "r:k", mail, "v"],
      ["LPUSH", "r:k", "x", mail], ["ZADD", "r:k", "NX", "1", mail],
      ["XADD", "r:k", "*", "f", mail],
      ["XADD", "r:k", "MAXLEN", "~", "9", "*", "f", mail], ["SETEX", "r:k", "9", mail],
      ["MSET", "x", "v", "r:k", mail], ["APPEND", "r:k", mail], ["CACHE.SET", "r:k", mail],
      ["EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "r:k", mail],
    ] {
      #expect(try client.send(command).string?.contains("PERSONALDATA") == true, "\(command)")
      #expect(try client.send("EXISTS", "r:k") == .integer(0), "\(command)")
    }
    // Times and numbers are no cards and telephones.
    #expect(try client.send("SET", "r:k", "fine", "PXAT", "33177117420123") == .ok)
    #expect(try client.send("SET", "c:k", mail) == .ok)
    #expect(try client.send("GET", "c:k") == .text("write to [EMAIL_1]"))
    // One that is long enough to be received into a block of its own.
    let long = String(repeating: "nothing to see here. ", count: 8000) + mail
    #expect(try client.send("SET", "c:k", long) == .ok)
    #expect(try client.send("GET", "c:k").string?.hasSuffix("[EMAIL_1]") == true)
    try client.send("MULTI")
    try client.send("SET", "c:k", mail)
    try client.send("GET", "c:k")
    #expect(try client.send("EXEC") == .array([.ok, .text("write to [EMAIL_1]")]))
    // What cannot be looked at does not get in; what was looked at may move.
    try client.send("SET", "x", mail)
    #expect(try client.send("RENAME", "x", "c:x").isError("PERSONALDATA"))
    #expect(try client.send("COPY", "x", "c:x").isError("PERSONALDATA"))
    let payload = try client.send("DUMP", "x")
    guard case .bulk(let bytes) = payload else { return #expect(Bool(false), "\(payload)") }
    #expect(
      try client.send(bytes: [Array("RESTORE".utf8), Array("c:x".utf8), Array("0".utf8), bytes])
        .isError("PERSONALDATA"))
    #expect(try client.send("RENAME", "c:k", "c:x") == .ok)
    #expect(try client.send("RENAME", "c:x", "y") == .ok)
    #expect(try figure("refused", of: "r:", client) == 12)
    #expect(try figure("redacted", of: "c:", client) == 3)
  }

  @Test func rulesAreSettings() throws {
    let folder = "/tmp/wingcache-rules-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/wingcache.conf"
    try "cache-rule \"a: MAXTTL 5\"\n".write(toFile: file, atomically: true, encoding: .utf8)
    do {
      let server = try TestServer(file: file)
      let client = try server.connect()
      #expect(try client.send("CACHE.RULE", "SET", "b c:", "QUOTA", "1mb") == .ok)
      let text = "\"a:\" MAXTTL 5 ; \"b c:\" QUOTA 1048576"
      #expect(
        try client.send("CONFIG", "GET", "cache-rule").elements == [
          .text("cache-rule"), .text(text),
        ])
      #expect(
        try client.send("CONFIG", "SET", "cache-rule", "a: SLIDING yes").isError("ERR CONFIG SET"))
      #expect(try client.send("CACHE.RULE", "LIST").elements?.count == 2)
      #expect(try client.send("CACHE.RULE", "SET", "a:", "WHAT", "1").isError("ERR unknown option"))
      #expect(try client.send("CACHE.RULE", "SET", "a:", "MAXTTL").isError("ERR"))
      #expect(try client.send("CONFIG", "REWRITE") == .ok)
    }
    // The rest of the file is about a folder that is gone.
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("cache-rule") })
    try (line + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    let server = try TestServer(file: file)
    let client = try server.connect()
    #expect(try client.send("CACHE.RULE", "LIST").elements?.count == 2)
    #expect(try client.send("CONFIG", "SET", "cache-rule", "") == .ok)
    #expect(try client.send("CACHE.RULE", "LIST") == .array([]))
  }

  /// Every command that may make the data larger is known: it stores arguments, or another key's
  /// value, or nothing of its arguments as text.
  @Test func everyWritingCommandIsKnown() throws {
    let storesNoText: Set<String> = [
      "incr", "decr", "incrby", "decrby", "incrbyfloat", "setbit", "bitfield", "bitop", "pfadd",
      "pfmerge", "pfdebug", "getex", "hincrby", "hincrbyfloat", "migrate", "flushall",
      "xgroup|create",
      "xgroup|createconsumer", "xsetid", "xclaim", "xautoclaim", "xreadgroup", "hexpire",
      "hpexpire",
      "hexpireat", "hpexpireat", "hgetex", "eval", "evalsha", "fcall", "cache.tag", "expiremember",
      "expirememberat", "pexpirememberat", "debug", "function|load", "function|restore",
    ]
    let server = try TestServer()
    let client = try server.connect()
    let names = try client.send("COMMAND", "LIST").elements?.compactMap(\.string) ?? []
    for name in names where !name.hasPrefix("coach.") && !storesNoText.contains(name) {
      let flags =
        try client.send("COMMAND", "INFO", name).elements?.first?.elements?[2].elements ?? []
      let words = flags.compactMap(\.string)
      guard words.contains("write"), words.contains("denyoom") else { continue }
      #expect(ValuePositions.place(of: name) != nil, "\(name)")
    }
  }
}
