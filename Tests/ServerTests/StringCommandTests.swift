import Testing

/// What the transcripts in the commands' specs leave out.
@Suite struct StringCommandTests {
  let server: TestServer
  let client: TestClient

  init() throws {
    server = try TestServer()
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  @Test func numbersHaveLimits() throws {
    _ = try send("SET", "n", "9223372036854775807")
    #expect(
      try send("INCR", "n") == .error("ERR increment or decrement would overflow"))
    #expect(
      try send("DECRBY", "n", "-9223372036854775808") == .error("ERR decrement would overflow"))
    #expect(try send("GET", "n") == .text("9223372036854775807"))
    _ = try send("SET", "n", "1.5")
    #expect(
      try send("INCR", "n") == .error("ERR value is not an integer or out of range"))
    #expect(
      try send("INCRBYFLOAT", "n", "inf")
        == .error("ERR increment would produce NaN or Infinity"))
    #expect(try send("INCRBYFLOAT", "n", "x") == .error("ERR value is not a valid float"))
  }

  @Test func stringsHaveALongestLength() throws {
    let tooLong = Reply.error(
      "ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    #expect(try send("SETRANGE", "s", "536870912", "x") == tooLong)
    #expect(try send("SETRANGE", "s", "9223372036854775807", "xx") == tooLong)
    #expect(try send("SETRANGE", "s", "-1", "x") == .error("ERR offset is out of range"))
    #expect(try send("SETRANGE", "s", "536870912", "") == .integer(0))
    #expect(
      try send("SETBIT", "s", "4294967296", "1")
        == .error("ERR bit offset is not an integer or out of range"))
    #expect(try send("GET", "s") == .null)
  }

  @Test func appendedStringsStopAtTheLimit() throws {
    let server = try TestServer("--proto-max-bulk-len", "1mb")
    let client = try server.connect()
    #expect(try client.send("SETRANGE", "s", "1048575", "x") == .integer(1 << 20))
    #expect(
      try client.send("APPEND", "s", "x")
        == .error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"))
    #expect(try client.send("STRLEN", "s") == .integer(1 << 20))
  }

  @Test func offsetsBeyondFourGigabits() throws {
    let server = try TestServer("--proto-max-bulk-len", "1gb")
    let client = try server.connect()
    #expect(try client.send("SETBIT", "s", "4294967300", "1") == .integer(0))
    #expect(try client.send("GETBIT", "s", "4294967300") == .integer(1))
    #expect(try client.send("BITPOS", "s", "1") == .integer(4_294_967_300))
    #expect(try client.send("BITCOUNT", "s") == .integer(1))
    #expect(try client.send("STRLEN", "s") == .integer(536_870_913))
  }

  @Test func largeValuesComeWhole() throws {
    let values = (0..<3).map { number in
      (0..<200_000 + number).map { UInt8(truncatingIfNeeded: $0 &* (number + 3)) }
    }
    var words = [Array("MSET".utf8)]
    for (index, value) in values.enumerated() { words += [Array("k\(index)".utf8), value] }
    #expect(try client.send(bytes: words) == .ok)
    #expect(
      try send("MGET", "k0", "none", "k2", "k1")
        == .array([.bulk(values[0]), .null, .bulk(values[2]), .bulk(values[1])]))
    #expect(
      try send("GETRANGE", "k1", "1000", "150999") == .bulk(Array(values[1][1000..<151_000])))
    // The reply keeps the old bytes whatever happens to the key meanwhile.
    let replies = try client.pipeline([
      ["GET", "k0"], ["SETRANGE", "k0", "0", "changed"], ["GETDEL", "k0"], ["GET", "k0"],
    ])
    #expect(replies[0] == .bulk(values[0]))
    #expect(replies[2] == .bulk(Array("changed".utf8) + values[0][7...]))
    #expect(replies[3] == .null)
  }

  @Test func pairsAreStoredTogetherOrNotAtAll() throws {
    #expect(
      try send("MSET", "a", "1", "b")
        == .error("ERR wrong number of arguments for 'mset' command"))
    #expect(try send("MSETNX", "a", "1", "a", "2") == .integer(1))
    #expect(try send("GET", "a") == .text("2"))
    #expect(try send("MSETNX", "z", "1", "a", "3") == .integer(0))
    #expect(try send("EXISTS", "z") == .integer(0))
  }

  @Test func optionsOfSet() throws {
    #expect(try send("SET", "k", "v", "NX", "XX") == .error("ERR syntax error"))
    #expect(try send("SET", "k", "v", "NX", "NX") == .ok)
    #expect(try send("SET", "k", "w", "NX", "GET") == .text("v"))
    #expect(try send("SET", "k", "v", "EX", "1", "KEEPTTL") == .error("ERR syntax error"))
    #expect(
      try send("SET", "k", "v", "EX", "0")
        == .error("ERR invalid expire time in 'set' command"))
    #expect(try send("SET", "k", "w", "IFEQ", "x") == .null)
    #expect(try send("SET", "k", "w", "IFEQ", "v", "GET") == .text("v"))
    #expect(try send("SET", "k", "x", "IFEQ", "v", "GET") == .text("w"))
    #expect(try send("GET", "k") == .text("w"))
    #expect(try send("SET", "k", "x", "IFEQ", "w", "NX") == .error("ERR syntax error"))
    // A time that has passed: stored and gone.
    #expect(try send("SET", "k", "x", "EXAT", "1") == .ok)
    #expect(try send("EXISTS", "k") == .integer(0))
  }

  @Test func expiriesOfGetEx() throws {
    _ = try send("SET", "k", "v")
    #expect(try send("GETEX", "k", "PX", "100000") == .text("v"))
    #expect(try send("TTL", "k") == .integer(100))
    #expect(try send("GETEX", "k") == .text("v"))
    #expect(try send("TTL", "k") == .integer(100))
    #expect(try send("GETEX", "k", "PERSIST", "EX", "1") == .error("ERR syntax error"))
    #expect(
      try send("GETEX", "k", "EX", "-1")
        == .error("ERR invalid expire time in 'getex' command"))
    #expect(try send("GETEX", "k", "EXAT", "1") == .text("v"))
    #expect(try send("EXISTS", "k") == .integer(0))
  }

  @Test func etagsFollowChanges() throws {
    #expect(try send("SET", "k", "5", "WITHETAG") == .integer(1))
    #expect(try send("INCR", "k") == .integer(6))
    #expect(try send("SETRANGE", "k", "1", "0") == .integer(2))
    #expect(try send("APPEND", "k", "") == .integer(2))
    #expect(try send("EXPIRE", "k", "100") == .integer(1))
    #expect(try send("GETWITHETAG", "k") == .array([.integer(3), .text("60")]))
    #expect(try send("SETIFMATCH", "k", "new", "3") == .array([.integer(4), .null]))
    #expect(try send("TTL", "k") == .integer(100))
    #expect(
      try send("SETIFMATCH", "k", "no", "3", "NOGET") == .array([.integer(4), .null]))
    #expect(try send("SET", "k", "x", "WITHETAG") == .integer(5))
    #expect(try send("TTL", "k") == .integer(-1))
    #expect(try send("RENAME", "k", "l") == .ok)
    #expect(try send("GETWITHETAG", "l") == .array([.integer(0), .text("x")]))
    #expect(try send("SETIFMATCH", "l", "y", "0") == .array([.integer(1), .null]))
    #expect(try send("SET", "l", "plain") == .ok)
    #expect(try send("GETIFNOTMATCH", "l", "0") == .array([.integer(0), .null]))
    #expect(try send("SETIFMATCH", "fresh", "v", "7") == .array([.integer(8), .null]))
    #expect(
      try send("SETIFMATCH", "fresh", "v", "-1")
        == .error("ETAG must be a numerical value greater than or equal to 0"))
    #expect(
      try send("SET", "l", "v", "WITHETAG", "GET")
        == .error("ERR WITHETAG option not allowed with GET inside of SET"))
  }
}
