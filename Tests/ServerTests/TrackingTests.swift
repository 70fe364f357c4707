import Foundation
import Testing

/// Client-side caching: who is told of what, and when.
@Suite struct TrackingTests {
  private func invalidation(_ keys: String...) -> Reply {
    .push([.text("invalidate"), .array(keys.map { .text($0) })])
  }

  private func reader(_ server: TestServer, _ options: String...) throws -> TestClient {
    let client = try server.connect()
    try client.send("HELLO", "3")
    #expect(try client.send(["CLIENT", "TRACKING", "ON"] + options) == .ok)
    return client
  }

  /// The promise: once the writer has its reply, the reader hears of the change before anything
  /// else it asks for, on whichever loops they are.
  @Test func changeIsToldBeforeLaterReplies() throws {
    let server = try TestServer("--threads", "4")
    let writers = try (0..<4).map { _ in try server.connect() }
    let readers = try (0..<4).map { _ in try reader(server) }
    for round in 0..<200 {
      for client in readers { try client.send("GET", "k") }
      #expect(try writers[round % 4].send("SET", "k", "\(round)") == .ok)
      for client in readers {
        try client.write("PING\r\nGET k\r\n")
        #expect(try client.read() == invalidation("k"))
        #expect(try client.read() == .simple("PONG"))
        #expect(try client.read() == .text("\(round)"))
      }
      // They have read it again, so the next round starts with one message.
      for client in readers { try client.send("GET", "k") }
    }
  }

  @Test func broadcastsAreToldBeforeLaterReplies() throws {
    let server = try TestServer("--threads", "3")
    let writer = try server.connect()
    let readers = try (0..<3).map { _ in try reader(server, "BCAST", "PREFIX", "a:", "PREFIX", "b")
    }
    for round in 0..<100 {
      #expect(try writer.send("MSET", "a:\(round)", "1", "c", "2") == .ok)
      for client in readers {
        try client.write("PING\r\n")
        #expect(try client.read() == invalidation("a:\(round)"))
        #expect(try client.read() == .simple("PONG"))
      }
    }
  }

  @Test func ownChangesAreToldBehindTheReply() throws {
    let server = try TestServer("--threads", "2")
    let client = try reader(server)
    try client.write("GET k\r\nSET k 1\r\nGET k\r\n")
    #expect(try client.read() == .null)
    #expect(try client.read() == .ok)
    #expect(try client.read() == invalidation("k"))
    #expect(try client.read() == .text("1"))
    try client.write("MULTI\r\nINCR k\r\nGET k\r\nEXEC\r\nPING\r\n")
    for _ in 0..<3 { _ = try client.read() }
    #expect(try client.read() == .array([.integer(2), .text("2")]))
    #expect(try client.read() == invalidation("k"))
    #expect(try client.read() == .simple("PONG"))
  }

  @Test func noLoopSparesOwnChanges() throws {
    let server = try TestServer()
    let writer = try server.connect()
    for options in [["NOLOOP"], ["NOLOOP", "BCAST"]] {
      let client = try server.connect()
      try client.send("HELLO", "3")
      try client.send(["CLIENT", "TRACKING", "ON"] + options)
      try client.send("MGET", "own", "other")
      #expect(try client.send("SET", "own", "1") == .ok)
      #expect(try client.send("PING") == .simple("PONG"))
      try writer.send("SET", "other", "1")
      try client.write("PING\r\n")
      #expect(try client.read() == invalidation("other"))
      #expect(try client.read() == .simple("PONG"))
    }
  }

  @Test func eachReadIsToldOnce() throws {
    let server = try TestServer()
    let writer = try server.connect()
    let client = try reader(server)
    try client.send("MGET", "a", "b")
    try client.send("STRLEN", "a")
    try writer.send("SET", "a", "1")
    try writer.send("SET", "a", "2")
    try writer.send("SELECT", "3")
    // A name counts in all databases.
    try writer.send("SET", "b", "1")
    try client.write("PING\r\n")
    #expect(try client.read() == invalidation("a"))
    #expect(try client.read() == invalidation("b"))
    #expect(try client.read() == .simple("PONG"))
    #expect(try server.info("tracking_total_keys", writer) == "0")
  }

  @Test func choosingWhatToCache() throws {
    let server = try TestServer()
    let writer = try server.connect()
    let optIn = try reader(server, "OPTIN")
    try optIn.send("GET", "a")
    try optIn.send("CLIENT", "CACHING", "YES")
    try optIn.send("GET", "b")
    try optIn.send("GET", "c")
    try optIn.write("CLIENT CACHING YES\r\nMULTI\r\nGET d\r\nGET e\r\nEXEC\r\nGET f\r\n")
    for _ in 0..<6 { _ = try optIn.read() }
    let optOut = try reader(server, "OPTOUT")
    try optOut.send("CLIENT", "CACHING", "NO")
    try optOut.send("GET", "b")
    try optOut.send("GET", "c")
    try writer.send("MSET", "a", "1", "b", "1", "c", "1", "d", "1", "e", "1", "f", "1")
    for (client, keys) in [(optIn, ["b", "d", "e"]), (optOut, ["c"])] {
      try client.write("PING\r\n")
      for key in keys { #expect(try client.read() == invalidation(key)) }
      #expect(try client.read() == .simple("PONG"))
    }
  }

  @Test func messagesMayBeRedirected() throws {
    let server = try TestServer("--threads", "3")
    let writer = try server.connect()
    let receiver = try server.connect()
    guard case .integer(let id) = try receiver.send("CLIENT", "ID") else { return }
    try receiver.send("SUBSCRIBE", "__redis__:invalidate")
    let client = try server.connect()
    #expect(try client.send("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)") == .ok)
    #expect(try client.send("CLIENT", "GETREDIR") == .integer(id))
    for _ in 0..<50 {
      try client.send("GET", "k")
      try writer.send("INCR", "k")
      try receiver.write("PING\r\n")
      #expect(
        try receiver.read()
          == .array([.text("message"), .text("__redis__:invalidate"), .array([.text("k")])]))
      #expect(try receiver.read() == .array([.text("pong"), .text("")]))
    }
    try client.send("HELLO", "3")
    try client.send("GET", "k")
    try receiver.send("QUIT")
    #expect(receiver.isClosedByServer())
    try writer.send("INCR", "k")
    #expect(try client.read() == .push([.text("tracking-redir-broken"), .integer(id)]))
    #expect(try client.send("CLIENT", "INFO").string?.contains("flags=tR ") == true)
    #expect(
      try client.send("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)")
        == .error("ERR The client ID you want redirect to does not exist"))
  }

  @Test func emptiedDatabasesAreTold() throws {
    let server = try TestServer("--threads", "2")
    let writer = try server.connect()
    let client = try reader(server)
    for command in [["FLUSHALL"], ["FLUSHDB", "ASYNC"], ["SWAPDB", "0", "1"]] {
      try client.send("GET", "k")
      try writer.send(command)
      try client.write("PING\r\n")
      #expect(try client.read() == .push([.text("invalidate"), .null]))
      #expect(try client.read() == .simple("PONG"))
      #expect(try server.info("tracking_total_keys", writer) == "0")
    }
    try client.write("FLUSHALL\r\nPING\r\n")
    #expect(try client.read() == .ok)
    #expect(try client.read() == .push([.text("invalidate"), .null]))
    #expect(try client.read() == .simple("PONG"))
  }

  @Test func vanishedKeysAreTold() throws {
    let server = try TestServer("--threads", "2")
    let writer = try server.connect()
    let client = try reader(server)
    try writer.send("SET", "k", "1", "PX", "30")
    try client.send("GET", "k")
    // Nobody has to ask.
    #expect(try client.read() == invalidation("k"))
    try client.send("GET", "k")
    try writer.send("SET", "k", String(repeating: "x", count: 100_000), "EX", "1000")
    #expect(try client.read() == invalidation("k"))
    try client.send("GET", "k")
    try writer.send("CONFIG", "SET", "maxmemory-policy", "volatile-ttl", "maxmemory", "1")
    #expect(try client.read() == invalidation("k"))
  }

  @Test func tableHasALimit() throws {
    let server = try TestServer("--tracking-table-max-keys", "100", "--threads", "2")
    let writer = try server.connect()
    let client = try reader(server)
    try client.write((0..<300).map { "GET key:\($0)\r\n" }.joined())
    var told: Set<String> = []
    for _ in 0..<500 {
      if case .push(let parts) = try client.read(), let key = parts[1].elements?[0].string {
        told.insert(key)
      }
    }
    #expect(told.count == 200)
    #expect(try server.info("tracking_total_keys", writer) == "100")
    try writer.send("CONFIG", "SET", "tracking-table-max-keys", "10")
    for _ in 0..<90 { _ = try client.read() }
    #expect(try server.info("tracking_total_items", writer) == "10")
  }

  @Test func protocolMayChange() throws {
    let server = try TestServer()
    let writer = try server.connect()
    let client = try reader(server)
    try client.send("GET", "a")
    try client.send("HELLO", "2")
    try writer.send("SET", "a", "1")
    // There is no way to tell it under RESP2.
    #expect(try client.send("PING") == .simple("PONG"))
    try client.send("GET", "b")
    try client.send("HELLO", "3")
    try writer.send("SET", "b", "1")
    try client.write("PING\r\n")
    #expect(try client.read() == invalidation("b"))
    #expect(try client.read() == .simple("PONG"))
  }

  @Test func goneClientsAreForgotten() throws {
    let server = try TestServer("--threads", "3")
    let writer = try server.connect()
    for _ in 0..<30 {
      let client = try reader(server, "BCAST", "PREFIX", "p")
      let other = try reader(server)
      try other.send("GET", "pk")
      try writer.write("SET pk 1\r\n")
      _ = client
    }
    for _ in 0..<30 { _ = try writer.read() }
    #expect(try server.wait { try server.info("tracking_clients", writer) == "0" })
    #expect(try server.info("tracking_total_prefixes", writer) == "0")
    #expect(try writer.send("SET", "pk", "1") == .ok)
  }

  @Test func optionsMustGoTogether() throws {
    let server = try TestServer()
    let client = try server.connect()
    func refusal(_ words: String...) throws -> String {
      try client.send(["CLIENT", "TRACKING"] + words).string ?? ""
    }
    #expect(try refusal("ON", "PREFIX", "a").hasPrefix("ERR PREFIX option requires BCAST"))
    #expect(
      try refusal("ON", "BCAST", "OPTIN") == "ERR OPTIN and OPTOUT are not compatible with BCAST")
    #expect(try refusal("ON", "OPTIN", "OPTOUT").hasPrefix("ERR You can't specify both"))
    #expect(try refusal("MAYBE") == "ERR syntax error")
    #expect(try refusal("ON", "REDIRECT", "x") == "ERR value is not an integer or out of range")
    try client.send("CLIENT", "TRACKING", "ON", "OPTIN")
    #expect(try refusal("ON", "BCAST").hasPrefix("ERR You can't switch BCAST mode on/off"))
    #expect(try refusal("ON", "OPTOUT").hasPrefix("ERR You can't switch OPTIN/OPTOUT mode"))
    #expect(try client.send("CLIENT", "CACHING", "NO").isError("ERR CLIENT CACHING NO is only"))
  }

  /// Reads in scripts count, and those of commands that lock by themselves.
  @Test func allReadsCount() throws {
    let server = try TestServer("--threads", "2")
    let writer = try server.connect()
    let client = try reader(server)
    try writer.send("RPUSH", "l", "1")
    let reads = [
      ["SORT_RO", "l"], ["EVAL", "return redis.call('LLEN', KEYS[1])", "1", "l"],
      ["EVAL", "local k = 'l' return redis.call('LLEN', k)", "0"],
      ["EVAL_RO", "return redis.call('SORT_RO', KEYS[1])", "1", "l"], ["OBJECT", "ENCODING", "l"],
    ]
    for read in reads {
      try client.send(read)
      try writer.send("RPUSH", "l", "1")
      try client.write("PING\r\n")
      #expect(try client.read() == invalidation("l"), "\(read)")
      #expect(try client.read() == .simple("PONG"))
    }
  }

  /// Whatever changes a key tells of it, the keys that it takes values from included.
  @Test func allChangesAreTold() throws {
    let server = try TestServer("--threads", "2")
    let writer = try server.connect()
    let client = try reader(server, "BCAST")
    let changes: [(command: String, keys: Set<String>)] = [
      ("MSET a 1 b 2", ["a", "b"]), ("RENAME a c", ["a", "c"]), ("COPY c d", ["d"]),
      ("MOVE d 1", ["d"]), ("GETDEL b", ["b"]), ("GETEX c EX 100", ["c"]), ("PERSIST c", ["c"]),
      ("SETBIT c 1 1", ["c"]), ("PFADD p x", ["p"]), ("UNLINK c p nobody", ["c", "p"]),
      ("RPUSH l 3 1 2", ["l"]), ("LMOVE l m LEFT RIGHT", ["l", "m"]), ("BLPOP m 0", ["m"]),
      ("SORT l STORE n", ["n"]), ("LMPOP 2 x l LEFT", ["l"]), ("DEL l n", ["l", "n"]),
      ("SADD s 1 2 3", ["s"]), ("SMOVE s t 1", ["s", "t"]), ("SUNIONSTORE u s t", ["u"]),
      ("SPOP s", ["s"]), ("DEL s t u", ["s", "t", "u"]),
      ("HSET h f 1 g 2", ["h"]), ("HEXPIRE h 100 FIELDS 1 f", ["h"]), ("HDEL h f g", ["h"]),
      ("ZADD z 1 a 2 b", ["z"]), ("ZRANGESTORE y z 0 0", ["y"]), ("ZPOPMIN z", ["z"]),
      ("GEOADD g 1 2 x", ["g"]), ("GEOSEARCHSTORE w g FROMMEMBER x BYRADIUS 1 m", ["w"]),
      ("XADD e 1-1 f v", ["e"]),
      // What surrounds a stream's entries is no change to those who read them.
      ("XGROUP CREATE e group 0", []), ("XREADGROUP GROUP group me STREAMS e >", []),
      ("XACK e group 1-1", []), ("XDEL e 1-1", ["e"]),
    ]
    for change in changes {
      try writer.send(change.command.split(separator: " ").map(String.init))
      try client.write("PING\r\n")
      if change.keys.isEmpty {
        #expect(try client.read() == .simple("PONG"), "\(change.command)")
        continue
      }
      guard case .push(let parts) = try client.read(), parts.count == 2,
        case .array(let keys) = parts[1]
      else {
        Issue.record("not told of \(change.command)")
        continue
      }
      #expect(keys.count == change.keys.count, "\(change.command)")
      for key in change.keys { #expect(keys.contains(.text(key)), "\(change.command)") }
      #expect(try client.read() == .simple("PONG"))
    }
  }
}
