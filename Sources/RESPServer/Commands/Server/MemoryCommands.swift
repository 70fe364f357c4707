internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// MEMORY: the container of the commands below.
enum MemoryCommand: Command {
  static let spec = CommandSpec(
    "MEMORY", since: "4.0.0", group: .server, arity: -2,
    summary: "Tells where memory goes.", complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("memory")
  }
}

/// MEMORY USAGE: what a key costs.
enum MemoryUsageCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|USAGE", since: "4.0.0", group: .server, arity: -3,
    flags: [.readonly],
    keys: [.range(from: 2, [.readOnly])],
    summary: "Estimates the bytes that a key costs: itself, its value, its share of the table.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer, token: "SAMPLES", optional: true),
    ],
    example: """
      > MEMORY USAGE nothing
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var index = 3
    var samples = 5
    while index < context.count {
      guard context.argument(at: index, is: "SAMPLES"), index + 1 < context.count else {
        throw .syntax
      }
      // How many elements of a collection to look at; a string is known as a whole.
      samples = Int(clamping: try context.integer(at: index + 1))
      guard samples >= 0 else { throw .syntax }
      index += 2
    }
    guard let entry = context.peek(context.key) else { return context.reply.null() }
    context.reply.integer(context.keyspace.memoryUsage(of: entry, samples: samples))
  }
}

/// MEMORY STATS: where memory goes, in figures.
enum MemoryStatsCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|STATS", since: "4.0.0", group: .server, arity: 2,
    access: .exclusive,
    summary: "Shows what memory is used for, in figures.",
    complexity: "O(clients + databases)",
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let figures = MemoryFigures(context.server)
    let databases = databases(context)
    let scripts = ScriptMemory(context.server)
    let integers: [(StaticString, Int)] = [
      ("peak.allocated", figures.peak), ("total.allocated", figures.used),
      ("startup.allocated", figures.startup), ("replication.backlog", 0), ("clients.slaves", 0),
      ("clients.normal", figures.clients), ("cluster.links", 0), ("aof.buffer", 0),
      ("lua.caches", scripts.texts), ("functions.caches", scripts.libraries),
      ("script.VMs", scripts.interpreters + scripts.functionInterpreter),
    ]
    context.reply.map(integers.count + databases.count + 18)
    for (name, value) in integers { write(name, value, &context) }
    for (index, count, expiring) in databases {
      context.reply.bulk("db.\(index)")
      context.reply.map(3)
      // Databases share the tables' memory and the wheel; by their keys, as tables fill alike.
      let share = Int(ratio(count, figures.keyCount) * Double(figures.tables))
      write("overhead.hashtable.main", share, &context)
      // 4.13 bytes a reference: 31 in a chunk of 128 bytes.
      write("overhead.hashtable.expires", expiring * 128 / 31, &context)
      write("overhead.hashtable.slot-to-keys", 0, &context)
    }
    write("overhead.total", figures.overhead, &context)
    write("keys.count", figures.keyCount, &context)
    let used = max(0, figures.used - figures.startup)
    write("keys.bytes-per-key", figures.keyCount == 0 ? 0 : used / figures.keyCount, &context)
    write("dataset.bytes", figures.dataset, &context)
    write("dataset.percentage", figures.datasetPercent, &context)
    write("peak.percentage", 100 * ratio(figures.used, figures.peak), &context)
    write("allocator.allocated", figures.allocated, &context)
    write("allocator.active", figures.active, &context)
    write("allocator.resident", figures.allocatorResident, &context)
    write("allocator-fragmentation.ratio", ratio(figures.active, figures.allocated), &context)
    write("allocator-fragmentation.bytes", figures.active - figures.allocated, &context)
    write("allocator-rss.ratio", ratio(figures.allocatorResident, figures.active), &context)
    write("allocator-rss.bytes", figures.allocatorResident - figures.active, &context)
    write("rss-overhead.ratio", ratio(figures.resident, figures.allocatorResident), &context)
    write("rss-overhead.bytes", figures.resident - figures.allocatorResident, &context)
    write("fragmentation", figures.fragmentation, &context)
    write("fragmentation.bytes", figures.resident - figures.used, &context)
    write("pending.reclaims", figures.pendingReclaims, &context)
  }

  private static func databases(
    _ context: borrowing CommandContext
  ) -> [(index: Int, count: Int, expiring: Int)] {
    var found: [(index: Int, count: Int, expiring: Int)] = []
    for index in 0..<context.server.configuration.databaseCount {
      let database = DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: index))
      let count = context.keyspace.count(in: database)
      if count > 0 { found.append((index, count, context.keyspace.expiringCount(in: database))) }
    }
    return found
  }

  private static func write(
    _ name: StaticString, _ value: Int, _ context: inout CommandContext
  ) {
    context.reply.bulk(name)
    context.reply.integer(value)
  }

  private static func write(
    _ name: StaticString, _ value: Double, _ context: inout CommandContext
  ) {
    context.reply.bulk(name)
    context.reply.double(value)
  }
}

/// MEMORY DOCTOR: what the figures suggest.
enum MemoryDoctorCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|DOCTOR", since: "4.0.0", group: .server, arity: 2,
    access: .exclusive,
    summary: "Says in words what the memory figures suggest.",
    complexity: "O(clients)",
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.verbatim(report(MemoryFigures(context.server), context.server))
  }

  private static func report(_ figures: MemoryFigures, _ server: Server) -> String {
    guard figures.used >= 5 << 20 else {
      return "Less than 5 MB are used: too little to judge by.\n"
    }
    var findings: [String] = []
    if Double(figures.peak) > 1.5 * Double(figures.used) {
      findings.append(
        "Far more memory was used in the past than is now. What is free goes back to the system "
          + "little by little; MEMORY PURGE hurries the allocator.")
    }
    if figures.fragmentation > 1.4, figures.resident - figures.used > 10 << 20 {
      findings.append(
        "The process occupies much more than it uses: sparse pages are being emptied, which an "
          + "idle server does faster, or the memory is held by something other than data.")
    }
    if figures.clients > figures.used / 4 {
      findings.append(
        "Clients' buffers take more than a quarter of the memory: CLIENT LIST shows whose, "
          + "client-output-buffer-limit and maxmemory-clients bound them.")
    }
    if figures.limit > 0, figures.used > figures.limit / 100 * 95 {
      let policy = server.configuration.maxMemoryPolicy
      findings.append(
        policy.evicts
          ? "maxmemory is nearly reached: keys are evicted to make room."
          : "maxmemory is nearly reached, and the policy is noeviction: writes will be refused.")
    }
    if figures.limit == 0, figures.resident > Machine.memoryBytes / 4 * 3 {
      findings.append(
        "There is no maxmemory, and the process occupies most of the machine's memory.")
    }
    if findings.isEmpty { return "Nothing unusual about the memory.\n" }
    return findings.map { "- \($0)\n" }.joined()
  }
}

/// MEMORY MALLOC-STATS: the allocator's own report.
enum MemoryMallocStatsCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|MALLOC-STATS", since: "4.0.0", group: .server, arity: 2,
    summary: "Shows the report of malloc, which has everything but keys and small values.",
    complexity: "Depends on how much is allocated",
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.verbatim(Allocator.report)
  }
}

/// MEMORY PURGE: gives free memory back.
enum MemoryPurgeCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|PURGE", since: "4.0.0", group: .server, arity: 2,
    summary: "Asks the allocator to give free memory back to the system.",
    complexity: "Depends on how much is free",
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    example: """
      > MEMORY PURGE
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    Allocator.purge()
    context.reply.ok()
  }
}

/// MEMORY HELP.
enum MemoryHelpCommand: Command {
  static let spec = CommandSpec(
    "MEMORY|HELP", since: "4.0.0", group: .server, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands of MEMORY.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "USAGE <key> [SAMPLES <count>]",
      "    Estimate what a key and its value cost, in bytes.",
      "STATS",
      "    Show what memory is used for.",
      "DOCTOR",
      "    Say in words what the figures suggest.",
      "MALLOC-STATS",
      "    Show the allocator's report.",
      "PURGE",
      "    Give free memory back to the system.",
    ])
  }
}
