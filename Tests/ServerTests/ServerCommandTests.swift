import Foundation
import Testing

/// INFO, CONFIG, COMMAND, SLOWLOG, LATENCY, DEBUG and SHUTDOWN.
@Suite struct ServerCommandTests {
  /// The fields of INFO by name.
  private func info(_ client: TestClient, _ sections: String...) throws -> [String: String] {
    let text = try client.send(["INFO"] + sections).string ?? ""
    var fields: [String: String] = [:]
    for line in text.split(separator: "\r\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
    }
    return fields
  }

  private func value(_ client: TestClient, _ parameter: String) throws -> String? {
    try client.send("CONFIG", "GET", parameter).elements?.last?.string
  }

  // MARK: INFO

  @Test func infoCountsWhatHappens() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let others = try (0..<3).map { _ in try server.connect() }
    for other in others { try other.send("PING") }
    try client.send("SET", "a", "1")
    try client.send("SET", "b", "2", "EX", "100")
    try client.send("GET", "a")
    try client.send("GET", "nothing")
    try client.send("INCR", "a", "b")
    let fields = try info(client, "everything")
    #expect(fields["redis_version"] == "7.4.0")
    #expect(fields["connected_clients"] == "4")
    #expect(fields["keyspace_hits"] == "1")
    #expect(fields["keyspace_misses"] == "1")
    #expect(fields["db0"]?.hasPrefix("keys=2,expires=1,avg_ttl=") == true)
    #expect(fields["cmdstat_set"]?.hasPrefix("calls=2,") == true)
    #expect(fields["cmdstat_ping"]?.hasPrefix("calls=3,") == true)
    #expect(fields["cmdstat_incr"]?.hasSuffix("rejected_calls=1,failed_calls=0") == true)
    #expect(fields["errorstat_ERR"] == "count=1")
    #expect(fields["latency_percentiles_usec_get"]?.hasPrefix("p50=") == true)
    #expect(fields["threads"] == "2")
    #expect(fields["hit_rate"] == "0.5000")
    #expect(fields["rdb_changes_since_last_save"] == "2")
    #expect(try client.send("CONFIG", "RESETSTAT") == .ok)
    let after = try info(client, "everything")
    #expect(after["keyspace_hits"] == "0")
    #expect(after["cmdstat_set"] == nil)
    #expect(after["errorstat_ERR"] == nil)
    #expect(after["total_error_replies"] == "0")
    #expect(after["total_commands_processed"] == "1")
    #expect(after["rdb_changes_since_last_save"] == "2")
  }

  @Test func infoShowsTheSectionsAskedFor() throws {
    let server = try TestServer()
    let client = try server.connect()
    let plain = try client.send("INFO").string ?? ""
    #expect(plain.hasPrefix("# Server\r\n"))
    #expect(plain.contains("\r\n\r\n# Clients\r\n"))
    #expect(!plain.contains("# Commandstats"))
    #expect(try client.send("INFO", "cpu", "CPU").string?.components(separatedBy: "# ").count == 2)
    #expect(try client.send("INFO", "nothing") == .text(""))
    #expect(try client.send("INFO", "all").string?.contains("# Commandstats") == true)
    try client.send("HELLO", "3")
    guard case .verbatim = try client.send("INFO") else {
      Issue.record("INFO is a verbatim string in RESP3")
      return
    }
  }

  // MARK: CONFIG

  @Test func theServerMovesToAnotherPort() throws {
    let server = try TestServer()
    let client = try server.connect()
    let taken = try TestServer()
    let refused = try client.send("CONFIG", "SET", "maxmemory", "1mb", "port", "\(taken.port)")
    #expect(
      refused.isError("ERR CONFIG SET failed (possibly related to argument 'port') - Unable to "))
    #expect(try value(client, "maxmemory") == "0")
    #expect(try value(client, "port") == "\(server.port)")
    // The old port still answers.
    #expect(try server.connect().send("PING") == .simple("PONG"))
    // Ports below the ephemeral range are rarely taken; try a few.
    for _ in 0..<20 {
      let port = UInt16.random(in: 20000..<30000)
      guard try client.send("CONFIG", "SET", "port", "\(port)") == .ok else { continue }
      #expect(try TestClient(port: port).send("PING") == .simple("PONG"))
      #expect(throws: TestClient.Failure.self) { try server.connect() }
      #expect(try client.send("PING") == .simple("PONG"))
      return
    }
    Issue.record("no free port")
  }

  @Test func maxclientsIsEnforced() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("CONFIG", "SET", "maxclients", "2") == .ok)
    let second = try server.connect()
    #expect(try second.send("PING") == .simple("PONG"))
    #expect(try server.connect().read() == .error("ERR max number of clients reached"))
    #expect(try info(client, "stats")["rejected_connections"] == "1")
    let huge = try client.send("CONFIG", "SET", "maxclients", "4000000000")
    #expect(huge.string?.contains("The operating system is not able to handle") == true)
  }

  @Test func configRewriteIsReadBack() throws {
    let folder = FileManager.default.temporaryDirectory.path
    let path = folder + "/wingcache-rewrite-\(UInt64.random(in: 0 ... .max)).conf"
    try Data("# mine\ntimeout 7\n".utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = try TestServer(file: path)
    let client = try server.connect()
    #expect(try value(client, "timeout") == "7")
    #expect(try client.send("CONFIG", "SET", "timeout", "9", "maxmemory", "5mb") == .ok)
    #expect(try client.send("CONFIG", "REWRITE") == .ok)
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    #expect(text.hasPrefix("# mine\ntimeout 9\n"))
    #expect(text.contains("maxmemory 5mb\n"))
  }

  @Test func everyParameterTakesTheValueItHas() throws {
    let server = try TestServer()
    let client = try server.connect()
    let all = try client.send("CONFIG", "GET", "*").elements ?? []
    for index in stride(from: 0, to: all.count, by: 2) {
      let name = all[index].string ?? ""
      let reply = try client.send("CONFIG", "SET", name, all[index + 1].string ?? "")
      let isRefused =
        reply.string?.hasSuffix("can't set immutable config") == true
        || reply.string?.hasSuffix("can't set protected config") == true
      #expect(reply == .ok || isRefused, "\(name): \(reply)")
    }
    #expect(try client.send("CONFIG", "GET", "*").elements == all)
  }

  // MARK: SLOWLOG and LATENCY

  @Test func slowCommandsAreLogged() throws {
    let server = try TestServer("--slowlog-log-slower-than", "0", "--slowlog-max-len", "5")
    let client = try server.connect()
    try client.send("CLIENT", "SETNAME", "me")
    try client.send("SLOWLOG", "RESET")
    try client.send("CONFIG", "SET", "masterauth", "secret")
    try client.send("SET", "key", String(repeating: "x", count: 200))
    try client.send("MSET", "a", "1")
    try client.send(["MGET"] + (0..<40).map { "k\($0)" })
    try client.send("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    #expect(try client.send("SLOWLOG", "LEN") == .integer(5))
    let entries = try client.send("SLOWLOG", "GET", "-1").elements ?? []
    let commands = entries.map { $0.elements?[3].elements?.map { $0.string ?? "" } ?? [] }
    #expect(commands[0].count == 32)
    #expect(commands[0].last == "... (10 more arguments)")
    #expect(commands[2].last == String(repeating: "x", count: 128) + "... (72 more bytes)")
    #expect(commands[3] == ["CONFIG", "SET", "masterauth", "(redacted)"])
    #expect(commands[4] == ["SLOWLOG", "RESET"])
    #expect(entries[0].elements?[5] == .text("me"))
    #expect(try client.send("SLOWLOG", "GET", "1").elements?.count == 1)
  }

  @Test func commandsThatHaveWaitedAreLoggedAsTheyWere() throws {
    let server = try TestServer("--slowlog-log-slower-than", "0")
    let client = try server.connect()
    let waiting = try server.connect()
    try waiting.write("BLPOP l 0\r\n")
    while try !(client.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
    _ = try client.pipeline([["SLOWLOG", "RESET"], ["RPUSH", "l", "a"]])
    #expect(try waiting.read() == .texts("l", "a"))
    let entries = try client.send("SLOWLOG", "GET", "-1").elements ?? []
    #expect(entries.contains { $0.elements?[3] == .texts("BLPOP", "l", "0") })
  }

  @Test func monitorsSeeScriptsBeforeWhatTheyCall() throws {
    let server = try TestServer()
    let client = try server.connect()
    let monitor = try server.connect()
    try monitor.send("MONITOR")
    try client.send("EVAL", "return redis.call('SET', 'a', 'b')", "0")
    for command in ["\"EVAL\"", "\"SET\" \"a\" \"b\""] {
      guard case .simple(let line) = try monitor.read() else {
        Issue.record("no line")
        continue
      }
      #expect(line.contains(command), "\(line)")
    }
  }

  @Test func spikesAreNoted() throws {
    let server = try TestServer("--latency-monitor-threshold", "10")
    let client = try server.connect()
    try client.send("DEBUG", "SLEEP", "0.02")
    let latest = try client.send("LATENCY", "LATEST").elements?.first?.elements
    #expect(latest?.first == .text("command"))
    #expect((latest?[2].number ?? 0) >= 20)
    #expect(try client.send("LATENCY", "HISTORY", "command").elements?.count == 1)
    let graph = try client.send("LATENCY", "GRAPH", "command").string
    #expect(graph?.hasPrefix("command - high") == true)
    #expect(try client.send("LATENCY", "DOCTOR").string?.contains("1. command") == true)
    let histogram = try client.send("LATENCY", "HISTOGRAM", "debug", "nothing").elements
    #expect(histogram?.first == .text("debug"))
    #expect(try client.send("LATENCY", "RESET") == .integer(1))
    #expect(try client.send("LATENCY", "LATEST") == .array([]))
  }

  // MARK: DEBUG and SHUTDOWN

  @Test func debugNeedsPermission() throws {
    let server = try TestServer("--enable-debug-command", "no")
    let client = try server.connect()
    #expect(try client.send("DEBUG", "SLEEP", "0").isError("ERR DEBUG command not allowed."))
    #expect(try client.send("MODULE", "LOAD", "/x").isError("ERR MODULE command not allowed."))
  }

  @Test func digestsTellDataApart() throws {
    let server = try TestServer()
    let client = try server.connect()
    let empty = try client.send("DEBUG", "DIGEST")
    #expect(empty == .simple(String(repeating: "0", count: 40)))
    #expect(try client.send("DEBUG", "POPULATE", "100", "k", "50") == .ok)
    #expect(try client.send("DBSIZE") == .integer(100))
    #expect(try client.send("STRLEN", "k:7") == .integer(50))
    let full = try client.send("DEBUG", "DIGEST")
    try client.send("SET", "k:7", "other")
    #expect(try client.send("DEBUG", "DIGEST") != full)
    let values = try client.send("DEBUG", "DIGEST-VALUE", "k:7", "nothing").elements
    #expect(values?[1] == empty)
    #expect(values?[0] != empty)
  }

  @Test func shutdownEndsTheServer() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(try client.send("SHUTDOWN", "ABORT") == .error("ERR No shutdown in progress."))
    #expect(try client.send("SHUTDOWN", "SAVE").isError("ERR Errors trying to SHUTDOWN."))
    let other = try server.connect()
    try other.send("PING")
    try client.write(TestClient.encode([Array("SHUTDOWN".utf8), Array("NOSAVE".utf8)]))
    #expect(client.isClosedByServer())
    #expect(other.isClosedByServer())
    #expect(server.waitForExit() == 0)
  }
}
