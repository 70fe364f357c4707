import Testing

/// What the transcripts in the specs of the hash commands leave out.
@Suite struct HashCommandTests {
  let server: TestServer
  let client: TestClient

  init() throws {
    server = try TestServer("--notify-keyspace-events", "KEA")
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  private func numbers(_ numbers: Int64...) -> Reply { .array(numbers.map { .integer($0) }) }

  @Test func encodingsFollowTheLimits() throws {
    _ = try send("HSET", "h", "f", "v")
    #expect(try send("OBJECT", "ENCODING", "h") == .text("listpack"))
    _ = try send("HEXPIRE", "h", "100", "FIELDS", "1", "f")
    #expect(try send("OBJECT", "ENCODING", "h") == .text("listpackex"))
    _ = try send("HSET", "h", "g", String(repeating: "x", count: 65))
    #expect(try send("OBJECT", "ENCODING", "h") == .text("hashtable"))
    #expect(try send("HTTL", "h", "FIELDS", "2", "f", "g") == numbers(100, -1))
    _ = try send("CONFIG", "SET", "hash-max-listpack-entries", "2")
    _ = try send("HSET", "small", "a", "1", "b", "2")
    #expect(try send("OBJECT", "ENCODING", "small") == .text("listpack"))
    _ = try send("HINCRBY", "small", "c", "3")
    #expect(try send("OBJECT", "ENCODING", "small") == .text("hashtable"))
    #expect(try send("HMGET", "small", "a", "c") == .array([.text("1"), .text("3")]))
  }

  @Test func errors() throws {
    let wrongType = Reply.error(
      "WRONGTYPE Operation against a key holding the wrong kind of value")
    _ = try send("SET", "s", "text")
    for command in ["HGETALL", "HKEYS", "HVALS", "HLEN"] {
      #expect(try send(command, "s") == wrongType)
    }
    #expect(try send("HSET", "s", "f", "v") == wrongType)
    #expect(
      try send("HSET", "h", "f") == .error("ERR wrong number of arguments for 'hset' command"))
    _ = try send("HSET", "h", "f", "text", "n", "9223372036854775807", "e", "1e4000")
    #expect(try send("HINCRBY", "h", "f", "1") == .error("ERR hash value is not an integer"))
    #expect(
      try send("HINCRBY", "h", "n", "1")
        == .error("ERR increment or decrement would overflow"))
    #expect(try send("HINCRBYFLOAT", "h", "f", "1") == .error("ERR hash value is not a float"))
    #expect(try send("HINCRBYFLOAT", "h", "f", "x") == .error("ERR value is not a valid float"))
    #expect(try send("HRANDFIELD", "h", "-9223372036854775807").isError("ERR value is out"))
    #expect(try send("HSCAN", "h", "x") == .error("ERR invalid cursor"))
  }

  @Test func fieldDeadlinesTakeConditions() throws {
    _ = try send("HSET", "h", "a", "1", "b", "2", "c", "3")
    #expect(try send("HEXPIRE", "h", "100", "NX", "FIELDS", "1", "a") == numbers(1))
    #expect(try send("HEXPIRE", "h", "90", "NX", "FIELDS", "2", "a", "b") == numbers(0, 1))
    #expect(try send("HEXPIRE", "h", "95", "GT", "FIELDS", "3", "a", "b", "c") == numbers(0, 1, 0))
    #expect(try send("HEXPIRE", "h", "50", "LT", "FIELDS", "3", "a", "b", "c") == numbers(1, 1, 1))
    #expect(try send("HEXPIRE", "h", "70", "XX", "FIELDS", "2", "a", "x") == numbers(1, -2))
    #expect(try send("HTTL", "h", "FIELDS", "3", "a", "b", "c") == numbers(70, 50, 50))
    #expect(try send("HPERSIST", "h", "FIELDS", "2", "a", "a") == numbers(1, -1))
    #expect(try send("HTTL", "none", "FIELDS", "2", "a", "b") == numbers(-2, -2))
    // A value set afresh stays, an increment keeps the deadline.
    _ = try send("HSET", "h", "b", "7")
    _ = try send("HINCRBY", "h", "c", "7")
    #expect(try send("HTTL", "h", "FIELDS", "2", "b", "c") == numbers(-1, 50))
    #expect(try send("HEXPIRE", "h", "0", "FIELDS", "3", "a", "b", "c") == numbers(2, 2, 2))
    #expect(try send("EXISTS", "h") == .integer(0))
  }

  @Test func fieldDeadlinesHaveErrors() throws {
    _ = try send("HSET", "h", "a", "1")
    let position = Reply.error(
      "ERR Mandatory argument FIELDS is missing or not at the right position")
    let mismatch = Reply.error(
      "ERR The `numfields` parameter must match the number of arguments")
    #expect(try send("HEXPIRE", "h", "10", "FIELD", "1", "a") == position)
    #expect(try send("HEXPIRE", "h", "10", "FIELDS", "2", "a") == mismatch)
    #expect(
      try send("HEXPIRE", "h", "10", "FIELDS", "0", "a")
        == .error("ERR Parameter `numFields` should be greater than 0"))
    #expect(
      try send("HEXPIRE", "h", "-1", "FIELDS", "1", "a")
        == .error("ERR invalid expire time, must be >= 0"))
    #expect(
      try send("HEXPIRE", "h", "99999999999999", "FIELDS", "1", "a")
        == .error("ERR invalid expire time in 'hexpire' command"))
    #expect(
      try send("HTTL", "h", "FIELDS", "0", "a")
        == .error("ERR Number of fields must be a positive integer"))
    #expect(try send("HPERSIST", "h", "FIELDS", "2", "a") == mismatch)
    #expect(try send("HSETEX", "h", "FIELDS", "1", "a").isError("ERR wrong number"))
    #expect(try send("HSETEX", "h", "EX", "10", "FIELDS", "2", "a", "b") == mismatch)
  }

  @Test func dueFieldsGoByThemselves() throws {
    let listener = try server.connect()
    try listener.send("PSUBSCRIBE", "__keyevent@0__:*")
    _ = try send("HSETEX", "h", "PX", "30", "FIELDS", "2", "a", "1", "b", "2")
    _ = try send("HSET", "h", "c", "3")
    _ = try send("HPEXPIRE", "h", "90", "FIELDS", "1", "c")
    var events: [String] = []
    while events.last != "del" {
      let parts = try #require(try listener.read().elements)
      events.append(parts[2].string?.split(separator: ":").last.map(String.init) ?? "")
    }
    #expect(events == ["hset", "hexpire", "hset", "hexpire", "hexpired", "hexpired", "del"])
    #expect(try send("DBSIZE") == .integer(0))
  }

  @Test func fieldsWithDeadlinesAreReadAndTaken() throws {
    #expect(
      try send("HSETEX", "h", "FXX", "EX", "10", "FIELDS", "1", "a", "1") == .integer(0))
    #expect(try send("EXISTS", "h") == .integer(0))
    #expect(
      try send("HSETEX", "h", "FNX", "EX", "10", "FIELDS", "1", "a", "1") == .integer(1))
    #expect(try send("HSETEX", "h", "KEEPTTL", "FIELDS", "1", "a", "2") == .integer(1))
    #expect(try send("HGETEX", "h", "FIELDS", "2", "a", "b") == .array([.text("2"), .null]))
    #expect(try send("HTTL", "h", "FIELDS", "1", "a") == numbers(10))
    #expect(try send("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == .array([.text("2")]))
    #expect(try send("HTTL", "h", "FIELDS", "1", "a") == numbers(-1))
    #expect(try send("HGETDEL", "h", "FIELDS", "1", "a") == .array([.text("2")]))
    #expect(try send("EXISTS", "h") == .integer(0))
  }

  @Test func deadlinesGoAlongWithCopiesAndRenames() throws {
    for count in ["1", "600"] {
      _ = try send("FLUSHALL")
      for number in 0..<Int(count)! { _ = try send("HSET", "h", "f\(number)", "v") }
      _ = try send("HEXPIRE", "h", "100", "FIELDS", "1", "f0")
      #expect(try send("COPY", "h", "copy") == .integer(1))
      #expect(try send("RENAME", "h", "moved") == .ok)
      for key in ["copy", "moved"] {
        #expect(try send("HTTL", key, "FIELDS", "1", "f0") == numbers(100))
        #expect(try send("HLEN", key) == .integer(Int64(count)!))
      }
    }
  }
}
