internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// From the socket to whole requests.
///
/// A connection with nothing left over is read into the loop's buffer and executed from there. What
/// is left of it, an unfinished request, moves to memory of the connection's own, see
/// `PendingInput`.
extension EventLoop {
  /// Handles one readable event: one read, then all whole requests in it.
  func read(_ connection: Connection) {
    connection.state.pointee.lastInteraction = state.pointee.now
    if connection.state.pointee.input != nil { return readPending(connection) }
    let buffer = state.pointee.readBuffer
    switch Socket.receive(
      from: connection.state.pointee.fd, into: buffer, count: EventLoopState.readBufferSize)
    {
    case .count(let count):
      account(received: count, by: connection)
      takeUrgentMessages()
      state.pointee.inputBytes = count
      let used = execute(buffer, count: count, of: connection)
      if used < count, connection.flags.isDisjoint(with: [.closesNow, .closesAfterReply]) {
        keep(ByteView(base: UnsafePointer(buffer + used), count: count - used), of: connection)
      }
      flush(connection)
    case .wouldBlock: break
    case .endOfStream, .failed: close(connection)
    }
  }

  private func account(received count: Int, by connection: Connection) {
    connection.state.pointee.bytesReceived &+= UInt64(count)
    state.pointee.counters.bytesReceived &+= UInt64(count)
    state.pointee.counters.reads &+= 1
  }

  /// Moves left-over input to memory of the connection's own.
  private func keep(_ rest: ByteView, of connection: Connection) {
    let input = UnsafeMutablePointer<PendingInput>.allocate(capacity: 1)
    input.initialize(to: PendingInput(capacity: rest.count))
    input.pointee.append(rest)
    connection.state.pointee.input = input
    if connection.flags.isDisjoint(with: .stopsInput) { executePending(connection) }
    accountMemory(of: connection)
  }

  private func readPending(_ connection: Connection) {
    guard let input = connection.state.pointee.input else { return }
    let fd = connection.state.pointee.fd
    let result: TransferResult
    if let blob = input.pointee.blob, input.pointee.blobFilled < blob.count {
      let filled = input.pointee.blobFilled
      result = Socket.receive(from: fd, into: blob.base + filled, count: blob.count - filled)
      if case .count(let count) = result { input.pointee.blobFilled += count }
    } else {
      input.pointee.makeRoom(for: EventLoopState.readBufferSize)
      result = Socket.receive(
        from: fd, into: input.pointee.buffer + input.pointee.count,
        count: input.pointee.capacity - input.pointee.count)
      if case .count(let count) = result { input.pointee.count += count }
    }
    switch result {
    case .count(let count):
      account(received: count, by: connection)
      takeUrgentMessages()
      // Before anything is executed: what is too large is refused, not answered first.
      accountMemory(of: connection)
      evictClientsIfNeeded()
      executePending(connection)
      flush(connection)
      accountMemory(of: connection)
      checkQueryBuffer(connection)
    case .wouldBlock: break
    case .endOfStream, .failed: close(connection)
    }
  }

  /// Closes a client whose requests take too much before they are executed: those that have not
  /// arrived in whole, and those that MULTI has queued (`client-query-buffer-limit`).
  func checkQueryBuffer(_ connection: Connection) {
    var bytes = connection.state.pointee.input?.pointee.requestBytes ?? 0
    if connection.flags.contains(.inTransaction) {
      bytes += connection.session.transaction.memoryUsage
    }
    guard bytes > server.configuration.queryBufferBytesMax else { return }
    server.log.warning(
      "Closing a client that exceeds client-query-buffer-limit",
      metadata: ["client": "\(connection.id)", "bytes": "\(bytes)"])
    state.pointee.counters.queryBufferClosings &+= 1
    close(connection)
  }

  /// Goes on with the input that a connection has kept: first the request that was unfinished,
  /// then, in batches, whatever whole requests stand behind it.
  func executePending(_ connection: Connection) {
    guard let input = connection.state.pointee.input else { return }
    while connection.flags.isDisjoint(with: .stopsInput) {
      if input.pointee.hasRequest {
        executeSingle(connection)
        continue
      }
      if let blob = input.pointee.blob {
        guard input.pointee.blobFilled == blob.count else { return }
        // The CR LF behind it is taken for granted, as the parser does.
        guard input.pointee.skipLineEnd() else { return }
        if input.pointee.finishBlob() {
          executeSingle(connection)
          continue
        }
      }
      switch input.pointee.parser.next(
        in: input.pointee.buffer, count: input.pointee.count, limits: limits(of: connection),
        into: &input.pointee.store)
      {
      case .request: executeSingle(connection)
      case .incomplete:
        guard input.pointee.adoptLongBulk() else {
          return fail(connection, with: "-ERR out of memory\r\n")
        }
        if input.pointee.blob != nil { return }
        if input.pointee.count == input.pointee.start, input.pointee.store.count == 0,
          input.pointee.parser.remaining == 0
        {
          dropPending(connection)
        }
        return
      case .failure(let error): return fail(connection, with: error)
      }
      guard connection.flags.isDisjoint(with: .stopsInput) else { return }
      executeFollowing(connection)
    }
  }

  /// Executes the request that the kept input has completed.
  private func executeSingle(_ connection: Connection) {
    guard let input = connection.state.pointee.input else { return }
    input.pointee.hasRequest = true
    let arguments = Arguments(
      base: input.pointee.store.arguments(from: 0, count: input.pointee.store.count),
      count: input.pointee.store.count)
    state.pointee.blobsAreAdoptable = !input.pointee.blobs.isEmpty
    beginTiming()
    let caller = state.pointee.caller
    state.pointee.caller = connection.id
    dispatch(arguments, of: connection)
    state.pointee.caller = caller
    state.pointee.blobsAreAdoptable = false
    if !connection.flags.contains(.paused) { input.pointee.finishRequest() }
  }

  /// Executes the whole requests behind it in batches.
  private func executeFollowing(_ connection: Connection) {
    guard let input = connection.state.pointee.input else { return }
    let start = input.pointee.start
    let used = execute(
      input.pointee.buffer + start, count: input.pointee.count - start, of: connection)
    input.pointee.start = start + used
    input.pointee.parser = RequestParser()
    input.pointee.parser.position = input.pointee.start
  }

  private func dropPending(_ connection: Connection) {
    guard let input = connection.state.pointee.input else { return }
    input.deinitialize(count: 1)
    input.deallocate()
    connection.state.pointee.input = nil
  }

  /// What the parser refuses to this client.
  func limits(of connection: Connection) -> ParserLimits {
    ParserLimits(
      bulkLengthMax: Int(server.configuration.protocolBulkBytesMax),
      isUnauthenticated: connection.flags.contains(.unauthenticated))
  }

  /// Parses and executes whole requests in batches.
  ///
  /// - Returns: how many bytes were used; fewer than `count` when a request is unfinished, or when
  ///   the connection is to be read no further.
  func execute(
    _ bytes: UnsafeMutablePointer<UInt8>, count: Int, of connection: Connection
  ) -> Int {
    var parser = RequestParser()
    var used = 0
    beginTiming()
    let caller = state.pointee.caller
    state.pointee.caller = connection.id
    defer { state.pointee.caller = caller }
    while connection.flags.isDisjoint(with: .stopsInput) {
      state.pointee.store.removeAll()
      // Until a client has authenticated, each request may change what the next one may ask for.
      let limits = limits(of: connection)
      let batchSize = limits.isUnauthenticated ? 1 : EventLoopState.batchSize
      var parsed = 0
      var failure: ProtocolError?
      while parsed < batchSize {
        let first = state.pointee.store.count
        let outcome = parser.next(
          in: bytes, count: count, limits: limits, into: &state.pointee.store)
        guard case .request = outcome else {
          if case .failure(let error) = outcome { failure = error }
          break
        }
        prepare(parsed, firstArgument: first, in: bytes, end: parser.position, of: connection)
        parsed += 1
      }
      let isLast = parsed < batchSize
      used = executeBatch(parsed, of: connection, usedBefore: used)
      guard connection.flags.isDisjoint(with: .stopsInput) else { break }
      if let failure {
        fail(connection, with: failure)
        return count
      }
      if isLast { break }
    }
    state.pointee.store.removeAll()
    return used
  }

  /// Looks up a parsed request's command, hashes its key and starts loading the key's bucket.
  @inline(__always)
  private func prepare(
    _ index: Int, firstArgument: Int, in bytes: UnsafeMutablePointer<UInt8>, end: Int,
    of connection: Connection
  ) {
    let count = state.pointee.store.count &- firstArgument
    let arguments = state.pointee.store.arguments(from: firstArgument, count: count)
    let entry = command(
      arguments[0], between: UnsafePointer(bytes), and: UnsafePointer(bytes + end))
    var request = ParsedRequest(
      firstArgument: firstArgument, argumentCount: count, end: end, entry: entry,
      hash: KeyHash(rawValue: 0), hasKey: false, bucket: .none)
    if let entry {
      let position: Int
      switch entry.pointee.keyPlan {
      case .single(let index): position = index
      case .range(let first, _, _): position = first
      case .none, .made, .specs: position = 0
      }
      if position > 0, position < count {
        request.hash = server.state.pointee.keyspace.hash(arguments[position]).hash
        request.hasKey = true
        request.bucket = server.state.pointee.keyspace.prefetchBucket(
          of: request.hash, in: connection.database)
      }
    }
    (state.pointee.requests + index).initialize(to: request)
  }

  /// The command of this name, in a request that stands between `start` and `end`; an unescaped
  /// name stands elsewhere.
  @inline(__always)
  private func command(
    _ name: ByteView, between start: UnsafePointer<UInt8>, and end: UnsafePointer<UInt8>
  ) -> UnsafePointer<CommandEntry>? {
    let readable = name.base >= start ? end - name.base : 0
    let word = LastNamedCommand.word(name, readableBytes: readable)
    if state.pointee.lastNamed.isNamed(word) { return state.pointee.lastNamed.entry }
    let entry = server.state.pointee.commands.find(requested: name)
    state.pointee.lastNamed.remember(word, entry)
    return entry
  }

  /// Executes the batch in order.
  ///
  /// - Returns: the end of the last request that was executed.
  @inline(__always)
  private func executeBatch(_ count: Int, of connection: Connection, usedBefore: Int) -> Int {
    guard count > 0 else { return usedBefore }
    let requests = state.pointee.requests
    if count > 1 {
      for index in 0..<count {
        server.state.pointee.keyspace.prefetchEntry(
          of: requests[index].hash, in: requests[index].bucket)
      }
    }
    state.pointee.counters.batches &+= 1
    var used = usedBefore
    for index in 0..<count {
      let request = requests[index]
      let arguments = Arguments(
        base: state.pointee.store.arguments(
          from: request.firstArgument, count: request.argumentCount),
        count: request.argumentCount)
      dispatch(
        arguments, entry: request.entry, hash: request.hasKey ? request.hash : nil,
        of: connection)
      // A command that CLIENT PAUSE holds back stays in the input.
      if !connection.flags.contains(.paused) { used = request.end }
      guard connection.flags.isDisjoint(with: .stopsInput) else { break }
    }
    return used
  }

  /// Answers what cannot be parsed and closes the connection once the answer is sent.
  private func fail(_ connection: Connection, with error: ProtocolError) {
    state.pointee.counters.protocolErrors &+= 1
    state.pointee.writer.output.append("-ERR Protocol error: ")
    state.pointee.writer.output.append(error.message)
    if case .bulkExpected(let byte) = error {
      state.pointee.writer.output.append(UInt8(ascii: "'"))
      state.pointee.writer.output.append(byte == 0x0D || byte == 0x0A ? 0x20 : byte)
      state.pointee.writer.output.append(UInt8(ascii: "'"))
    }
    state.pointee.writer.output.append("\r\n")
    connection.flags.insert(.closesAfterReply)
  }

  private func fail(_ connection: Connection, with text: StaticString) {
    state.pointee.writer.output.append(text)
    connection.flags.insert(.closesAfterReply)
  }
}
