internal import Bytes
internal import CacheCore
internal import Platform

/// Where memory goes, as far as it is known. INFO memory, MEMORY STATS and MEMORY DOCTOR read it.
struct MemoryFigures {
  /// What counts against `maxmemory`.
  var used: Int
  var peak: Int
  var startup: Int
  var resident: Int
  /// Buffers of clients.
  var clients: Int
  /// Buckets and directories.
  var tables: Int
  var keyCount: Int
  /// Bytes in use, in the pages that hold them, and resident, of slabs and malloc together.
  var allocated: Int
  var active: Int
  var allocatorResident: Int
  /// `maxmemory`.
  var limit: Int
  var pendingReclaims: Int
  /// Objects freed in the background since the statistics were reset.
  var reclaimed: Int

  /// What is neither keys nor values.
  var overhead: Int { min(used, startup + clients + tables) }
  var dataset: Int { used - overhead }
  /// The part of what is used beyond the start that is keys and values, in percent.
  var datasetPercent: Double { 100 * min(1, ratio(dataset, max(1, used - startup))) }
  var fragmentation: Double { ratio(resident, used) }

  /// Takes the figures; the caller has the gate.
  init(_ server: Server) {
    let keyspace = server.state.pointee.keyspace.statistics
    server.state.pointee.keyspace.settleMemory()
    used = server.state.pointee.keyspace.usedMemory
    server.notePeakMemory(used)
    peak = server.state.pointee.statistics.peakMemory
    startup = server.state.pointee.statistics.startupMemory
    resident = CurrentProcess.residentBytes
    var clients = 0
    server.forEachConnection { connection, _ in
      clients += connection.state.pointee.accountedBytes
    }
    self.clients = clients
    tables = keyspace.tableBytes
    var keys = 0
    for database in 0..<server.configuration.databaseCount {
      keys += server.state.pointee.keyspace.count(
        in: DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: database)))
    }
    keyCount = keys
    let system = Allocator.figures ?? (used, used, resident)
    allocated = system.allocated + keyspace.slotBytes + keyspace.tableBytes
    active = system.active + keyspace.pageBytes + keyspace.tableBytes
    allocatorResident = max(system.resident + keyspace.pageBytes + keyspace.tableBytes, active)
    limit = server.configuration.maxMemory
    pendingReclaims = keyspace.pendingReclaims
    reclaimed = keyspace.reclaimed
  }
}

/// Bytes that scripts and functions hold.
struct ScriptMemory {
  /// Of the loops' interpreters.
  var interpreters = 0
  /// Of scripts' texts, and what keeps them.
  var texts: Int
  /// Of the interpreter that functions run in.
  var functionInterpreter: Int
  /// Of libraries' texts.
  var libraries: Int

  /// Takes the figures; the caller has the gate.
  init(_ server: Server) {
    texts = server.state.pointee.scripts.figures.byteCount
    let store = server.state.pointee.functions
    functionInterpreter = store?.interpreter.memoryUsage ?? 0
    libraries = store?.byteCount ?? 0
    server.forEachLoop { interpreters += $0.guarded.pointee.scripts?.interpreter.memoryUsage ?? 0 }
  }
}

extension Server {
  /// Remembers the most memory that was ever used. The caller has the gate, or is loop 0.
  func notePeakMemory(_ used: Int) {
    guard used > state.pointee.statistics.peakMemory else { return }
    state.pointee.statistics.peakMemory = used
  }
}

extension InfoReport {
  func writeMemory(_ text: inout InfoText) {
    let figures = MemoryFigures(server)
    text.memory("used_memory", figures.used)
    text.memory("used_memory_rss", figures.resident)
    text.memory("used_memory_peak", figures.peak)
    text.field(
      "used_memory_peak_perc", 100 * ratio(figures.used, figures.peak), decimals: 2, unit: "%")
    text.field("used_memory_overhead", figures.overhead)
    text.field("used_memory_startup", figures.startup)
    text.field("used_memory_dataset", figures.dataset)
    text.field("used_memory_dataset_perc", figures.datasetPercent, decimals: 2, unit: "%")
    text.field("allocator_allocated", figures.allocated)
    text.field("allocator_active", figures.active)
    text.field("allocator_resident", figures.allocatorResident)
    text.memory("total_system_memory", Machine.memoryBytes)
    writeScriptMemory(&text)
    text.memory("maxmemory", figures.limit)
    text.field("maxmemory_policy", server.configuration.maxMemoryPolicy.name)
    text.field(
      "allocator_frag_ratio", ratio(figures.active, figures.allocated), decimals: 2)
    text.field("allocator_frag_bytes", figures.active - figures.allocated)
    text.field(
      "allocator_rss_ratio", ratio(figures.allocatorResident, figures.active), decimals: 2)
    text.field("allocator_rss_bytes", figures.allocatorResident - figures.active)
    text.field(
      "rss_overhead_ratio", ratio(figures.resident, figures.allocatorResident), decimals: 2)
    text.field("rss_overhead_bytes", figures.resident - figures.allocatorResident)
    text.field("mem_fragmentation_ratio", figures.fragmentation, decimals: 2)
    text.field("mem_fragmentation_bytes", figures.resident - figures.used)
    for name in [
      "mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers",
      "mem_clients_slaves",
    ] { text.field(name, 0) }
    text.field("mem_clients_normal", figures.clients)
    text.field("mem_cluster_links", 0)
    text.field("mem_aof_buffer", 0)
    // Keys and small values live in slabs of our own; the rest comes from malloc.
    text.field("mem_allocator", "slab")
    text.field("mem_malloc", Allocator.name)
    text.field("active_defrag_running", 0)
    text.field("lazyfree_pending_objects", figures.pendingReclaims)
    text.field("lazyfreed_objects", figures.reclaimed)
  }

  private func writeScriptMemory(_ text: inout InfoText) {
    let scripts = ScriptMemory(server)
    let functions = server.functionFigures
    text.memory("used_memory_lua", scripts.interpreters)
    text.field("used_memory_vm_eval", scripts.interpreters)
    text.field("used_memory_scripts_eval", scripts.texts)
    text.field("number_of_cached_scripts", server.state.pointee.scripts.figures.count)
    text.field("number_of_functions", functions.functions)
    text.field("number_of_libraries", functions.libraries)
    text.field("used_memory_vm_functions", scripts.functionInterpreter)
    text.memory("used_memory_vm_total", scripts.interpreters + scripts.functionInterpreter)
    text.field("used_memory_functions", scripts.libraries)
    text.memory("used_memory_scripts", scripts.texts + scripts.libraries)
  }
}
