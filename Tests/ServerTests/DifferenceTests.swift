import Bytes
import Foundation
import Testing

/// What runs of `Tests/Conformance/differential` have found, beyond what the suites of the
/// commands have taken in.
@Suite struct DifferenceTests {
  let server: TestServer
  let client: TestClient

  init() throws {
    server = try TestServer("--threads", "2")
    client = try server.connect()
  }

  private func send(_ words: String...) throws -> Reply { try client.send(words) }

  private func bytes(_ words: [String], _ payload: Reply) -> [[UInt8]] {
    guard case .bulk(let bytes) = payload else { return [] }
    return words.map { $0 == "PAYLOAD" ? bytes : Array($0.utf8) }
  }

  @Test func countersOfStreamsMayPassEveryLimit() throws {
    let most = "\(Int64.max)"
    _ = try send("XADD", "s", "1-1", "a", "b")
    _ = try send("XGROUP", "CREATE", "s", "g", "0", "ENTRIESREAD", most)
    #expect(try send("XSETID", "s", "1-1", "ENTRIESADDED", most) == .ok)
    #expect(try send("XADD", "s", "2-1", "a", "b") == .text("2-1"))
    #expect(try send("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">").elements?.count == 1)
    #expect(
      try send("XCLAIM", "s", "g", "c", "0", "1-1", "RETRYCOUNT", most, "JUSTID")
        == .texts("1-1"))
    _ = try send("XCLAIM", "s", "g", "d", "0", "1-1")
    let facts = try send("XINFO", "STREAM", "s").elements ?? []
    #expect(facts.contains(.integer(Int64.min)))
    let pending = try send("XPENDING", "s", "g", "-", "+", "9")
    #expect(pending.elements?.first?.elements?.last == .integer(Int64.min))
    let groups = try send("XINFO", "GROUPS", "s")
    let dump = try send("DUMP", "s")
    #expect(try client.send(bytes: bytes(["RESTORE", "t", "0", "PAYLOAD"], dump)) == .ok)
    #expect(try send("XINFO", "GROUPS", "t") == groups)
    let copied = try send("XPENDING", "t", "g", "-", "+", "9")
    #expect(copied.elements?.first?.elements?.last == .integer(Int64.min))
  }

  @Test func blanksAreNoNumbersToSort() throws {
    _ = try send("RPUSH", "list", " ")
    let refused = Reply.error("ERR One or more scores can't be converted into double")
    #expect(try send("SORT", "list") == refused)
    _ = try send("LSET", "list", "0", "")
    #expect(try send("SORT", "list") == .texts(""))
    _ = try send("LSET", "list", "0", " 1")
    #expect(try send("SORT", "list") == .texts(" 1"))
  }

  @Test func rightsAreToldOfCommandsWithTooFewArguments() throws {
    let script = "return redis.acl_check_cmd(unpack(ARGV))"
    for words in [["SET"], ["SET", "a"], ["PUBLISH"], ["SUBSCRIBE"], ["MSET", "a"], ["CONFIG"]] {
      #expect(try client.send(["EVAL", script, "0"] + words) == .integer(1))
    }
    #expect(try client.send(["EVAL", script, "0", "nothing"]).isError("ERR Invalid command"))
    _ = try send("ACL", "SETUSER", "u", "on", "nopass", "~k", "&c", "+@all", "-get")
    _ = try send("AUTH", "u", "")
    #expect(try client.send(["EVAL", script, "0", "GET"]) == .null)
    for words in [["SET"], ["PUBLISH"], ["SUBSCRIBE"], ["MSET"], ["EVAL", "x"], ["XREAD"]] {
      #expect(try client.send(["EVAL", script, "0"] + words) == .integer(1))
    }
    #expect(try client.send(["EVAL", script, "0", "SET", "a"]) == .null)
    #expect(try client.send(["EVAL", script, "0", "PUBLISH", "a"]) == .null)
  }

  @Test func migratingNothingNeedsNoWait() throws {
    let script = "return redis.call('MIGRATE', '127.0.0.1', '1', 'k', '0', '10')"
    #expect(try send("EVAL", script, "0") == .simple("NOKEY"))
    _ = try send("SET", "k", "v")
    #expect(try send("EVAL", script, "0").isError("ERR MIGRATE has to wait"))
  }

  @Test func passwordsAreNowhereToBeSeen() throws {
    let monitor = try server.connect()
    #expect(try monitor.send("MONITOR") == .ok)
    _ = try send("CONFIG", "SET", "slowlog-log-slower-than", "0")
    let place = ["MIGRATE", "127.0.0.1", "1"]
    let commands = [
      ["HELLO", "2", "AUTH", "who", "secret", "SETNAME", "me"],
      place + ["k", "0", "10", "AUTH", "secret"],
      place + ["k", "0", "10", "COPY", "AUTH2", "who", "secret"],
      place + ["", "0", "10", "KEYS", "AUTH", "k"],
    ]
    let shown = [
      ["HELLO", "2", "AUTH", "(redacted)", "(redacted)", "SETNAME", "me"],
      place + ["k", "0", "10", "AUTH", "(redacted)"],
      place + ["k", "0", "10", "COPY", "AUTH2", "(redacted)", "(redacted)"],
      place + ["", "0", "10", "KEYS", "AUTH", "k"],
    ]
    for (command, words) in zip(commands, shown) {
      _ = try client.send(command)
      let line = try monitor.read().string ?? ""
      #expect(line.hasSuffix(words.map { "\"\($0)\"" }.joined(separator: " ")))
    }
    let entries = try send("SLOWLOG", "GET", "4").elements ?? []
    for (entry, words) in zip(entries.reversed(), shown) {
      #expect(entry.elements?[3] == .array(words.map { .text($0) }))
    }
  }
}
