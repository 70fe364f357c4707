import Foundation
import SeededRandom
import Testing

/// Lists over sockets: replies, errors, encodings, events.
@Suite struct ListCommandTests {
  private static func range(_ client: TestClient, _ key: String) throws -> [String] {
    try (client.send("LRANGE", key, "0", "-1").elements ?? []).map { $0.string ?? "?" }
  }

  @Test func pushesAndPops() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    #expect(try client.send("RPUSH", "l", "a", "b", "c") == .integer(3))
    #expect(try client.send("LPUSH", "l", "1", "2") == .integer(5))
    #expect(try Self.range(client, "l") == ["2", "1", "a", "b", "c"])
    #expect(try client.send("LPUSHX", "none", "a") == .integer(0))
    #expect(try client.send("RPUSHX", "l", "d") == .integer(6))
    #expect(try client.send("LLEN", "l") == .integer(6))
    #expect(try client.send("LPOP", "l") == .text("2"))
    #expect(try client.send("RPOP", "l", "2") == .texts("d", "c"))
    #expect(try client.send("LPOP", "l", "0") == .array([]))
    #expect(try client.send("LPOP", "none") == .null)
    #expect(try client.send("LPOP", "none", "3") == .null)
    #expect(
      try client.send("LPOP", "l", "-1") == .error("ERR value is out of range, must be positive"))
    #expect(try client.send("LPOP", "l", "9") == .texts("1", "a", "b"))
    #expect(try client.send("EXISTS", "l") == .integer(0))
    #expect(try client.send("LLEN", "l") == .integer(0))
    _ = try client.send("SET", "text", "v")
    for command in [
      ["LPUSH", "text", "a"], ["LLEN", "text"], ["LRANGE", "text", "0", "1"], ["LPOP", "text"],
      ["LINDEX", "text", "0"], ["LSET", "text", "0", "a"], ["LREM", "text", "0", "a"],
      ["LTRIM", "text", "0", "1"], ["LPOS", "text", "a"], ["LINSERT", "text", "BEFORE", "a", "b"],
      ["RPOPLPUSH", "text", "l"], ["LMPOP", "1", "text", "LEFT"],
    ] {
      #expect(try client.send(command).isError("WRONGTYPE "), "\(command)")
    }
  }

  @Test func looksAndChangesInside() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.send("RPUSH", "l", "a", "b", "c", "b", "a")
    #expect(try client.send("LINDEX", "l", "-1") == .text("a"))
    #expect(try client.send("LINDEX", "l", "5") == .null)
    #expect(try client.send("LINDEX", "l", "x").isError("ERR value is not an integer"))
    #expect(try client.send("LRANGE", "l", "-3", "9") == .texts("c", "b", "a"))
    #expect(try client.send("LRANGE", "l", "3", "1") == .array([]))
    #expect(try client.send("LSET", "l", "1", "B") == .ok)
    #expect(try client.send("LSET", "l", "9", "x") == .error("ERR index out of range"))
    #expect(try client.send("LSET", "none", "0", "x") == .error("ERR no such key"))
    #expect(try client.send("LINSERT", "l", "BEFORE", "c", "x") == .integer(6))
    #expect(try client.send("LINSERT", "l", "AFTER", "c", "y") == .integer(7))
    #expect(try client.send("LINSERT", "l", "AFTER", "none", "y") == .integer(-1))
    #expect(try client.send("LINSERT", "none", "AFTER", "a", "y") == .integer(0))
    #expect(try client.send("LINSERT", "l", "BESIDE", "a", "y") == .error("ERR syntax error"))
    #expect(try Self.range(client, "l") == ["a", "B", "x", "c", "y", "b", "a"])
    #expect(try client.send("LPOS", "l", "a") == .integer(0))
    #expect(try client.send("LPOS", "l", "a", "RANK", "-1") == .integer(6))
    #expect(
      try client.send("LPOS", "l", "a", "COUNT", "0") == .array([.integer(0), .integer(6)]))
    #expect(try client.send("LPOS", "l", "a", "RANK", "2", "MAXLEN", "3") == .null)
    #expect(
      try client.send("LPOS", "l", "a", "RANK", "0")
        .isError("ERR RANK can't be zero"))
    #expect(try client.send("LREM", "l", "-1", "a") == .integer(1))
    #expect(try client.send("LREM", "l", "0", "none") == .integer(0))
    #expect(try client.send("LTRIM", "l", "1", "-2") == .ok)
    #expect(try Self.range(client, "l") == ["B", "x", "c", "y"])
    #expect(try client.send("LTRIM", "l", "5", "9") == .ok)
    #expect(try client.send("EXISTS", "l") == .integer(0))
  }

  @Test func movesBetweenLists() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.send("RPUSH", "a", "1", "2", "3")
    #expect(try client.send("LMOVE", "a", "b", "LEFT", "RIGHT") == .text("1"))
    #expect(try client.send("RPOPLPUSH", "a", "b") == .text("3"))
    #expect(try client.send("LMOVE", "b", "b", "LEFT", "RIGHT") == .text("3"))
    #expect(try Self.range(client, "b") == ["1", "3"])
    #expect(try client.send("LMOVE", "none", "b", "LEFT", "RIGHT") == .null)
    #expect(try client.send("LMOVE", "a", "b", "UP", "RIGHT") == .error("ERR syntax error"))
    #expect(
      try client.send("LMPOP", "2", "none", "b", "RIGHT", "COUNT", "5")
        == .array([.text("b"), .texts("3", "1")]))
    #expect(try client.send("LMPOP", "1", "none", "LEFT") == .null)
    #expect(
      try client.send("LMPOP", "0", "a", "LEFT") == .error("ERR numkeys should be greater than 0"))
    #expect(
      try client.send("LMPOP", "1", "a", "LEFT", "COUNT", "0")
        == .error("ERR count should be greater than 0"))
  }

  @Test func waitersGetElementsInTurn() throws {
    let server = try TestServer("--threads", "2")
    let (first, second) = (try server.connect(), try server.connect())
    let other = try server.connect()
    try first.write("BLPOP x l 0\r\n")
    #expect(try server.wait { try server.info("blocked_clients", other) == "1" })
    try second.write("BLMPOP 0 1 l RIGHT COUNT 2\r\n")
    #expect(try server.wait { try server.info("blocked_clients", other) == "2" })
    #expect(try other.send("RPUSH", "l", "a", "b", "c", "d") == .integer(4))
    #expect(try first.read() == .texts("l", "a"))
    #expect(try second.read() == .array([.text("l"), .texts("d", "c")]))
    #expect(try Self.range(other, "l") == ["b"])
    #expect(try first.send("BRPOP", "none", "0.01") == .null)
    try first.write("BLMOVE none to LEFT RIGHT 0\r\n")
    #expect(try server.wait { try server.info("blocked_clients", other) == "1" })
    #expect(try other.send("LPUSH", "none", "z") == .integer(1))
    #expect(try first.read() == .text("z"))
    #expect(try other.send("LINDEX", "to", "0") == .text("z"))
    #expect(try first.send("BLPOP", "l", "-1") == .error("ERR timeout is negative"))
    #expect(
      try first.send("BLPOP", "l", "x") == .error("ERR timeout is not a float or out of range"))
  }

  @Test func encodingFollowsSize() throws {
    let server = try TestServer("--threads", "2", "--list-max-listpack-size", "8")
    let client = try server.connect()
    for number in 0..<8 { _ = try client.send("RPUSH", "l", "\(number)") }
    #expect(try client.send("OBJECT", "ENCODING", "l") == .text("listpack"))
    _ = try client.send("RPUSH", "l", "8")
    #expect(try client.send("OBJECT", "ENCODING", "l") == .text("quicklist"))
    // It is one again when one node is left of it.
    _ = try client.send("LPOP", "l", "8")
    #expect(try client.send("OBJECT", "ENCODING", "l") == .text("listpack"))
    #expect(try Self.range(client, "l") == ["8"])
  }

  @Test func eventsTellWhatHappened() throws {
    let server = try TestServer("--threads", "2", "--notify-keyspace-events", "El")
    let subscriber = try server.connect()
    let client = try server.connect()
    _ = try subscriber.send("PSUBSCRIBE", "__keyevent@0__:*")
    for command in [
      "RPUSH l a b c a", "LSET l 0 x", "LINSERT l BEFORE b y", "LREM l 1 a", "LTRIM l 0 2",
      "LPOP l", "RPOPLPUSH l m",
    ] {
      #expect(!(try client.send(command.split(separator: " ").map(String.init)).isError()))
    }
    for (event, key) in [
      ("rpush", "l"), ("lset", "l"), ("linsert", "l"), ("lrem", "l"), ("ltrim", "l"),
      ("lpop", "l"), ("lpush", "m"), ("rpop", "l"),
    ] {
      #expect(
        try subscriber.read()
          == .texts("pmessage", "__keyevent@0__:*", "__keyevent@0__:\(event)", key))
    }
  }

  /// The same random commands on two lists, one of them with compressed nodes.
  @Test func compressedListsAreTheSame() throws {
    let plain = try TestServer("--threads", "2", "--list-max-listpack-size", "6")
    let packed = try TestServer(
      "--threads", "2", "--list-max-listpack-size", "6", "--list-compress-depth", "1")
    let clients = [try plain.connect(), try packed.connect()]
    var random = SeededGenerator(test: "Compressed lists")
    func text() -> String {
      let number = Int.random(in: 0..<40, using: &random)
      return "the element number \(number) of many that look alike \(number)"
    }
    for step in 0..<1500 {
      let index = "\(Int.random(in: -40..<40, using: &random))"
      let command: [String] =
        switch Int.random(in: 0..<14, using: &random) {
        case 0..<4: ["RPUSH", "l", text(), text(), "\(step)"]
        case 4..<6: ["LPUSH", "l", text(), text()]
        case 6: ["LSET", "l", index, text()]
        case 7: ["LINSERT", "l", step % 2 == 0 ? "BEFORE" : "AFTER", text(), text()]
        case 8: ["LREM", "l", "\(step % 3 - 1)", text()]
        case 9 where step % 5 == 0: ["LTRIM", "l", "3", "-4"]
        case 10: ["LMOVE", "l", "l", "LEFT", "RIGHT"]
        case 11: ["LPOS", "l", text(), "COUNT", "0"]
        case 12: ["SORT", "l", "ALPHA", "LIMIT", "0", "20"]
        default: ["LRANGE", "l", index, "-1"]
        }
      let replies = try clients.map { try $0.send(command) }
      #expect(replies[0] == replies[1], "\(command)")
    }
    let digests = try clients.map { try $0.send("DEBUG", "DIGEST") }
    #expect(digests[0] == digests[1])
    let count = try clients[0].send("LLEN", "l").number ?? 0
    #expect(count > 200)
    let sizes = try clients.map {
      try $0.send("MEMORY", "USAGE", "l", "SAMPLES", "0").number ?? 0
    }
    #expect(sizes[1] < sizes[0])
    let facts = try clients[1].send("DEBUG", "OBJECT", "l").string ?? ""
    #expect(facts.contains(" ql_compressed:1 "))
    #expect(try clients[1].send("DEBUG", "RELOAD") == .ok)
    #expect(try clients[1].send("DEBUG", "DIGEST") == digests[0])
    // A depth of 0 is taken over by the next change.
    #expect(try clients[1].send("CONFIG", "SET", "list-compress-depth", "0") == .ok)
    for client in clients { _ = try client.send("RPUSH", "l", "last") }
    let all = try clients.map { try $0.send("LRANGE", "l", "0", "-1") }
    #expect(all[0] == all[1])
  }

  /// Nobody comes between the commands of a transaction or a script, not even who waits already.
  @Test func transactionsAndScriptsTakeWhatTheyHaveBrought() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    let other = try server.connect()
    func whileWaiting(_ body: () throws -> Reply) throws -> (own: Reply, waiter: Reply) {
      try client.send("DEL", "l")
      try other.write("BLPOP l 0\r\n")
      while try !(client.send("INFO", "clients").string ?? "").contains("blocked_clients:1") {}
      let own = try body()
      try client.send("RPUSH", "l", "last")
      return (own, try other.read())
    }
    // Whether the script is known to touch other keys or not: one takes locks, one all there is.
    for script in [[], [["EVAL", "return redis.call('DBSIZE')", "0"]]] {
      let (own, waiter) = try whileWaiting {
        let commands = [["RPUSH", "l", "a"], ["BLPOP", "l", "0"], ["RPUSH", "l", "b"]]
        let replies = try client.pipeline([["MULTI"]] + script + commands + [["EXEC"]])
        return .array((replies.last?.elements ?? []).suffix(3))
      }
      #expect(own == .array([.integer(1), .texts("l", "a"), .integer(1)]))
      #expect(waiter == .texts("l", "b"))
    }
    for (key, count) in [("KEYS[1]", "1"), ("'l'", "0")] {
      let (own, waiter) = try whileWaiting {
        let script =
          "redis.call('RPUSH', \(key), 'a') return redis.call('BLPOP', \(key), 0)"
        return try client.send(["EVAL", script, count] + (count == "1" ? ["l"] : []))
      }
      #expect(own == .texts("l", "a"))
      #expect(waiter == .texts("l", "last"))
    }
  }
}
