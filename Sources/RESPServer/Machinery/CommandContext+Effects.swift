public import Bytes
public import CacheCore
internal import RESP
internal import Synchronization

extension CommandContext {
  /// Takes note that the command has changed `key`: the one effect record that transactions,
  /// keyspace events and everything else that follows changes read.
  ///
  /// Call it once per changed key, after the change, the shard still locked.
  ///
  /// - Parameters:
  ///   - event: the event's name as subscribers get it, such as "set" or "expire".
  ///   - kind: its class.
  public func changed(
    _ key: HashedKey, _ event: StaticString, _ kind: KeyspaceEvents
  ) {
    changed(key, in: database, event, kind)
  }

  /// The same for a key of another database.
  public func changed(
    _ key: HashedKey, in database: DatabaseIndex, _ event: StaticString, _ kind: KeyspaceEvents
  ) {
    noteChange(key, in: database)
    if server.state.pointee.waiters.isWaited(key.hash.shard) {
      loop.markReady(WaitedKey(key, in: database))
    }
    notify(key, in: database, event, kind)
  }

  /// Takes note of a change that has no event and that nobody waits for: other bytes that mean the
  /// same, such as the estimate that PFCOUNT keeps.
  public func changedUnannounced(_ key: HashedKey) {
    noteChange(key, in: database)
  }

  /// Takes note of a change of what surrounds a stream's entries (groups, consumers, what is
  /// pending, the last ID). As in Redis, neither transactions that watch the stream nor clients
  /// that keep what they have read of it are told.
  ///
  /// - Parameter event: nil where the change has none.
  func changedAround(_ key: HashedKey, _ event: StaticString? = nil) {
    loop.state.pointee.counters.changes &+= 1
    guard let event else { return }
    if server.state.pointee.waiters.isWaited(key.hash.shard) {
      loop.markReady(WaitedKey(key, in: database))
    }
    notify(key, in: database, event, .stream)
  }

  @inline(__always)
  private func noteChange(_ key: HashedKey, in database: DatabaseIndex) {
    loop.state.pointee.counters.changes &+= 1
    tellReaders(of: key, in: database)
  }

  /// Tells transactions that watch `key`, and clients that keep its value, that it has changed: for
  /// a key whose change counts with another's, as the source of RENAME.
  @inline(__always)
  func tellReaders(of key: HashedKey, in database: DatabaseIndex) {
    server.touchWatched(key, in: database)
    if server.state.pointee.followsChanges.load(ordering: .relaxed) {
      loop.tellFollowers(of: key, in: database, connection)
    }
  }

  /// Announces an event that changes nothing more than `changed` has said already (such as "new",
  /// "keymiss", or the "del" of an emptied collection).
  public func notify(
    _ key: HashedKey, in database: DatabaseIndex, _ event: StaticString, _ kind: KeyspaceEvents
  ) {
    let wanted = server.state.pointee.keyspaceEvents
    guard wanted.contains(kind), !wanted.isDisjoint(with: [.keyspace, .keyevent]) else { return }
    server.publishKeyspaceEvent(key.bytes, in: database, event)
  }

  /// Looks a key up for reading; announces "keymiss" when it is not there.
  public func find(_ key: HashedKey) -> EntryHandle? {
    let entry = keyspace.find(key, in: database, now: now, access: readAccess)
    if entry == nil { notify(key, in: database, "keymiss", .keyMiss) }
    noteRead(key, isFound: entry != nil, isInspection: false)
    return entry
  }

  /// Looks a key up for telling about it (TTL, TYPE, EXISTS): a hit or a miss as `find`, but its
  /// access time stays.
  public func inspect(_ key: HashedKey) -> EntryHandle? {
    let entry = keyspace.find(key, in: database, now: now, access: .inspect)
    if entry == nil { notify(key, in: database, "keymiss", .keyMiss) }
    noteRead(key, isFound: entry != nil, isInspection: true)
    return entry
  }

  /// Tells modules that lay down rules for keys.
  @inline(__always)
  private func noteRead(_ key: HashedKey, isFound: Bool, isInspection: Bool) {
    guard server.state.pointee.followsReads else { return }
    loop.tellOfRead(
      key, in: database, isFound: isFound, isInspection: isInspection, connection)
  }

  /// Looks a key up for changing it.
  public func findForWriting(_ key: HashedKey) -> EntryHandle? {
    keyspace.find(
      key, in: database, now: now, access: connection.flags.contains(.noTouch) ? .peek : .write)
  }

  /// Looks a key up without leaving a trace in its access time or the statistics.
  public func peek(_ key: HashedKey) -> EntryHandle? {
    keyspace.find(key, in: database, now: now, access: .peek)
  }

  /// The string that `key` holds, nil when there is no such key; valid until the key changes.
  ///
  /// - Throws: WRONGTYPE.
  public func string(_ key: HashedKey) throws(CommandError) -> ByteView? {
    guard let entry = find(key) else { return nil }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    return keyspace.string(of: entry)
  }

  /// The same for a command that goes on to change the key.
  public func stringForWriting(_ key: HashedKey) throws(CommandError) -> ByteView? {
    guard let entry = findForWriting(key) else { return nil }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    return keyspace.string(of: entry)
  }

  /// Stores a string and announces `event`, and "new" where there was no such key.
  ///
  /// - Parameter isNew: whether the key was absent.
  public func store(
    _ value: ByteView, at key: HashedKey, expiry: ExpiryUpdate, isNew: Bool,
    event: StaticString, raw: Bool = false
  ) throws(CommandError) {
    do throws(CacheError) {
      try keyspace.setString(key, in: database, to: value, expiry: expiry, now: now, raw: raw)
    } catch {
      throw .outOfMemory
    }
    if isNew { notify(key, in: database, "new", .new) }
    changed(key, event, .string)
  }
}
