public import Bytes

/// Hears of what the key space does on its own. Called under the shard's lock, for rare events
/// only; an implementation must not call back into the key space.
public protocol KeyspaceObserver: AnyObject, Sendable {
  /// A due key was removed, on access or by the wheel.
  func keyspace(didExpire key: ByteView, in database: DatabaseIndex)
  /// Due elements of a collection were removed, on access or by the wheel; with the last one, the
  /// key.
  func keyspace(
    didExpireElementsOf key: ByteView, _ type: ValueType, in database: DatabaseIndex,
    isKeyRemoved: Bool)
  /// A key was evicted to make room.
  func keyspace(didEvict key: ByteView, in database: DatabaseIndex)
  /// An entry is leaving the table, whatever the reason: removed, due, evicted, given another name.
  /// Told, as the two below, while `Keyspace.tellsOfEntries` is set; databases that are emptied or
  /// exchanged as a whole are not told entry by entry.
  func keyspace(didRemoveEntry key: HashedKey, in database: DatabaseIndex)
  /// An entry has got another value that has nothing to do with the one it had: its expiry was
  /// cleared or set anew. A change in place, and one that keeps the expiry, is none.
  func keyspace(didReplaceEntry key: HashedKey, in database: DatabaseIndex)
  /// The value of `source` has become `target`'s, too or instead; what `target` held was told to be
  /// replaced before, and `source` is told to be removed afterwards.
  func keyspace(
    didTransfer source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex)
  /// A deadline earlier than `worker`'s announced sleep was set by another thread.
  func keyspace(wake worker: Int)
}

extension KeyspaceObserver {
  /// Nobody wants to know.
  public func keyspace(
    didExpireElementsOf key: ByteView, _ type: ValueType, in database: DatabaseIndex,
    isKeyRemoved: Bool
  ) {}

  /// Nobody wants to know.
  public func keyspace(didRemoveEntry key: HashedKey, in database: DatabaseIndex) {}
  public func keyspace(didReplaceEntry key: HashedKey, in database: DatabaseIndex) {}
  public func keyspace(
    didTransfer source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex
  ) {}
}
