internal import Bytes
internal import CacheCore
internal import Platform
internal import Synchronization

/// What the server is, who is connected, what the process costs.
extension InfoReport {
  func writeServer(_ text: inout InfoText) {
    let identity = server.state.pointee.identity
    let configuration = server.configuration
    let wall = now + server.state.pointee.clock.step
    let uptime = (now - identity.startedAt) / 1000
    text.field("redis_version", Version.redis)
    text.field("redis_git_sha1", "00000000")
    text.field("redis_git_dirty", 0)
    text.field("redis_build_id", "0000000000000000")
    text.field("redis_mode", "standalone")
    text.field("wingcache_version", Version.number)
    text.field("os", Machine.systemName)
    text.field("arch_bits", Int.bitWidth)
    text.field("monotonic_clock", "POSIX clock_gettime")
    text.field("multiplexing_api", "epoll")
    text.field("atomicvar_api", "c11-builtin")
    text.field("process_id", identity.processID)
    text.field("process_supervised", "no")
    text.field("run_id", identity.runID)
    text.field("tcp_port", configuration.port)
    text.field("server_time_usec", Clock.wallMicroseconds)
    text.field("uptime_in_seconds", uptime)
    text.field("uptime_in_days", uptime / 86400)
    text.field("hz", configuration.hz)
    text.field("configured_hz", configuration.hz)
    text.field("lru_clock", (wall / 1000) & 0xFF_FFFF)
    text.field("executable", identity.executablePath)
    text.field("config_file", identity.configurationPath ?? "")
    text.field("io_threads_active", 0)
    text.field("threads", server.state.pointee.loopCount)
    for (index, listener) in server.loop(0).state.pointee.listeners.enumerated() {
      let place =
        listener.isUnixSocket
        ? "name=unix,bind=\(listener.name)"
        : "name=tcp,bind=\(listener.address),port=\(listener.port)"
      text.field("listener\(index)", place)
    }
  }

  func writeClients(_ text: inout InfoText) {
    var largestInput = 0
    var largestOutput = 0
    server.forEachConnection { connection, _ in
      let input = connection.state.pointee.input?.pointee.memoryUsage ?? 0
      let output = connection.state.pointee.output?.pointee.memoryUsage ?? 0
      largestInput = max(largestInput, input)
      largestOutput = max(largestOutput, output)
    }
    let blocked = server.state.pointee.blockedCount.load(ordering: .relaxed)
    text.field("connected_clients", server.state.pointee.clientCount.load(ordering: .relaxed))
    text.field("cluster_connections", 0)
    text.field("maxclients", server.configuration.clientCountMax)
    text.field("client_recent_max_input_buffer", largestInput)
    text.field("client_recent_max_output_buffer", largestOutput)
    text.field("blocked_clients", blocked)
    text.field("tracking_clients", server.state.pointee.tracking.clients.count)
    text.field("clients_in_timeout_table", 0)
    text.field("total_blocking_keys", 0)
    text.field("total_blocking_keys_on_nokey", 0)
  }

  func writePersistence(_ text: inout InfoText) {
    let zeroes = [
      "loading", "async_loading", "current_cow_peak", "current_cow_size",
      "current_cow_size_age",
    ]
    for name in zeroes { text.field(name, 0) }
    text.field("current_fork_perc", 0, decimals: 2)
    text.field("current_save_keys_processed", 0)
    text.field("current_save_keys_total", 0)
    text.field("rdb_changes_since_last_save", server.loopCounters.changes)
    text.field("rdb_bgsave_in_progress", 0)
    text.field("rdb_last_save_time", server.state.pointee.identity.startedAt / 1000)
    text.field("rdb_last_bgsave_status", "ok")
    text.field("rdb_last_bgsave_time_sec", -1)
    text.field("rdb_current_bgsave_time_sec", -1)
    text.field("rdb_saves", 0)
    text.field("rdb_last_cow_size", 0)
    text.field("rdb_last_load_keys_expired", 0)
    text.field("rdb_last_load_keys_loaded", 0)
    text.field("aof_enabled", 0)
    text.field("aof_rewrite_in_progress", 0)
    text.field("aof_rewrite_scheduled", 0)
    text.field("aof_last_rewrite_time_sec", -1)
    text.field("aof_current_rewrite_time_sec", -1)
    text.field("aof_last_bgrewrite_status", "ok")
    text.field("aof_rewrites", 0)
    text.field("aof_rewrites_consecutive_failures", 0)
    text.field("aof_last_write_status", "ok")
    text.field("aof_last_cow_size", 0)
    text.field("module_fork_in_progress", 0)
    text.field("module_fork_last_cow_size", 0)
  }

  func writeReplication(_ text: inout InfoText) {
    text.field("role", "master")
    text.field("connected_slaves", 0)
    text.field("master_failover_state", "no-failover")
    text.field("master_replid", server.state.pointee.replicationID)
    text.field("master_replid2", String(repeating: "0", count: 40))
    text.field("master_repl_offset", 0)
    text.field("second_repl_offset", -1)
    text.field("repl_backlog_active", 0)
    let registry = server.state.pointee.registry
    text.field(
      "repl_backlog_size",
      registry.value("repl-backlog-size", in: server.configuration)?.integer ?? 0)
    text.field("repl_backlog_first_byte_offset", 0)
    text.field("repl_backlog_histlen", 0)
  }

  func writeCPU(_ text: inout InfoText) {
    let (own, children) = CurrentProcess.cpuTimes
    text.field("used_cpu_sys", own.system, decimals: 6)
    text.field("used_cpu_user", own.user, decimals: 6)
    text.field("used_cpu_sys_children", children.system, decimals: 6)
    text.field("used_cpu_user_children", children.user, decimals: 6)
    if let main = CurrentProcess.mainThreadTimes {
      text.field("used_cpu_sys_main_thread", main.system, decimals: 6)
      text.field("used_cpu_user_main_thread", main.user, decimals: 6)
    }
  }

  func writeModules(_ text: inout InfoText) {
    for module in server.state.pointee.modules {
      text.field(
        "module",
        "name=\(module.name),ver=\(module.version),api=1,filters=0,usedby=[],using=[],options=[]")
    }
  }
}
