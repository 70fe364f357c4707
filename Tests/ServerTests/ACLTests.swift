import Foundation
import Testing

/// Users, what they may do, and what becomes of their connections.
@Suite struct ACLTests {
  private static let noCommand = "NOPERM this user has no permissions to run the "
  private static let noKey = "NOPERM this user has no permissions to access one of the keys"
  private static let noChannel = "NOPERM this user has no permissions to access one of the channels"

  @Test func limitsHoldOnEveryLoop() throws {
    let server = try TestServer("--threads", "3")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", ">p", "%R~r*", "%W~w*", "+@all", "-flushall")
    for _ in 0..<6 {
      let client = try server.connect()
      #expect(try client.send("AUTH", "u", "wrong").isError("WRONGPASS"))
      #expect(try client.send("AUTH", "u", "p") == .ok)
      #expect(try client.send("ACL", "WHOAMI") == .text("u"))
      #expect(try client.send("GET", "r1") == .null)
      #expect(try client.send("GET", "w1").isError(Self.noKey))
      #expect(try client.send("SET", "w1", "x") == .ok)
      #expect(try client.send("SET", "w1", "x", "GET").isError(Self.noKey))
      // The value is no option.
      #expect(try client.send("SET", "w1", "get") == .ok)
      #expect(try client.send("SET", "r1", "x").isError(Self.noKey))
      #expect(try client.send("COPY", "r1", "w1") == .integer(0))
      #expect(try client.send("COPY", "w1", "r1").isError(Self.noKey))
      #expect(try client.send("MSET", "w1", "x", "y", "x").isError(Self.noKey))
      #expect(try client.send("EXISTS", "r1", "w1") == .integer(1))
      #expect(try client.send("FLUSHALL").isError(Self.noCommand + "'flushall' command"))
      #expect(try client.send("PUBLISH", "c", "x").isError(Self.noChannel))
    }
    // In place, for clients that are there.
    let client = try server.connect()
    try client.send("AUTH", "u", "p")
    try admin.send("ACL", "SETUSER", "u", "allkeys", "+flushall", "allchannels")
    #expect(try client.send("FLUSHALL") == .ok)
    #expect(try client.send("PUBLISH", "c", "x") == .integer(0))
    #expect(try server.info("acl_access_denied_key", admin) == "30")
    #expect(try server.info("acl_access_denied_cmd", admin) == "6")
    #expect(try server.info("acl_access_denied_channel", admin) == "6")
    #expect(try server.info("acl_access_denied_auth", admin) == "6")
  }

  @Test func pipelinesAreCheckedCommandByCommand() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("ACL", "SETUSER", "u", "on", "nopass", "+get", "+auth", "~a")
    let replies = try client.pipeline([
      ["AUTH", "u", "x"], ["GET", "a"], ["GET", "b"], ["SET", "a", "1"], ["AUTH", "default", "x"],
      ["SET", "a", "1"],
    ])
    #expect(replies[1] == .null)
    #expect(replies[2].isError(Self.noKey))
    #expect(replies[3].isError(Self.noCommand))
    #expect(replies[5] == .ok)
  }

  @Test func deletedUsersClientsAreClosed() throws {
    let server = try TestServer("--threads", "2")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
    let clients = try (0..<4).map { _ in try server.connect() }
    for client in clients { try client.send("AUTH", "u", "x") }
    try clients[0].write("BLPOP nothing 0\r\n")
    #expect(try admin.send("ACL", "DELUSER", "u", "nobody") == .integer(1))
    for client in clients { #expect(client.isClosedByServer()) }
    #expect(try admin.send("PING") == .simple("PONG"))
    // One's own deletion is still answered.
    try admin.send("ACL", "SETUSER", "self", "on", "nopass", "+@all")
    let own = try server.connect()
    try own.send("AUTH", "self", "x")
    #expect(try own.send("ACL", "DELUSER", "self") == .integer(1))
    #expect(own.isClosedByServer())
  }

  @Test func subscribersLoseTheirConnectionWithTheChannel() throws {
    let server = try TestServer("--threads", "2")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "resetchannels", "&a*", "&b")
    let one = try server.connect()
    let two = try server.connect()
    for client in [one, two] { try client.send("AUTH", "u", "x") }
    try one.send("SUBSCRIBE", "abc")
    try two.send("PSUBSCRIBE", "b")
    #expect(try two.send("PSUBSCRIBE", "b*").isError(Self.noChannel))
    try admin.send("ACL", "SETUSER", "u", "resetchannels", "&b")
    #expect(one.isClosedByServer())
    try admin.send("ACL", "SETUSER", "u", "allchannels")
    #expect(try admin.send("PUBLISH", "b", "x") == .integer(1))
    _ = try two.read()
    try admin.send("ACL", "SETUSER", "u", "resetchannels")
    #expect(two.isClosedByServer())
  }

  @Test func queuedCommandsAreCheckedTwice() throws {
    let server = try TestServer("--threads", "2")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
    let client = try server.connect()
    try client.send("AUTH", "u", "x")
    try client.send("MULTI")
    try client.send("SET", "k", "1")
    try client.send("GET", "k")
    try admin.send("ACL", "SETUSER", "u", "-set")
    let replies = try client.send("EXEC").elements
    #expect(
      replies?[0].isError(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated") == true)
    #expect(replies?[1] == .null)
    let entry = try admin.send("ACL", "LOG").elements?[0].elements
    #expect(entry?[3] == .text("command"))
    #expect(entry?[5] == .text("multi"))
    #expect(entry?[7] == .text("set"))
    try client.send("MULTI")
    #expect(try client.send("SET", "k", "1").isError(Self.noCommand))
    #expect(try client.send("EXEC").isError("EXECABORT"))
  }

  @Test func waitingCommandsKeepTheirUser() throws {
    let server = try TestServer("--threads", "3")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
    let client = try server.connect()
    try client.send("AUTH", "u", "x")
    try client.write("BLPOP q 0\r\n")
    #expect(try server.wait { try server.info("blocked_clients", admin) == "1" })
    try admin.send("ACL", "SETUSER", "u", "-blpop")
    try admin.send("RPUSH", "q", "a")
    #expect(try client.read().isError(Self.noCommand + "'blpop'"))
  }

  @Test func logCountsSimilarEvents() throws {
    let server = try TestServer("--acllog-max-len", "3")
    let client = try server.connect()
    try client.send("ACL", "SETUSER", "u", "on", "nopass", "+acl", "+get", "~a")
    for name in ["x", "y", "y", "x", "y"] { try client.send("AUTH", name, "p") }
    try client.send("AUTH", "u", "p")
    try client.send("GET", "b")
    try client.send("SET", "b", "1")
    let entries = try client.send("ACL", "LOG", "100").elements ?? []
    #expect(entries.count == 3)
    let shown = entries.map { entry -> [String?] in
      let fields = entry.elements ?? []
      return [fields[3].string, fields[7].string, fields[9].string]
    }
    #expect(shown == [["command", "set", "u"], ["key", "b", "u"], ["auth", "AUTH", "y"]])
    #expect(entries[2].elements?[1] == .integer(3))
    #expect(try client.send("ACL", "LOG", "1").elements?.count == 1)
    #expect(try client.send("ACL", "LOG", "RESET") == .ok)
    #expect(try client.send("ACL", "LOG") == .array([]))
  }

  @Test func usersComeFromFilesAndGoToThem() throws {
    let folder = "/tmp/wingcache-acl-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/users.acl"
    try "user alice on nopass ~* +@all\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    let server = try TestServer("--aclfile", path)
    let client = try server.connect()
    try client.send("ACL", "SETUSER", "bob", "on", ">secret", "+get")
    #expect(try client.send("ACL", "SAVE") == .ok)
    let saved = try String(contentsOfFile: path, encoding: .utf8)
    #expect(saved.hasPrefix("user alice on nopass ~* resetchannels +@all\nuser bob on #2bb8"))
    #expect(!saved.contains("secret"))
    let alice = try server.connect()
    try alice.send("AUTH", "alice", "x")
    try "user eve on nopass +@all\nuser eve on\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(
      try client.send("ACL", "LOAD")
        == .error(
          "ERR WARNING: Duplicate user 'eve' found on line 2. WARNING: ACL errors detected, no "
            + "change to the previously active ACL rules was performed"))
    #expect(try alice.send("PING") == .simple("PONG"))
    try "user eve on nopass +@all\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try client.send("ACL", "LOAD") == .ok)
    #expect(alice.isClosedByServer())
    #expect(try client.send("ACL", "USERS") == .texts("default", "eve"))
  }

  @Test func configurationFilesKeepUsers() throws {
    let path = "/tmp/wingcache-acl-\(getpid())-\(UInt64.random(in: 0 ... .max)).conf"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "user alice on >one ~* +@all\nrequirepass two\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    do {
      let server = try TestServer(file: path)
      let client = try server.connect()
      #expect(try client.send("PING").isError("NOAUTH"))
      #expect(try client.send("AUTH", "two") == .ok)
      try client.send("ACL", "SETUSER", "bob", "on", "nopass", "(+get ~a)")
      #expect(try client.send("CONFIG", "REWRITE") == .ok)
    }
    // The first server's folder has gone with it.
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    try lines.filter { !$0.hasPrefix("dir ") }.joined(separator: "\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    let server = try TestServer(file: path)
    let client = try server.connect()
    #expect(try client.send("AUTH", "alice", "one") == .ok)
    #expect(try client.send("ACL", "USERS") == .texts("alice", "bob", "default"))
    #expect(try client.send("AUTH", "bob", "any") == .ok)
    #expect(try client.send("GET", "a") == .null)
  }

  @Test func requirePasswordIsTheDefaultUsers() throws {
    let server = try TestServer()
    let client = try server.connect()
    let early = try server.connect()
    #expect(try early.send("PING") == .simple("PONG"))
    #expect(try client.send("AUTH", "x").isError("ERR AUTH <password> called without any"))
    try client.send("CONFIG", "SET", "requirepass", "one")
    // Who was there before stays.
    #expect(try early.send("PING") == .simple("PONG"))
    let late = try server.connect()
    #expect(try late.send("PING").isError("NOAUTH"))
    #expect(try late.send("HELLO", "3").isError("NOAUTH HELLO must be called"))
    #expect(try late.send("HELLO", "2", "AUTH", "default", "one").elements != nil)
    try client.send("CONFIG", "SET", "requirepass", "")
    let free = try server.connect()
    #expect(try free.send("PING") == .simple("PONG"))
    try client.send("ACL", "SETUSER", "default", "off")
    #expect(try server.connect().send("PING").isError("NOAUTH"))
  }

  @Test func resetEndsEverything() throws {
    let server = try TestServer()
    let client = try server.connect()
    try client.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
    try client.send("HELLO", "3", "AUTH", "u", "x")
    try client.send("CLIENT", "TRACKING", "ON")
    try client.send("CLIENT", "NO-TOUCH", "ON")
    #expect(try client.send("CLIENT", "INFO").string?.contains("flags=tT") == true)
    #expect(try client.send("RESET") == .simple("RESET"))
    #expect(try client.send("ACL", "WHOAMI") == .text("default"))
    let info = try client.send("CLIENT", "INFO").string ?? ""
    #expect(info.contains("flags=N ") && info.contains("redir=-1 resp=2"))
  }

  /// Rules of many megabytes and thousands of selectors are taken or refused, not suffered from.
  @Test func hugeRulesDoNotHurt() throws {
    let server = try TestServer()
    let client = try server.connect()
    let long = String(repeating: "x", count: 10 << 20)
    #expect(try client.send("ACL", "SETUSER", "u", "+" + long).isError("ERR Error in ACL SETUSER"))
    #expect(try client.send("ACL", "SETUSER", "u", "~" + long) == .ok)
    #expect(try client.send("ACL", "SETUSER", "u", "(" + long).isError("ERR Unmatched"))
    let selectors = (0..<5000).map { "(+get ~key:\($0))" }
    #expect(try client.send(["ACL", "SETUSER", "v", "on", "nopass"] + selectors) == .ok)
    let other = try server.connect()
    try other.send("AUTH", "v", "x")
    #expect(try other.send("GET", "key:4999") == .null)
    #expect(try other.send("GET", "key:5000").isError(Self.noKey))
    #expect(
      try client.send(["ACL", "SETUSER", "w"] + Array(repeating: "(", count: 100_000)).isError())
    #expect(try client.send("ACL", "DELUSER", "u", "v", "w") == .integer(2))
  }

  @Test func usersMayChangeUnderLoad() throws {
    let server = try TestServer("--threads", "4")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*")
    let clients = try (0..<6).map { _ in try server.connect() }
    for client in clients { try client.send("AUTH", "u", "x") }
    let batch = String(repeating: "SET k v\r\nMGET k a b\r\n", count: 50)
    for round in 0..<60 {
      for client in clients { try client.write(batch) }
      try admin.send(
        "ACL", "SETUSER", "u", round % 2 == 0 ? "-mget" : "+mget", "resetkeys",
        round % 3 == 0 ? "~*" : "~k")
      for client in clients {
        for _ in 0..<100 {
          let reply = try client.read()
          #expect(!reply.isError() || reply.isError("NOPERM"))
        }
      }
    }
    #expect(try admin.send("ACL", "DELUSER", "u") == .integer(1))
    for client in clients { #expect(client.isClosedByServer()) }
  }

  /// Scripts that name no keys wait for all other loops, ACL SETUSER among them.
  @Test func usersMayChangeWhileTheirScriptsWait() throws {
    let server = try TestServer("--threads", "4")
    let admin = try server.connect()
    try admin.send("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~a")
    let clients = try (0..<6).map { _ in try server.connect() }
    for client in clients { try client.send("AUTH", "u", "x") }
    let script = "return redis.pcall('GET', ARGV[1])"
    let call = TestClient.encode(["EVAL", script, "0", "a"].map { Array($0.utf8) })
    let batch = Array(repeatElement(call, count: 40).joined())
    for round in 0..<80 {
      for client in clients { try client.write(batch) }
      // Other memory every time, so that what was freed does not look as before.
      let patterns = (0...(round % 7)).map { "~b\(round)-\($0)" }
      try admin.send(["ACL", "SETUSER", "u", "resetkeys", round % 2 == 0 ? "~a" : "~c"] + patterns)
      for client in clients {
        for _ in 0..<40 {
          let reply = try client.read()
          #expect(reply == .null || reply.isError("ERR The user executing the script can't access"))
        }
      }
    }
  }
}
