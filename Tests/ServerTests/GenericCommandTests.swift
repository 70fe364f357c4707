import Testing

/// Commands on keys whatever they hold, and on whole databases.
@Suite struct GenericCommandTests {
  @Test func expiryConditions() throws {
    let server = try TestServer()
    let client = try server.connect()
    func expire(_ seconds: String, _ words: String...) throws -> Int64? {
      try client.send(["EXPIRE", "k", seconds] + words).number
    }
    #expect(try expire("100", "NX") == 0)
    try client.send("SET", "k", "v")
    #expect(try expire("100", "XX") == 0)
    // No expiry is later than any.
    #expect(try expire("100", "GT") == 0)
    #expect(try expire("100", "LT") == 1)
    #expect(try expire("200", "NX") == 0)
    #expect(try expire("200", "LT") == 0)
    #expect(try expire("200", "GT") == 1)
    #expect(try expire("50", "XX", "LT") == 1)
    #expect(try client.send("TTL", "k").number == 50)
    #expect(try client.send("PERSIST", "k").number == 1)
    #expect(try client.send("TTL", "k").number == -1)
    #expect(try client.send("PEXPIREAT", "k", "9223372036854775807").number == 1)
    #expect(try client.send("PEXPIRETIME", "k").number == .max)
    #expect(try client.send("EXPIRETIME", "k").number == 9_223_372_036_854_776)
    // The past removes, but not against a condition.
    #expect(try expire("-1", "GT") == 0)
    #expect(try expire("-1", "XX") == 1)
    #expect(try client.send("EXISTS", "k").number == 0)
  }

  @Test(arguments: [
    ("EXPIRE k x", "ERR value is not an integer or out of range"),
    ("EXPIRE k x FOO", "ERR Unsupported option FOO"),
    ("EXPIRE k 1 NX GT", "ERR NX and XX, GT or LT options at the same time are not compatible"),
    ("EXPIRE k 1 GT LT", "ERR GT and LT options at the same time are not compatible"),
    ("EXPIRE k 9223372036854775807", "ERR invalid expire time in 'expire' command"),
    ("PEXPIRE k 9223372036854775807", "ERR invalid expire time in 'pexpire' command"),
    ("EXPIREAT k 9223372036854776", "ERR invalid expire time in 'expireat' command"),
    ("COPY a a", "ERR source and destination objects are the same"),
    ("COPY a b DB", "ERR syntax error"),
    ("COPY a b DB 16", "ERR DB index is out of range"),
    ("MOVE a 0", "ERR source and destination objects are the same"),
    ("MOVE a -1", "ERR DB index is out of range"),
    ("SELECT 16", "ERR DB index is out of range"),
    (
      "SELECT 2147483648",
      "ERR value is out of range, value must between -2147483648 and 2147483647"
    ),
    ("SWAPDB x 1", "ERR invalid first DB index"),
    ("SWAPDB 1 x", "ERR invalid second DB index"),
    ("RENAME a b", "ERR no such key"),
    ("RENAMENX a b", "ERR no such key"),
    ("SCAN x", "ERR invalid cursor"),
    ("SCAN 18446744073709551616", "ERR invalid cursor"),
    ("SCAN 0 COUNT 0", "ERR syntax error"),
    ("SCAN 0 COUNT x", "ERR value is not an integer or out of range"),
    ("SCAN 0 MATCH", "ERR syntax error"),
    ("FLUSHALL NOW", "ERR syntax error"),
    ("FLUSHDB SYNC ASYNC", "ERR syntax error"),
    ("OBJECT ENCODING", "ERR wrong number of arguments for 'object|encoding' command"),
    ("OBJECT SIZE k", "ERR unknown subcommand 'SIZE'. Try OBJECT HELP."),
  ])
  func mistakesAreAnswered(command: String, error: String) throws {
    let client = try Self.shared.get().connect()
    #expect(try client.send(command.split(separator: " ").map(String.init)) == .error(error))
  }

  /// For tests that leave nothing behind.
  private static let shared = Result { try TestServer() }

  @Test func valuesTakeTheirExpiryAlong() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("SET", "a", "v", "EXAT", "33177117420")
    #expect(try client.send("COPY", "a", "b").number == 1)
    #expect(try client.send("COPY", "a", "b").number == 0)
    try client.send("SET", "old", "w")
    #expect(try client.send("RENAMENX", "a", "old").number == 0)
    #expect(try client.send("RENAME", "a", "old") == .ok)
    #expect(try client.send("MOVE", "old", "3").number == 1)
    #expect(try client.send("COPY", "b", "old", "DB", "3").number == 0)
    #expect(try client.send("COPY", "b", "other", "DB", "3").number == 1)
    #expect(try client.send("DBSIZE").number == 1)
    #expect(try client.send("SELECT", "3") == .ok)
    for key in ["old", "other"] {
      #expect(try client.send("GET", key) == .text("v"))
      #expect(try client.send("EXPIRETIME", key).number == 33_177_117_420)
    }
    #expect(try client.send("RENAME", "old", "old") == .ok)
    #expect(try client.send("RENAMENX", "old", "old").number == 0)
    // A value without an expiry takes the target's away.
    try client.send("SET", "plain", "w")
    #expect(try client.send("RENAME", "plain", "old") == .ok)
    #expect(try client.send("TTL", "old").number == -1)
  }

  @Test func scanFindsEverythingOnce() throws {
    let server = try TestServer()
    let client = try server.connect()
    let keys = Set((0..<3000).map { "key:\($0)" })
    _ = try client.pipeline(keys.map { ["SET", $0, "v"] })
    for options in [[], ["COUNT", "1"], ["COUNT", "1000", "TYPE", "STRING"]] {
      var seen: [String] = []
      var cursor = "0"
      repeat {
        let parts = try #require(try client.send(["SCAN", cursor] + options).elements)
        cursor = try #require(parts[0].string)
        seen += parts[1].elements?.compactMap(\.string) ?? []
      } while cursor != "0"
      #expect(seen.count == keys.count)
      #expect(Set(seen) == keys)
    }
    let all = try #require(try client.send("KEYS", "*").elements)
    #expect(Set(all.compactMap(\.string)) == keys)
    #expect(try client.send("KEYS", "key:[12]?").elements?.count == 20)
    #expect(try client.send("KEYS", "key:77") == .texts("key:77"))
    #expect(
      try client.send("SCAN", "0", "COUNT", "100000", "MATCH", "key:7?9").elements?[1]
        .elements?.count == 10)
    #expect(
      try client.send("SCAN", "0", "COUNT", "100000", "TYPE", "zset")
        == .array([.text("0"), .array([])]))
    // A cursor of nobody's is no mistake.
    #expect(try client.send("SCAN", "18446744073709551615").elements?.count == 2)
  }

  @Test func transactionsSeeDatabasesGo() throws {
    let server = try TestServer()
    let client = try server.connect()
    let other = try server.connect()
    func isSpoiled(watching key: String, by words: String...) throws -> Bool {
      try client.send("WATCH", key)
      #expect(try !other.send(words).isError())
      try client.send("MULTI")
      try client.send("PING")
      return try client.send("EXEC") == .null
    }
    for flush in ["FLUSHALL", "FLUSHDB"] {
      try client.send("SET", "there", "1")
      #expect(try isSpoiled(watching: "there", by: flush))
      #expect(try !isSpoiled(watching: "there", by: flush))
    }
    try client.send("SET", "there", "1")
    #expect(try isSpoiled(watching: "there", by: "SWAPDB", "0", "1"))
    #expect(try isSpoiled(watching: "there", by: "SWAPDB", "1", "0"))
    #expect(try !isSpoiled(watching: "nowhere", by: "SWAPDB", "1", "0"))
    #expect(try isSpoiled(watching: "there", by: "SWAPDB", "1", "0"))
    #expect(try !isSpoiled(watching: "there", by: "SWAPDB", "2", "3"))
    #expect(try isSpoiled(watching: "there", by: "EXPIRE", "there", "100"))
    #expect(try isSpoiled(watching: "there", by: "PERSIST", "there"))
    #expect(try !isSpoiled(watching: "there", by: "PERSIST", "there"))
    #expect(try isSpoiled(watching: "copy", by: "COPY", "there", "copy"))
    #expect(try isSpoiled(watching: "there", by: "RENAME", "there", "copy"))
    #expect(try isSpoiled(watching: "copy", by: "MOVE", "copy", "1"))
  }

  @Test func keysGoWhenTheyAreDue() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.pipeline((0..<200).map { ["SET", "k\($0)", "v", "PX", "\(1 + $0 % 20)"] })
    // Nobody asks for them: DBSIZE counts what is there.
    var left = try client.send("DBSIZE").number
    for _ in 0..<2000 where left != 0 {
      left = try client.send("DBSIZE").number
    }
    #expect(left == 0)
    #expect(try client.send("INFO", "stats").string?.contains("expired_keys:200\r\n") == true)
  }

  @Test func askingIsNoUse() throws {
    let server = try TestServer()
    let client = try server.connect()
    func count(_ name: String) throws -> String? {
      try client.send("INFO", "stats").string?.split(separator: "\r\n")
        .first { $0.hasPrefix("keyspace_\(name):") }.map(String.init)
    }
    try client.send("SET", "a", "1")
    for command in ["TTL", "TYPE", "EXISTS", "GET", "TOUCH"] {
      try client.send(command, "a")
      try client.send(command, "b")
    }
    #expect(try count("hits") == "keyspace_hits:5")
    #expect(try count("misses") == "keyspace_misses:5")
    try client.send("EXPIRE", "b", "1")
    #expect(try client.send("OBJECT", "IDLETIME", "b") == .null)
    #expect(try count("misses") == "keyspace_misses:6")
  }

  @Test func everyChangeIsAnnouncedOnce() throws {
    let server = try TestServer("--notify-keyspace-events", "KEAn")
    let client = try server.connect()
    let listener = try server.connect()
    try listener.send("PSUBSCRIBE", "__keyevent@*")
    func events(of commands: [String]...) throws -> [String] {
      for command in commands { #expect(try !client.send(command).isError()) }
      try client.send("PUBLISH", "__keyevent@end", "")
      var events: [String] = []
      while true {
        let parts = try #require(try listener.read().elements)
        let channel = try #require(parts[2].string).dropFirst("__keyevent@".count)
        if channel == "end" { return events }
        events.append("\(channel) \(parts[3].string ?? "")")
      }
    }
    try client.send("SET", "a", "1")
    #expect(try events(of: ["DEL", "nothing"]) == ["0__:new a", "0__:set a"])
    #expect(
      try events(of: ["EXPIRE", "a", "100"], ["PERSIST", "a"], ["PERSIST", "a"])
        == ["0__:expire a", "0__:persist a"])
    #expect(try events(of: ["COPY", "a", "b"]) == ["0__:new b", "0__:copy_to b"])
    #expect(
      try events(of: ["RENAME", "a", "b"])
        == ["0__:new b", "0__:rename_from a", "0__:rename_to b"])
    #expect(
      try events(of: ["MOVE", "b", "1"])
        == ["1__:new b", "0__:move_from b", "1__:move_to b"])
    #expect(
      try events(of: ["SELECT", "1"], ["EXPIRE", "b", "0"], ["SET", "b", "1"], ["UNLINK", "b"])
        == ["1__:del b", "1__:new b", "1__:set b", "1__:del b"])
    #expect(try events(of: ["SET", "c", "1"], ["FLUSHALL"]) == ["1__:new c", "1__:set c"])
  }

  @Test(arguments: ["1", "2"]) func dueKeysGoWhenACommandMeetsThem(threads: String) throws {
    let server = try TestServer(
      "--notify-keyspace-events", "Ex", "--threads", threads)
    let client = try server.connect()
    let listener = try server.connect()
    try listener.send("SUBSCRIBE", "__keyevent@0__:expired")
    try client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    // Found due by a command, a key announces its end and spoils the transaction. On a machine that
    // has a lot to do it may be due before it is watched: then it is tried again.
    var attempts = 0
    var result = Reply.ok
    while attempts < 20, result != .null {
      attempts += 1
      try client.send("SET", "a", "v", "PX", "20")
      try client.send("WATCH", "a")
      while try client.send("PTTL", "a").number != -2 {}
      try client.send("MULTI")
      result = try client.send("EXEC")
      #expect(try listener.read().elements?.last == .text("a"))
    }
    #expect(result == .null)
    // One that was due when it was watched is no change.
    try client.send("SET", "b", "v", "PX", "1")
    try client.send("SET", "b2", "v", "PX", "1")
    while try client.send("PTTL", "b2").number != -2 {}
    try client.send("WATCH", "b")
    #expect(try client.send("DEL", "b").number == 0)
    try client.send("MULTI")
    #expect(try client.send("EXEC") == .array([]))
    // KEYS passes due keys over, SCAN removes them, DBSIZE counts what is there.
    _ = try client.pipeline((0..<50).map { ["SET", "due\($0)", "v", "PX", "1"] })
    try client.send("SET", "last", "v", "PX", "1")
    while try client.send("PTTL", "last").number != -2 {}
    #expect(try client.send("KEYS", "*") == .array([]))
    #expect(try client.send("DBSIZE").number == 50)
    #expect(try client.send("RANDOMKEY") == .null)
    try client.send("SCAN", "0", "COUNT", "1000")
    #expect(try client.send("DBSIZE").number == 0)
    let expired = "expired_keys:\(53 + attempts)\r\n"
    #expect(try client.send("INFO", "stats").string?.contains(expired) == true)
    // Switched on again, what is due goes without being asked for.
    try client.send("SET", "late", "v", "PX", "1")
    while try client.send("EXISTS", "late").number != 0 {}
    try client.send("SET", "later", "v", "PX", "1")
    try client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1")
    while try client.send("DBSIZE").number != 0 {}
  }

  /// A hash or set of which all elements are due is not there for anybody, and neither is it named.
  @Test(arguments: ["1", "2"]) func collectionsThatAreDueAreNotNamed(threads: String) throws {
    let server = try TestServer("--threads", threads)
    let client = try server.connect()
    try client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    func makeDue() throws {
      _ = try client.pipeline([
        ["HSET", "h", "f", "v"], ["SADD", "s", "m"], ["ZADD", "z", "1", "m"], ["MULTI"],
        ["HPEXPIRE", "h", "1", "FIELDS", "1", "f"], ["EXPIREMEMBER", "s", "m", "1", "MS"],
        ["EXPIREMEMBER", "z", "m", "1", "MS"], ["SET", "last", "v", "PX", "2"], ["EXEC"],
      ])
      while try client.send("PTTL", "last").number != -2 {}
    }
    _ = try client.pipeline((0..<50).map { ["SET", "k\($0)", "v"] })
    try makeDue()
    #expect(try client.send("DBSIZE") == .integer(53))
    #expect(try client.send("KEYS", "?") == .array([]))
    // Saving what is not there any more would lose what is.
    #expect(try client.send("DEBUG", "RELOAD") == .ok)
    #expect(try client.send("DBSIZE") == .integer(50))
    try makeDue()
    var keys: [Reply] = []
    var cursor = "0"
    repeat {
      let reply = try client.send("SCAN", cursor, "COUNT", "1000")
      cursor = reply.elements?.first?.string ?? "0"
      keys += reply.elements?.last?.elements ?? []
    } while cursor != "0"
    #expect(keys.count == 50)
    #expect(try client.send("DBSIZE") == .integer(50))
  }

  /// What an element is sorted by stays what it was when another lookup removes fields that are
  /// due.
  @Test func sortingByFieldsKeepsWhatItHasRead() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    let due = (0..<130).map { "d\($0 + 100)" }
    for (key, weight, other) in [("a", "mmmm", "zzzz"), ("b", "nnnn", "aaaa")] {
      try client.send(["HSET", "w_\(key)", "f", weight] + due.flatMap { [$0, "zzzz" + $0] })
      try client.send(
        ["HSET", "w_\(key)"] + (0..<120).flatMap { ["e\($0 + 100)", "\(other)\($0)"] })
      try client.send(["HPEXPIRE", "w_\(key)", "5", "FIELDS", "130"] + due)
    }
    #expect(try client.send("OBJECT", "ENCODING", "w_a") == .text("listpackex"))
    try client.send("RPUSH", "l", "b", "a", "b", "a", "b", "a")
    try client.send("SET", "last", "v", "PX", "6")
    while try client.send("PTTL", "last").number != -2 {}
    let sorted = try client.send("SORT_RO", "l", "BY", "w_*->f", "ALPHA")
    #expect(sorted == .texts("a", "a", "a", "b", "b", "b"))
  }
}
