import Foundation
import RESPServer
import Testing

/// A folder of its own for a test, gone afterwards.
private func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "wingcache-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

private func write(_ text: String, _ path: String) throws {
  try text.write(toFile: path, atomically: false, encoding: .utf8)
}

struct ConfigurationLoaderTests {
  private let registry = ConfigurationRegistry()

  private func load(_ text: String) throws -> Configuration {
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(text: text)
    try loader.finish()
    return loader.configuration
  }

  /// What is printed when the server cannot start.
  private func failure(_ arguments: [String]) -> String {
    var loader = ConfigurationLoader(registry: registry)
    do throws(ConfigurationLoadFailure) {
      try loader.load(ConfigurationCommandLine(arguments))
      return "OK"
    } catch {
      return error.message(server: "Wingcache 1.0.0")
    }
  }

  private func run(_ arguments: [String]) throws -> Configuration {
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(ConfigurationCommandLine(arguments))
    return loader.configuration
  }

  private func get(_ name: String, _ configuration: Configuration) -> String? {
    registry.get(pattern: name, from: configuration).first?.value
  }

  @Test func readsTheSyntaxOfRedis() throws {
    let configuration = try load(
      "# comment\r\n\r\n  Port 7777  \r\nrequirepass \"a b\\x41\"\r\nlogfile ''\n"
        + "\tmaxmemory 1GB\nsave 900 1\nsave 300 10\nlua-replicate-commands yes\n"
        + "rename-command FLUSHALL \"\"\nuser alice on >x ~*\nclient-output-buffer-limit "
        + "\"pubsub 1mb 1mb 1\"\nhash-max-ziplist-entries 20\nhash-max-listpack-entries 21\n")
    #expect(configuration.port == 7777)
    #expect(configuration.requirePassword == "a bA")
    #expect(configuration.maxMemory == 1 << 30)
    #expect(configuration.savePoints.map(\.seconds) == [900, 300])
    #expect(configuration.renamedCommands.map(\.name) == ["FLUSHALL"])
    #expect(configuration.users == [["alice", "on", ">x", "~*"]])
    #expect(configuration.outputBufferLimits.pubsub.hardBytes == 1 << 20)
    #expect(configuration.hashListpackEntriesMax == 21)
    #expect(try load("save 1 1\nsave \"\"\nsave 5 5").savePoints.map(\.seconds) == [5])
  }

  @Test func readsTheFileThatComesWithRedis() throws {
    let path = "/etc/redis/redis.conf"
    guard FileManager.default.isReadableFile(atPath: path) else {
      print("skipped: no \(path)")
      return
    }
    // Its logfile and folder may belong to another user, so only the directives are read.
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("logfile") && !$0.hasPrefix("dir") }
      .joined(separator: "\n")
    #expect(try load(text).port == 6379)
  }

  @Test func namesTheLineThatIsWrong() {
    let message = { (number: Int, line: String, reason: String) in
      "\n*** FATAL CONFIG FILE ERROR (Wingcache 1.0.0) ***\nReading the configuration file, "
        + "at line \(number)\n>>> '\(line)'\n\(reason)\n"
    }
    let cases = [
      ("\n\nnothing 1", 3, "nothing 1", "Bad directive or wrong number of arguments"),
      ("port", 1, "port", "wrong number of arguments"),
      ("port 1 2", 1, "port 1 2", "wrong number of arguments"),
      ("port x", 1, "port x", "argument couldn't be parsed into an integer"),
      ("maxmemory 1x", 1, "maxmemory 1x", "argument must be a memory value"),
      ("port \"1", 1, "port \"1", "Unbalanced quotes in configuration line"),
      ("include", 1, "include", "Bad directive or wrong number of arguments"),
      ("unixsocketperm 9", 1, "unixsocketperm 9", "argument couldn't be parsed as an octal number"),
      (
        "unixsocketperm 1000", 1, "unixsocketperm 1000",
        "argument must be between 0 and 777 inclusive"
      ),
      ("appendfilename \"\"", 1, "appendfilename \"\"", "appendfilename can't be empty"),
      ("requirepass \"\\xff\"", 1, "requirepass \"\\xff\"", "argument must be valid UTF-8"),
      ("replicaof h x", 1, "replicaof h x", "Invalid master port"),
      ("sentinel x", 1, "sentinel x", "sentinel directive while not in sentinel mode"),
    ]
    for (text, number, line, reason) in cases {
      var loader = ConfigurationLoader(registry: registry)
      do throws(ConfigurationLoadFailure) {
        try loader.load(text: text)
        Issue.record("accepted: \(text)")
      } catch {
        #expect(error.message(server: "Wingcache 1.0.0") == message(number, line, reason))
      }
    }
  }

  @Test func includesFiles() throws {
    try withFolder { folder in
      try write(
        "port 1\ninclude \(folder)/conf.d/*.conf\ninclude \(folder)/none/*.conf\nhz 20\n",
        folder + "/main.conf")
      try FileManager.default.createDirectory(
        atPath: folder + "/conf.d", withIntermediateDirectories: true)
      try write("port 2\nhz 5\n", folder + "/conf.d/a.conf")
      try write("port 3\n", folder + "/conf.d/b.conf")
      let configuration = try run([folder + "/main.conf"])
      #expect(configuration.port == 3)
      #expect(configuration.hz == 20)
      #expect(configuration.file?.hasSuffix("/main.conf") == true)
      try write("include \(folder)/loop.conf\n", folder + "/loop.conf")
      #expect(failure([folder + "/loop.conf"]).contains("include is nested too deeply"))
      #expect(
        failure([folder + "/missing.conf"]).contains(
          "Fatal error, can't open config file '\(folder)/missing.conf': No such file"))
      #expect(
        failure(["--logfile", folder + "/no/such"]).contains("Can't open the log file: No such"))
    }
  }

  @Test func readsTheCommandLineAsRedisDoes() throws {
    #expect(ConfigurationCommandLine(["--help"]).action == .printHelp)
    #expect(ConfigurationCommandLine(["-h"]).action == .printHelp)
    #expect(ConfigurationCommandLine(["-v"]).action == .printVersion)
    #expect(ConfigurationCommandLine(["--version"]).action == .printVersion)
    #expect(ConfigurationCommandLine([]).action == .run)
    #expect(ConfigurationCommandLine(["-"]).readsStandardInput)
    #expect(ConfigurationCommandLine(["--port", "1", "-"]).readsStandardInput)
    #expect(ConfigurationCommandLine(["a.conf", "--port", "1"]).file == "a.conf")

    let cases: [([String], [(String, String)])] = [
      (["--port", "7777", "--loglevel", "verbose"], [("port", "7777"), ("loglevel", "verbose")]),
      (["--maxmemory 700mb", "--hz 20"], [("maxmemory", "734003200"), ("hz", "20")]),
      (["--maxmemory '700mb'"], [("maxmemory", "734003200")]),
      (
        ["--proc-title-template", "--my--title", "--loglevel", "debug"],
        [("proc-title-template", "--my--title"), ("loglevel", "debug")]
      ),
      (["--save", "--loglevel", "debug"], [("save", ""), ("loglevel", "debug")]),
      (["--loglevel", "debug", "--save"], [("save", ""), ("loglevel", "debug")]),
      (["--save", "", "--loglevel", "debug"], [("save", ""), ("loglevel", "debug")]),
      (
        ["--proc-title-template", "--save", "--save", "", "--hz", "5"],
        [("proc-title-template", "--save"), ("save", ""), ("hz", "5")]
      ),
      (
        [
          "--shutdown-on-sigint", "nosave", "force", "now", "--shutdown-on-sigterm", "nosave force",
        ],
        [("shutdown-on-sigint", "nosave now force"), ("shutdown-on-sigterm", "nosave force")]
      ),
      (["--bind", "127.0.0.1", "::1"], [("bind", "127.0.0.1 ::1")]),
    ]
    for (arguments, values) in cases {
      let configuration = try run(arguments)
      for (name, value) in values { #expect(get(name, configuration) == value, "\(arguments)") }
    }
  }

  @Test func refusesTheCommandLinesThatRedisRefuses() {
    let cases = [
      (["--port"], "'port'", "wrong number of arguments"),
      (["--port", "6380", "--loglevel"], "'loglevel'", "wrong number of arguments"),
      (["--port", "6379", "6380"], "'port \"6379\" \"6380\"'", "wrong number of arguments"),
      (
        ["--port", "--loglevel", "verbose"], "'port \"--loglevel\" \"verbose\"'",
        "wrong number of arguments"
      ),
      (
        ["--port", "--bla", "--loglevel", "verbose"], "'port \"--bla\"'",
        "argument couldn't be parsed into an integer"
      ),
      (
        ["--pidfile", "--my--file", "--loglevel", "--bla"], "'loglevel \"--bla\"'",
        "argument(s) must be one of the following"
      ),
      (
        ["--shutdown-on-sigint"], "'shutdown-on-sigint'",
        "argument(s) must be one of the following"
      ),
      (
        ["--shutdown-on-sigint", "now force", "--shutdown-on-sigterm"], "'shutdown-on-sigterm'",
        "argument(s) must be one of the following"
      ),
      (
        ["--replicaof", "127.0.0.1", "abc"], "'replicaof \"127.0.0.1\" \"abc\"'",
        "Invalid master port"
      ),
      (
        ["--replicaof", "--127.0.0.1", "--abc"], "'replicaof \"--127.0.0.1\"'",
        "wrong number of arguments"
      ),
    ]
    for (arguments, line, reason) in cases {
      let message = failure(arguments)
      #expect(message.contains(line), "\(message)")
      #expect(message.contains(reason), "\(message)")
    }
  }

  @Test func hostileFilesEndInAnErrorOrAConfiguration() {
    var state = UInt64(
      ProcessInfo.processInfo.environment["WINGCACHE_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: .min ... .max))
    print("ConfigurationLoader: WINGCACHE_SEED=\(state)")
    let words = [
      "port", "save", "bind", "user", "\"", "'", "\\x41", "1", "-1", "include", "\n", " ", "99999",
      "client-output-buffer-limit", "normal", "\"\"", "notify-keyspace-events", "#", "\r\n",
      "\u{0}",
      "latency-tracking-info-percentiles", "1e3", "oom-score-adj-values", "replicaof",
      "rename-command",
    ]
    for _ in 0..<3_000 {
      var text = ""
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += words[Int(state >> 33) % words.count] + (state >> 62 == 0 ? "" : " ")
      }
      var loader = ConfigurationLoader(registry: registry)
      try? loader.load(text: text)
    }
  }
}

struct ConfigurationRewriteTests {
  private let registry = ConfigurationRegistry()

  private func load(_ text: String) throws -> Configuration {
    var loader = ConfigurationLoader(registry: registry)
    try loader.load(text: text)
    return loader.configuration
  }

  private func rewritten(
    _ old: String, _ pairs: [(String, String)], users: [String]? = nil
  ) throws -> String {
    var configuration = try load(old)
    let result = registry.set(
      pairs.map { (name: $0.0, value: $0.1) }, to: &configuration)
    guard case .success = result else {
      Issue.record("\(result)")
      return ""
    }
    let bytes = registry.rewritten(Array(old.utf8), configuration, users: users)
    return String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("dir ") && !$0.hasPrefix("latency-tracking-info") }
      .joined(separator: "\n")
  }

  @Test func keepsCommentsAndOrder() throws {
    let old = """
      # Mine.
      port 7777


      maxmemory 1gb
      # The end.
      hz 10
      hash-max-ziplist-entries 20

      """
    let new = try rewritten(
      old, [("maxmemory", "2000"), ("timeout", "5"), ("hash-max-listpack-entries", "100")])
    #expect(
      new == """
        # Mine.
        port 7777

        maxmemory 2000
        # The end.
        hz 10
        hash-max-listpack-entries 100
        # Generated by CONFIG REWRITE
        timeout 5
        save ""

        """)
    // Once more changes nothing, the signature included.
    #expect(try rewritten(new, []) == new)
  }

  @Test func removesAndAddsLines() throws {
    let old =
      "save 900 1\nsave 300 10\nrequirepass x\nuser a on\nrename-command a b\nbind 1.2.3.4\n"
    let new = try rewritten(
      old, [("save", "60 5"), ("requirepass", ""), ("bind", "* -::*")], users: ["b off", "c on"])
    #expect(
      new == """
        save 60 5

        user b off
        rename-command a b

        # Generated by CONFIG REWRITE
        user c on

        """)
  }

  @Test func writesUnitsAndQuotes() throws {
    let new = try rewritten(
      "",
      [
        ("maxmemory", "3145728"), ("requirepass", "a \"b\"\n"), ("maxmemory-clients", "7%"),
        ("client-output-buffer-limit", "pubsub 1gb 1kb 5"), ("save", "1 2"),
      ])
    for line in [
      "maxmemory 3mb", "requirepass \"a \\\"b\\\"\\n\"", "maxmemory-clients 7%",
      "client-output-buffer-limit pubsub 1gb 1kb 5", "save 1 2",
    ] {
      #expect(new.split(separator: "\n").contains { $0 == line }, "\(line)")
    }
  }

  @Test func everythingWrittenReadsBack() throws {
    var configuration = registry.defaults
    let changes = [
      ("maxmemory", "123456"), ("notify-keyspace-events", "KEA"), ("save", "1 2 3 4"),
      ("shutdown-on-sigterm", "nosave now"), ("latency-tracking-info-percentiles", ""),
      ("bind", ""), ("requirepass", "\u{1}#\"'"), ("repl-timeout", "7"), ("oom-score-adj", "yes"),
      ("masterauth", "pass word"), ("oom-score-adj-values", "1 2 3"), ("tls-cert-file", "/a b"),
    ]
    let result = registry.set(changes.map { (name: $0.0, value: $0.1) }, to: &configuration)
    #expect((try? result.get()) != nil)
    for isForced in [false, true] {
      let bytes = registry.rewritten([], configuration, isForced: isForced)
      let back = try load(String(decoding: bytes, as: UTF8.self))
      let before = registry.get(pattern: "*", from: configuration)
      let after = registry.get(pattern: "*", from: back)
      for (old, new) in zip(before, after) {
        #expect(old.name == new.name && old.value == new.value, "\(old.name)")
      }
    }
  }

  @Test func replacesTheFile() throws {
    try withFolder { folder in
      let path = folder + "/wing.conf"
      var configuration = registry.defaults
      _ = registry.set([("port", "1234")], to: &configuration)
      try registry.rewrite(configuration, path: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("port 1234\n"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["wing.conf"])
      // A file that only its owner may read stays so.
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      try registry.rewrite(configuration, path: path)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(throws: (any Error).self) {
        try registry.rewrite(configuration, path: folder + "/no/such")
      }
    }
  }

  @Test func tellsWhatHasNoEffect() throws {
    let configuration = try load("appendonly yes\nport 1\ntls-port 2\nrepl-timeout 60\n")
    #expect(registry.changedWithoutEffect(in: configuration) == ["appendonly", "tls-port"])
  }

  @Test func unknownLinesBecomeComments() {
    let bytes = registry.rewritten(Array("nothing 1\nport \"1\n".utf8), registry.defaults)
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("# ??? nothing 1\n# ??? port \"1\n"))
  }
}
