internal import Bytes
internal import CacheCore
internal import Platform
internal import Synchronization

extension Server {
  /// The loops' counters together, since the start. The caller has the gate.
  var loopCounters: LoopCounters {
    var total = LoopCounters()
    forEachLoop { total.add($0.state.pointee.counters) }
    return total
  }

  /// The same since CONFIG RESETSTAT.
  var countersSinceReset: LoopCounters {
    var total = loopCounters
    total.subtract(state.pointee.statistics.countersAtReset)
    return total
  }

  /// Error replies since CONFIG RESETSTAT. The caller has the gate.
  var errorReplyCount: UInt64 {
    var total: UInt64 = 0
    forEachLoop { total &+= $0.state.pointee.errorReplies }
    return total &- state.pointee.statistics.errorRepliesAtReset
  }
}

/// What has happened since the start, or since CONFIG RESETSTAT.
extension InfoReport {
  func writeStatistics(_ text: inout InfoText) {
    let counters = server.countersSinceReset
    let keyspace = server.state.pointee.keyspace.statistics
    var rates = RateSampler.Rates()
    server.forEachLoop { loop in
      let of = loop.guarded.pointee.rates.rates(now: now)
      rates.commands += of.commands
      rates.bytesReceived += of.bytesReceived
      rates.bytesSent += of.bytesSent
    }
    text.field("total_connections_received", counters.connections)
    text.field("total_commands_processed", counters.commands)
    text.field("instantaneous_ops_per_sec", Int(rates.commands.rounded()))
    text.field("total_net_input_bytes", counters.bytesReceived)
    text.field("total_net_output_bytes", counters.bytesSent)
    text.field("total_net_repl_input_bytes", 0)
    text.field("total_net_repl_output_bytes", 0)
    text.field("instantaneous_input_kbps", rates.bytesReceived / 1024, decimals: 2)
    text.field("instantaneous_output_kbps", rates.bytesSent / 1024, decimals: 2)
    text.field("instantaneous_input_repl_kbps", 0, decimals: 2)
    text.field("instantaneous_output_repl_kbps", 0, decimals: 2)
    text.field("rejected_connections", server.state.pointee.statistics.rejectedConnections)
    for name in ["sync_full", "sync_partial_ok", "sync_partial_err"] { text.field(name, 0) }
    text.field("expired_keys", keyspace.expired)
    // The wheel names what is due; nothing stale is left behind, and no round is cut short.
    text.field("expired_stale_perc", 0, decimals: 2)
    text.field("expired_time_cap_reached_count", 0)
    text.field("expire_cycle_cpu_milliseconds", 0)
    text.field("evicted_keys", keyspace.evicted)
    text.field("evicted_clients", server.state.pointee.statistics.evictedClients)
    text.field("evicted_scripts", server.state.pointee.scripts.figures.evictedCount)
    text.field("total_eviction_exceeded_time", 0)
    text.field("current_eviction_exceeded_time", 0)
    text.field("keyspace_hits", keyspace.hits)
    text.field("keyspace_misses", keyspace.misses)
    let hub = server.state.pointee.hub
    text.field("pubsub_channels", hub.channelCount)
    text.field("pubsub_patterns", hub.patternCount)
    text.field("pubsubshard_channels", hub.shardChannelCount)
    for name in ["latest_fork_usec", "total_forks"] { text.field(name, 0) }
    text.field("migrate_cached_sockets", server.state.pointee.migrator.idleLinkCount)
    for name in [
      "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
      "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time",
      "current_active_defrag_time",
    ] { text.field(name, 0) }
    let tracking = server.state.pointee.tracking
    text.field("tracking_total_keys", tracking.keyCount)
    text.field("tracking_total_items", tracking.itemCount)
    text.field("tracking_total_prefixes", tracking.prefixes.count)
    text.field("unexpected_error_replies", 0)
    text.field("total_error_replies", server.errorReplyCount)
    text.field("dump_payload_sanitizations", counters.checkedBlocks)
    text.field("total_reads_processed", counters.reads)
    text.field("total_writes_processed", counters.writes)
    text.field("io_threaded_reads_processed", 0)
    text.field("io_threaded_writes_processed", 0)
    text.field("eventloop_cycles", counters.turns)
    text.field("acl_access_denied_auth", counters.authenticationErrors)
    text.field("acl_access_denied_cmd", counters.deniedCommands)
    text.field("acl_access_denied_key", counters.deniedKeys)
    text.field("acl_access_denied_channel", counters.deniedChannels)
    text.field("query_buffer_limit_disconnections", counters.queryBufferClosings)
    text.field("output_buffer_limit_disconnections", counters.outputBufferClosings)
    text.field("protocol_errors", counters.protocolErrors)
  }

  /// What only this server has to tell.
  func writeCache(_ text: inout InfoText) {
    let keyspace = server.state.pointee.keyspace.statistics
    let policy = server.configuration.maxMemoryPolicy
    let reads = keyspace.hits + keyspace.misses
    text.field("hit_rate", ratio(Int(keyspace.hits), Int(reads)), decimals: 4)
    text.field("expiry_lag_p50_ms", keyspace.expiryLagMillisecondsP50)
    text.field("expiry_lag_p99_ms", keyspace.expiryLagMillisecondsP99)
    text.field("expiry_lag_max_ms", keyspace.expiryLagMillisecondsMax)
    text.field("expiry_references", keyspace.wheelReferences)
    text.field("eviction_policy", policy.name)
    text.field("evictions", keyspace.evicted)
    text.field("page_bytes", keyspace.pageBytes)
    text.field("page_count", keyspace.pageCount)
    text.field("slot_bytes", keyspace.slotBytes)
    text.field("table_bytes", keyspace.tableBytes)
    text.field("bucket_count", keyspace.bucketCount)
    text.field("overflow_nodes", keyspace.overflowNodeCount)
    text.field("large_value_bytes", keyspace.blobBytes)
    text.field("evacuated_entries", keyspace.evacuatedEntries)
    text.field("returned_bytes", keyspace.returnedBytes)
  }

  func writeKeyspace(_ text: inout InfoText) {
    for index in 0..<server.configuration.databaseCount {
      let database = DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: index))
      let count = server.state.pointee.keyspace.count(in: database)
      guard count > 0 else { continue }
      let expiring = server.state.pointee.keyspace.expiringCount(in: database)
      let mean = server.state.pointee.keyspace.averageTTL(in: database, now: now)
      let timed = server.state.pointee.keyspace.timedCount(in: database)
      text.field(
        "db\(index)", "keys=\(count),expires=\(expiring),avg_ttl=\(mean),subexpiry=\(timed)")
    }
  }
}

/// Statistics by command and by error.
extension InfoReport {
  func writeCommands(_ text: inout InfoText) {
    for index in 0..<server.state.pointee.commands.count {
      let total = server.statistics(ofCommand: index)
      guard total.calls > 0 || total.rejected > 0 else { continue }
      let name = server.state.pointee.commands.name(of: index).string
      let microseconds = total.nanoseconds / 1000
      let mean = total.calls == 0 ? 0 : Double(microseconds) / Double(total.calls)
      text.field(
        "cmdstat_\(name)",
        "calls=\(total.calls),usec=\(microseconds),usec_per_call=\(InfoText.decimal(mean, 2)),"
          + "rejected_calls=\(total.rejected),failed_calls=\(total.failed)")
    }
  }

  func writeErrors(_ text: inout InfoText) {
    var total: [String: UInt64] = [:]
    server.forEachLoop { loop in
      for (code, count) in loop.guarded.pointee.errorCounts { total[code, default: 0] += count }
    }
    for (code, count) in total.sorted(by: { $0.key < $1.key }) {
      text.field("errorstat_\(code)", "count=\(count)")
    }
  }

  func writeLatencies(_ text: inout InfoText) {
    let percentiles = server.configuration.latencyPercentiles
    for index in 0..<server.state.pointee.commands.count {
      server.withHistogram(ofCommand: index) { histogram in
        let values = percentiles.map { percentile in
          let microseconds = Double(histogram.nanoseconds(atPercentile: percentile)) / 1000
          return "p\(Self.shortest(percentile))=\(InfoText.decimal(microseconds, 3))"
        }
        let name = server.state.pointee.commands.name(of: index).string
        text.field("latency_percentiles_usec_\(name)", values.joined(separator: ","))
      }
    }
  }

  private static func shortest(_ value: Double) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.byteCountMax) { room in
      let start = room.baseAddress.unsafelyUnwrapped
      return ByteView(base: start, count: FloatText.write(value, to: start)).string
    }
  }
}

extension Server {
  /// A command's statistics, all loops together. The caller has the gate.
  func statistics(ofCommand index: Int) -> CommandStatistics {
    var total = CommandStatistics()
    forEachLoop { loop in
      let part = loop.state.pointee.commandStatistics[index]
      total.calls &+= part.calls
      total.nanoseconds &+= part.nanoseconds
      total.rejected &+= part.rejected
      total.failed &+= part.failed
    }
    return total
  }

  /// Calls `body` with a command's latencies, all loops together, if there are any. The caller has
  /// the gate.
  func withHistogram(
    ofCommand index: Int, _ body: (borrowing LatencyHistogram) -> Void
  ) {
    guard hasHistogram(ofCommand: index) else { return }
    var total = LatencyHistogram()
    forEachLoop { loop in
      if let part = loop.state.pointee.commandStatistics[index].histogram {
        total.merge(part.pointee)
      }
    }
    body(total)
  }

  /// Whether there are latencies of a command. The caller has the gate.
  func hasHistogram(ofCommand index: Int) -> Bool {
    var hasAny = false
    forEachLoop { loop in
      if let part = loop.state.pointee.commandStatistics[index].histogram {
        hasAny = hasAny || part.pointee.count > 0
      }
    }
    return hasAny
  }

  /// Restarts what CONFIG RESETSTAT restarts. The caller has the gate.
  func resetStatistics() {
    state.pointee.keyspace.resetStatistics()
    state.pointee.statistics.countersAtReset = loopCounters
    state.pointee.statistics.errorRepliesAtReset &+= errorReplyCount
    state.pointee.statistics.rejectedConnections = 0
    state.pointee.statistics.evictedClients = 0
    forEachLoop { loop in
      loop.guarded.pointee.errorCounts = [:]
      loop.guarded.pointee.rates = RateSampler()
      let statistics = loop.state.pointee.commandStatistics
      for index in 0..<state.pointee.commands.count { statistics[index].reset() }
    }
  }
}

extension CommandStatistics {
  /// Back to zero; the histogram goes, and comes back with the next call.
  mutating func reset() {
    dropHistogram()
    self = CommandStatistics()
  }

  /// Forgets the latencies.
  mutating func dropHistogram() {
    guard let old = histogram else { return }
    old.deinitialize(count: 1)
    old.deallocate()
    histogram = nil
  }
}

extension LoopCounters {
  private static var fields: [WritableKeyPath<LoopCounters, UInt64>] {
    [
      \.commands, \.connections, \.bytesReceived, \.bytesSent, \.changes, \.protocolErrors,
      \.authenticationErrors, \.queryBufferClosings, \.outputBufferClosings, \.turns, \.batches,
      \.reads, \.writes, \.deniedCommands, \.deniedKeys, \.deniedChannels, \.checkedBlocks,
    ]
  }

  mutating func add(_ other: LoopCounters) {
    for field in Self.fields { self[keyPath: field] &+= other[keyPath: field] }
  }

  mutating func subtract(_ other: LoopCounters) {
    for field in Self.fields { self[keyPath: field] &-= other[keyPath: field] }
  }
}
