import Testing

/// `maxmemory` under every policy: what is refused, what goes on, and that the limit holds.
@Suite struct MemoryLimitTests {
  private static let refusal = Reply.error(
    "OOM command not allowed when used memory > 'maxmemory'.")

  /// Writes `count` values of 1 KB; the replies that were no OK.
  private func fill(
    _ client: TestClient, _ count: Int, _ options: [String] = []
  ) throws -> [Reply] {
    let value = String(repeating: "v", count: 1000)
    var others: [Reply] = []
    for start in stride(from: 0, to: count, by: 100) {
      let batch = (start..<(start + 100)).map { ["SET", "key:\($0)", value] + options }
      others += try client.pipeline(batch).filter { $0 != .ok }
    }
    return others
  }

  @Test func withoutEvictionWritesAreRefusedAndReadsGoOn() throws {
    let server = try TestServer("--maxmemory", "20mb", "--maxmemory-policy", "noeviction")
    let client = try server.connect()
    let refused = try fill(client, 26_000)
    #expect(!refused.isEmpty)
    #expect(refused.allSatisfy { $0 == Self.refusal })
    #expect(try client.send("GET", "key:0").string?.count == 1000)
    #expect(try client.send("EXISTS", "key:0", "key:25999") == .integer(1))
    #expect(try client.send("SET", "k", "v") == Self.refusal)
    #expect(try client.send("APPEND", "key:0", "v") == Self.refusal)
    // What frees memory is never refused, nor what takes none.
    #expect(try client.send("EXPIRE", "key:0", "100") == .integer(1))
    #expect(try client.send("PING") == .simple("PONG"))
    #expect(try client.send(["DEL"] + (0..<5000).map { "key:\($0)" }) == .integer(5000))
    #expect(try client.send("SET", "k", "v") == .ok)
  }

  @Test(arguments: [
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-adaptive", "volatile-lru",
    "volatile-lfu", "volatile-random", "volatile-ttl",
  ])
  func withEvictionTheLimitHolds(_ policy: String) throws {
    let server = try TestServer("--maxmemory", "20mb", "--maxmemory-policy", policy)
    let client = try server.connect()
    let options = policy.hasPrefix("volatile") ? ["EX", "1000"] : []
    #expect(try fill(client, 26_000, options).isEmpty)
    let used = Int(try server.info("used_memory", client)) ?? 0
    #expect(used > 10 << 20 && used <= 21 << 20, "\(used) bytes used under \(policy)")
    #expect((Int(try server.info("evicted_keys", client)) ?? 0) > 4000)
  }

  @Test func volatilePoliciesSparePermanentKeys() throws {
    let server = try TestServer("--maxmemory", "20mb", "--maxmemory-policy", "volatile-lru")
    let client = try server.connect()
    #expect(try client.send("SET", "permanent", "v") == .ok)
    #expect(try fill(client, 26_000, ["EX", "1000"]).isEmpty)
    #expect(try client.send("GET", "permanent") == .text("v"))
    // With nothing left to evict, writes are refused.
    #expect(try client.send("FLUSHALL") == .ok)
    #expect(try fill(client, 26_000).contains(Self.refusal))
  }

  @Test func aTransactionIsRefusedAsAWhole() throws {
    let server = try TestServer("--maxmemory", "10mb", "--maxmemory-policy", "noeviction")
    let client = try server.connect()
    _ = try fill(client, 20_000)
    try client.send("MULTI")
    #expect(try client.send("SET", "a", "b") == Self.refusal)
    #expect(try client.send("EXEC").isError("EXECABORT"))
    try client.send("MULTI")
    #expect(try client.send("GET", "key:0") == .simple("QUEUED"))
    #expect(try client.send("EXEC").elements?.count == 1)
  }

  /// A client that does not read goes for its own output; nobody else has to make room for it.
  @Test func theOutputLimitComesBeforeClientEviction() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(
      try client.send(
        "CONFIG", "SET", "maxmemory-clients", "10mb", "client-output-buffer-limit",
        "normal 3mb 0 0") == .ok)
    #expect(try client.send("SETRANGE", "k", "4194304", "v") == .integer(4_194_305))
    // The largest client: 6 MB of a request whose end is yet to come.
    let held = 6_291_456
    let writer = try server.connect()
    try writer.write("*1\r\n$\(held)\r\n" + String(repeating: "v", count: held))
    while try client.send("CLIENT", "LIST").string?.contains("qbuf=\(held) ") != true {}
    let readers = [try server.connect(), try server.connect()]
    for reader in readers { try reader.write("GET k\r\n") }
    for reader in readers { #expect(reader.isClosedByServer()) }
    #expect(try server.info("output_buffer_limit_disconnections", client) == "2")
    #expect(try server.info("evicted_clients", client) == "0")
    try writer.write("\r\n")
    #expect(try writer.read().isError("ERR"))
  }
}
