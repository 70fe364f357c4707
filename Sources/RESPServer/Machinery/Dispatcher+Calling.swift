internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// Finding keys, locking their shards, running the command, keeping the books.
extension EventLoop {
  /// Runs a command that has passed all checks.
  @inline(__always)
  func call(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, hash: KeyHash?,
    of connection: Connection
  ) {
    let errorsBefore = state.pointee.errorReplies
    runLocked(entry, arguments, hash: hash, of: connection)
    var failed = state.pointee.errorReplies != errorsBefore
    // Errors of what EXEC has executed are not EXEC's.
    if failed, entry.pointee.isExec, state.pointee.didExecute { failed = false }
    // Nor are errors that a script has caught the script's.
    if failed, entry.pointee.runsScript { failed = state.pointee.scriptFailed }
    finish(entry, arguments, failed: failed, of: connection)
  }

  /// Runs a command with all that it needs of the key space locked.
  @inline(__always)
  func runLocked(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, hash: KeyHash?,
    of connection: Connection
  ) {
    switch entry.pointee.access {
    case .keys:
      if case .single(let position) = entry.pointee.keyPlan {
        callOnKey(entry, arguments, position: position, hash: hash, of: connection)
      } else {
        callOnKeys(entry, arguments, of: connection)
      }
    case .none, .selfLocking: run(entry, arguments, keyCount: 0, of: connection)
    case .exclusive:
      let isDone = runExclusively(for: connection) {
        let keyCount = collectKeys(entry, arguments)
        run(entry, arguments, keyCount: max(0, keyCount), of: connection)
      }
      if !isDone { write(server.busyError) }
    }
  }

  @inline(__always)
  private func callOnKey(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, position: Int, hash: KeyHash?,
    of connection: Connection
  ) {
    let key: HashedKey
    if let hash {
      key = HashedKey(bytes: arguments[position], hash: hash)
    } else {
      key = server.state.pointee.keyspace.hash(arguments[position])
    }
    state.pointee.keyBuffer[0] = key
    if state.pointee.holdsLocks {
      run(entry, arguments, keyCount: 1, of: connection)
    } else {
      server.state.pointee.keyspace.lock(key.hash.shard)
      run(entry, arguments, keyCount: 1, of: connection)
      server.state.pointee.keyspace.unlock(key.hash.shard)
    }
  }

  private func callOnKeys(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, of connection: Connection
  ) {
    // A command whose keys cannot be told (a count that is no number) runs without any: it will
    // find the same fault and answer with its own error.
    let keyCount = max(0, collectKeys(entry, arguments))
    if state.pointee.holdsLocks {
      return run(entry, arguments, keyCount: keyCount, of: connection)
    }
    if entry.pointee.flags.contains(.blocking) {
      return callInTurn(entry, arguments, keyCount: keyCount, of: connection)
    }
    let shards = collectedShards(keyCount)
    server.state.pointee.keyspace.lock(shards)
    run(entry, arguments, keyCount: keyCount, of: connection)
    server.state.pointee.keyspace.unlock(shards)
  }

  /// The shards of the keys in the key buffer.
  func collectedShards(_ keyCount: Int) -> ShardSet {
    var shards = ShardSet()
    for index in 0..<keyCount { shards.insert(state.pointee.keyBuffer[index].hash.shard) }
    return shards
  }

  /// Hashes the command's keys into the key buffer.
  ///
  /// - Returns: their number; -1 when the arguments do not fit the key positions.
  func collectKeys(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> Int {
    var count = 0
    switch entry.pointee.keyPlan {
    case .none: break
    case .single(let position): addKey(arguments[position], &count)
    case .range(let first, let last, let step):
      let end = last >= 0 ? last : arguments.count + last
      guard end >= first, end < arguments.count else { return -1 }
      for position in stride(from: first, through: end, by: step) {
        addKey(arguments[position], &count)
      }
    case .made(let keys): return collectMadeKeys(keys, arguments)
    case .specs:
      let specs = server.state.pointee.commands.specs[entry.pointee.index].keys
      if specs.contains(where: { $0.template != nil }) {
        return collectMadeKeys(specs, arguments)
      }
      var fits = true
      for spec in specs
      where !spec.flags.contains(.notKey) && !spec.flags.contains(.incomplete) {
        fits = spec.forEachPosition(in: arguments) { addKey(arguments[$0], &count) } && fits
      }
      if !fits, count == 0 { return -1 }
    }
    return count
  }

  /// Hashes the keys of a command that locks by itself into the key buffer, those too that depend
  /// on its options.
  ///
  /// - Returns: their number.
  func collectAllKeys(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> Int {
    if case .none = entry.pointee.keyPlan { return 0 }
    let keys = CommandKeys.find(
      of: server.state.pointee.commands.specs[entry.pointee.index], in: arguments)
    var byteCount = 0
    for key in keys {
      byteCount += key.template?.byteCountMax ?? 0
    }
    state.pointee.madeNames.begin(byteCount: byteCount)
    var count = 0
    for key in keys {
      guard let template = key.template else {
        addKey(arguments[key.position], &count)
        continue
      }
      // An argument of which no name can be made is the command's to refuse.
      if let name = state.pointee.madeNames.append(template, arguments[key.position]) {
        addKey(name, &count)
      }
    }
    return count
  }

  /// The same for keys at fixed positions.
  ///
  /// - Returns: the number of keys; -1, and none are there, when one cannot be made.
  private func collectMadeKeys(
    _ keys: UnsafeBufferPointer<MadeKey>, _ arguments: Arguments
  ) -> Int {
    var byteCount = 0
    for key in keys {
      guard key.position < arguments.count else { return -1 }
      if let template = key.template { byteCount += template.byteCountMax }
    }
    state.pointee.madeNames.begin(byteCount: byteCount)
    var count = 0
    for key in keys {
      let argument = arguments[key.position]
      guard let template = key.template else {
        addKey(argument, &count)
        continue
      }
      guard let name = state.pointee.madeNames.append(template, argument) else { return -1 }
      addKey(name, &count)
    }
    return count
  }

  /// The same where names are made from arguments whose positions have to be found.
  ///
  /// - Returns: the number of keys; -1, and none are there, when one cannot be made.
  private func collectMadeKeys(_ specs: [KeySpec], _ arguments: Arguments) -> Int {
    var byteCount = 0
    for spec in specs {
      guard let template = spec.template else { continue }
      var names = 0
      guard spec.forEachPosition(in: arguments, { _ in names += 1 }) else { return -1 }
      byteCount += names * template.byteCountMax
    }
    state.pointee.madeNames.begin(byteCount: byteCount)
    var count = 0
    for spec in specs where !spec.flags.contains(.notKey) {
      var fits = true
      func add(_ position: Int) {
        guard let template = spec.template else { return addKey(arguments[position], &count) }
        if let name = state.pointee.madeNames.append(template, arguments[position]) {
          addKey(name, &count)
        } else {
          fits = false
        }
      }
      _ = spec.forEachPosition(in: arguments, add)
      if !fits { return -1 }
    }
    return count
  }

  @inline(__always)
  private func addKey(_ key: ByteView, _ count: inout Int) {
    if count == state.pointee.keyCapacity { growKeyBuffer() }
    (state.pointee.keyBuffer + count).initialize(to: server.state.pointee.keyspace.hash(key))
    count += 1
  }

  private func growKeyBuffer() {
    let larger = UnsafeMutablePointer<HashedKey>.allocate(
      capacity: state.pointee.keyCapacity * 2)
    larger.moveInitialize(from: state.pointee.keyBuffer, count: state.pointee.keyCapacity)
    state.pointee.keyBuffer.deallocate()
    state.pointee.keyBuffer = larger
    state.pointee.keyCapacity *= 2
  }

  /// Calls the command itself.
  @inline(__always)
  func run(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, keyCount: Int,
    of connection: Connection
  ) {
    state.pointee.writer.version = connection.state.pointee.version
    if server.state.pointee.hasKeyLoader,
      !admit(entry, arguments, keyCount: keyCount, of: connection)
    {
      return
    }
    let isTracked = connection.flags.contains(.tracksReads)
    let isTrackedFirst = isTracked && entry.pointee.isReadWithOwnLocks
    if isTrackedFirst { rememberReads(entry, arguments, keyCount: 0, of: connection) }
    var context = CommandContext(
      loop: self, server: server, connection: connection, entry: entry, arguments: arguments,
      now: state.pointee.now, keyBase: state.pointee.keyBuffer, keyCount: keyCount)
    do throws(CommandError) {
      try entry.pointee.type.run(&context)
    } catch {
      write(error)
      // It has not even begun.
      state.pointee.scriptFailed = true
    }
    if !connection.flags.isDisjoint(with: [.tracksReads, .hasFollowedKeys]) {
      finishRun(&context, isTracked: isTracked && !isTrackedFirst)
    }
  }

  /// Counts the call, and tells whoever watches commands go by.
  @inline(__always)
  private func finish(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, failed: Bool,
    of connection: Connection
  ) {
    let now = TickCounter.now
    let nanoseconds = server.state.pointee.ticks.nanoseconds(now &- state.pointee.ticks)
    state.pointee.ticks = now
    let index = entry.pointee.index
    connection.state.pointee.lastCommand = Int32(truncatingIfNeeded: index)
    state.pointee.counters.commands &+= 1
    let statistics = state.pointee.commandStatistics + index
    statistics.pointee.calls &+= 1
    statistics.pointee.nanoseconds &+= nanoseconds
    if failed { statistics.pointee.failed &+= 1 }
    if let histogram = statistics.pointee.histogram {
      histogram.pointee.record(nanoseconds: nanoseconds)
    } else if server.state.pointee.configuration.latencyTracking {
      startHistogram(of: statistics, with: nanoseconds)
    }
    if nanoseconds >= server.state.pointee.slowNanoseconds {
      noteSlow(entry, arguments, nanoseconds: nanoseconds, of: connection)
    }
  }

  @inline(never)
  private func startHistogram(
    of statistics: UnsafeMutablePointer<CommandStatistics>, with nanoseconds: UInt64
  ) {
    let histogram = UnsafeMutablePointer<LatencyHistogram>.allocate(capacity: 1)
    histogram.initialize(to: LatencyHistogram())
    histogram.pointee.record(nanoseconds: nanoseconds)
    statistics.pointee.histogram = histogram
  }

  /// Records a slow command in the slow log and the latency monitor, each by its own threshold.
  @inline(never)
  func noteSlow(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, nanoseconds: UInt64,
    of connection: Connection
  ) {
    let microseconds = Int64(nanoseconds / 1000)
    let slowLimit = server.state.pointee.configuration.slowLogMicroseconds
    let latencyLimit = Int64(server.state.pointee.configuration.latencyMonitorMilliseconds)
    if slowLimit >= 0, microseconds >= Int64(slowLimit),
      !entry.pointee.flags.contains(.skipSlowlog)
    {
      var redaction = state.pointee.redaction
      if redaction.isStale(connection) { redaction = Redaction() }
      if entry.pointee.hidesArguments { redaction.hidePasswords(in: arguments) }
      server.state.pointee.slowLog.record(
        arguments, redaction, microseconds: microseconds, of: connection, on: self)
    }
    if latencyLimit > 0, microseconds >= latencyLimit * 1000 {
      server.state.pointee.latency.record(
        entry.pointee.flags.contains(.fast) ? "fast-command" : "command",
        milliseconds: microseconds / 1000,
        at: (state.pointee.now + server.state.pointee.clock.step) / 1000)
    }
  }
}
