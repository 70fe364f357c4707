internal import Bytes
internal import CacheCore

/// A key that a transaction watches.
struct WatchedKey: Hashable {
  let database: UInt8
  let shard: UInt8
  let bytes: [UInt8]
  /// Whether it was due already when it was watched: then its going is no change.
  var wasAbsent = false

  init(_ key: HashedKey, in database: DatabaseIndex) {
    self.init(
      database: database.rawValue, shard: key.hash.shard.rawValue, bytes: key.bytes.array)
  }

  init(database: UInt8, shard: UInt8, bytes: [UInt8]) {
    self.database = database
    self.shard = shard
    self.bytes = bytes
  }

  static func == (left: WatchedKey, right: WatchedKey) -> Bool {
    left.database == right.database && left.bytes == right.bytes
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(database)
    hasher.combine(bytes)
  }
}

/// Who watches which keys, by shard. A shard's part is touched only under the shard's lock, or with
/// the gate held, so it needs no lock of its own; where nobody watches, a change costs one load.
final class WatchRegistry: @unchecked Sendable {
  private struct Shard {
    var count = 0
    var watchers: [WatchedKey: [WatchFlag]] = [:]
  }

  private let shards: UnsafeMutablePointer<Shard>

  init() {
    shards = .allocate(capacity: 64)
    shards.initialize(repeating: Shard(), count: 64)
  }

  deinit {
    shards.deinitialize(count: 64)
    shards.deallocate()
  }

  func add(_ key: WatchedKey, _ flag: WatchFlag) {
    let shard = shards + Int(key.shard)
    shard.pointee.watchers[key, default: []].append(flag)
    shard.pointee.count += 1
  }

  func remove(_ key: WatchedKey, _ flag: WatchFlag) {
    let shard = shards + Int(key.shard)
    guard var flags = shard.pointee.watchers[key] else { return }
    let before = flags.count
    flags.removeAll { $0 === flag }
    shard.pointee.count -= before - flags.count
    shard.pointee.watchers[key] = flags.isEmpty ? nil : flags
  }

  /// Whether anybody watches a key of the shard.
  @inline(__always)
  func isWatched(_ shard: ShardIndex) -> Bool {
    shards[Int(shard.rawValue)].count != 0
  }

  /// Raises the flags of those who watch `key`.
  func touch(_ key: ByteView, shard: ShardIndex, in database: DatabaseIndex) {
    let watched = WatchedKey(
      database: database.rawValue, shard: shard.rawValue, bytes: key.array)
    for flag in shards[Int(shard.rawValue)].watchers[watched] ?? [] { flag.raise() }
  }

  /// Raises the flags of everybody whose key `isTouched`. The caller has the gate.
  func touchAll(where isTouched: (WatchedKey) -> Bool) {
    for index in 0..<64 where shards[index].count != 0 {
      for (key, flags) in shards[index].watchers where isTouched(key) {
        for flag in flags { flag.raise() }
      }
    }
  }
}
