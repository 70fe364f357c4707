internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// From a request to its reply: finds the command, checks what can be checked without running it,
/// locks what it needs, runs it, and keeps the books.
extension EventLoop {
  /// Restarts the clock by which commands are timed: each command's end is the next one's start.
  @inline(__always)
  func beginTiming() {
    let ticks = TickCounter.now
    // Cache time is in milliseconds: a reading that is a fraction of one old will do.
    if ticks &- state.pointee.clockTicks > server.state.pointee.clockRefreshTicks { updateTime() }
    state.pointee.ticks = ticks
  }

  /// Executes one request that was not prepared in a batch.
  func dispatch(_ arguments: Arguments, of connection: Connection) {
    dispatch(
      arguments, entry: server.state.pointee.commands.find(requested: arguments[0]), hash: nil,
      of: connection)
  }

  /// Executes one request.
  ///
  /// - Parameters:
  ///   - entry: what the command table has for its name.
  ///   - hash: its first key's hash, if that was computed already.
  @inline(__always)
  func dispatch(
    _ arguments: Arguments, entry: UnsafePointer<CommandEntry>?, hash: KeyHash?,
    of connection: Connection
  ) {
    connection.state.pointee.commandCount &+= 1
    if let entry, !entry.pointee.isContainer,
      entry.pointee.accepts(argumentCount: arguments.count),
      connection.flags.isDisjoint(with: .needsAttention), isStraightforward(entry)
    {
      call(entry, arguments, hash: hash, of: connection)
    } else {
      dispatchWithCare(arguments, entry: entry, hash: hash, of: connection)
    }
    if state.pointee.hasTrackingWork { finishTracking(of: connection) }
    if state.pointee.hasReadyKeys { serveReadyKeys() }
    if state.pointee.writer.output.count > EventLoopState.flushThreshold { flush(connection) }
  }

  /// Whether nothing about the server or the command calls for the long way.
  @inline(__always)
  private func isStraightforward(_ entry: UnsafePointer<CommandEntry>) -> Bool {
    !server.state.pointee.needsCare && !entry.pointee.flags.contains(.protected)
      && hasRoom()
  }

  /// Whether used memory is within the limit.
  @inline(__always)
  func hasRoom() -> Bool {
    let limit = server.state.pointee.configuration.maxMemory
    return limit == 0 || server.state.pointee.keyspace.usedMemory <= limit
  }

  /// Resolves subcommands and checks everything; errors become replies.
  private func dispatchWithCare(
    _ arguments: Arguments, entry: UnsafePointer<CommandEntry>?, hash: KeyHash?,
    of connection: Connection
  ) {
    if entry == nil, isSentByBrowser(arguments[0]) { return refuseBrowser(connection) }
    if state.pointee.isAside || state.pointee.isAnsweringBusy {
      return dispatchBesideScript(arguments, entry, of: connection)
    }
    let mark = replyMark()
    state.pointee.keepsReply = false
    let skipsReply = connection.flags.contains(.replySkipNext)
    if skipsReply {
      connection.flags.remove(.replySkipNext)
      connection.flags.insert(.replySkip)
    }
    let cachingWasGiven = connection.flags.contains(.cachingGiven)
    var isAboutClient = false
    do throws(CommandError) {
      let entry = try resolve(arguments, entry)
      isAboutClient = entry.pointee.traits.contains(.keepsCaching)
      connection.state.pointee.lastCommand = Int32(truncatingIfNeeded: entry.pointee.index)
      try check(entry, arguments, of: connection)
      if isPaused(entry, arguments, connection) {
        pause(connection)
        // It will be executed another time.
        connection.state.pointee.commandCount &-= 1
        if skipsReply { connection.flags.insert(.replySkipNext) }
      } else {
        let kept =
          server.state.pointee.examinesWrites ? try examine(entry, arguments) : nil
        if !enqueue(entry, arguments, of: connection) {
          callMonitored(entry, arguments, hash: hash, of: connection)
        }
        withExtendedLifetime(kept) {}
      }
    } catch {
      reject(entry, with: error, of: connection)
    }
    if cachingWasGiven, !isAboutClient, !connection.flags.contains(.inTransaction) {
      connection.flags.remove(.cachingGiven)
    }
    if !connection.flags.isDisjoint(with: [.replyOff, .replySkip]) {
      // CLIENT REPLY itself answers, see there.
      connection.flags.remove(.replySkip)
      if !state.pointee.keepsReply { withdrawReply(to: mark) }
    }
  }

  /// Says that what the command has written is to be sent even where CLIENT REPLY has turned
  /// replies off: messages, not a reply.
  func keepReply() { state.pointee.keepsReply = true }

  /// Runs a command and shows it to the monitors: EXEC behind what it executes, all others first.
  private func callMonitored(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, hash: KeyHash?,
    of connection: Connection
  ) {
    let monitors = server.state.pointee.monitors
    if !entry.pointee.isExec { monitors.feed(arguments, entry, of: connection, on: self) }
    call(entry, arguments, hash: hash, of: connection)
    if entry.pointee.isExec { monitors.feed(arguments, entry, of: connection, on: self) }
  }

  /// Answers while a slow script keeps everybody from the keys: a few commands run, all others get
  /// BUSY.
  private func dispatchBesideScript(
    _ arguments: Arguments, _ entry: UnsafePointer<CommandEntry>?, of connection: Connection
  ) {
    do throws(CommandError) {
      let entry = try resolve(arguments, entry)
      if connection.flags.contains(.unauthenticated), !entry.pointee.flags.contains(.noAuth) {
        throw .fixed("NOAUTH Authentication required.")
      }
      // Of those that may run, none that has to lock keys does: it would wait for the script.
      guard entry.pointee.flags.contains(.allowBusy), entry.pointee.access == .none,
        connection.existingSession?.watch == nil,
        connection.existingSession?.tracking?.isOn != true, !losesData(entry, arguments)
      else { throw server.busyError }
      if connection.flags.contains(.restricted) {
        try checkPermissions(entry, arguments, of: connection)
      }
      if !enqueue(entry, arguments, of: connection) {
        call(entry, arguments, hash: nil, of: connection)
      }
    } catch {
      reject(entry, with: error, of: connection)
    }
  }

  /// Whether it is a SHUTDOWN that might want to save what a script is changing.
  private func losesData(_ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments) -> Bool {
    guard name(of: entry) == "shutdown" else { return false }
    return !(1..<max(1, arguments.count)).contains {
      arguments[$0].equalsIgnoringCase("NOSAVE")
    }
  }

  /// The command that is meant: `entry`, or the subcommand that the first argument names.
  private func resolve(
    _ arguments: Arguments, _ entry: UnsafePointer<CommandEntry>?
  ) throws(CommandError) -> UnsafePointer<CommandEntry> {
    guard let entry else { throw .made(CommandTexts.unknownCommand(arguments)) }
    guard entry.pointee.isContainer else { return try checkArity(entry, arguments) }
    guard arguments.count >= 2 else {
      if entry.pointee.accepts(argumentCount: 1) { return entry }
      throw .made(CommandTexts.wrongArity(name(of: entry)))
    }
    if let found = server.state.pointee.commands.find(arguments[1], in: entry) {
      return try checkArity(found, arguments)
    }
    // COMMAND alone is a command of its own; with an unknown word behind it, it is not.
    throw .made(CommandTexts.unknownSubcommand(arguments[1], of: name(of: entry)))
  }

  private func checkArity(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) throws(CommandError) -> UnsafePointer<CommandEntry> {
    guard entry.pointee.accepts(argumentCount: arguments.count) else {
      state.pointee.commandStatistics[entry.pointee.index].rejected &+= 1
      throw .made(CommandTexts.wrongArity(name(of: entry)))
    }
    return entry
  }

  func name(of entry: UnsafePointer<CommandEntry>) -> ByteView {
    server.state.pointee.commands.name(of: entry.pointee.index)
  }

  /// Checks whether the command may run now.
  ///
  /// - Throws: the error to answer with.
  func check(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, of connection: Connection
  ) throws(CommandError) {
    let flags = entry.pointee.flags
    do throws(CommandError) {
      if flags.contains(.protected) { try checkProtected(entry, connection) }
      if connection.flags.contains(.unauthenticated), !flags.contains(.noAuth) {
        try checkAuthentication(of: connection)
      }
      if connection.flags.contains(.inTransaction), flags.contains(.noMulti) {
        throw .fixed("ERR Command not allowed inside a transaction")
      }
      if connection.flags.contains(.restricted) {
        try checkPermissions(entry, arguments, of: connection)
      }
      try makeRoom(for: entry, of: connection)
      if connection.flags.contains(.subscribed), connection.state.pointee.version == .resp2,
        !entry.pointee.traits.contains(.allowedWhileSubscribed)
      {
        throw .made(CommandTexts.notWhileSubscribed(name(of: entry)))
      }
      if connection.flags.contains(.monitors),
        !flags.isDisjoint(with: [.readonly, .write, .mayReplicate])
      {
        throw .fixed("ERR Replica can't interact with the keyspace")
      }
    } catch {
      state.pointee.commandStatistics[entry.pointee.index].rejected &+= 1
      throw error
    }
  }

  /// Lets a client in that came before the password was taken away.
  private func checkAuthentication(of connection: Connection) throws(CommandError) {
    guard !server.state.pointee.acl.needsAuthentication else {
      throw .fixed("NOAUTH Authentication required.")
    }
    connection.flags.remove(.unauthenticated)
  }

  /// Checks whether the connection's user may run the command.
  private func checkPermissions(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, of connection: Connection
  ) throws(CommandError) {
    let permissions = connection.state.pointee.permissions
    guard let denial = server.denial(permissions, entry, arguments) else { return }
    noteDenial(denial, entry, arguments, of: connection)
    throw ACLTexts.refused(denial, command: name(of: entry))
  }

  /// Queues a command between MULTI and EXEC.
  ///
  /// - Returns: false when it is to run now.
  private func enqueue(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments, of connection: Connection
  ) -> Bool {
    guard connection.flags.contains(.inTransaction),
      !entry.pointee.traits.contains(.runsInsideMulti)
    else { return false }
    connection.session.transaction.append(
      entry, arguments, flags: effectiveFlags(entry, arguments))
    accountMemory(of: connection)
    checkQueryBuffer(connection)
    state.pointee.writer.simple("QUEUED")
    return true
  }

  private func checkProtected(
    _ entry: UnsafePointer<CommandEntry>, _ connection: Connection
  ) throws(CommandError) {
    let isLocal = connection.flags.contains(.local)
    let isDebug = name(of: entry) == "debug"
    let allowed =
      isDebug
      ? server.configuration.enableDebugCommand : server.configuration.enableModuleCommand
    switch allowed {
    case .yes: return
    case .local where isLocal: return
    default:
      throw .fixed(isDebug ? CommandTexts.debugNotAllowed : CommandTexts.moduleNotAllowed)
    }
  }

  /// Evicts until there is room; a command that wants more memory is refused when there is none.
  private func makeRoom(
    for entry: UnsafePointer<CommandEntry>, of connection: Connection
  ) throws(CommandError) {
    guard !hasRoom(), !state.pointee.holdsGate else { return }
    var hasRoom = false
    watchingLatency("eviction-cycle") {
      hasRoom = server.state.pointee.keyspace.makeRoom(worker: index, now: state.pointee.now)
    }
    // What was evicted for a command is told before its reply.
    if connection.flags.isDisjoint(with: [.replyOff, .replySkip]) {
      writeOwnInvalidations(to: connection)
    }
    guard !hasRoom, entry.pointee.flags.contains(.denyOOM) || isExecOfWrites(entry, connection)
    else { return }
    throw .outOfMemory
  }

  private func isExecOfWrites(
    _ entry: UnsafePointer<CommandEntry>, _ connection: Connection
  ) -> Bool {
    connection.flags.contains(.inTransaction) && entry.pointee.isExec
      && connection.session.transaction.flags.contains(.denyOOM)
  }

  /// Writes an error for a command that was not run; inside MULTI, EXEC will refuse. EXEC itself
  /// ends the transaction and says why.
  ///
  /// - Parameter entry: what the command table has for the name; nil for an unknown command.
  func reject(
    _ entry: UnsafePointer<CommandEntry>?, with error: CommandError, of connection: Connection
  ) {
    if connection.flags.contains(.inTransaction) { connection.flags.insert(.transactionFailed) }
    guard let entry, entry.pointee.isExec else { return write(error) }
    discardTransaction(of: connection)
    write(.made(CommandTexts.transactionAborted(error)))
  }

  /// Writes an error reply and counts it by its code.
  func write(_ error: CommandError) {
    state.pointee.errorReplies &+= 1
    switch error {
    case .fixed(let text):
      state.pointee.writer.error(text)
      countError(ByteView(text))
    case .made(var text):
      state.pointee.writer.error(text)
      text.withUTF8 { countError(ByteView(UnsafeRawBufferPointer($0))) }
    }
  }

  func countError(_ text: ByteView) {
    let code = text[0..<(text.firstIndex(of: 0x20) ?? text.count)].string
    // INFO errorstats is bounded: a module may make up codes.
    if guarded.pointee.errorCounts.count < 128 || guarded.pointee.errorCounts[code] != nil {
      guarded.pointee.errorCounts[code, default: 0] += 1
    }
  }

  // MARK: Taking replies back

  struct ReplyMark {
    let count: Int
    let splices: Int
  }

  func replyMark() -> ReplyMark {
    ReplyMark(
      count: state.pointee.writer.output.count,
      splices: state.pointee.writer.output.spliceCount)
  }

  func withdrawReply(to mark: ReplyMark) {
    guard state.pointee.writer.output.count > mark.count else { return }
    state.pointee.writer.output.truncate(to: mark.count, splices: mark.splices) {
      Blob(owner: $0).release()
    }
  }
}
