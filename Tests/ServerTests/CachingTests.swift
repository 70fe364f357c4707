import Foundation
import SeededRandom
import Testing

/// CACHE.* over sockets.
@Suite struct CachingTests {
  /// What CACHE.GET answers.
  private struct Answer {
    let value: String?
    let state: String?
    let token: String?
    let milliseconds: Int64

    init(_ reply: Reply) throws {
      let parts: [Reply]
      switch reply {
      case .array(let all), .map(let all): parts = all
      default: parts = []
      }
      try #require(parts.count == 8, "\(reply)")
      value = parts[1].string
      state = parts[3].string
      token = parts[5].string
      milliseconds = parts[7].number ?? .min
    }
  }

  private func get(_ client: TestClient, _ words: String...) throws -> Answer {
    try Answer(client.send(["CACHE.GET"] + words))
  }

  /// A figure of INFO caching.
  private func figure(_ name: String, _ client: TestClient) throws -> Int {
    let text = try client.send("INFO", "caching").string ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
    return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) }, "\(name) in \(text)")
  }

  // MARK: Leases

  @Test func oneClientLoadsTheOthersWait() throws {
    let server = try TestServer()
    let client = try server.connect()
    let first = try get(client, "k", "LEASE", "60000")
    #expect(first.state == "miss" && first.value == nil && first.milliseconds == 60_000)
    let second = try get(client, "k")
    #expect(second.state == "wait" && second.token == nil && second.milliseconds > 0)
    let token = try #require(first.token)
    #expect(try client.send("CACHE.SET", "k", "v", "TOKEN", token, "PX", "50000") == .ok)
    let third = try get(client, "k")
    #expect(third.state == "fresh" && third.value == "v" && third.milliseconds <= 50_000)
    // The lease has done its work.
    #expect(try client.send("CACHE.SET", "k", "w", "TOKEN", token) == .null)
    #expect(try client.send("GET", "k") == .text("v"))
  }

  @Test func oneClientRefreshesWhatIsStale() throws {
    let server = try TestServer()
    let client = try server.connect()
    // All of what it has left counts as stale to one who asks for more.
    try client.send("CACHE.SET", "k", "old", "PX", "600000")
    #expect(try get(client, "k").state == "fresh")
    let winner = try get(client, "k", "STALE", "600000")
    #expect(winner.state == "stale" && winner.value == "old")
    let token = try #require(winner.token)
    let other = try get(client, "k", "STALE", "600000")
    #expect(other.state == "stale" && other.value == "old" && other.token == nil)
    #expect(try client.send("CACHE.SET", "k", "new", "TOKEN", token) == .ok)
    #expect(try get(client, "k", "STALE", "600000").value == "new")
    // A value with a time of its own turns stale by itself, and is served on.
    try client.send("CACHE.SET", "q", "old", "PX", "1", "STALE", "600000")
    var state: String?
    for _ in 0..<10_000 where state != "stale" { state = try get(client, "q").state }
    #expect(state == "stale")
    #expect(try client.send("GET", "q") == .text("old"))
  }

  @Test(arguments: [
    ["SET", "k", "x"], ["DEL", "k"], ["UNLINK", "k"], ["CACHE.SET", "k", "x"],
    ["CACHE.INVALIDATE", "KEY", "k"], ["CACHE.INVALIDATE", "PREFIX", "k"],
    ["CACHE.INVALIDATE", "TAG", "t"], ["FLUSHALL"], ["FLUSHDB", "ASYNC"], ["SWAPDB", "0", "1"],
    ["EVAL", "redis.call('SET', KEYS[1], 'x')", "1", "k"], ["RENAME", "other", "k"],
    ["COPY", "other", "k"], ["HSET", "k", "f", "v"],
  ])
  func whatHappensInBetweenVoidsTheLease(command: [String]) throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("SET", "other", "x")
    let token = try #require(try get(client, "k").token)
    #expect(try !client.send(command).isError(), "\(command)")
    #expect(
      try client.send("CACHE.SET", "k", "late", "TOKEN", token, "TAGS", "1", "t") == .null,
      "\(command)")
    #expect(try client.send("GET", "k") != .text("late"))
  }

  @Test func reachedByWhatHasNothingToDoWithIt() throws {
    let server = try TestServer()
    let client = try server.connect()
    let token = try #require(try get(client, "k", "LEASE", "600000").token)
    try client.send("SET", "other", "x")
    try client.send("CACHE.INVALIDATE", "TAG", "t")
    try client.send("CACHE.INVALIDATE", "PREFIX", "other")
    try client.send("GET", "k")
    #expect(try client.send("CACHE.SET", "k", "v", "TOKEN", token, "TAGS", "1", "u") == .ok)
  }

  @Test func leasesEndByTime() throws {
    let server = try TestServer()
    let client = try server.connect()
    let token = try #require(try get(client, "k", "LEASE", "1").token)
    var next: String?
    for _ in 0..<10_000 where next == nil { next = try get(client, "k", "LEASE", "60000").token }
    #expect(next != nil && next != token)
    #expect(try client.send("CACHE.SET", "k", "late", "TOKEN", token) == .null)
    #expect(try get(client, "k", "LEASE", "0").state == "wait")
  }

  @Test func clientsMayWaitForTheLoader() throws {
    let server = try TestServer("--threads", "2")
    let loader = try server.connect()
    let token = try #require(try get(loader, "k", "LEASE", "60000").token)
    let waiting = try (0..<8).map { _ in try server.connect() }
    for client in waiting {
      try client.write(
        TestClient.encode(["CACHE.GET", "k", "WAIT", "60000"].map { Array($0.utf8) }))
    }
    while try !(loader.send("INFO", "clients").string ?? "").contains("blocked_clients:8") {}
    try loader.send("CACHE.SET", "k", "v", "TOKEN", token)
    for client in waiting {
      let answer = try Answer(client.read())
      #expect(answer.state == "fresh" && answer.value == "v")
    }
    // A lease that is void lets one of those who wait try; its time up, the rest is told.
    _ = try get(loader, "q", "LEASE", "60000")
    try waiting[0].write(
      TestClient.encode(
        ["CACHE.GET", "q", "LEASE", "60000", "WAIT", "60000"].map { Array($0.utf8) }))
    while try !(loader.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
    try loader.send("DEL", "q")
    let answer = try Answer(waiting[0].read())
    #expect(answer.state == "miss" && answer.token != nil)
    #expect(try get(loader, "q", "WAIT", "1").state == "wait")
  }

  /// 64 clients ask for one key at once, again and again: one winner each time.
  @Test func sixtyFourClientsOneWinner() throws {
    let server = try TestServer("--threads", "4")
    let clients = try (0..<64).map { _ in try server.connect() }
    for round in 0..<30 {
      let request = TestClient.encode(
        ["CACHE.GET", "key\(round)", "LEASE", "60000"].map { Array($0.utf8) })
      for client in clients { try client.write(request) }
      var tokens: [String] = []
      for client in clients {
        let answer = try Answer(client.read())
        if let token = answer.token {
          tokens.append(token)
          #expect(answer.state == "miss")
        } else {
          #expect(answer.state == "wait")
        }
      }
      #expect(tokens.count == 1, "round \(round)")
    }
  }

  @Test func leasesAreBounded() throws {
    let server = try TestServer("--cache-leases-max", "64")
    let client = try server.connect()
    _ = try client.pipeline((0..<2000).map { ["CACHE.GET", "k\($0)", "LEASE", "600000"] })
    #expect(try figure("cache_leases", client) <= 64)
    #expect(try figure("cache_leases_displaced", client) > 0)
  }

  @Test func badArguments() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("HSET", "h", "f", "v")
    #expect(try client.send("CACHE.GET", "h").isError("WRONGTYPE"))
    for words in [
      ["CACHE.GET", "k", "STALE"], ["CACHE.GET", "k", "LEASE", "-1"], ["CACHE.GET", "k", "X", "1"],
      ["CACHE.GET", "k", "LEASE", "600001"], ["CACHE.SET", "k", "v", "STALE", "5"],
      ["CACHE.SET", "k", "v", "PX", "0"], ["CACHE.SET", "k", "v", "TAGS", "2", "a"],
      ["CACHE.SET", "k", "v", "TAGS", "0"], ["CACHE.SET", "k", "v", "TAGS", "65", "a"],
      ["CACHE.SET", "k", "v", "PX", "9223372036854775807", "STALE", "5"],
      ["CACHE.SET", "k", "v", "TAGS", "1", ""], ["CACHE.TAG", "k", ""], ["CACHE.KEYS", ""],
      ["CACHE.KEYS", "t", "LIMIT", "0"], ["CACHE.INVALIDATE", "PREFIX", ""],
      ["CACHE.INVALIDATE", "EVERYTHING"],
    ] {
      #expect(try client.send(words).isError(), "\(words)")
    }
    #expect(try client.send("CACHE.SET", "k", "v", "TOKEN", "not a token") == .null)
    #expect(try client.send("EXISTS", "k") == .integer(0))
  }

  // MARK: Tags

  @Test func tagsFollowTheRulesOfExpiries() throws {
    let server = try TestServer()
    let client = try server.connect()
    func tag() throws {
      try client.send("FLUSHALL")
      try client.send("CACHE.SET", "k", "1", "EX", "1000", "TAGS", "2", "a", "b")
      #expect(try client.send("CACHE.TAGS", "k") == .texts("a", "b"))
    }
    for words in [["SET", "k", "2"], ["GETSET", "k", "2"], ["DEL", "k"], ["GETDEL", "k"]] {
      try tag()
      try client.send(words)
      #expect(try client.send("CACHE.TAGS", "k") == .array([]), "\(words)")
      #expect(try figure("cache_tag_links", client) == 0)
    }
    for words in [
      ["SET", "k", "2", "KEEPTTL"], ["INCR", "k"], ["APPEND", "k", "x"], ["PERSIST", "k"],
    ] {
      try tag()
      try client.send(words)
      #expect(try client.send("CACHE.TAGS", "k") == .texts("a", "b"), "\(words)")
    }
    try tag()
    try client.send("RENAME", "k", "n")
    #expect(try client.send("CACHE.TAGS", "n") == .texts("a", "b"))
    #expect(try client.send("CACHE.KEYS", "a") == .texts("n"))
    try client.send("COPY", "n", "m")
    #expect(try client.send("CACHE.TAGS", "m") == .texts("a", "b"))
    try client.send("MOVE", "m", "1")
    try client.send("SWAPDB", "0", "1")
    #expect(try client.send("CACHE.KEYS", "a") == .texts("m"))
    #expect(try client.send("CACHE.INVALIDATE", "TAG", "a") == .integer(1))
    try client.send("SELECT", "1")
    #expect(try client.send("CACHE.INVALIDATE", "TAG", "a") == .integer(1))
    #expect(try figure("cache_tag_links", client) == 0)
    try tag()
    try client.send("PEXPIRE", "k", "1")
    while try client.send("EXISTS", "k") == .integer(1) {}
    #expect(try figure("cache_tag_links", client) == 0)
  }

  @Test func evictionTakesTagsAlong() throws {
    let server = try TestServer()
    let client = try server.connect()
    let value = String(repeating: "v", count: 1000)
    _ = try client.pipeline(
      (0..<2000).map { ["CACHE.SET", "k\($0)", value, "TAGS", "1", "t\($0 % 10)"] })
    #expect(try figure("cache_tagged_keys", client) == 2000)
    try client.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try client.send("CONFIG", "SET", "maxmemory", "1500000")
    for index in 0..<200 { try client.send("SET", "n\(index)", value) }
    // The server goes on evicting beside the commands until it is within the limit.
    var before = -1
    var keys = 0
    var after = -2
    while before != after {
      before = try figure("cache_tagged_keys", client)
      keys = try client.send("KEYS", "k*").elements?.count ?? -1
      after = try figure("cache_tagged_keys", client)
    }
    #expect(keys < 2000)
    #expect(keys == after)
    #expect(try figure("cache_tag_links", client) <= after)
  }

  @Test func effectsAreThoseOfRemovals() throws {
    let server = try TestServer("--notify-keyspace-events", "KEA")
    let client = try server.connect()
    let listener = try server.connect()
    try listener.send("SUBSCRIBE", "__keyevent@0__:del")
    let reader = try server.connect()
    try reader.send("HELLO", "3")
    try reader.send("CLIENT", "TRACKING", "ON")
    try client.send("CACHE.SET", "k", "v", "TAGS", "1", "t")
    #expect(try reader.send("GET", "k") == .text("v"))
    #expect(try client.send("CACHE.INVALIDATE", "TAG", "t") == .integer(1))
    #expect(
      try listener.read()
        == .array([.text("message"), .text("__keyevent@0__:del"), .text("k")]))
    #expect(try reader.read() == .push([.text("invalidate"), .array([.text("k")])]))
    // In a transaction and a script it is done at once.
    try client.send("CACHE.SET", "k", "v", "TAGS", "1", "t")
    try client.send("MULTI")
    try client.send("CACHE.INVALIDATE", "TAG", "t")
    try client.send("EXISTS", "k")
    try client.send("CACHE.SET", "p:1", "v", "TAGS", "1", "t")
    try client.send("CACHE.INVALIDATE", "PREFIX", "p:")
    try client.send("CACHE.KEYS", "t")
    #expect(
      try client.send("EXEC")
        == .array([.integer(1), .integer(0), .ok, .integer(1), .array([])]))
    try client.send("CACHE.SET", "k", "v", "TAGS", "1", "t")
    #expect(
      try client.send("EVAL", "return redis.call('CACHE.INVALIDATE', 'TAG', 't')", "0")
        == .integer(1))
  }

  @Test func manyKeysGoInSteps() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let other = try server.connect()
    try client.send("DEBUG", "POPULATE", "30000", "page", "10")
    _ = try client.pipeline((0..<5000).map { ["CACHE.SET", "t:\($0)", "v", "TAGS", "1", "t"] })
    try client.write(
      TestClient.encode(["CACHE.INVALIDATE", "PREFIX", "page:"].map { Array($0.utf8) }))
    // Others are served meanwhile; the reply comes when all are gone.
    #expect(try other.send("PING") == .simple("PONG"))
    #expect(try client.read() == .integer(30_000))
    #expect(try client.send("CACHE.INVALIDATE", "TAG", "t") == .integer(5000))
    #expect(try client.send("DBSIZE") == .integer(0))
    #expect(try figure("cache_sweeps_running", client) == 0)
    #expect(try figure("cache_tag_links", client) == 0)
  }

  /// Random commands against what must be so: a tag's keys are those that exist and were tagged
  /// since they were last written; and at the end nothing is left over.
  @Test func nothingLeaks() throws {
    var random = SeededGenerator(test: "CachingTests.nothingLeaks")
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    var model: [String: Set<String>] = [:]
    for _ in 0..<3000 {
      let key = "k\(Int.random(in: 0..<30, using: &random))"
      let other = "k\(Int.random(in: 0..<30, using: &random))"
      let tag = "t\(Int.random(in: 0..<6, using: &random))"
      switch Int.random(in: 0..<12, using: &random) {
      case 0, 1, 2:
        try client.send("CACHE.SET", key, "v", "TAGS", "2", tag, "all")
        model[key] = [tag, "all"]
      case 3:
        try client.send("CACHE.TAG", key, tag)
        model[key]?.insert(tag)
      case 4:
        try client.send("CACHE.UNTAG", key, tag)
        model[key]?.remove(tag)
      case 5:
        try client.send("SET", key, "w")
        model[key] = []
      case 6:
        try client.send("DEL", key)
        model[key] = nil
      case 7:
        let isThere = model[key] != nil
        try client.send("RENAME", key, other)
        if isThere, key != other { (model[other], model[key]) = (model[key], nil) }
      case 8:
        if try client.send("COPY", key, other, "REPLACE") == .integer(1) {
          model[other] = model[key]
        }
      case 9:
        let keys = model.filter { $0.value.contains(tag) }.keys
        #expect(try client.send("CACHE.INVALIDATE", "TAG", tag) == .integer(Int64(keys.count)))
        for key in keys { model[key] = nil }
      case 10:
        try client.send("GETEX", key, "PXAT", "1")
        model[key] = nil
      default:
        _ = try get(client, key)
      }
      let reply = try client.send("CACHE.KEYS", tag)
      guard case .array(let found) = reply else { return #expect(Bool(false), "\(reply)") }
      #expect(
        Set(found.compactMap(\.string)) == Set(model.filter { $0.value.contains(tag) }.keys))
    }
    let links = model.values.reduce(0) { $0 + $1.count }
    #expect(try figure("cache_tag_links", client) == links)
    try client.send("CACHE.INVALIDATE", "TAG", "all")
    for number in 0..<30 { try client.send("DEL", "k\(number)") }
    #expect(try figure("cache_tag_links", client) == 0)
    #expect(try figure("cache_tagged_keys", client) == 0)
    try client.send("FLUSHALL")
    #expect(try figure("cache_memory", client) == 0)
  }
}
