internal import Bytes
internal import CacheCore
internal import Synchronization

/// Keys that modules want to settle when the command that runs has ended: copies, since a key may
/// come from memory that the command gives up before.
struct FollowedKeys {
  private struct Item {
    let start: Int
    let count: Int
    let hash: KeyHash
    let database: DatabaseIndex
    var wasChanged: Bool
  }

  private var items: [Item] = []
  private var bytes: [UInt8] = []
  private var next = 0

  /// Takes a key note of.
  mutating func append(_ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool) {
    if next < items.count, let last = items.last, last.hash == key.hash,
      last.database == database
    {
      if wasChanged { items[items.count - 1].wasChanged = true }
      return
    }
    items.append(
      Item(
        start: bytes.count, count: key.bytes.count, hash: key.hash, database: database,
        wasChanged: wasChanged))
    bytes.append(contentsOf: UnsafeBufferPointer(start: key.bytes.base, count: key.bytes.count))
  }

  /// The next key; after the last one all are forgotten.
  mutating func popFirst() -> FollowedKey? {
    guard next < items.count else {
      items.removeAll(keepingCapacity: true)
      bytes.removeAll(keepingCapacity: true)
      next = 0
      return nil
    }
    let item = items[next]
    next += 1
    return FollowedKey(
      name: Array(bytes[item.start..<item.start + item.count]), hash: item.hash,
      database: item.database, wasChanged: item.wasChanged)
  }
}

/// One of them.
struct FollowedKey {
  let name: [UInt8]
  let hash: KeyHash
  let database: DatabaseIndex
  let wasChanged: Bool
}

/// Telling the modules' followers, see `KeyFollower`.
extension EventLoop {
  /// Tells clients that track keys, and modules, of a change. The key's shard is locked.
  @inline(never)
  func tellFollowers(of key: HashedKey, in database: DatabaseIndex, _ connection: Connection) {
    if server.state.pointee.tracksKeys { invalidate(key, isOwn: true) }
    tellModules(of: key, in: database, connection)
  }

  /// Tells modules of a change, or of a removal that found nothing. The key's shard is locked.
  @inline(never)
  func tellModules(of key: HashedKey, in database: DatabaseIndex, _ connection: Connection) {
    var isToSettle = false
    for follower in server.state.pointee.keyFollowers
    where follower.keyChanged(key, in: database) { isToSettle = true }
    if isToSettle { settleLater(key, in: database, wasChanged: true, connection) }
  }

  /// Tells modules of a read. The key's shard is locked.
  @inline(never)
  func tellOfRead(
    _ key: HashedKey, in database: DatabaseIndex, isFound: Bool, isInspection: Bool,
    _ connection: Connection
  ) {
    var isToSettle = false
    for follower in server.state.pointee.keyFollowers
    where follower.keyRead(key, in: database, isFound: isFound, isInspection: isInspection) {
      isToSettle = true
    }
    if isToSettle { settleLater(key, in: database, wasChanged: false, connection) }
  }

  private func settleLater(
    _ key: HashedKey, in database: DatabaseIndex, wasChanged: Bool, _ connection: Connection
  ) {
    state.pointee.followedKeys.append(key, in: database, wasChanged: wasChanged)
    connection.flags.insert(.hasFollowedKeys)
  }

  /// Lets modules settle what the command has changed and read, which is behind it.
  ///
  /// - Parameter isLocked: whether the keys' shards are locked.
  @inline(never)
  func settleFollowed(_ context: inout CommandContext, isLocked: Bool) {
    // What settling changes is settled in turn; removals, of which nothing is left to settle.
    while let followed = state.pointee.followedKeys.popFirst() {
      let shard = followed.hash.shard
      if !isLocked { server.state.pointee.keyspace.lock(shard) }
      followed.name.withByteView { bytes in
        let key = HashedKey(bytes: bytes, hash: followed.hash)
        for follower in server.state.pointee.keyFollowers {
          follower.settle(
            key, in: followed.database, wasChanged: followed.wasChanged, &context)
        }
      }
      if !isLocked { server.state.pointee.keyspace.unlock(shard) }
    }
    context.connection.flags.remove(.hasFollowedKeys)
  }

  /// What remains to be done by a command that has run, with its locks still held: reads are
  /// remembered, modules settle.
  @inline(never)
  func finishRun(_ context: inout CommandContext, isTracked: Bool) {
    let entry = context.entry
    if context.connection.flags.contains(.hasFollowedKeys) {
      let isLocked =
        state.pointee.holdsLocks || entry.pointee.access == .keys
        || entry.pointee.access == .exclusive
      settleFollowed(&context, isLocked: isLocked)
    }
    if isTracked {
      rememberReads(entry, context.arguments, keyCount: context.keyCount, of: context.connection)
    }
  }

  /// Shows a writing command to modules before it runs, and puts what they want to have instead in
  /// the place of its arguments.
  ///
  /// - Returns: what keeps the bytes of such arguments in place; nil when all are as they were.
  /// - Throws: what to answer instead of running the command.
  func examine(
    _ entry: UnsafePointer<CommandEntry>, _ arguments: Arguments
  ) throws(CommandError) -> KeptRequest? {
    guard entry.pointee.flags.contains(.write) else { return nil }
    var keys: [ByteView] = []
    for spec in server.state.pointee.commands.specs[entry.pointee.index].keys
    where spec.template == nil && !spec.flags.contains(.notKey) {
      _ = spec.forEachPosition(in: arguments) { keys.append(arguments[$0]) }
    }
    guard !keys.isEmpty else { return nil }
    let request = WriteRequest(
      loop: self, name: name(of: entry), arguments: arguments, keys: keys,
      mayGrow: entry.pointee.flags.contains(.denyOOM))
    var replaced: [(position: Int, value: [UInt8])] = []
    for follower in server.state.pointee.keyFollowers {
      replaced += try follower.examine(request)
    }
    guard !replaced.isEmpty else { return nil }
    let kept = KeptRequest(copying: replaced.map(\.value))
    for (index, replacement) in replaced.enumerated() {
      precondition(replacement.position > 0 && replacement.position < arguments.count)
      arguments.base[replacement.position] = kept.arguments[index]
    }
    // What was received into a blob of its own is not what is to be stored any more.
    state.pointee.blobsAreAdoptable = false
    return kept
  }
}
