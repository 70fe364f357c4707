internal import Bytes
internal import CacheCore
internal import Synchronization

/// What follows from changes: watched keys, keyspace events.
extension Server {
  /// Tells transactions that watch `key`. The caller holds its shard's lock.
  @inline(__always)
  func touchWatched(_ key: HashedKey, in database: DatabaseIndex) {
    guard state.pointee.watches.isWatched(key.hash.shard) else { return }
    state.pointee.watches.touch(key.bytes, shard: key.hash.shard, in: database)
  }

  /// Publishes on `__keyspace@db__:key` and `__keyevent@db__:event`, as far as both are wanted.
  func publishKeyspaceEvent(
    _ key: ByteView, in database: DatabaseIndex, _ event: StaticString
  ) {
    let hub = state.pointee.hub
    guard hub.hasSubscribers else { return }
    let wanted = state.pointee.keyspaceEvents
    if wanted.contains(.keyspace) {
      let channel = Array("__keyspace@\(database.rawValue)__:".utf8) + key.array
      channel.withByteView { _ = hub.publish(ByteView(event), to: $0) }
    }
    if wanted.contains(.keyevent) {
      let channel = Array("__keyevent@\(database.rawValue)__:\(event)".utf8)
      channel.withByteView { _ = hub.publish(key, to: $0) }
    }
  }
}

/// Changes of whole databases, and how due keys go.
extension Server {
  /// Tells transactions that the keys of `database` are about to go, or to be those of
  /// `replacement`. A watched key is touched when either has it; one that neither has stays as it
  /// is. The caller has the gate.
  ///
  /// - Complexity: O(keys watched)
  func touchAllWatched(
    in database: DatabaseIndex, replacement: DatabaseIndex? = nil, now: Int64
  ) {
    state.pointee.watches.touchAll { key in
      guard key.database == database.rawValue else { return false }
      if exists(key, in: database, now: now) { return true }
      guard let replacement else { return false }
      return exists(key, in: replacement, now: now)
    }
  }

  private func exists(_ key: WatchedKey, in database: DatabaseIndex, now: Int64) -> Bool {
    let shard = ShardIndex(rawValue: key.shard)
    state.pointee.keyspace.lock(shard)
    defer { state.pointee.keyspace.unlock(shard) }
    return key.bytes.withByteView {
      let hashed = state.pointee.keyspace.hash($0)
      return state.pointee.keyspace.find(hashed, in: database, now: now, access: .peek) != nil
    }
  }

  /// DEBUG SET-ACTIVE-EXPIRE: with false, due keys go only when a command meets them. The caller
  /// has the gate.
  func setExpiresActively(_ isActive: Bool) {
    state.pointee.expiresActively.store(isActive, ordering: .relaxed)
    // Loops that sleep have a time in mind that may be wrong now.
    for inbox in state.pointee.inboxes { inbox.wake() }
  }
}

/// What the key space does on its own, passed on to those who follow changes.
final class EffectObserver: KeyspaceObserver {
  private let server: Server

  init(server: Server) { self.server = server }

  func keyspace(didExpire key: ByteView, in database: DatabaseIndex) {
    follow(key, database, "expired", .expired)
  }

  func keyspace(
    didExpireElementsOf key: ByteView, _ type: ValueType, in database: DatabaseIndex,
    isKeyRemoved: Bool
  ) {
    switch type {
    case .set: follow(key, database, "sexpired", .set)
    case .sortedSet: follow(key, database, "zexpired", .sortedSet)
    default: follow(key, database, "hexpired", .hash)
    }
    if isKeyRemoved { follow(key, database, "del", .generic) }
  }

  func keyspace(didEvict key: ByteView, in database: DatabaseIndex) {
    follow(key, database, "evicted", .evicted)
  }

  func keyspace(didRemoveEntry key: HashedKey, in database: DatabaseIndex) {
    for follower in server.state.pointee.keyFollowers { follower.keyRemoved(key, in: database) }
  }

  func keyspace(didReplaceEntry key: HashedKey, in database: DatabaseIndex) {
    for follower in server.state.pointee.keyFollowers { follower.keyReplaced(key, in: database) }
  }

  func keyspace(
    didTransfer source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex
  ) {
    for follower in server.state.pointee.keyFollowers {
      follower.keyTransferred(source, in: sourceDatabase, to: target, in: targetDatabase)
    }
  }

  func keyspace(wake worker: Int) { server.state.pointee.inboxes[worker].wake() }

  private func follow(
    _ key: ByteView, _ database: DatabaseIndex, _ event: StaticString, _ kind: KeyspaceEvents
  ) {
    let hashed = server.state.pointee.keyspace.hash(key)
    server.touchWatched(hashed, in: database)
    if server.state.pointee.tracksKeys { server.invalidateVanished(hashed) }
    if server.state.pointee.waiters.isWaited(hashed.hash.shard) {
      server.serveLater(WaitedKey(hashed, in: database))
    }
    let wanted = server.state.pointee.keyspaceEvents
    guard wanted.contains(kind), !wanted.isDisjoint(with: [.keyspace, .keyevent]) else { return }
    server.publishKeyspaceEvent(key, in: database, event)
  }
}
