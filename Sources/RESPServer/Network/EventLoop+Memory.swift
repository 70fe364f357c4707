internal import CacheCore
internal import Logging
internal import Platform
internal import RESP
internal import Synchronization

/// What connections hold, counted, and limited by `maxmemory-clients`.
///
/// Each connection knows how many bytes it was last counted with; the difference goes to the key
/// space's used memory and to the sum of all clients. When the sum exceeds the limit, the largest
/// clients are closed until it does not (client eviction, as in Redis 7).
extension EventLoop {
  /// Counts what a connection holds as used memory.
  func accountMemory(of connection: Connection) {
    let held = connection.memoryUsage
    let difference = held - connection.state.pointee.accountedBytes
    guard difference != 0 else { return }
    connection.state.pointee.accountedBytes = held
    server.state.pointee.keyspace.addOverhead(difference)
    let sum = server.state.pointee.clientBytes.wrappingAdd(difference, ordering: .relaxed).newValue
    guard difference > 0, server.configuration.maxMemoryClients != 0 else { return }
    if sum > server.clientBytesMax { state.pointee.wantsClientEviction = true }
  }

  /// Takes a connection that is going out of the sums.
  func forgetMemory(of connection: Connection) {
    let held = connection.state.pointee.accountedBytes
    connection.state.pointee.accountedBytes = 0
    server.state.pointee.keyspace.addOverhead(-held)
    server.state.pointee.clientBytes.wrappingSubtract(held, ordering: .relaxed)
  }

  /// Closes clients if counting has found them to hold too much. Inside a batch, but inside no
  /// command.
  func evictClientsIfNeeded() {
    guard state.pointee.wantsClientEviction else { return }
    state.pointee.wantsClientEviction = false
    runExclusively { server.evictClients() }
  }
}

extension Server {
  /// `maxmemory-clients` in bytes; `Int.max` when there is no limit.
  fileprivate var clientBytesMax: Int {
    let limit = configuration.maxMemoryClients
    if limit > 0 { return limit }
    guard limit < 0, configuration.maxMemory > 0 else { return .max }
    return Int(Double(configuration.maxMemory) * Double(-limit) / 100)
  }

  /// Closes the largest clients until all together are within `maxmemory-clients`; those with
  /// CLIENT NO-EVICT are spared. The caller has the gate.
  ///
  /// - Complexity: O(n log n) in the number of connections
  func evictClients() {
    let limit = clientBytesMax
    guard limit < .max else { return }
    var sum = 0
    var candidates: [(connection: Connection, loop: EventLoop)] = []
    forEachConnection { connection, loop in
      guard !connection.flags.contains(.closesNow) else { return }
      sum += connection.state.pointee.accountedBytes
      if !connection.flags.contains(.noEvict) { candidates.append((connection, loop)) }
    }
    guard sum > limit else { return }
    candidates.sort {
      $0.connection.state.pointee.accountedBytes > $1.connection.state.pointee.accountedBytes
    }
    for (connection, loop) in candidates {
      guard sum > limit else { return }
      let held = connection.state.pointee.accountedBytes
      log.notice(
        "Closing a client because all clients together hold too much memory",
        metadata: ["client": "\(connection.id)", "bytes": "\(held)"])
      sum -= held
      state.pointee.statistics.evictedClients &+= 1
      loop.closeFromAnywhere(connection)
    }
  }
}

extension Connection {
  /// Bytes of memory that the connection holds.
  var memoryUsage: Int {
    var bytes = MemoryLayout<ConnectionState>.size
    bytes += state.pointee.input?.pointee.memoryUsage ?? 0
    bytes += state.pointee.output?.pointee.memoryUsage ?? 0
    if let session = existingSession { bytes += session.memoryUsage }
    return bytes
  }
}

extension Session {
  /// Bytes of memory held, the object itself included.
  var memoryUsage: Int {
    let texts = name.count + libraryName.count + libraryVersion.count
    let kept = blocked?.keyWait?.request.byteCount ?? 0
    return 256 + texts + nameBytes + transaction.memoryUsage + kept
  }
}
