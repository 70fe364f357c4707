import CacheCore
import Foundation
import RESPServer
import Testing

struct ConfigurationSetTests {
  private let registry = ConfigurationRegistry()

  /// The reason CONFIG SET gives, or "OK".
  private func set(
    _ pairs: [(String, String)], _ configuration: inout Configuration,
    _ context: ConfigurationSetContext = ConfigurationSetContext()
  ) -> String {
    let named = pairs.map { (name: $0.0, value: $0.1) }
    switch registry.set(named, to: &configuration, context: context) {
    case .success: return "OK"
    case .failure(let failure): return failure.reply
    }
  }

  private func get(_ name: String, _ configuration: Configuration) -> String? {
    registry.get(pattern: name, from: configuration).first?.value
  }

  @Test func startsWithTheDefaultsOfRedis() {
    let cases = [
      ("port", "6379"), ("bind", "* -::*"), ("protected-mode", "yes"), ("databases", "16"),
      ("maxmemory", "0"), ("maxmemory-policy", "noeviction"), ("timeout", "0"),
      ("maxclients", "10000"), ("proto-max-bulk-len", "536870912"), ("save", ""),
      ("client-query-buffer-limit", "1073741824"), ("hash-max-listpack-entries", "512"),
      ("list-max-listpack-size", "-2"), ("slowlog-log-slower-than", "10000"),
      (
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
      ),
      ("latency-tracking-info-percentiles", "50 99 99.9"), ("unixsocketperm", "0"),
      ("oom-score-adj-values", "0 200 800"), ("notify-keyspace-events", ""), ("replicaof", ""),
      ("shutdown-on-sigint", "default"), ("oom-score-adj", "no"), ("loglevel", "notice"),
      ("acl-pubsub-default", "resetchannels"), ("tls-port", "0"), ("appendonly", "no"),
    ]
    for (name, value) in cases {
      #expect(get(name, registry.defaults) == value, "\(name)")
    }
    #expect(registry.defaults.threads >= 1)
  }

  @Test func storesInTypedFields() {
    var configuration = registry.defaults
    let pairs = [
      ("maxmemory", "100mb"), ("maxmemory-policy", "ALLKEYS-LRU"), ("port", "0"),
      ("protected-mode", "NO"), ("notify-keyspace-events", "KEA"), ("maxmemory-clients", "5%"),
      ("bind", "127.0.0.1 -::1"), ("save", "900 1 300 10"), ("shutdown-on-sigterm", "force nosave"),
      ("client-output-buffer-limit", "replica 1mb 2kb 3 normal 1 2 3"), ("hz", "100000"),
      ("latency-tracking-info-percentiles", "50.5 99.99"), ("oom-score-adj", "relative"),
    ]
    #expect(set(pairs, &configuration) == "OK")
    #expect(configuration.maxMemory == 104_857_600)
    #expect(configuration.maxMemoryPolicy == .allKeysLRU)
    #expect(configuration.port == 0)
    #expect(!configuration.protectedMode)
    #expect(configuration.notifyKeyspaceEvents.isSuperset(of: [.keyspace, .keyevent, .all]))
    #expect(configuration.maxMemoryClients == -5)
    #expect(configuration.bindAddresses == ["127.0.0.1", "-::1"])
    #expect(configuration.savePoints.map(\.changes) == [1, 10])
    #expect(configuration.shutdownOnSIGTERM == [.force, .noSave])
    #expect(configuration.outputBufferLimits.replica.softBytes == 2048)
    #expect(configuration.hz == 500)
    #expect(get("maxmemory-clients", configuration) == "5%")
    #expect(get("shutdown-on-sigterm", configuration) == "nosave force")
    #expect(get("notify-keyspace-events", configuration) == "AKE")
    #expect(get("latency-tracking-info-percentiles", configuration) == "50.5 99.99")
    #expect(get("oom-score-adj", configuration) == "yes")
    #expect(
      get("client-output-buffer-limit", configuration)
        == "normal 1 2 3 slave 1048576 2048 3 pubsub 33554432 8388608 60")
    #expect(set([("maxmemory-policy", "allkeys-adaptive")], &configuration) == "OK")
    #expect(configuration.maxMemoryPolicy == .allKeysAdaptive)
  }

  @Test func refusesWithTheTextsOfRedis() {
    let failed = { (name: String, reason: String) in
      "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
    }
    let cases = [
      ("maxmemory", "abc", "argument must be a memory value"),
      ("maxmemory", "-1", "argument must be a memory value"),
      ("protected-mode", "maybe", "argument must be 'yes' or 'no'"),
      ("port", "abc", "argument couldn't be parsed into an integer"),
      ("port", "65536", "argument must be between 0 and 65535 inclusive"),
      ("port", "-1", "argument must be between 0 and 65535 inclusive"),
      ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
      ("maxmemory-clients", "200%", "percentage argument must be less or equal to 100"),
      ("maxmemory-clients", "x", "argument must be a memory or percent value"),
      (
        "loglevel", "loud",
        "argument(s) must be one of the following: debug, verbose, notice, warning"
      ),
      (
        "maxmemory-policy", "x",
        "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
          + "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction, allkeys-adaptive"
      ),
      (
        "notify-keyspace-events", "Q",
        "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
      ),
      ("save", "100", "Invalid save parameters"), ("save", "0 1", "Invalid save parameters"),
      ("save", "a b", "Invalid save parameters"), ("save", "1 1  2 2", "Invalid save parameters"),
      (
        "client-output-buffer-limit", "normal 1 2",
        "Wrong number of arguments in buffer limit configuration."
      ),
      (
        "client-output-buffer-limit", "master 1 2 3",
        "Invalid client class specified in buffer limit configuration."
      ),
      (
        "client-output-buffer-limit", "normal 1 2 x",
        "Error in hard, soft or soft_seconds setting in buffer limit configuration."
      ),
      ("oom-score-adj-values", "1 2", "wrong number of arguments"),
      (
        "oom-score-adj-values", "1 2 3000",
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
      ),
      (
        "latency-tracking-info-percentiles", "101",
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
      ),
      (
        "latency-tracking-info-percentiles", "x",
        "Invalid latency-tracking-info-percentiles parameters"
      ),
      (
        "shutdown-on-sigint", "save nosave",
        "shutdown options SAVE and NOSAVE can't be used simultaneously"
      ),
      (
        "shutdown-on-sigint", "later",
        "argument(s) must be one of the following: default, save, nosave, now, force"
      ),
      ("daemonize", "yes", "can't set immutable config"),
      ("dir", "/tmp", "can't set protected config"),
      ("bind", String(repeating: "a ", count: 17), "Too many bind addresses specified."),
      (
        "cluster-announce-hostname", "a_b",
        "Hostnames may only contain alphanumeric characters, hyphens or dots"
      ),
      (
        "proc-title-template", "{x}",
        "template format is invalid or contains unknown variables"
      ),
      ("HZ", "x", "argument couldn't be parsed into an integer"),
    ]
    for (name, value, reason) in cases {
      var configuration = registry.defaults
      let expected = failed(name == "HZ" ? "hz" : name, reason)
      #expect(set([(name, value)], &configuration) == expected)
    }
    var configuration = registry.defaults
    #expect(
      set([("no-such", "1")], &configuration)
        == "ERR Unknown option or number of arguments for CONFIG SET - 'no-such'")
    #expect(
      set([("maxmemory", "1"), ("maxmemory", "2")], &configuration)
        == failed("maxmemory", "duplicate parameter"))
    #expect(
      set([("appendonly", "yes")], &configuration, .init(isLoading: true))
        == "LOADING Redis is loading the dataset in memory")
  }

  @Test func setsAllOrNothing() {
    var configuration = registry.defaults
    #expect(set([("maxmemory", "10000002")], &configuration) == "OK")
    let reply = set(
      [
        ("maxmemory", "10000001"), ("maxmemory-clients", "200%"),
        ("client-query-buffer-limit", "invalid"),
      ], &configuration)
    #expect(
      reply == "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - "
        + "percentage argument must be less or equal to 100")
    #expect(configuration.maxMemory == 10_000_002)
    // A slot as well as a field.
    #expect(set([("repl-timeout", "7"), ("port", "x")], &configuration) != "OK")
    #expect(get("repl-timeout", configuration) == "60")
  }

  @Test func namesWhatChanged() {
    var configuration = registry.defaults
    let result = registry.set(
      [("maxmemory", "0"), ("hz", "11"), ("lua-time-limit", "1"), ("tls-cert-file", "")],
      to: &configuration)
    #expect(result == .success(["hz", "busy-reply-threshold", "tls-cert-file"]))
  }

  @Test func protectedParametersNeedPermission() throws {
    for (allowed, isLocal, reply) in [
      ("yes", false, "OK"), ("local", true, "OK"), ("local", false, "protected"),
      ("no", true, "protected"),
    ] {
      var loader = ConfigurationLoader(registry: registry)
      try loader.load(text: "enable-protected-configs \(allowed)")
      var configuration = loader.configuration
      let answer = set(
        [("dbfilename", "x.rdb")], &configuration, .init(isLocalClient: isLocal))
      #expect(answer.contains(reply))
    }
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(text: "enable-protected-configs yes")
    var configuration = loader.configuration
    #expect(set([("dir", "/nonexistent")], &configuration).hasSuffix("No such file or directory"))
    #expect(set([("dir", "/dev/null")], &configuration).hasSuffix("Not a directory"))
    #expect(set([("dir", "/tmp/..")], &configuration) == "OK")
    #expect(configuration.workingFolder == "/")
    #expect(set([("dbfilename", "a/b")], &configuration).hasSuffix("just a filename"))
  }

  @Test func getsByPatternAliasAndName() {
    let configuration = registry.defaults
    let names = registry.get(
      patterns: ["maxmemory", "maxmemory*", "bind", "*of"], from: configuration
    ).map(\.name)
    #expect(Set(names).count == names.count)
    for name in ["maxmemory", "maxmemory-clients", "bind", "replicaof", "slaveof"] {
      #expect(names.contains(name), "\(name)")
    }
    #expect(names.first == "maxmemory")
    #expect(registry.get(pattern: "MAXMEM*", from: configuration).count == 5)
    #expect(registry.get(pattern: "hash-max-ziplist-value", from: configuration).count == 1)
    #expect(registry.get(pattern: "nothing", from: configuration).isEmpty)
    let all = registry.get(pattern: "*", from: configuration).map(\.name)
    #expect(!all.contains("key-load-delay"))
    #expect(registry.get(pattern: "key-load-delay", from: configuration).count == 1)
  }

  @Test func everyParameterTakesTheValueItShows() {
    var configuration = registry.defaults
    for (name, value) in registry.get(pattern: "*", from: configuration) {
      guard let parameter = registry.parameter(name) else { continue }
      if parameter.flags.contains(.immutable) || parameter.flags.contains(.protected) { continue }
      #expect(set([(name, value)], &configuration) == "OK", "\(name)")
      #expect(get(name, configuration) == value, "\(name)")
    }
  }

  @Test func agreesWithARealServer() {
    // What redis-server 7.0 answers to CONFIG GET *, where one is installed.
    guard let answers = Self.answersOfInstalledServer() else {
      print("skipped: no redis-server to ask")
      return
    }
    #expect(answers.count > 150)
    // Set by this test or by the machine.
    let differing: Set = ["port", "unixsocket", "save", "dir", "maxclients"]
    for (name, value) in answers {
      let ours = get(name, registry.defaults)
      #expect(ours != nil, "\(name)")
      if !differing.contains(name) { #expect(ours == value, "\(name)") }
    }
  }

  /// Asks a redis-server on a Unix socket for all names and values.
  private static func answersOfInstalledServer() -> [(String, String)]? {
    let socket = NSTemporaryDirectory() + "wingcache-\(UUID().uuidString.prefix(8)).sock"
    // By popen and not Process, whose waitUntilExit needs a run loop that tests do not have.
    let script = """
      command -v redis-server redis-cli >/dev/null || exit 1
      redis-server --port 0 --unixsocket \(socket) --save '' >/dev/null 2>&1 </dev/null &
      server=$!
      for attempt in $(seq 200); do
        redis-cli -s \(socket) ping >/dev/null 2>&1 </dev/null && break
        sleep 0.02
      done
      timeout 10 redis-cli -s \(socket) config get '*' </dev/null
      # Not by SIGTERM, which a child of the test runner inherits as blocked.
      kill -9 $server
      rm -f \(socket)
      """
    guard let pipe = popen(script, "r") else { return nil }
    defer { pclose(pipe) }
    var lines: [String] = []
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), pipe) != nil {
      let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:))
      lines.append(String(decoding: bytes, as: UTF8.self))
    }
    guard lines.count > 100 else { return nil }
    return stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) }
  }

  @Test func modulesAddParameters() throws {
    var registry = ConfigurationRegistry()
    let slot = try registry.register(
      .module(
        "coach.budget", .integer(0...100), default: .integer(5), "calls a minute",
        validation: { $0.integer == 13 ? "unlucky" : nil }))
    #expect(throws: ConfigurationRegistry.RegistrationFailure.nameTaken("slaveof")) {
      try registry.register(.module("slaveof", .text, default: .text(""), ""))
    }
    #expect(throws: ConfigurationRegistry.RegistrationFailure.invalidName("a b")) {
      try registry.register(.module("a b", .text, default: .text(""), ""))
    }
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(text: "coach.budget 7")
    var configuration = loader.configuration
    #expect(configuration[slot].integer == 7)
    #expect(
      registry.set([("coach.budget", "13")], to: &configuration)
        == .failure(.refused(name: "coach.budget", reason: "unlucky")))
    #expect(registry.set([("coach.budget", "9")], to: &configuration) == .success(["coach.budget"]))
    #expect(configuration[slot].integer == 9)
  }

  @Test func eventLettersReadAndPrint() {
    let cases = [
      ("", ""), ("KEA", "AKE"), ("Kg$lshzxetd", "AK"), ("Elg", "glE"), ("Em", "Em"), ("n", "n"),
      ("An", "A"), ("KEAm", "AKEm"),
    ]
    for (text, printed) in cases {
      #expect(KeyspaceEvents(text: text)?.text == printed)
    }
    #expect(KeyspaceEvents(text: "Kq") == nil)
  }

  @Test func documentsEveryParameter() {
    let table = registry.markdownTable()
    #expect(table.contains("| `maxmemory` | bytes | `0` | yes |"))
    #expect(table.contains("| `threads` |"))
    for parameter in registry.parameters where parameter.hasEffect {
      #expect(!parameter.summary.isEmpty, "\(parameter.name)")
    }
    #expect(ConfigurationRegistry.usageText().contains("--maxmemory"))
  }
}
