/// The parameters of Redis 7.2 that nothing acts on yet. They are checked, kept, shown and written
/// back, so that an existing `redis.conf` starts the server and tools find what they ask for.
///
/// A parameter that gains an effect gets a field and moves to the other table.
extension ConfigurationParameter {
  private static let count32 = 0...Int(Int32.max)
  private static let anyCount = 0...Int.max

  static var persistenceTable: [ConfigurationParameter] {
    [
      .custom(
        "save", .save,
        "seconds and changes after which data is saved", .multiArgument
      ).withoutEffect(),
      .text("dbfilename", \.databaseFilename, "name of the RDB file", .protected)
        .validated { checkBaseName($0, "dbfilename", "filename", mayBeEmpty: true) }
        .withoutEffect(),
      .boolean("appendonly", \.appendOnly, "keep an append log", .denyLoading).withoutEffect(),
      .choice("appendfsync", \.appendSync, "when the append log is synced").withoutEffect(),
      .accepted("appendfilename", .text, .text("appendonly.aof"), .immutable)
        .validated { checkBaseName($0, "appendfilename", "filename", mayBeEmpty: false) },
      .accepted("appenddirname", .text, .text("appendonlydir"), .immutable)
        .validated { checkBaseName($0, "appenddirname", "dirname", mayBeEmpty: false) },
      .accepted("rdbchecksum", .boolean, .boolean(true), .immutable),
      .accepted("rdb-del-sync-files", .boolean, .boolean(false)),
      .accepted("rdb-save-incremental-fsync", .boolean, .boolean(true)),
      .accepted("stop-writes-on-bgsave-error", .boolean, .boolean(true)),
      .accepted("aof-rewrite-incremental-fsync", .boolean, .boolean(true)),
      .accepted("no-appendfsync-on-rewrite", .boolean, .boolean(false)),
      .accepted("aof-load-truncated", .boolean, .boolean(true)),
      .accepted("aof-use-rdb-preamble", .boolean, .boolean(true)),
      .accepted("aof-timestamp-enabled", .boolean, .boolean(false)),
      .accepted("aof-disable-auto-gc", .boolean, .boolean(false)),
      .accepted("auto-aof-rewrite-percentage", .integer(count32), .integer(100)),
      .accepted("auto-aof-rewrite-min-size", .memory(anyCount), .integer(64 << 20)),
      .accepted(
        "rdb-key-save-delay", .integer(Int(Int32.min)...Int(Int32.max)), .integer(0), .hidden),
      .accepted("key-load-delay", .integer(Int(Int32.min)...Int(Int32.max)), .integer(0), .hidden),
      .accepted(
        "loading-process-events-interval-bytes", .memory(1024...Int(Int32.max)), .integer(2 << 20),
        .hidden),
    ]
  }

  static var replicationTable: [ConfigurationParameter] {
    [
      .custom("replicaof", .replicaOf, "server to replicate from", [.immutable, .multiArgument])
        .alias("slaveof").withoutEffect(),
      .accepted("masterauth", .text, .text(""), [.sensitive, .emptyMeansUnset]),
      .accepted("masteruser", .text, .text(""), [.sensitive, .emptyMeansUnset]),
      .accepted("replica-read-only", .boolean, .boolean(true)).alias("slave-read-only"),
      .accepted("replica-serve-stale-data", .boolean, .boolean(true)).alias(
        "slave-serve-stale-data"),
      .accepted("replica-lazy-flush", .boolean, .boolean(false)).alias("slave-lazy-flush"),
      .accepted("replica-ignore-maxmemory", .boolean, .boolean(true)).alias(
        "slave-ignore-maxmemory"),
      .accepted("replica-ignore-disk-write-errors", .boolean, .boolean(false)),
      .accepted("replica-announced", .boolean, .boolean(true)),
      .accepted("replica-announce-ip", .text, .text(""), .emptyMeansUnset).alias(
        "slave-announce-ip"),
      .accepted("replica-announce-port", .integer(0...65535), .integer(0)).alias(
        "slave-announce-port"),
      .accepted("replica-priority", .integer(count32), .integer(100)).alias("slave-priority"),
      .accepted("repl-disable-tcp-nodelay", .boolean, .boolean(false)),
      .accepted("repl-diskless-sync", .boolean, .boolean(true)),
      .accepted("repl-diskless-sync-delay", .integer(count32), .integer(5)),
      .accepted("repl-diskless-sync-max-replicas", .integer(count32), .integer(0)),
      .accepted(
        "repl-diskless-load", words(["disabled", "on-empty-db", "swapdb"]), .text("disabled"),
        .denyLoading),
      .accepted("repl-ping-replica-period", .integer(1...Int(Int32.max)), .integer(10)).alias(
        "repl-ping-slave-period"),
      .accepted("repl-timeout", .integer(1...Int(Int32.max)), .integer(60)),
      .accepted("repl-backlog-size", .memory(1...Int.max), .integer(1 << 20)),
      .accepted("repl-backlog-ttl", .integer(anyCount), .integer(3600)),
      .accepted("min-replicas-to-write", .integer(count32), .integer(0)).alias(
        "min-slaves-to-write"),
      .accepted("min-replicas-max-lag", .integer(count32), .integer(10)).alias(
        "min-slaves-max-lag"),
      .accepted(
        "propagation-error-behavior", words(["ignore", "panic", "panic-on-replicas"]),
        .text("ignore")),
    ]
  }

  static var clusterTable: [ConfigurationParameter] {
    [
      .accepted("cluster-enabled", .boolean, .boolean(false), .immutable),
      .accepted("cluster-config-file", .text, .text("nodes.conf"), .immutable),
      .accepted("cluster-node-timeout", .integer(anyCount), .integer(15000)),
      .accepted("cluster-require-full-coverage", .boolean, .boolean(true)),
      .accepted("cluster-replica-no-failover", .boolean, .boolean(false)).alias(
        "cluster-slave-no-failover"),
      .accepted("cluster-replica-validity-factor", .integer(count32), .integer(10)).alias(
        "cluster-slave-validity-factor"),
      .accepted("cluster-migration-barrier", .integer(count32), .integer(1)),
      .accepted("cluster-allow-replica-migration", .boolean, .boolean(true)),
      .accepted("cluster-allow-reads-when-down", .boolean, .boolean(false)),
      .accepted("cluster-allow-pubsubshard-when-down", .boolean, .boolean(true)),
      .accepted("cluster-link-sendbuf-limit", .memory(anyCount), .integer(0)),
      .accepted("cluster-port", .integer(0...65535), .integer(0), .immutable),
      .accepted("cluster-announce-ip", .text, .text(""), .emptyMeansUnset),
      .accepted("cluster-announce-hostname", .text, .text(""), .emptyMeansUnset).validated(
        checkHostname),
      .accepted("cluster-announce-human-nodename", .text, .text(""), .emptyMeansUnset),
      .accepted("cluster-announce-port", .integer(0...65535), .integer(0)),
      .accepted("cluster-announce-bus-port", .integer(0...65535), .integer(0)),
      .accepted("cluster-announce-tls-port", .integer(0...65535), .integer(0)),
      .accepted(
        "cluster-preferred-endpoint-type", words(["ip", "hostname", "unknown-endpoint"]),
        .text("ip")),
    ]
  }

  static var tlsTable: [ConfigurationParameter] {
    let files = ["cert", "key", "client-cert", "client-key", "dh-params", "ca-cert"].map {
      ConfigurationParameter.accepted(
        "tls-\($0)-file", .text, .text(""), [.volatile, .emptyMeansUnset])
    }
    return files + [
      .accepted("tls-port", .integer(0...65535), .integer(0)),
      .accepted("tls-cluster", .boolean, .boolean(false)),
      .accepted("tls-replication", .boolean, .boolean(false)),
      .accepted("tls-auth-clients", words(["no", "yes", "optional"]), .text("yes")),
      .accepted("tls-prefer-server-ciphers", .boolean, .boolean(false)),
      .accepted("tls-session-caching", .boolean, .boolean(true)),
      .accepted("tls-session-cache-size", .integer(count32), .integer(20480)),
      .accepted("tls-session-cache-timeout", .integer(count32), .integer(300)),
      .accepted("tls-key-file-pass", .text, .text(""), [.sensitive, .emptyMeansUnset]),
      .accepted("tls-client-key-file-pass", .text, .text(""), [.sensitive, .emptyMeansUnset]),
      .accepted("tls-ca-cert-dir", .text, .text(""), [.volatile, .emptyMeansUnset]),
      .accepted("tls-protocols", .text, .text(""), .emptyMeansUnset),
      .accepted("tls-ciphers", .text, .text(""), .emptyMeansUnset),
      .accepted("tls-ciphersuites", .text, .text(""), .emptyMeansUnset),
    ]
  }

  static var processTable: [ConfigurationParameter] {
    [
      .accepted("daemonize", .boolean, .boolean(false), .immutable),
      .accepted("io-threads", .integer(1...128), .integer(1), .immutable),
      .accepted("io-threads-do-reads", .boolean, .boolean(false), .immutable),
      .accepted("always-show-logo", .boolean, .boolean(false), .immutable),
      .accepted("set-proc-title", .boolean, .boolean(true), .immutable),
      .accepted("proc-title-template", .text, .text("{title} {listen-addr} {server-mode}"))
        .validated(checkTemplate),
      .accepted("locale-collate", .text, .text("")),
      .accepted(
        "supervised", words(["upstart", "systemd", "auto", "no"]), .text("no"), .immutable),
      .accepted("syslog-enabled", .boolean, .boolean(false), .immutable),
      .accepted("syslog-ident", .text, .text("redis"), .immutable),
      .accepted(
        "syslog-facility", words(["user"] + (0...7).map { "local\($0)" }), .text("local0"),
        .immutable),
      .accepted("bind-source-addr", .text, .text(""), .emptyMeansUnset),
      .accepted("socket-mark-id", .integer(0...Int(UInt32.max)), .integer(0), .immutable),
      .accepted("max-new-connections-per-cycle", .integer(1...1000), .integer(10)),
      .accepted("max-new-tls-connections-per-cycle", .integer(1...1000), .integer(1)),
      .accepted("server_cpulist", .text, .text(""), [.immutable, .emptyMeansUnset]),
      .accepted("bio_cpulist", .text, .text(""), [.immutable, .emptyMeansUnset]),
      .accepted("aof_rewrite_cpulist", .text, .text(""), [.immutable, .emptyMeansUnset]),
      .accepted("bgsave_cpulist", .text, .text(""), [.immutable, .emptyMeansUnset]),
      .accepted("ignore-warnings", .text, .text("")),
      .accepted(
        "oom-score-adj", .choice(["no", "yes", "absolute"], synonyms: ["relative": "yes"]),
        .text("no")),
      .custom(
        "oom-score-adj-values", .oomScoreAdjustments,
        "how likely the system kills the process", .multiArgument
      ).withoutEffect(),
      .accepted("disable-thp", .boolean, .boolean(true), .immutable),
      .accepted("activerehashing", .boolean, .boolean(true)),
      .accepted("dynamic-hz", .boolean, .boolean(true)),
      .accepted("jemalloc-bg-thread", .boolean, .boolean(true)),
      .accepted("activedefrag", .boolean, .boolean(false)).validated(checkDefragmentation),
      .accepted("active-defrag-cycle-min", .integer(1...99), .integer(1)),
      .accepted("active-defrag-cycle-max", .integer(1...99), .integer(25)),
      .accepted("active-defrag-threshold-lower", .integer(0...1000), .integer(10)),
      .accepted("active-defrag-threshold-upper", .integer(0...1000), .integer(100)),
      .accepted("active-defrag-max-scan-fields", .integer(1...Int.max), .integer(1000)),
      .accepted("active-defrag-ignore-bytes", .memory(1...Int.max), .integer(100 << 20)),
      .accepted("crash-log-enabled", .boolean, .boolean(true)),
      .accepted("crash-memcheck-enabled", .boolean, .boolean(true)),
      .accepted("use-exit-on-panic", .boolean, .boolean(false), .hidden),
      .accepted("watchdog-period", .integer(count32), .integer(0), .hidden),
    ]
  }

  /// Directives that Redis itself reads and ignores.
  static let ignoredDirectives: Set<String> = [
    "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands",
  ]

  private static func words(_ words: [String]) -> Kind { .choice(words, synonyms: [:]) }

  private static func checkBaseName(
    _ value: ConfigurationValue, _ name: String, _ noun: String, mayBeEmpty: Bool
  ) -> String? {
    if !mayBeEmpty, value.text.isEmpty { return "\(name) can't be empty" }
    return value.text.contains("/") ? "\(name) can't be a path, just a \(noun)" : nil
  }

  @Sendable private static func checkHostname(_ value: ConfigurationValue) -> String? {
    guard value.text.utf8.count < 256 else { return "Hostnames must be less than 256 characters" }
    let isFine = value.text.utf8.allSatisfy { byte in
      byte == 0x2D || byte == 0x2E || (0x30...0x39).contains(byte)
        || (0x41...0x5A).contains(byte & 0xDF)
    }
    return isFine ? nil : "Hostnames may only contain alphanumeric characters, hyphens or dots"
  }

  @Sendable private static func checkDefragmentation(_ value: ConfigurationValue) -> String? {
    value.boolean
      ? "Active defragmentation cannot be enabled: sparse pages are evacuated without it" : nil
  }

  /// Whether every `{variable}` of a process title is known and closed.
  @Sendable private static func checkTemplate(_ value: ConfigurationValue) -> String? {
    let known = [
      "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file",
    ]
    var rest = value.text[...]
    while let open = rest.firstIndex(of: "{") {
      let inside = rest[rest.index(after: open)...]
      guard let close = inside.firstIndex(of: "}"), known.contains(String(inside[..<close])) else {
        return "template format is invalid or contains unknown variables"
      }
      rest = inside[inside.index(after: close)...]
    }
    return nil
  }
}
