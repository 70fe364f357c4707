import Testing

/// What the transcripts in the commands' specs leave out.
@Suite struct BitmapCommandTests {
  let client: TestClient
  private let server: TestServer

  init() throws {
    server = try TestServer()
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  @Test func wrongArgumentsAreErrorsOfAbsentKeysToo() throws {
    // As Redis 7.2; 7.0 answered 0 and -1.
    #expect(try send("BITCOUNT", "none", "0", "1", "hello") == .error("ERR syntax error"))
    #expect(try send("BITCOUNT", "none", "0") == .error("ERR syntax error"))
    #expect(
      try send("BITPOS", "none", "0", "a")
        == .error("ERR value is not an integer or out of range"))
    #expect(try send("BITPOS", "none", "2") == .error("ERR The bit argument must be 1 or 0."))
  }

  @Test func zerosFollowAStringUnlessItsEndIsNamed() throws {
    _ = try client.send(bytes: [Array("SET".utf8), Array("k".utf8), [255, 255, 255]])
    #expect(try send("BITPOS", "k", "0") == .integer(24))
    #expect(try send("BITPOS", "k", "0", "1") == .integer(24))
    #expect(try send("BITPOS", "k", "0", "0", "-1") == .integer(-1))
    #expect(try send("BITPOS", "k", "0", "5") == .integer(-1))
    #expect(try send("BITPOS", "k", "1", "9", "20", "BIT") == .integer(9))
  }

  @Test func targetsOfBitOpMayBeSources() throws {
    _ = try send("MSET", "a", "abc", "b", "a")
    #expect(try send("BITOP", "AND", "a", "a", "b") == .integer(3))
    #expect(try send("GET", "a") == .text("a\0\0"))
    #expect(try send("BITOP", "OR", "a", "none") == .integer(0))
    #expect(try send("EXISTS", "a") == .integer(0))
    #expect(
      try send("BITOP", "NOT", "a", "b", "b")
        == .error("ERR BITOP NOT must be called with a single source key."))
  }

  @Test func bitOpOfLongStrings() throws {
    let left = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let right = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    _ = try client.send(
      bytes: [Array("MSET".utf8), Array("l".utf8), left, Array("r".utf8), right])
    #expect(try send("BITOP", "XOR", "x", "r", "l") == .integer(100_000))
    let padded = right + [UInt8](repeating: 0, count: 60_000)
    #expect(try send("GET", "x") == .bulk(zip(left, padded).map { $0 ^ $1 }))
    #expect(
      try send("BITCOUNT", "l")
        == .integer(Int64(left.reduce(0) { $0 + $1.nonzeroBitCount })))
  }

  @Test func aMistakeInTheLastOperationUndoesNothing() throws {
    #expect(
      try send("BITFIELD", "k", "SET", "u8", "0", "1", "GET", "u64", "0")
        == .error(
          """
          ERR Invalid bitfield type. Use something like i16 u8. \
          Note that u64 is not supported but i64 is.
          """))
    #expect(try send("EXISTS", "k") == .integer(0))
    #expect(
      try send("BITFIELD_RO", "k", "SET", "u8", "0", "1")
        == .error("ERR BITFIELD_RO only supports the GET subcommand"))
  }

  @Test func fieldsOverflowAsTold() throws {
    #expect(
      try send(
        "BITFIELD", "k", "SET", "i8", "0", "127", "INCRBY", "i8", "0", "1", "OVERFLOW", "FAIL",
        "INCRBY", "i8", "0", "-1", "OVERFLOW", "SAT", "SET", "u4", "#3", "-1", "GET", "u4", "12")
        == .array([.integer(0), .integer(-128), .null, .integer(0), .integer(15)]))
  }
}
