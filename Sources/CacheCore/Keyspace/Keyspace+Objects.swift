import Platform
import Synchronization

/// Collections as values of keys.
extension Keyspace {
  /// The collection that the entry holds; the entry must hold one.
  ///
  /// - Parameter key: the entry's key.
  @inline(__always)
  public func object(of entry: EntryHandle, _ key: HashedKey) -> ObjectReference {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    precondition(entry.kind == .object)
    return engine.object(of: entry, in: engine.shard(key.hash.shard))
  }

  /// How the collection that the entry holds is stored; the entry must hold one.
  public func objectEncoding(of entry: EntryHandle) -> ObjectEncoding {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    precondition(entry.kind == .object)
    return entry.objectHeader.pointee.encoding
  }

  /// Where the parts of a collection are to come from that will be stored at `key`. The key's shard
  /// is locked while it is used.
  @inline(__always)
  public func objectMemory(for key: HashedKey) -> ObjectMemory {
    engine.shard(key.hash.shard).pointee.objects
  }

  /// Sets the key to a collection, which passes to the key space (also when this throws), replacing
  /// whatever the key held. A deadline that has passed removes the key.
  ///
  /// - Throws: `outOfMemory`; the key is as it was.
  public func setObject(
    _ key: HashedKey, in database: DatabaseIndex, to object: ObjectReference,
    expiry: ExpiryUpdate, now: Int64
  ) throws(CacheError) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    let deadline = engine.newDeadline(expiry, place: place, at: site)
    if let deadline, deadline <= now {
      if let place { engine.remove(place, hash: key.hash, at: site) }
      object.destroy()
      return
    }
    let source = ValueSource.pointer(UnsafeMutableRawPointer(object.header), kind: .object)
    do {
      try engine.store(key, source, deadline: deadline, place: place, at: site, now: now)
    } catch {
      object.destroy()
      throw error
    }
    engine.noteReplaced(key, expiry, place: place, at: site)
  }
}

extension Entry {
  /// The collection of kind 3.
  @inline(__always)
  var objectHeader: UnsafeMutablePointer<ObjectHeader> {
    pointer.assumingMemoryBound(to: ObjectHeader.self)
  }
}

extension Engine {
  @inline(__always)
  func object(of entry: Entry, in shard: UnsafeMutablePointer<Shard>) -> ObjectReference {
    ObjectReference(header: entry.objectHeader, memory: shard.pointee.objects)
  }

  /// Frees a collection that no entry holds any more; a large one in the background.
  ///
  /// - Parameter isBackground: whether this is the reclaimer's thread already.
  func release(_ object: ObjectReference, isBackground: Bool) {
    let kind = object.type.kind
    if isBackground || kind.freeEffort(object) < Reclaimer.objectEffortMin {
      return kind.destroy(object)
    }
    // Counted as free at once, lest eviction go on while the reclaimer is busy.
    let bytes = kind.usedBytes(object, samples: 5)
    memory.pointee.blobBytes.pointee.wrappingSubtract(bytes, ordering: .relaxed)
    reclaim(.object(object.header, bytes: bytes))
  }
}

// MARK: Access

extension Keyspace {
  /// Makes the entry one that was last used so long ago, as OBJECT IDLETIME tells; nothing happens
  /// under policies that keep no such time.
  public func setIdleSeconds(_ seconds: UInt32, of entry: EntryHandle, now: Int64) {
    if now >= engine.control.pointee.secondEnd.load(ordering: .relaxed) {
      engine.advanceSecond(now)
    }
    guard let bits = engine.evictor.pointee.bits(idleSeconds: seconds) else { return }
    engine.memory.pointee.entry(entry.rawValue).access = bits.rawValue
  }

  /// Sets the counter that OBJECT FREQ tells; nothing happens under policies that keep none.
  public func setFrequency(_ frequency: UInt8, of entry: EntryHandle) {
    guard let bits = engine.evictor.pointee.bits(frequency: frequency) else { return }
    engine.memory.pointee.entry(entry.rawValue).access = bits.rawValue
  }
}
