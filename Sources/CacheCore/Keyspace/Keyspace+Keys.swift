import Bytes
import Synchronization

extension Keyspace {
  /// Sets or (nil) clears the key's expiry; a deadline that has passed removes the key.
  ///
  /// - Returns: false when there is no such key.
  /// - Throws: `outOfMemory` when the entry needs a larger slot and there is none.
  public func setExpiry(
    _ key: HashedKey, in database: DatabaseIndex, at deadline: Int64?, now: Int64
  ) throws(CacheError) -> Bool {
    let site = engine.site(key.hash, database)
    guard let place = engine.findLive(key, at: site, now: now) else { return false }
    if let deadline, deadline <= now {
      engine.remove(place, hash: key.hash, at: site)
      return true
    }
    let entry = engine.memory.pointee.entry(place.handle)
    try engine.rewrite(
      place, nil, kind: entry.kind, count: entry.layout.valueBytes, deadline: deadline,
      access: entry.access, at: site, now: now)
    return true
  }

  /// Removes the key.
  ///
  /// - Returns: false when it is absent, or was due, which counts as expired.
  public func remove(_ key: HashedKey, in database: DatabaseIndex, now: Int64) -> Bool {
    let site = engine.site(key.hash, database)
    guard let place = engine.findLive(key, at: site, now: now) else { return false }
    engine.remove(place, hash: key.hash, at: site)
    return true
  }

  /// Gives the value of `source` to `target`, expiry included, replacing what `target` held.
  /// Both shards are locked.
  ///
  /// - Returns: false when there is no `source`.
  /// - Throws: `outOfMemory`; nothing has changed.
  public func move(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex, now: Int64
  ) throws(CacheError) -> Bool {
    try engine.transfer(
      source, sourceDatabase, target, targetDatabase, isCopy: false, now: now)
  }

  /// Copies the value of `source` to `target`, expiry included, replacing what `target` held.
  /// Both shards are locked. Large strings are shared until one of the two changes; collections are
  /// copied.
  ///
  /// - Returns: false when there is no `source`.
  /// - Throws: `outOfMemory`; nothing has changed.
  public func copy(
    _ source: HashedKey, in sourceDatabase: DatabaseIndex,
    to target: HashedKey, in targetDatabase: DatabaseIndex, now: Int64
  ) throws(CacheError) -> Bool {
    try engine.transfer(
      source, sourceDatabase, target, targetDatabase, isCopy: true, now: now)
  }
}

extension Engine {
  func transfer(
    _ source: HashedKey, _ sourceDatabase: DatabaseIndex, _ target: HashedKey,
    _ targetDatabase: DatabaseIndex, isCopy: Bool, now: Int64
  ) throws(CacheError) -> Bool {
    let from = site(source.hash, sourceDatabase)
    let to = site(target.hash, targetDatabase)
    guard let sourcePlace = findLive(source, at: from, now: now) else { return false }
    if from.table == to.table && source.bytes == target.bytes { return true }
    let entry = memory.pointee.entry(sourcePlace.handle)
    let deadline = expiry(of: entry, in: from.shard)
    // A due target is removed here, which may merge buckets: the source is found again below.
    let targetPlace = findLive(target, at: to, now: now)
    var value: ValueSource
    if entry.kind.isInlineString {
      value = .inline(entry.inlineValue, kind: entry.kind)
      if !EntryShape.fitsInline(count: value.count, keyCount: target.bytes.count) {
        // The target's longer key leaves no room.
        guard let blob = Blob(copying: value.bytes) else { throw .outOfMemory }
        try storeBlob(target, blob, deadline: deadline, place: targetPlace, at: to, now: now)
        noteTransferred(source, at: from, to: target, over: targetPlace, at: to)
        if !isCopy { removeSource(source, at: from, keepingValue: false) }
        return true
      }
    } else {
      value = isCopy ? duplicate(entry, in: to.shard) : .pointer(entry.pointer, kind: entry.kind)
    }
    do {
      try store(target, value, deadline: deadline, place: targetPlace, at: to, now: now)
    } catch {
      if isCopy { discard(value, in: to.shard) }
      throw error
    }
    noteTransferred(source, at: from, to: target, over: targetPlace, at: to)
    if !isCopy { removeSource(source, at: from, keepingValue: true) }
    return true
  }

  /// Tells the observer that a value is another key's now.
  ///
  /// - Parameter place: where the target stood before; nil when it was absent.
  private func noteTransferred(
    _ source: HashedKey, at from: Site, to target: HashedKey, over place: TablePlace?, at to: Site
  ) {
    guard control.pointee.tellsOfEntries.load(ordering: .relaxed) else { return }
    noteReplaced(target, .clear, place: place, at: to)
    control.pointee.observer?.keyspace(
      didTransfer: source, in: from.database, to: target, in: to.database)
  }

  /// Another reference to a blob, or a copy of a collection.
  private func duplicate(
    _ entry: Entry, in shard: UnsafeMutablePointer<Shard>
  ) -> ValueSource {
    if entry.kind == .blob {
      entry.blob.retain()
      return .pointer(entry.pointer, kind: .blob)
    }
    let copy = object(of: entry, in: shard).copy(into: shard.pointee.objects)
    return .pointer(UnsafeMutableRawPointer(copy.header), kind: .object)
  }

  /// Takes `duplicate` back.
  private func discard(_ value: ValueSource, in shard: UnsafeMutablePointer<Shard>) {
    guard let pointer = value.pointer else { return }
    if value.kind == .blob {
      Blob(header: pointer.assumingMemoryBound(to: Blob.Header.self)).release()
    } else {
      ObjectReference(
        header: pointer.assumingMemoryBound(to: ObjectHeader.self),
        memory: shard.pointee.objects
      ).destroy()
    }
  }

  private func removeSource(_ source: HashedKey, at site: Site, keepingValue: Bool) {
    // Present: it was found before and only the target was written since.
    let place = site.table.pointee.find(source, memory).unsafelyUnwrapped
    remove(place, hash: source.hash, at: site, keepingValue: keepingValue)
  }
}
