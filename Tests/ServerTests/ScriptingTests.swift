import Foundation
import Testing

/// Scripts and functions over sockets, on more than one loop.
@Suite struct ScriptingTests {
  private func eval(_ client: TestClient, _ script: String, _ rest: String...) throws -> Reply {
    try client.send(["EVAL", script] + (rest.isEmpty ? ["0"] : rest))
  }

  @Test func valuesCrossBothWays() throws {
    let server = try TestServer("--threads", "2")
    defer { withExtendedLifetime(server) {} }
    let client = try server.connect()
    #expect(try eval(client, "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "v") == .ok)
    #expect(try eval(client, "return redis.call('GET', 'k')") == .text("v"))
    #expect(
      try eval(client, "return {1, 2.9, 'a', true, false, nil, 3}")
        == .array([.integer(1), .integer(2), .text("a"), .integer(1), .null]))
    #expect(try eval(client, "return type(redis.call('GET', 'none'))") == .text("boolean"))
    #expect(
      try eval(client, "return redis.pcall('INCR', 'k').err")
        == .text("ERR value is not an integer or out of range"))
    _ = try client.send("HELLO", "3")
    #expect(
      try eval(client, "redis.setresp(3) return {double = 1.5}") == .double("1.5"))
    #expect(try eval(client, "redis.setresp(3) return true") == .boolean(true))
  }

  @Test func errorsSayWhere() throws {
    let server = try TestServer("--threads", "2")
    defer { withExtendedLifetime(server) {} }
    let client = try server.connect()
    let texts = [
      ("return redis.call('INCR', 'k', 1)", "ERR Wrong number of args calling Redis command"),
      ("return redis.call('NOSUCH')", "ERR Unknown Redis command called from script script: "),
      ("return redis.call('MULTI')", "ERR This Redis command is not allowed from script"),
      ("x = 1", "ERR user_script:1: Attempt to modify a readonly table script: "),
      ("return x", "ERR user_script:1: Script attempted to access nonexistent global variable 'x'"),
      ("a b", "ERR Error compiling script (new function): user_script:1:"),
      ("#!lua flags=no-writes\nreturn redis.call('SET', 'a', 1)", "ERR Write commands are not"),
    ]
    for (script, text) in texts { #expect(try eval(client, script).isError(text), "\(script)") }
    #expect(try client.send("EVALSHA", "ab", "0").isError("NOSCRIPT"))
    #expect(try client.send("EVAL", "return 1", "2", "a").isError("ERR Number of keys can't be g"))
    #expect(try client.send("EVAL", "return 1", "-1").isError("ERR Number of keys can't be neg"))
  }

  @Test func doublesAreWrittenAsElsewhere() throws {
    let server = try TestServer()
    let client = try server.connect()
    let numbers = [
      "3846795830965600", "10000000000", "1e+21", "123456789012345680000", "0.000001", "1e-7",
      "-1.234e-5", "0.1", "-123.456", "5e-324", "1.5e+300", "inf", "0", "-0.5",
    ]
    for number in numbers {
      #expect(try client.send("ZADD", "z", number, "m") != .null)
      let script = "redis.setresp(3) return redis.call('ZSCORE', 'z', 'm')"
      #expect(try eval(client, script) == .text(number))
      #expect(try client.send("ZSCORE", "z", "m") == .text(number))
    }
  }

  @Test func functionsFlagsAreSimpleStrings() throws {
    let server = try TestServer()
    let client = try server.connect()
    let library = """
      #!lua name=lib
      redis.register_function{
        function_name='f', callback=function() end, flags={'no-writes', 'allow-stale'}}
      """
    #expect(try client.send("FUNCTION", "LOAD", library) == .text("lib"))
    let libraries = try client.send("FUNCTION", "LIST").elements
    #expect(
      libraries?.first?.elements?[5].elements?.first?.elements?[5]
        == .array([.simple("no-writes"), .simple("allow-stale")]))
  }

  @Test func errorsEndWithoutTheirLineBreaks() throws {
    let server = try TestServer()
    let client = try server.connect()
    #expect(
      try client.send("EXPIRE", "k", "1", "a\r\nb\r\n") == .error("ERR Unsupported option a  b"))
  }

  /// What one script does must not be seen by the next.
  @Test func nothingIsLeftBehind() throws {
    let server = try TestServer("--threads", "1")
    defer { withExtendedLifetime(server) {} }
    let client = try server.connect()
    let attempts = [
      "redis.call = 1", "rawset(redis, 'x', 1)", "table.insert(_G, 1)", "_G = {}",
      "setmetatable(_G, {})", "getmetatable(_G).__index = {}", "getmetatable('').__index = {}",
      "getmetatable('').__index.rep = 1", "rawset(_G, 'x', 1)", "string.rep = 1",
      "local n, t = pairs(redis) t.call = 1", "for k in pairs(_G) do _G[k] = nil end",
    ]
    for script in attempts {
      #expect(try eval(client, script).string?.contains("readonly table") == true, "\(script)")
    }
    #expect(try eval(client, "return redis.call('PING')") == .simple("PONG"))
  }

  /// A client may waste its own script, but not the server.
  @Test func hostileScriptsEndInErrors() throws {
    let server = try TestServer("--threads", "2", "--script-memory-limit", "32mb")
    defer { withExtendedLifetime(server) {} }
    let client = try server.connect()
    let scripts = [
      "return string.rep('x', 1e9)", "local t = {} while true do t[#t + 1] = {} end",
      "local s = 'x' while true do s = s .. s end", "local function f() return 1 + f() end f()",
      "return unpack({}, 0, 2147483647)", "return cjson.decode(string.rep('[', 1e6))",
      "return cmsgpack.unpack(string.rep('\\145', 1e6))",
      "local t = {} t[1] = t return cjson.encode(t)",
      "return string.find(string.rep('a', 1e6), string.rep('a?', 1e6))",
      "return loadstring(string.dump(function() return 1 end))()",
      "return load(function() return '\\27Lua' end)()",
    ]
    for script in scripts { #expect(try eval(client, script).isError(), "\(script)") }
    #expect(try eval(client, "return string.rep('', 2147483647)") == .text(""))
    #expect(try eval(client, "return redis.call('PING')") == .simple("PONG"))
  }

  @Test func scriptsAreKnownOnAllLoops() throws {
    let server = try TestServer("--threads", "4")
    defer { withExtendedLifetime(server) {} }
    let clients = try (0..<8).map { _ in try server.connect() }
    let digest = try #require(
      try clients[0].send("SCRIPT", "LOAD", "return ARGV[1]").string)
    for client in clients {
      #expect(try client.send("EVALSHA", digest.uppercased(), "0", "a") == .text("a"))
    }
    #expect(try clients[3].send("SCRIPT", "FLUSH") == .ok)
    for client in clients { #expect(try client.send("EVALSHA", digest, "0").isError("NOSCRIPT")) }
    // All or nothing, whatever the others do.
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      guard let client = try? server.connect() else { return }
      for _ in 0..<200 {
        _ = try? client.send(
          "EVAL", "local n = redis.call('GET', 'n') or 0 redis.call('SET', 'n', n + 1)", "0")
      }
    }
    #expect(try clients[0].send("GET", "n") == .text("1600"))
  }

  @Test(arguments: ["1", "3"]) func slowScriptsLetOthersKnow(threads: String) throws {
    let server = try TestServer("--threads", threads, "--busy-reply-threshold", "20")
    defer { withExtendedLifetime(server) {} }
    let slow = try server.connect()
    let others = try (0..<4).map { _ in try server.connect() }
    try slow.write(
      TestClient.encode(
        ["EVAL", "while true do pcall(function() while true do end end) end", "0"]
          .map { Array($0.utf8) }) + TestClient.encode([Array("PING".utf8)]))
    // Bounded by the client's own time limit.
    while try !others[0].send("PING").isError("BUSY") {}
    for other in others { #expect(try other.send("GET", "a").isError("BUSY")) }
    #expect(try server.connect().send("FUNCTION", "KILL").isError("BUSY"))
    #expect(try server.connect().send("SCRIPT", "KILL") == .ok)
    #expect(try slow.read().isError("ERR Script killed by user with SCRIPT KILL."))
    #expect(try slow.read() == .simple("PONG"))
    for other in others { #expect(try other.send("GET", "a") == .null) }
    try slow.write(
      TestClient.encode(
        ["EVAL", "redis.call('SET', 'a', 1) while true do end", "0"]
          .map { Array($0.utf8) }))
    while try !others[0].send("PING").isError("BUSY") {}
    #expect(try others[1].send("SCRIPT", "KILL").isError("UNKILLABLE"))
    #expect(try others[2].send("SHUTDOWN").isError("BUSY"))
    try others[3].write(TestClient.encode([Array("SHUTDOWN".utf8), Array("NOSAVE".utf8)]))
    #expect(others[3].isClosedByServer())
  }

  @Test(arguments: ["1", "2"]) func whoWaitsSeesNothingOfHalfAScript(threads: String) throws {
    let server = try TestServer(
      "--threads", threads, "--busy-reply-threshold", "10", "--enable-debug-command", "yes")
    let clients = try (0..<4).map { _ in try server.connect() }
    #expect(try clients[0].send("DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1") == .ok)
    try clients[1].write("BLPOP list 0\r\n")
    #expect(try server.wait { try server.info("blocked_clients", clients[0]) == "1" })
    let script = """
      redis.call('LPUSH', 'list', 'first')
      repeat until redis.call('CLIENT', 'LIST'):find('resume')
      return redis.call('LPUSH', 'list', 'second')
      """
    try clients[2].write(TestClient.encode(["EVAL", script, "0"].map { Array($0.utf8) }))
    while try !clients[0].send("PING").isError("BUSY") {}
    _ = try clients[3].send("HELLO", "2", "SETNAME", "resume")
    #expect(try clients[1].read() == .texts("list", "second"))
    #expect(try clients[2].read() == .integer(2))
  }

  @Test func failedScriptsAreCountedAsSuch() throws {
    let server = try TestServer("--threads", "2")
    let client = try server.connect()
    _ = try client.send("EVAL", "return 1", "0")
    #expect(try client.send("EVALSHA", "nothing", "0").isError("NOSCRIPT"))
    #expect(try client.send("FCALL", "nothing", "0").isError("ERR Function not found"))
    let blocked = try server.connect()
    let id = try blocked.send("CLIENT", "ID").number ?? 0
    try blocked.write("BLPOP list 0\r\n")
    #expect(try server.wait { try server.info("blocked_clients", client) == "1" })
    #expect(try client.send("CLIENT", "UNBLOCK", "\(id)", "ERROR") == .integer(1))
    #expect(try blocked.read().isError("UNBLOCKED"))
    let text = try client.send("INFO", "commandstats").string ?? ""
    for name in ["evalsha", "fcall", "blpop"] {
      let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_\(name):") } ?? ""
      #expect(line.hasSuffix("rejected_calls=0,failed_calls=1"))
    }
  }

  /// Patterns that would take for ever in the library of Lua 5.1, which nothing can stop.
  @Test(arguments: [
    "return ('a'):rep(200):find(('a-'):rep(60) .. 'b')",
    "pcall(string.gsub, ('ab'):rep(100), ('[ab]*'):rep(40) .. 'c', '') while true do end",
    "for found in ('x'):rep(300):gmatch(('(.-)'):rep(30) .. 'y') do end",
  ]) func patternsCanBeStopped(script: String) throws {
    let server = try TestServer("--threads", "2", "--busy-reply-threshold", "20")
    let slow = try server.connect()
    let other = try server.connect()
    try slow.write(TestClient.encode(["EVAL", script, "0"].map { Array($0.utf8) }))
    while try !other.send("PING").isError("BUSY") {}
    #expect(try other.send("SCRIPT", "KILL") == .ok)
    #expect(try slow.read().isError("ERR Script killed by user with SCRIPT KILL."))
    #expect(try other.send("PING") == .simple("PONG"))
  }

  @Test func patternsMeanWhatTheyDoInLua() throws {
    let server = try TestServer("--threads", "1")
    let client = try server.connect()
    func texts(_ script: String) throws -> Reply { try client.send("EVAL", script, "0") }
    #expect(
      try texts("return {('key = value'):match('^(%w+)%s*=%s*(%w+)$')}") == .texts("key", "value"))
    #expect(try texts("return {('a.b'):find('.', 1, true)}") == .array([.integer(2), .integer(2)]))
    #expect(try texts("return {('hello'):find('l()')}").elements?.last == .integer(4))
    #expect(try texts("return {('THE (quick) fox'):find('%((%a+)%)')}").elements?.count == 3)
    #expect(try texts("return (('abc'):gsub('%w', '%0%0'))") == .text("aabbcc"))
    #expect(try texts("return (('$a b'):gsub('%$(%w+)', {a = 'x'}))") == .text("x b"))
    #expect(try texts("return (('f(a(b)c)d'):gsub('%b()', ''))") == .text("fd"))
    #expect(try texts("return (('THE fox'):gsub('%f[%a]%a+', string.lower))") == .text("the fox"))
    for (pattern, problem) in [
      ("[a", "malformed pattern (missing ']')"), ("%", "malformed pattern (ends with '%')"),
      ("(a", "unfinished capture"), ("%a)", "invalid pattern capture"),
      ("%1", "invalid capture index"), ("%b", "unbalanced pattern"),
      ("%fa", "missing '[' after '%f' in pattern"),
      (String(repeating: "()", count: 33), "too many"),
    ] {
      let reply = try client.send("EVAL", "return ('a'):find(ARGV[1])", "0", pattern)
      #expect(reply.isError("ERR user_script:1: \(problem)"))
    }
  }

  @Test func functionsAreLoadedListedAndDumped() throws {
    let server = try TestServer("--threads", "2")
    defer { withExtendedLifetime(server) {} }
    let client = try server.connect()
    let library = """
      #!lua name=counters
      local calls = 0
      redis.register_function('count', function(keys, args)
        calls = calls + 1
        return {calls, redis.call('INCRBY', keys[1], args[1])}
      end)
      redis.register_function{function_name = 'look', flags = {'no-writes'},
        callback = function(keys) return redis.call('GET', keys[1]) end}
      """
    #expect(try client.send("FUNCTION", "LOAD", library) == .text("counters"))
    #expect(try client.send("FUNCTION", "LOAD", library).isError("ERR Library 'counters' already"))
    #expect(try client.send("FCALL", "count", "1", "n", "5") == .array([.integer(1), .integer(5)]))
    #expect(
      try client.send("FCALL", "COUNT", "1", "n", "5") == .array([.integer(2), .integer(10)]))
    #expect(try client.send("FCALL_RO", "look", "1", "n") == .text("10"))
    #expect(try client.send("FCALL_RO", "count", "1", "n", "5").isError("ERR Can not execute"))
    guard case .bulk(let dump) = try client.send("FUNCTION", "DUMP") else {
      Issue.record("no dump")
      return
    }
    #expect(try client.send("FUNCTION", "DELETE", "counters") == .ok)
    #expect(try client.send("FCALL", "look", "1", "n").isError("ERR Function not found"))
    let restore = ["FUNCTION", "RESTORE"].map { Array($0.utf8) }
    #expect(try client.send(bytes: restore + [dump]) == .ok)
    #expect(try client.send(bytes: restore + [dump]).isError("ERR Library counters already"))
    #expect(
      try client.send(bytes: restore + [dump.dropLast() + [0]]).isError("ERR DUMP payload"))
    #expect(try client.send("FCALL", "look", "1", "n") == .text("10"))
  }
}
