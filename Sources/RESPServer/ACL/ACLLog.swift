internal import Bytes
internal import Platform

/// What was refused lately: ACL LOG.
///
/// Similar events within a minute are one entry with a count. Any loop adds, so a lock guards the
/// list; `acllog-max-len` bounds it.
final class ACLLog: Sendable {
  /// What was refused.
  enum Reason: String, Sendable {
    case command, key, channel, auth
  }

  /// Where the command came from.
  enum Source: String, Sendable {
    case toplevel, multi, lua, module
  }

  struct Entry: Sendable {
    let id: Int64
    let reason: Reason
    let source: Source
    /// The command, key or channel.
    let object: [UInt8]
    let userName: [UInt8]
    var count: Int64 = 1
    /// The client as in CLIENT LIST, when it happened last.
    var client: String
    /// Unix time in milliseconds.
    let createdAt: Int64
    var updatedAt: Int64

    fileprivate func isSimilar(to other: Entry) -> Bool {
      reason == other.reason && source == other.source && object == other.object
        && userName == other.userName && other.updatedAt - updatedAt <= ACLLog.groupingMilliseconds
    }
  }

  /// Events so far apart are entries of their own.
  fileprivate static let groupingMilliseconds: Int64 = 60_000
  /// Newest entries among which a similar one is looked for.
  private static let similarMax = 10
  /// Bytes that an entry keeps of a name.
  private static let nameBytesMax = 1024

  private struct State {
    /// Newest first.
    var entries: [Entry] = []
    var nextID: Int64 = 0
  }

  private let state = Guarded(State())

  /// Notes that something was refused.
  ///
  /// - Parameter limit: entries that are kept.
  /// - Complexity: O(limit)
  func note(
    _ reason: Reason, _ source: Source, object: ByteView, userName: [UInt8], client: String,
    limit: Int
  ) {
    let now = Clock.wallMicroseconds / 1000
    let object = object[0..<min(object.count, Self.nameBytesMax)].array
    let userName = Array(userName.prefix(Self.nameBytesMax))
    state.withLock { state in
      let event = Entry(
        id: state.nextID, reason: reason, source: source, object: object, userName: userName,
        client: client, createdAt: now, updatedAt: now)
      let similar = state.entries.prefix(Self.similarMax).firstIndex { $0.isSimilar(to: event) }
      if let similar {
        var entry = state.entries.remove(at: similar)
        entry.count += 1
        entry.client = client
        entry.updatedAt = now
        state.entries.insert(entry, at: 0)
      } else {
        state.nextID += 1
        state.entries.insert(event, at: 0)
      }
      if state.entries.count > limit { state.entries.removeLast(state.entries.count - limit) }
    }
  }

  /// The newest entries.
  func entries(limit: Int) -> [Entry] { state.withLock { Array($0.entries.prefix(limit)) } }

  func reset() { state.withLock { $0.entries.removeAll() } }
}

extension EventLoop {
  /// Takes note that a command was refused: ACL LOG, INFO.
  ///
  /// - Parameter source: where the command came from; nil: from the client, MULTI or not.
  func noteDenial(
    _ denial: ACLDenial, _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments,
    of connection: Connection, source: ACLLog.Source? = nil
  ) {
    let reason: ACLLog.Reason
    let object: ByteView
    switch denial {
    case .command:
      state.pointee.counters.deniedCommands &+= 1
      reason = .command
      object = server.state.pointee.commands.name(of: entry.pointee.index)
    case .key(let position):
      state.pointee.counters.deniedKeys &+= 1
      reason = .key
      object = arguments[position]
    case .channel(let position):
      state.pointee.counters.deniedChannels &+= 1
      reason = .channel
      object = arguments[position]
    }
    let registry = server.state.pointee.acl
    registry.log.note(
      reason, source ?? logSource(of: connection), object: object,
      userName: connection.user(in: registry).name,
      client: describe(connection, entry, arguments),
      limit: server.configuration.aclLogLengthMax)
  }

  /// Takes note that somebody could not log in as `userName`.
  func noteFailedAuthentication(
    _ userName: ByteView, _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments,
    of connection: Connection
  ) {
    state.pointee.counters.authenticationErrors &+= 1
    server.state.pointee.acl.log.note(
      .auth, logSource(of: connection), object: arguments[0], userName: userName.array,
      client: describe(connection, entry, arguments),
      limit: server.configuration.aclLogLengthMax)
  }

  private func logSource(of connection: Connection) -> ACLLog.Source {
    if connection.flags.contains(.isScript) { return .lua }
    return connection.flags.isDisjoint(with: [.inTransaction, .executing]) ? .toplevel : .multi
  }

  /// The client as in CLIENT LIST, with the command that was refused.
  private func describe(
    _ connection: Connection, _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) -> String {
    let caller = state.pointee.caller
    let context = CommandContext(
      loop: self, server: server, connection: connection, entry: entry, arguments: arguments,
      now: state.pointee.now, keyBase: state.pointee.keyBuffer, keyCount: 0)
    // A script's commands are those of the client that called it.
    let client = connection.flags.contains(.isScript) ? self.connection(ofClient: caller) : nil
    return context.describe(client ?? connection, of: self)
  }
}
