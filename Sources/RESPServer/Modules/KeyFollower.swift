public import Bytes
public import CacheCore
internal import Synchronization

/// Follows keys for a module that keeps something of its own beside them (tags, leases, figures),
/// or that lays rules down for them.
///
/// A module has one (`ServerModule.keyFollower`) and says with `ModuleHost` what it wants to hear.
/// Nothing of it is called before, and what nobody wants to hear costs nobody anything: changes are
/// told where client tracking is served, behind the test that is there for that; a read tests one
/// byte; requests are looked at only on the dispatcher's long way.
///
///     a command   examine → runs: keyRead, keyChanged … → its end: settle, key by key
///     the store           → keyRemoved, keyReplaced, keyTransferred
///
/// All but `examine` and what concerns whole databases is called with the key's shard locked, and
/// must not touch another. What is told of the store must not touch the key space at all. Keys are
/// valid during the call.
public protocol KeyFollower: AnyObject, Sendable {
  /// A key has gone, for whatever reason.
  func keyRemoved(_ key: HashedKey, in database: DatabaseIndex)

  /// A key has got a new value in place of the one it had: what its expiry would not survive.
  func keyReplaced(_ key: HashedKey, in database: DatabaseIndex)

  /// A key has got the value of another, which keeps it (COPY) or goes next (RENAME, MOVE).
  func keyTransferred(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex)

  /// A command has changed a key, or was to remove one that was not there.
  ///
  /// - Returns: whether to call `settle` for it at the command's end.
  func keyChanged(_ key: HashedKey, in database: DatabaseIndex) -> Bool

  /// A command has looked a key up for reading.
  ///
  /// - Parameter isInspection: whether it only wanted to know about it (TTL, EXISTS, TYPE).
  /// - Returns: whether to call `settle` for it at the command's end.
  func keyRead(
    _ key: HashedKey, in database: DatabaseIndex, isFound: Bool, isInspection: Bool
  ) -> Bool

  /// The command that changed or read the key has ended; now its expiry may be changed, or the key
  /// be removed.
  ///
  /// - Parameter wasChanged: false: it was only read.
  func settle(
    _ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool,
    _ context: inout CommandContext)

  /// A database, or (nil) all, was emptied. The gate is held.
  func databaseEmptied(_ database: DatabaseIndex?)

  /// Two databases were exchanged. The gate is held.
  func databasesSwapped(_ first: DatabaseIndex, _ second: DatabaseIndex)

  /// Looks at a writing command before it runs, or is queued in a transaction.
  ///
  /// - Returns: arguments to put in the place of those that the client sent.
  /// - Throws: what to answer instead of running it.
  func examine(
    _ request: borrowing WriteRequest
  ) throws(CommandError) -> [(position: Int, value: [UInt8])]
}

extension KeyFollower {
  /// A follower says what it cares for.
  public func keyRemoved(_ key: HashedKey, in database: DatabaseIndex) {}
  public func keyReplaced(_ key: HashedKey, in database: DatabaseIndex) {}
  public func keyTransferred(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex
  ) {}
  public func keyChanged(_ key: HashedKey, in database: DatabaseIndex) -> Bool { false }
  public func keyRead(
    _ key: HashedKey, in database: DatabaseIndex, isFound: Bool, isInspection: Bool
  ) -> Bool { false }
  public func settle(
    _ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool,
    _ context: inout CommandContext
  ) {}
  public func databaseEmptied(_ database: DatabaseIndex?) {}
  public func databasesSwapped(_ first: DatabaseIndex, _ second: DatabaseIndex) {}
  public func examine(
    _ request: borrowing WriteRequest
  ) throws(CommandError) -> [(position: Int, value: [UInt8])] { [] }
}

/// A writing command that has not run yet, as a `KeyFollower` sees it.
public struct WriteRequest: ~Copyable {
  let loop: EventLoop
  /// The command's name in lower case, a subcommand's behind its container's: "xgroup|create".
  public let name: ByteView
  /// All arguments, the name first.
  public let arguments: Arguments
  /// The names of its keys, in the order of the arguments.
  public let keys: [ByteView]
  /// Whether it may make the data larger.
  public let mayGrow: Bool

  /// Calls `body` with a key's shard locked.
  public func withLock<Result>(
    on name: ByteView, _ body: (HashedKey) -> Result
  ) -> Result {
    let keyspace = loop.server.state
    let key = keyspace.pointee.keyspace.hash(name)
    // A script or transaction may have it locked already.
    if loop.state.pointee.holdsLocks { return body(key) }
    keyspace.pointee.keyspace.lock(key.hash.shard)
    defer { keyspace.pointee.keyspace.unlock(key.hash.shard) }
    return body(key)
  }
}

extension ModuleHost {
  /// From now on the modules' followers hear of every change and of every key that goes. It may be
  /// called at any time, also by a command that holds its key's shard: then that key is followed
  /// from there on. There is no way back.
  public func followKeys() {
    server.state.pointee.keyspace.tellsOfEntries = true
    server.state.pointee.followsChanges.store(true, ordering: .relaxed)
  }

  /// Says whether reads are to be told, and whether writing commands are to be examined first.
  /// Called at start or with the gate held.
  public func follow(reads: Bool, requests: Bool) {
    server.state.pointee.followsReads = reads
    server.state.pointee.examinesWrites = requests
    server.updateNeedsCare()
  }

  /// Number of databases.
  public var databaseCount: Int { server.configuration.databaseCount }

  /// Milliseconds to add to cache time to get Unix time.
  public var wallStep: Int64 { server.state.pointee.clock.step }

  /// Counts bytes that the module holds beside the keys as used memory; negative to take them back.
  public func addUsedMemory(_ bytes: Int) { server.state.pointee.keyspace.addOverhead(bytes) }
}

extension CommandContext {
  /// Sets a parameter as CONFIG SET does, for a command that holds the gate
  /// (`KeyspaceAccess.exclusive`).
  ///
  /// - Throws: what CONFIG SET would answer.
  public func configure(_ name: String, _ value: String) throws(CommandError) {
    if let failure = server.setConfiguration([(name, value)], isLocalClient: true) {
      throw .made(failure.reply)
    }
  }
}
