internal import Bytes
internal import CacheCore

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

/// What the key space does on its own, passed on to those who follow changes.
final class EffectObserver: KeyspaceObserver {
  private let server: Server

  init(server: Server) { self.server = server }

  func keyspace(didExpire key: ByteView, in database: DatabaseIndex) {
    follow(key, database, "expired", .expired)
  }

  func keyspace(didEvict key: ByteView, in database: DatabaseIndex) {
    follow(key, database, "evicted", .evicted)
  }

  func keyspace(wake worker: Int) { server.state.pointee.inboxes[worker].wake() }

  private func follow(
    _ key: ByteView, _ database: DatabaseIndex, _ event: StaticString, _ kind: KeyspaceEvents
  ) {
    server.touchWatched(server.state.pointee.keyspace.hash(key), in: database)
    let wanted = server.state.pointee.keyspaceEvents
    guard wanted.contains(kind), !wanted.isDisjoint(with: [.keyspace, .keyevent]) else { return }
    server.publishKeyspaceEvent(key, in: database, event)
  }
}
