internal import Bytes
public import CacheCore
public import RESP

extension CommandContext {
  /// Lets the client wait for its keys: the command has found nothing and returns without a reply.
  ///
  /// Whenever one of the keys changes, the command runs again, on whichever loop changed it, with
  /// the client's database, protocol and user, and its keys locked as always: until it writes a
  /// reply instead of calling this once more. Those who came first are tried first. Where nothing
  /// may wait (inside EXEC and scripts) the reply is the one of a wait whose time is up.
  ///
  ///     guard let value = try context.popFirst() else {
  ///       return context.waitForKeys(timeoutMilliseconds: timeout)
  ///     }
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: 0 waits without end; see `timeoutMilliseconds(at:)`.
  ///   - keys: those of the command's (locked) keys to wait for; nil: all.
  ///   - arguments: what the command is run again with; nil: what it has now.
  ///   - wakesOnAnyChange: whether to run again also when a key has gone or is of another type, to
  ///     answer with an error then.
  ///   - onTimeout: writes the reply when the time is up.
  public func waitForKeys(
    timeoutMilliseconds: Int64, keys: [HashedKey]? = nil, arguments: [[UInt8]]? = nil,
    wakesOnAnyChange: Bool = false,
    onTimeout: @escaping @Sendable (inout ReplyWriter) -> Void = { $0.nullArray() }
  ) {
    if connection.flags.contains(.retriesCommand) {
      loop.state.pointee.wantsToWait = true
      return
    }
    guard mayWait else { return onTimeout(&loop.state.pointee.writer) }
    let waiters = server.state.pointee.waiters
    var waited: [WaitedKey] = []
    for index in 0..<(keys?.count ?? keyCount) {
      let key = WaitedKey(keys?[index] ?? self[key: index], in: database)
      if !waited.contains(key) { waited.append(key) }
    }
    let request: KeptRequest
    if let arguments {
      request = KeptRequest(copying: arguments)
    } else {
      request = KeptRequest(copying: self.arguments)
    }
    let wait = KeyWait(
      sequence: waiters.nextSequence(), keys: waited, type: waitedType,
      wakesOnAnyChange: wakesOnAnyChange, entry: SendableEntry(pointer: entry),
      request: request, database: database, version: connection.state.pointee.version,
      user: connection.ownUser, tracking: connection.rememberedTracking,
      keepsAccessTimes: connection.flags.contains(.noTouch))
    let blocked = block(
      timeoutMilliseconds: timeoutMilliseconds, keyWait: wait, onTimeout: onTimeout,
      onCancel: { waiters.remove(wait) })
    waiters.add(blocked, wait)
    loop.accountMemory(of: connection)
  }

  /// Whether a command that has to wait may do so, instead of answering as if its time were up.
  public var mayWait: Bool {
    connection.flags.isDisjoint(with: [.executing, .mustNotWait])
  }

  /// The type that the command's group is about.
  private var waitedType: ValueType {
    switch server.state.pointee.commands.specs[entry.pointee.index].group {
    case .sortedSet: .sortedSet
    case .stream: .stream
    case .set: .set
    case .hash: .hash
    case .string, .bitmap: .string
    default: .list
    }
  }

  /// The argument at `index` as the time that a blocking command waits at most: a number of seconds
  /// with decimals, as BLPOP takes it.
  ///
  /// - Returns: milliseconds, rounded up; 0: without end.
  /// - Throws: for what is no number, negative, or too large.
  public func timeoutMilliseconds(at index: Int) throws(CommandError) -> Int64 {
    guard let seconds = FloatText.parse(self[index]) else {
      throw .fixed("ERR timeout is not a float or out of range")
    }
    let milliseconds = (seconds * 1000).rounded(.up)
    guard milliseconds < 0x1p63 else { throw .fixed("ERR timeout is out of range") }
    guard milliseconds >= 0 else { throw .fixed("ERR timeout is negative") }
    return try checked(timeout: Int64(milliseconds))
  }

  /// The same as a whole number of milliseconds, as XREAD takes it.
  public func timeoutWholeMilliseconds(at index: Int) throws(CommandError) -> Int64 {
    guard let milliseconds = IntegerText.parseInt64(self[index]) else {
      throw .fixed("ERR timeout is not an integer or out of range")
    }
    guard milliseconds >= 0 else { throw .fixed("ERR timeout is negative") }
    return try checked(timeout: milliseconds)
  }

  private func checked(timeout: Int64) throws(CommandError) -> Int64 {
    guard timeout <= Int64.max - now else { throw .fixed("ERR timeout is out of range") }
    return timeout
  }
}
