import Bytes
import Glibc
import Platform
import Synchronization

/// What is to be written as a value: bytes to copy, or an address that passes to the entry.
struct ValueSource {
  let kind: EntryKind
  let bytes: ByteView
  let pointer: UnsafeMutableRawPointer?

  @inline(__always)
  static func inline(_ bytes: ByteView, kind: EntryKind) -> ValueSource {
    ValueSource(kind: kind, bytes: bytes, pointer: nil)
  }

  @inline(__always)
  static func pointer(_ pointer: UnsafeMutableRawPointer, kind: EntryKind) -> ValueSource {
    ValueSource(kind: kind, bytes: .empty, pointer: pointer)
  }

  /// Bytes inside the entry.
  @inline(__always)
  var count: Int { kind.isInlineString ? bytes.count : 8 }

  @inline(__always)
  func write(to target: UnsafeMutableRawPointer) {
    if kind.isInlineString {
      memcpy(target, bytes.base, bytes.count)
    } else {
      target.storeBytes(of: UInt(bitPattern: pointer), as: UInt.self)
    }
  }
}

extension Entry {
  /// Puts a short inline value over one of the same length; what a counter or a session that is
  /// written again and again takes. Half the instructions of `rewrite`.
  ///
  /// - Returns: false when this is not such a case, and nothing has changed.
  @inline(__always)
  func overwrite(_ source: ValueSource, access: UInt16) -> Bool {
    let old = header
    // No expiry, an inline string before and after, one byte of length.
    guard old & 0x0E == 0 && source.kind.isInlineString && source.bytes.count < 128,
      Int(base.load(fromByteOffset: 3, as: UInt8.self)) == source.bytes.count, !hasLongKey
    else { return false }
    header = source.kind.rawValue | old & 0x10 | UInt8(truncatingIfNeeded: access &>> 8) &<< 5
    base.storeBytes(of: UInt8(truncatingIfNeeded: access), toByteOffset: 1, as: UInt8.self)
    memcpy(base + 4 + keyField, source.bytes.base, source.bytes.count)
    return true
  }
}

/// The one door: whatever changes an entry goes through `insert`, `rewrite` or `remove`.
extension Engine {
  /// Where the key stands; a due key is removed and not found.
  ///
  /// - Parameter isReading: whether the place is not used for a change, so that a due key may stay
  ///   (see `Keyspace.setKeepsDueKeys`).
  @inline(__always)
  func findLive(
    _ key: HashedKey, at site: Site, now: Int64, isReading: Bool = false
  ) -> TablePlace? {
    guard let place = site.table.pointee.find(key, memory) else { return nil }
    let entry = memory.pointee.entry(place.handle)
    if entry.expiryWords != 0, deadline(of: entry, in: site.shard) <= now {
      if isReading, control.pointee.keepsDueKeys { return nil }
      expire(place, hash: key.hash, at: site, now: now)
      return nil
    }
    if isTimed(entry),
      removeDueElements(
        at: place, hash: key.hash, site, now: now,
        keepsKey: isReading && control.pointee.keepsDueKeys)
    {
      return nil
    }
    return place
  }

  /// The eviction bits of an entry that is being used.
  @inline(__always)
  func touched(_ entry: Entry, hash: KeyHash, at site: Site, now: Int64) -> UInt16 {
    if now >= control.pointee.secondEnd.load(ordering: .relaxed) { advanceSecond(now) }
    return evictor.pointee.hit(
      AccessBits(rawValue: entry.access), hash: hash.rawValue,
      shard: &site.shard.pointee.eviction
    ).rawValue
  }

  @inline(never)
  func advanceSecond(_ now: Int64) {
    let second = now / 1000
    control.pointee.secondEnd.store(second * 1000 + 1000, ordering: .relaxed)
    evictor.pointee.advance(toSecond: UInt32(truncatingIfNeeded: second))
  }

  /// Adds a key that is not in the table.
  @inline(__always)
  func insert(
    _ key: HashedKey, _ source: ValueSource, deadline: Int64?, at site: Site, now: Int64
  ) throws(CacheError) {
    let words = expiryWords(for: deadline, in: site.shard, now: now)
    guard let spare = site.table.pointee.reserve(for: key.hash, memory) else {
      throw .outOfMemory
    }
    let shape = EntryShape(
      kind: source.kind, keyCount: key.bytes.count, expiryWords: words, valueBytes: source.count)
    let arena = Int(site.shard.pointee.arena)
    guard let handle = memory.pointee.heap.allocate(shape.sizeClass, arena: arena) else {
      site.table.pointee.cancel(spare: spare, memory)
      throw .outOfMemory
    }
    if now >= control.pointee.secondEnd.load(ordering: .relaxed) { advanceSecond(now) }
    let access = evictor.pointee.inserted(
      hash: key.hash.rawValue, shard: &site.shard.pointee.eviction)
    let entry = memory.pointee.entry(handle)
    shape.writeHeader(to: entry, mark: 0, access: access.rawValue)
    if let deadline { write(deadline, to: entry) }
    let keyOffset = shape.keyOffset
    if shape.keyField == 255 {
      guard let long = LongKey.allocate(key.bytes, account: memory.pointee.blobBytes) else {
        memory.pointee.heap.free(handle)
        site.table.pointee.cancel(spare: spare, memory)
        throw .outOfMemory
      }
      entry.base.storeBytes(
        of: UInt(bitPattern: long.base), toByteOffset: keyOffset, as: UInt.self)
      entry.base.storeBytes(
        of: key.hash.rawValue, toByteOffset: keyOffset + 8, as: UInt64.self)
    } else {
      memcpy(entry.base + keyOffset, key.bytes.base, key.bytes.count)
    }
    source.write(to: entry.base + keyOffset + shape.keyBytes)
    site.table.pointee.insert(handle, hash: key.hash, spare: spare, memory)
    if let deadline {
      site.table.pointee.expiringCount &+= 1
      addReference(handle, at: deadline, in: site.shard, now: now)
    }
    if source.kind == .object { noteStored(handle, at: site, now: now) }
    site.shard.pointee.insertions &+= 1
    if site.shard.pointee.insertions & 15 == 0 { ageBuckets(site.shard) }
  }

  /// Changes the entry at `place`: its value (nil: the bytes it has, cut or grown with zeroes to
  /// `count`), its kind and its expiry. The entry keeps its slot when the new size has the same
  /// class.
  ///
  /// The bytes of `source` must not lie inside this entry. The old payload is freed unless the
  /// value is kept.
  ///
  /// - Returns: the entry's handle now.
  @inline(__always)
  @discardableResult
  func rewrite(
    _ place: TablePlace, _ source: ValueSource?, kind: EntryKind, count: Int, deadline: Int64?,
    access: UInt16, at site: Site, now: Int64
  ) throws(CacheError) -> UInt32 {
    let oldHandle = place.handle
    let old = memory.pointee.entry(oldHandle)
    let layout = old.layout
    let oldDeadline = expiry(of: old, in: site.shard)
    let words = expiryWords(for: deadline, in: site.shard, now: now)
    let shape = EntryShape(
      kind: kind, keyCount: old.keyField, expiryWords: words, valueBytes: count)
    var handle = oldHandle
    let isMoving = shape.sizeClass != .entry(bytes: layout.end)
    if isMoving {
      let arena = Int(site.shard.pointee.arena)
      guard let fresh = memory.pointee.heap.allocate(shape.sizeClass, arena: arena) else {
        throw .outOfMemory
      }
      handle = fresh
    }
    let entry = memory.pointee.entry(handle)
    // Freed last: the new bytes may lie in the old blob.
    let oldBlob = source != nil && old.kind == .blob ? old.blob : nil
    let oldObject =
      source != nil && old.kind == .object ? object(of: old, in: site.shard) : nil
    moveContent(
      from: old, layout, to: entry, shape, keptValueBytes: source == nil ? layout.valueBytes : -1)
    shape.writeHeader(to: entry, mark: isMoving ? 0 : old.mark, access: access)
    if let deadline { write(deadline, to: entry) }
    if let source { source.write(to: entry.base + shape.keyOffset + shape.keyBytes) }
    if isMoving {
      place.handle = handle
      memory.pointee.heap.free(oldHandle)
    }
    if let oldBlob { release(oldBlob) }
    if let oldObject {
      if oldObject.header.pointee.isTimed { site.table.pointee.timedCount &-= 1 }
      release(oldObject, isBackground: false)
    }
    updateExpiry(
      handle, from: oldDeadline, to: deadline, isMoving: isMoving, at: site, now: now)
    if kind == .object, source != nil || isMoving && isTimed(entry) {
      noteStored(handle, at: site, isMoved: source == nil, now: now)
    }
    return handle
  }

  /// Moves key (and value) from one layout to another, in the same slot or a new one. Zeroes what
  /// a kept value gains.
  @inline(__always)
  private func moveContent(
    from old: Entry, _ layout: EntryLayout, to entry: Entry, _ shape: EntryShape,
    keptValueBytes: Int
  ) {
    let keyOffset = shape.keyOffset
    let kept = max(0, min(keptValueBytes, shape.valueBytes))
    if keyOffset != layout.keyOffset || entry.base != old.base {
      memmove(entry.base + keyOffset, old.base + layout.keyOffset, shape.keyBytes &+ kept)
    }
    if keptValueBytes >= 0 && kept < shape.valueBytes {
      memset(entry.base + keyOffset + shape.keyBytes + kept, 0, shape.valueBytes &- kept)
    }
  }

  /// Keeps count and wheel in step with a changed deadline or handle.
  @inline(__always)
  private func updateExpiry(
    _ handle: UInt32, from old: Int64?, to new: Int64?, isMoving: Bool, at site: Site, now: Int64
  ) {
    if old == nil && new == nil { return }
    if old != nil { site.table.pointee.expiringCount &-= 1 }
    guard let new else { return }
    site.table.pointee.expiringCount &+= 1
    guard let wheel = site.shard.pointee.wheel else { return }
    // A reference at or before the deadline is enough, so a longer TTL costs nothing.
    if isMoving || wheel.pointee.needsReference(old: old, new: new) {
      memory.pointee.entry(handle).mark = 0
      addReference(handle, at: new, in: site.shard, now: now)
    }
  }

  /// Takes the key at `place` out and frees it; its value only if that is not kept for another.
  @inline(__always)
  func remove(
    _ place: TablePlace, hash: KeyHash, at site: Site, keepingValue: Bool = false,
    isEviction: Bool = false
  ) {
    let handle = place.handle
    let entry = memory.pointee.entry(handle)
    if control.pointee.tellsOfEntries.load(ordering: .relaxed) {
      tellRemoved(HashedKey(bytes: entry.key, hash: hash), at: site)
    }
    if !isEviction {
      evictor.pointee.removed(AccessBits(rawValue: entry.access), hash: hash.rawValue)
    }
    if entry.expiryWords != 0 { site.table.pointee.expiringCount &-= 1 }
    if isTimed(entry) { site.table.pointee.timedCount &-= 1 }
    site.table.pointee.remove(at: place, hash: hash, memory)
    if !keepingValue && !entry.kind.isInlineString { releaseValue(entry, in: site.shard) }
    if entry.hasLongKey { entry.longKey.destroy(account: memory.pointee.blobBytes) }
    memory.pointee.heap.free(handle)
  }

  @inline(never)
  private func tellRemoved(_ key: HashedKey, at site: Site) {
    control.pointee.observer?.keyspace(didRemoveEntry: key, in: site.database)
  }

  /// Tells the observer that a write has replaced a value, if it has.
  ///
  /// - Parameter place: where the key stood before the write; nil when it was absent.
  @inline(__always)
  func noteReplaced(_ key: HashedKey, _ expiry: ExpiryUpdate, place: TablePlace?, at site: Site) {
    guard control.pointee.tellsOfEntries.load(ordering: .relaxed) else { return }
    tellReplaced(key, expiry, wasPresent: place != nil, at: site)
  }

  @inline(never)
  private func tellReplaced(
    _ key: HashedKey, _ expiry: ExpiryUpdate, wasPresent: Bool, at site: Site
  ) {
    if case .keep = expiry { return }
    guard wasPresent else { return }
    control.pointee.observer?.keyspace(didReplaceEntry: key, in: site.database)
  }

  /// Removes a due key and tells the observer.
  @inline(never)
  func expire(_ place: TablePlace, hash: KeyHash, at site: Site, now: Int64) {
    let entry = memory.pointee.entry(place.handle)
    site.shard.pointee.expired &+= 1
    site.shard.pointee.lag.record(due: deadline(of: entry, in: site.shard), now: now)
    if let observer = control.pointee.observer {
      observer.keyspace(didExpire: entry.key, in: site.database)
    }
    remove(place, hash: hash, at: site)
  }

  /// Frees what an entry holds outside the heap.
  ///
  /// - Parameter background: the account of the reclaimer's thread, if this is it already.
  @inline(__always)
  func destroyPayload(_ entry: Entry, background: ObjectMemory? = nil) {
    if !entry.kind.isInlineString { releaseValue(entry, in: nil, background: background) }
    if entry.hasLongKey { entry.longKey.destroy(account: memory.pointee.blobBytes) }
  }

  /// Frees the value of a blob or object entry; a very large one in the background.
  ///
  /// - Parameter shard: the entry's shard if it is locked.
  @inline(never)
  func releaseValue(
    _ entry: Entry, in shard: UnsafeMutablePointer<Shard>?, background: ObjectMemory? = nil
  ) {
    if entry.kind == .blob { return release(entry.blob, isBackground: background != nil) }
    let memory = shard?.pointee.objects ?? background ?? control.pointee.sharedObjects
    let object = ObjectReference(header: entry.objectHeader, memory: memory)
    release(object, isBackground: background != nil)
  }

  /// Gives the key space's reference to a blob back.
  func release(_ blob: Blob, isBackground: Bool = false) {
    if isBackground || blob.capacity < Reclaimer.blobBytesMin || !blob.isUnique {
      blob.release()
      return
    }
    // Counted as free at once, lest eviction go on while the reclaimer is busy.
    memory.pointee.blobBytes.pointee.wrappingSubtract(blob.allocatedBytes, ordering: .relaxed)
    blob.header.pointee.account = nil
    reclaim(.blob(blob))
  }

  /// Brings the eviction bits of a few buckets up to date, as the evictor asks; the buckets of
  /// all databases count as one row.
  @inline(never)
  func ageBuckets(_ shard: UnsafeMutablePointer<Shard>) {
    var total = 0
    for index in 0..<databaseCount { total += Int(shard.pointee.tables[index].bucketCount) }
    let range = evictor.pointee.sweepRange(
      bucketCount: total, limit: 64, shard: &shard.pointee.eviction)
    if range.isEmpty { return }
    var first = 0
    for index in 0..<databaseCount {
      let table = shard.pointee.tables + index
      let count = Int(table.pointee.bucketCount)
      let from = max(range.lowerBound - first, 0)
      let to = min(range.upperBound - first, count)
      if from < to { ageBuckets(from..<to, of: table) }
      first += count
    }
  }

  private func ageBuckets(_ range: Range<Int>, of table: UnsafeMutablePointer<Table>) {
    for number in range {
      table.pointee.forEachHandle(inBucket: UInt32(number), memory) { handle in
        let entry = memory.pointee.entry(handle)
        let bits = AccessBits(rawValue: entry.access)
        let aged = evictor.pointee.aged(bits)
        if aged != bits { entry.access = aged.rawValue }
      }
    }
  }
}
