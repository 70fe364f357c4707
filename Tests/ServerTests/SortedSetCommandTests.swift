import Testing

/// What the transcripts in the specs of the sorted set and geo commands leave out.
@Suite struct SortedSetCommandTests {
  let client: TestClient
  private let server: TestServer

  init() throws {
    server = try TestServer()
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  @Test func optionsOfZAddThatExcludeEachOther() throws {
    let conditions = Reply.error("ERR XX and NX options at the same time are not compatible")
    let comparisons = Reply.error(
      "ERR GT, LT, and/or NX options at the same time are not compatible")
    #expect(try send("ZADD", "z", "NX", "XX", "1", "a") == conditions)
    #expect(try send("ZADD", "z", "NX", "GT", "1", "a") == comparisons)
    #expect(try send("ZADD", "z", "LT", "GT", "1", "a") == comparisons)
    #expect(
      try send("ZADD", "z", "INCR", "1", "a", "2", "b")
        == .error("ERR INCR option supports a single increment-element pair"))
    #expect(try send("ZADD", "z", "1", "a", "x", "b") == .error("ERR value is not a valid float"))
    #expect(try send("ZADD", "z", "nan", "a") == .error("ERR value is not a valid float"))
    #expect(try send("EXISTS", "z") == .integer(0))
    _ = try send("ZADD", "z", "inf", "a")
    #expect(
      try send("ZINCRBY", "z", "-inf", "a")
        == .error("ERR resulting score is not a number (NaN)"))
    #expect(try send("ZADD", "z", "GT", "INCR", "-1", "a") == .null)
  }

  @Test func scoresAreDoublesInRESP3() throws {
    _ = try send("ZADD", "z", "1.5", "a", "-inf", "b")
    _ = try send("HELLO", "3")
    #expect(try send("ZSCORE", "z", "a") == .double("1.5"))
    #expect(
      try send("ZRANGE", "z", "0", "-1", "WITHSCORES")
        == .array([.array([.text("b"), .double("-inf")]), .array([.text("a"), .double("1.5")])]))
    #expect(try send("ZPOPMIN", "z") == .array([.text("b"), .double("-inf")]))
    #expect(try send("ZPOPMIN", "z", "1") == .array([.array([.text("a"), .double("1.5")])]))
    #expect(try send("EXISTS", "z") == .integer(0))
  }

  @Test(arguments: ["entries", "value"])
  func aListpackBecomesATreeAndStaysOne(limit: String) throws {
    _ = try send("CONFIG", "SET", "zset-max-listpack-entries", "4", "zset-max-listpack-value", "8")
    _ = try send("ZADD", "z", "1", "a", "2", "b")
    #expect(try send("OBJECT", "ENCODING", "z") == .text("listpack"))
    if limit == "entries" {
      _ = try send("ZADD", "z", "3", "c", "4", "d", "5", "e")
    } else {
      _ = try send("ZADD", "z", "3", "nine byte")
    }
    #expect(try send("OBJECT", "ENCODING", "z") == .text("skiplist"))
    _ = try send("ZREMRANGEBYRANK", "z", "1", "-1")
    #expect(try send("OBJECT", "ENCODING", "z") == .text("skiplist"))
    #expect(try send("ZRANGE", "z", "0", "-1") == .texts("a"))
    // What is stored anew takes the form that fits.
    _ = try send("ZRANGESTORE", "y", "z", "0", "-1")
    #expect(try send("OBJECT", "ENCODING", "y") == .text("listpack"))
    _ = try send("ZUNIONSTORE", "x", "2", "z", "y")
    #expect(try send("OBJECT", "ENCODING", "x") == .text("listpack"))
    #expect(try send("ZSCORE", "x", "a") == .text("2"))
  }

  @Test func waitersAreServedInTheOrderOfTheirComing() throws {
    let command = ["BZMPOP", "0", "2", "other", "z", "MAX", "COUNT", "1"]
    let first = try server.connect()
    try first.write(TestClient.encode(command.map { Array($0.utf8) }))
    while try send("CLIENT", "LIST").string?.contains("cmd=bzmpop") != true {}
    let second = try server.connect()
    try second.write(TestClient.encode(["BZPOPMIN", "z", "0"].map { Array($0.utf8) }))
    while try send("CLIENT", "LIST").string?.contains("cmd=bzpopmin") != true {}
    #expect(try send("ZADD", "z", "1", "a", "2", "b") == .integer(2))
    #expect(
      try first.read() == .array([.text("z"), .array([.texts("b", "2")])]))
    #expect(try second.read() == .texts("z", "a", "1"))
    #expect(try send("EXISTS", "z") == .integer(0))
  }

  @Test func plainSetsCountOneEach() throws {
    _ = try send("SADD", "s", "a", "1", "x")
    _ = try send("ZADD", "z", "10", "a", "20", "1")
    #expect(
      try send("ZINTER", "2", "s", "z", "WEIGHTS", "3", "2", "WITHSCORES")
        == .texts("a", "23", "1", "43"))
    #expect(try send("ZUNIONSTORE", "u", "2", "s", "z") == .integer(3))
    #expect(
      try send("ZRANGE", "u", "0", "-1", "WITHSCORES")
        == .texts("x", "1", "a", "11", "1", "21"))
    #expect(try send("ZDIFF", "2", "z", "s") == .array([]))
    #expect(try send("ZINTERCARD", "2", "s", "z", "LIMIT", "1") == .integer(1))
    // Nothing left: the target goes.
    #expect(try send("ZDIFFSTORE", "u", "2", "z", "s") == .integer(0))
    #expect(try send("EXISTS", "u") == .integer(0))
    #expect(
      try send("ZUNION", "0", "z")
        == .error("ERR at least 1 input key is needed for 'zunion' command"))
  }

  @Test func randomMembersOfALargeSet() throws {
    var add = ["ZADD", "z"]
    for number in 0..<500 { add += [String(number), "m\(number)"] }
    _ = try client.send(add)
    for count in [5, 100, 499] {
      let members = try send("ZRANDMEMBER", "z", String(count)).elements?.compactMap(\.string)
      #expect(Set(members ?? []).count == count)
    }
    #expect(try send("ZRANDMEMBER", "z", "1000").elements?.count == 500)
    #expect(try send("ZRANDMEMBER", "z", "-1000").elements?.count == 1000)
    #expect(
      try send("ZRANDMEMBER", "z", "-9223372036854775808").isError("ERR value is out of range"))
    #expect(
      try send("ZRANDMEMBER", "z", "-9223372036854770000").isError("ERR value is out of range"))
  }

  @Test func storingASearchNeedsNoScoreOptions() throws {
    _ = try send("GEOADD", "g", "13.361389", "38.115556", "Palermo")
    _ = try send("GEOADD", "g", "15.087269", "37.502669", "Catania")
    #expect(
      try send("GEORADIUS", "g", "15", "37", "200", "km", "STORE", "t", "WITHDIST")
        == .error(
          "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD "
            + "options"))
    #expect(
      try send("GEORADIUS", "g", "15", "37", "200", "km", "STOREDIST", "t") == .integer(2))
    #expect(try send("ZRANGE", "t", "0", "-1") == .texts("Catania", "Palermo"))
    #expect(
      try send("GEOADD", "g", "200", "100", "nowhere")
        == .error("ERR invalid longitude,latitude pair 200.000000,100.000000"))
    #expect(
      try send("GEOSEARCH", "g", "FROMLONLAT", "15", "37", "BYBOX", "400", "400", "km", "DESC")
        == .texts("Palermo", "Catania"))
    #expect(
      try send("GEOSEARCH", "g", "BYBOX", "400", "400", "km", "ASC", "COUNT", "1")
        == .error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"))
  }

  // MARK: Deadlines of members

  @Test func membersGoByThemselves() throws {
    let server = try TestServer("--notify-keyspace-events", "KEA", "--enable-debug-command", "yes")
    let client = try server.connect()
    let listener = try server.connect()
    _ = try listener.send("SUBSCRIBE", "__keyevent@0__:zexpired")
    #expect(try client.send("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d") == .integer(4))
    #expect(try client.send("OBJECT", "ENCODING", "z") == .text("listpack"))
    #expect(try client.send("EXPIREMEMBER", "z", "a", "20", "ms") == .integer(1))
    #expect(try client.send("OBJECT", "ENCODING", "z") == .text("skiplist"))
    #expect(try client.send("EXPIREMEMBER", "z", "b", "100") == .integer(1))
    #expect(try client.send("EXPIREMEMBER", "z", "x", "100") == .integer(0))
    #expect(try client.send("TTL", "z", "b") == .integer(100))
    #expect(try client.send("TTL", "z", "c") == .integer(-1))
    #expect(try client.send("TTL", "z", "x") == .integer(-2))
    // A time that has passed.
    #expect(try client.send("PEXPIREMEMBERAT", "z", "c", "1") == .integer(1))
    #expect(try client.send("ZSCORE", "z", "c") == .null)
    // Nobody need look.
    #expect(
      try listener.read()
        == .array([.text("message"), .text("__keyevent@0__:zexpired"), .text("z")]))
    #expect(try client.send("ZRANGE", "z", "0", "-1") == .texts("b", "d"))
    #expect(try client.send("ZRANK", "z", "d") == .integer(1))
    #expect(try client.send("ZCARD", "z") == .integer(2))
    // A new score changes nothing; a new member of an old name has none.
    _ = try client.send("ZADD", "z", "9", "b")
    #expect(try client.send("TTL", "z", "b") == .integer(100))
    #expect(try client.send("PERSIST", "z", "b") == .integer(1))
    #expect(try client.send("PERSIST", "z", "b") == .integer(0))
    _ = try client.send("EXPIREMEMBER", "z", "d", "100")
    _ = try client.send("ZREM", "z", "d")
    _ = try client.send("ZADD", "z", "4", "d")
    #expect(try client.send("TTL", "z", "d") == .integer(-1))
  }

  @Test func deadlinesOfMembersAreCopied() throws {
    _ = try client.send("ZADD", "z", "1", "a", "-2.5", "b")
    _ = try client.send("PEXPIREMEMBERAT", "z", "a", "33177117420123")
    _ = try client.send("COPY", "z", "copy")
    _ = try client.send("RENAME", "z", "moved")
    guard case .bulk(let dump) = try client.send("DUMP", "moved") else {
      Issue.record("nothing dumped")
      return
    }
    let restore = ["RESTORE", "restored", "0"].map { Array($0.utf8) }
    #expect(try client.send(bytes: restore + [dump]) == .ok)
    for key in ["copy", "moved", "restored"] {
      guard case .integer(let left) = try client.send("PTTL", key, "a") else {
        Issue.record("\(key) has lost the deadline")
        continue
      }
      #expect(left > 1_000_000_000, "\(key)")
      #expect(try client.send("TTL", key, "b") == .integer(-1))
      #expect(
        try client.send("ZRANGE", key, "0", "-1", "WITHSCORES") == .texts("b", "-2.5", "a", "1"))
    }
  }

  @Test func theLastMemberTakesTheKeyAlong() throws {
    _ = try client.send("ZADD", "z", "1", "a", "2", "b")
    _ = try client.send("EXPIREMEMBER", "z", "a", "10", "MS")
    _ = try client.send("EXPIREMEMBER", "z", "b", "10", "MS")
    while try client.send("DBSIZE") != .integer(0) {}
    #expect(try client.send("ZCARD", "z") == .integer(0))
    #expect(try client.send("EXISTS", "z") == .integer(0))
  }
}
