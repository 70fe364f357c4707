/// The parameters that the server acts on. One line each: name, field, range, flags, summary.
extension ConfigurationParameter {
  private static let int32Max = Int(Int32.max)

  /// Listening, connections, threads, the process.
  static var networkTable: [ConfigurationParameter] {
    [
      .integer("port", \.port, 0...65535, "TCP port; 0 listens on none"),
      .custom(
        "bind", .bind,
        "addresses to listen on; - before one makes it optional", .multiArgument),
      .boolean(
        "protected-mode", \.protectedMode,
        "without password and bind, serve local clients only"),
      .text(
        "unixsocket", \.unixSocket,
        "path of a Unix socket to listen on", [.immutable, .emptyMeansUnset]),
      .octal(
        "unixsocketperm", \.unixSocketPermissions, 0...0o777,
        "permissions of the Unix socket", .immutable),
      .integer(
        "tcp-backlog", \.tcpBacklog, 0...int32Max,
        "connections waiting to be accepted", .immutable),
      .integer(
        "tcp-keepalive", \.tcpKeepaliveSeconds, 0...int32Max,
        "seconds between TCP keepalives; 0 sends none"),
      .integer(
        "timeout", \.timeoutSeconds, 0...int32Max,
        "seconds after which an idle client is closed; 0 is never"),
      .integer("maxclients", \.clientCountMax, 1...Int(UInt32.max), "connected clients at most"),
      .integer(
        "threads", \.threads, 1...256,
        "loop threads; by default one for each core", .fixed),
      .integer("databases", \.databaseCount, 1...256, "numbered databases", .immutable),
      .text(
        "pidfile", \.pidFile,
        "file to write the process id to", [.immutable, .emptyMeansUnset]),
      .text("logfile", \.logFile, "file to log to; standard output when empty", .immutable),
      .choice("loglevel", \.logVerbosity, "how much is logged"),
      .custom("dir", .workingFolder, "working folder", [.protected, .denyLoading]),
      .integer("hz", \.hz, 0...int32Max, clampedTo: 1...500, "rounds of housekeeping a second"),
      .integer(
        "shutdown-timeout", \.shutdownTimeoutSeconds, 0...int32Max,
        "seconds that a shutdown waits for clients and replicas"),
      .words(
        "shutdown-on-sigint", \.shutdownOnSIGINT, shutdownWords,
        "what SIGINT does beside ending the server"
      )
      .validated(checkShutdown),
      .words(
        "shutdown-on-sigterm", \.shutdownOnSIGTERM, shutdownWords,
        "what SIGTERM does beside ending the server"
      )
      .validated(checkShutdown),
    ]
  }

  /// Memory, eviction, limits.
  static var memoryTable: [ConfigurationParameter] {
    [
      .memory("maxmemory", \.maxMemory, 0...Int.max, "bytes of data at most; 0 is no limit"),
      .memory(
        "memory-reserve", \.memoryReserveBytes, (64 << 20)...(32 << 30),
        "address space reserved for entries, not memory; more than this is never held", .fixed),
      .evictionPolicy("maxmemory-policy", "what is evicted when maxmemory is reached"),
      .integer(
        "maxmemory-samples", \.maxMemorySamples, 1...int32Max,
        "candidates that eviction looks at"),
      .integer(
        "maxmemory-eviction-tenacity", \.maxMemoryEvictionTenacity, 0...100,
        "how long a command may spend on eviction"),
      .memoryOrPercent(
        "maxmemory-clients", \.maxMemoryClients, -100...Int.max,
        "bytes of all clients' buffers, or percent of maxmemory; 0 is no limit"),
      .integer(
        "lfu-log-factor", \.lfuLogFactor, 0...int32Max,
        "how slowly the LFU counter saturates"),
      .integer(
        "lfu-decay-time", \.lfuDecayMinutes, 0...int32Max,
        "minutes after which an LFU counter is lowered"),
      .integer(
        "active-expire-effort", \.activeExpireEffort, 1...10,
        "kept for compatibility: due keys always go at once"
      )
      .withoutEffect(),
      .boolean("lazyfree-lazy-eviction", \.lazyEviction, "free evicted values in the background"),
      .boolean("lazyfree-lazy-expire", \.lazyExpire, "free expired values in the background"),
      .boolean(
        "lazyfree-lazy-server-del", \.lazyServerDelete,
        "free overwritten values in the background"),
      .boolean("lazyfree-lazy-user-del", \.lazyUserDelete, "DEL works as UNLINK"),
      .boolean(
        "lazyfree-lazy-user-flush", \.lazyUserFlush,
        "FLUSHALL and FLUSHDB work as with ASYNC"),
      .memory(
        "proto-max-bulk-len", \.protocolBulkBytesMax, 1 << 20...Int.max,
        "bytes of one argument"),
      .integer(
        "proto-max-multibulk-len", \.protocolArgumentCountMax, 1024...int32Max,
        "arguments of one command"),
      .memory(
        "client-query-buffer-limit", \.queryBufferBytesMax, 1 << 20...Int.max,
        "bytes of one client's unfinished command"),
      .custom(
        "client-output-buffer-limit", .clientOutputBufferLimit,
        "bytes that may wait for a client, by class", .multiArgument),
      .integer(
        "busy-reply-threshold", \.busyReplyThresholdMilliseconds, 0...Int.max,
        "milliseconds after which a script answers others with BUSY"
      )
      .alias("lua-time-limit"),
      .memory(
        "script-memory-limit", \.scriptMemoryMax, (1 << 20)...(64 << 30),
        "bytes that the scripts of one thread may hold; taken note of by SCRIPT FLUSH"),
    ]
  }

  /// Up to what size collections are compact.
  static var encodingTable: [ConfigurationParameter] {
    [
      .integer(
        "hash-max-listpack-entries", \.hashListpackEntriesMax, 0...Int.max,
        "fields of a hash kept as a listpack"
      )
      .alias("hash-max-ziplist-entries"),
      .memory(
        "hash-max-listpack-value", \.hashListpackValueBytesMax, 0...Int.max,
        "bytes of a field or value in such a hash"
      )
      .alias("hash-max-ziplist-value"),
      .integer(
        "list-max-listpack-size", \.listListpackSize, Int(Int32.min)...int32Max,
        "entries of a list node, or its size class"
      )
      .alias("list-max-ziplist-size"),
      .integer(
        "list-compress-depth", \.listCompressDepth, 0...int32Max,
        "nodes at each end of a list that are not compressed; 0: none is"
      ),
      .integer(
        "set-max-intset-entries", \.setIntsetEntriesMax, 0...Int.max,
        "members of a set of integers kept as an intset"),
      .integer(
        "set-max-listpack-entries", \.setListpackEntriesMax, 0...Int.max,
        "members of a set kept as a listpack"),
      .memory(
        "set-max-listpack-value", \.setListpackValueBytesMax, 0...Int.max,
        "bytes of a member of such a set"),
      .integer(
        "zset-max-listpack-entries", \.sortedSetListpackEntriesMax, 0...Int.max,
        "members of a sorted set kept as a listpack"
      )
      .alias("zset-max-ziplist-entries"),
      .boolean(
        "rdbcompression", \.compressesPayloads, "compress long strings of payloads"),
      .memory(
        "zset-max-listpack-value", \.sortedSetListpackValueBytesMax, 0...Int.max,
        "bytes of a member of such a sorted set"
      )
      .alias("zset-max-ziplist-value"),
      .memory(
        "stream-node-max-bytes", \.streamNodeBytesMax, 0...Int.max,
        "bytes of a stream node; 0 is no limit"),
      .integer(
        "stream-node-max-entries", \.streamNodeEntriesMax, 0...Int.max,
        "entries of a stream node; 0 is no limit"),
      .memory(
        "hll-sparse-max-bytes", \.hyperLogLogSparseBytesMax, 0...Int.max,
        "bytes of a sparse HyperLogLog"),
    ]
  }

  /// Security, logs, events, latency.
  static var observationTable: [ConfigurationParameter] {
    [
      .text(
        "requirepass", \.requirePassword,
        "password of the default user", [.sensitive, .emptyMeansUnset]),
      .text("aclfile", \.aclFile, "file that users are loaded from and saved to", .immutable),
      .choice("acl-pubsub-default", \.aclPubSubDefault, "channels that a new user may use"),
      .integer("acllog-max-len", \.aclLogLengthMax, 0...Int.max, "entries of ACL LOG"),
      .choice(
        "enable-protected-configs", \.enableProtectedConfigurations,
        "who may set protected parameters", .immutable),
      .choice("enable-debug-command", \.enableDebugCommand, "who may use DEBUG", .immutable),
      .choice("enable-module-command", \.enableModuleCommand, "who may use MODULE", .immutable),
      .choice(
        "sanitize-dump-payload", \.sanitizeDumpPayload,
        "which RESTORE payloads are counted as checked; all are checked"),
      .custom(
        "notify-keyspace-events", .notifyKeyspaceEvents,
        "changes that are published: letters of KEg$lshzxetdmnA"),
      .integer(
        "slowlog-log-slower-than", \.slowLogMicroseconds, -1...Int.max,
        "microseconds from which a command is logged; -1 logs none"),
      .integer("slowlog-max-len", \.slowLogLengthMax, 0...Int.max, "entries of the slow log"),
      .integer(
        "latency-monitor-threshold", \.latencyMonitorMilliseconds, 0...Int.max,
        "milliseconds from which LATENCY notes an event; 0 is off"),
      .boolean(
        "latency-tracking", \.latencyTracking,
        "keep a latency histogram for each command"),
      .custom(
        "latency-tracking-info-percentiles", .latencyPercentiles,
        "percentiles that INFO shows", .multiArgument),
      .integer(
        "tracking-table-max-keys", \.trackingTableKeysMax, 0...Int.max,
        "keys remembered for client-side caching; 0 is no limit"),
    ]
  }

  private static let shutdownWords = ["default", "save", "nosave", "now", "force"]

  @Sendable private static func checkShutdown(_ value: ConfigurationValue) -> String? {
    let options = ShutdownOptions(rawValue: value.integer)
    return options.isSuperset(of: [.save, .noSave])
      ? "shutdown options SAVE and NOSAVE can't be used simultaneously" : nil
  }

  /// The same, marked as having no effect.
  func withoutEffect() -> Self {
    var copy = self
    copy.flags.insert(.withoutEffect)
    return copy
  }
}
