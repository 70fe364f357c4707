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
  /// A deadline earlier than `worker`'s announced sleep was set by another thread.
  func keyspace(wake worker: Int)
}

extension KeyspaceObserver {
  /// Nobody wants to know.
  public func keyspace(
    didExpireElementsOf key: ByteView, _ type: ValueType, in database: DatabaseIndex,
    isKeyRemoved: Bool
  ) {}
}
