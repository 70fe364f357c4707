import Platform

// Deadlines of the elements of collections: fields of hashes, members of sets and sorted sets.
//
// A collection whose elements have deadlines stands in its shard's wheel as a key with an expiry
// does: a reference at or before the earliest deadline of an element. When it fires, what is due
// is removed in steps of bounded size, and the reference goes back in at the next deadline. So
// elements expire as exactly as keys, and an idle server sleeps until then.
//
// The top flag of the header says that the collection is counted in its table's `timedCount` and
// that the wheel may know it. It is set with the first deadline and stays until a reference fires
// and finds no deadline any more, so commands that remove elements need not tell anybody; those
// that set deadlines do (`Keyspace.noteElementDeadline`).
//
// Nobody sees a due element before the wheel has come: hashes and sets pass over due elements when
// they are read, and a lookup of the key removes some and takes a collection for gone whose
// elements are all due. Sorted sets number their members, so there a lookup removes all that are
// due; that takes longer only for a set of which thousands are due in the same millisecond.

extension ObjectHeader {
  /// Whether elements have deadlines, or had until lately.
  var isTimed: Bool {
    @inline(__always) get { flags & 0x8000 != 0 }
    set { flags = newValue ? flags | 0x8000 : flags & 0x7FFF }
  }
}

extension Table {
  /// Whether the wheel has a use for any entry.
  @inline(__always)
  var hasDeadlines: Bool { expiringCount | timedCount != 0 }
}

extension Engine {
  /// Due elements that one turn of a shard's wheel removes at most: some 100 µs.
  static var dueElementsMax: Int { 512 }
  /// The same for a lookup.
  static var dueElementsAtLookupMax: Int { 64 }

  /// Whether the entry is a collection whose elements have deadlines.
  @inline(__always)
  func isTimed(_ entry: Entry) -> Bool {
    entry.kind == .object && entry.objectHeader.pointee.isTimed
  }

  /// Whether the entry is a collection of which all elements are due: a lookup would not find it.
  ///
  /// - Complexity: O(due)
  func areAllElementsDue(
    of entry: Entry, in shard: UnsafeMutablePointer<Shard>, now: Int64
  ) -> Bool {
    guard isTimed(entry) else { return false }
    let object = object(of: entry, in: shard)
    guard let earliest = object.earliestDeadline, earliest <= now else { return false }
    return object.type.kind.areAllDue(object, now: now)
  }

  /// When the wheel has something to do about the entry: its expiry, or its first element's
  /// deadline.
  func wakeTime(of entry: Entry, in shard: UnsafeMutablePointer<Shard>) -> Int64? {
    let expiry = expiry(of: entry, in: shard)
    guard isTimed(entry) else { return expiry }
    let object = object(of: entry, in: shard)
    guard let element = object.type.kind.earliestDeadline(object) else { return expiry }
    return min(expiry ?? .max, element)
  }

  /// Removes due elements because the wheel says so, and the key with the last one.
  ///
  /// - Returns: how many were removed, and whether the key went, too.
  func removeDueElements(
    _ found: LocatedEntry, now: Int64, limit: Int
  ) -> (count: Int, isKeyGone: Bool) {
    let entry = memory.pointee.entry(found.place.handle)
    let object = object(of: entry, in: found.site.shard)
    guard let earliest = object.type.kind.earliestDeadline(object) else {
      // The reference goes, and nobody need count it any more.
      object.header.pointee.isTimed = false
      found.site.table.pointee.timedCount &-= 1
      return (0, false)
    }
    if earliest > now || limit <= 0 { return (0, false) }
    found.site.shard.pointee.lag.record(due: earliest, now: now)
    let removed = object.type.kind.removeDue(object, now: now, limit: limit)
    return (removed, finishRemoval(at: found.place, object, hash: found.hash, found.site))
  }

  /// Removes due elements of a collection that is looked up.
  ///
  /// - Parameter keepsKey: whether the key stays, with what it holds, if all elements are due.
  /// - Returns: whether all elements are due, so that there is no such key.
  @inline(never)
  func removeDueElements(
    at place: TablePlace, hash: KeyHash, _ site: Site, now: Int64,
    limit: Int = Engine.dueElementsAtLookupMax, keepsKey: Bool = false
  ) -> Bool {
    let object = object(of: memory.pointee.entry(place.handle), in: site.shard)
    let kind = object.type.kind
    guard let earliest = kind.earliestDeadline(object), earliest <= now else { return false }
    if keepsKey, kind.areAllDue(object, now: now) { return true }
    // When all are due, the key goes as a whole, in the background if that takes long.
    var areAllDue = !kind.hidesDue && kind.areAllDue(object, now: now)
    if !areAllDue {
      _ = kind.removeDue(object, now: now, limit: kind.hidesDue ? limit : .max)
      areAllDue = kind.areAllDue(object, now: now)
    }
    return finishRemoval(at: place, object, hash: hash, site, areAllDue: areAllDue)
  }

  /// Tells the observer that elements went, and removes the key if none is left.
  private func finishRemoval(
    at place: TablePlace, _ object: ObjectReference, hash: KeyHash, _ site: Site,
    areAllDue: Bool = false
  ) -> Bool {
    let isEmpty = areAllDue || object.type.kind.count(object) == 0
    if let observer = control.pointee.observer {
      observer.keyspace(
        didExpireElementsOf: memory.pointee.entry(place.handle).key, object.type,
        in: site.database, isKeyRemoved: isEmpty)
    }
    if isEmpty { remove(place, hash: hash, at: site) }
    return isEmpty
  }

  /// Takes note of a collection that was just stored, or moved to another handle.
  @inline(__always)
  func noteStored(_ handle: UInt32, at site: Site, isMoved: Bool = false, now: Int64) {
    let object = object(of: memory.pointee.entry(handle), in: site.shard)
    guard let earliest = object.type.kind.earliestDeadline(object) else {
      // Its deadlines were taken away lately; some reference may come and find that out.
      if !isMoved, object.header.pointee.isTimed { site.table.pointee.timedCount &+= 1 }
      return
    }
    if !isMoved {
      object.header.pointee.isTimed = true
      site.table.pointee.timedCount &+= 1
    }
    if site.shard.pointee.wheel == nil { makeWheel(site.shard, now: now) }
    memory.pointee.entry(handle).mark = 0
    addReference(handle, at: earliest, in: site.shard, now: now)
  }
}

extension ObjectReference {
  /// The earliest deadline of an element, in cache milliseconds; nil when none has one.
  public var earliestDeadline: Int64? { type.kind.earliestDeadline(self) }
}

extension Keyspace {
  /// Takes note that deadlines of elements of the collection at `key` were set.
  ///
  /// - Parameter old: its `earliestDeadline` before.
  public func noteElementDeadline(
    _ key: HashedKey, in database: DatabaseIndex, old: Int64?, now: Int64
  ) {
    let site = engine.site(key.hash, database)
    guard let place = site.table.pointee.find(key, engine.memory) else { return }
    let entry = engine.memory.pointee.entry(place.handle)
    precondition(entry.kind == .object)
    let object = engine.object(of: entry, in: site.shard)
    guard let new = object.earliestDeadline else { return }
    let wasTimed = object.header.pointee.isTimed
    if !wasTimed {
      object.header.pointee.isTimed = true
      site.table.pointee.timedCount &+= 1
    }
    if site.shard.pointee.wheel == nil { engine.makeWheel(site.shard, now: now) }
    guard let wheel = site.shard.pointee.wheel else { return }
    if wheel.pointee.needsReference(old: wasTimed ? old : nil, new: new) {
      entry.mark = 0
      engine.addReference(place.handle, at: new, in: site.shard, now: now)
    }
  }

  /// Removes all due elements of the collection at `key`, of which some are not due, for commands
  /// that draw at random and must not meet one.
  ///
  /// - Complexity: O(due)
  public func removeDueElements(_ key: HashedKey, in database: DatabaseIndex, now: Int64) {
    let site = engine.site(key.hash, database)
    guard let place = site.table.pointee.find(key, engine.memory),
      engine.isTimed(engine.memory.pointee.entry(place.handle))
    else { return }
    _ = engine.removeDueElements(at: place, hash: key.hash, site, now: now, limit: .max)
  }

  /// 64 random bits for choices, not for secrets. Any thread.
  public func randomNumber() -> UInt64 { engine.random() }
}
