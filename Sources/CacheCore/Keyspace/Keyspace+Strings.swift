public import Bytes
import Glibc
import Synchronization

extension Keyspace {
  /// Sets the key to a copy of `value`, replacing whatever it held. A deadline that has passed
  /// removes the key.
  ///
  /// - Parameters:
  ///   - value: must not lie in this key's own entry (a blob is fine).
  ///   - raw: whether the encoding is to be reported as raw whatever the length.
  /// - Throws: `outOfMemory`; the key is as it was.
  /// - Complexity: O(n); in place when the new size rounds to the same multiple of 8.
  public func setString(
    _ key: HashedKey, in database: DatabaseIndex, to value: ByteView, expiry: ExpiryUpdate,
    now: Int64, raw: Bool = false
  ) throws(CacheError) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    let deadline = engine.newDeadline(expiry, place: place, at: site)
    if let deadline, deadline <= now {
      if let place { engine.remove(place, hash: key.hash, at: site) }
      return
    }
    if EntryShape.fitsInline(count: value.count, keyCount: key.bytes.count) {
      let source = ValueSource.inline(value, kind: raw ? .rawString : .string)
      try engine.store(key, source, deadline: deadline, place: place, at: site, now: now)
    } else {
      guard let blob = Blob.allocate(count: value.count) else { throw .outOfMemory }
      memcpy(blob.base, value.base, value.count)
      try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
    }
    engine.noteReplaced(key, expiry, place: place, at: site)
  }

  /// Sets the key to `blob`, whose reference passes to the key space (also when this throws).
  /// A small one is copied into the entry. A deadline that has passed removes the key.
  ///
  /// - Throws: `outOfMemory`; the key is as it was.
  public func setString(
    _ key: HashedKey, in database: DatabaseIndex, adopting blob: Blob, expiry: ExpiryUpdate,
    now: Int64
  ) throws(CacheError) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    let deadline = engine.newDeadline(expiry, place: place, at: site)
    if let deadline, deadline <= now {
      if let place { engine.remove(place, hash: key.hash, at: site) }
      blob.release()
      return
    }
    if EntryShape.fitsInline(count: blob.count, keyCount: key.bytes.count) {
      defer { blob.release() }
      let source = ValueSource.inline(blob.bytes, kind: .string)
      try engine.store(key, source, deadline: deadline, place: place, at: site, now: now)
    } else {
      try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
    }
    engine.noteReplaced(key, expiry, place: place, at: site)
  }

  /// Makes the key's string at least `count` bytes long, new bytes zero, and returns all its bytes
  /// for changing in place. An absent key is made. The expiry is kept, the encoding becomes raw, an
  /// ETag counts up. The entry must hold a string.
  ///
  /// - Throws: `outOfMemory`; the key is as it was.
  /// - Complexity: O(1) amortised per byte appended: large strings double their room up to 1 MB
  ///   and then gain 1 MB at a time.
  public func mutableString(
    _ key: HashedKey, in database: DatabaseIndex, count: Int, now: Int64
  ) throws(CacheError) -> UnsafeMutableRawBufferPointer {
    precondition(count >= 0)
    let site = engine.site(key.hash, database)
    guard let place = engine.findLive(key, at: site, now: now) else {
      return try engine.insertZeroes(key, count: count, at: site, now: now)
    }
    let entry = engine.memory.pointee.entry(place.handle)
    if entry.kind == .blob {
      return try engine.growBlob(place, count: count, hash: key.hash, at: site, now: now)
    }
    precondition(entry.kind.isInlineString)
    let total = max(count, entry.inlineValue.count)
    let deadline = engine.expiry(of: entry, in: site.shard)
    let access = engine.touched(entry, hash: key.hash, at: site, now: now)
    if EntryShape.fitsInline(count: total, keyCount: key.bytes.count) {
      let handle = try engine.rewrite(
        place, nil, kind: .rawString, count: total, deadline: deadline, access: access,
        at: site, now: now)
      return engine.mutableInlineValue(handle)
    }
    let room = Engine.roomAfterGrowth(to: total)
    guard let blob = Blob.allocate(count: total, capacity: room) else { throw .outOfMemory }
    let old = entry.inlineValue
    memcpy(blob.base, old.base, old.count)
    memset(blob.base + old.count, 0, total - old.count)
    try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
    return blob.mutableBytes
  }
}

extension Engine {
  /// The deadline a write leaves.
  @inline(__always)
  func newDeadline(_ update: ExpiryUpdate, place: TablePlace?, at site: Site) -> Int64? {
    switch update {
    case .clear: return nil
    case .at(let deadline): return deadline
    case .keep:
      guard let place else { return nil }
      return expiry(of: memory.pointee.entry(place.handle), in: site.shard)
    }
  }

  /// Writes a value: over the entry at `place`, or as a new key.
  @inline(__always)
  func store(
    _ key: HashedKey, _ source: ValueSource, deadline: Int64?, place: TablePlace?, at site: Site,
    now: Int64
  ) throws(CacheError) {
    guard let place else {
      return try insert(key, source, deadline: deadline, at: site, now: now)
    }
    let entry = memory.pointee.entry(place.handle)
    let access = touched(entry, hash: key.hash, at: site, now: now)
    if deadline == nil && entry.overwrite(source, access: access) { return }
    try rewrite(
      place, source, kind: source.kind, count: source.count, deadline: deadline, access: access,
      at: site, now: now)
  }

  /// Writes a blob as value; its reference passes, also when this throws.
  @inline(never)
  func storeBlob(
    _ key: HashedKey, _ blob: Blob, deadline: Int64?, place: TablePlace?, at site: Site,
    now: Int64
  ) throws(CacheError) {
    enroll(blob)
    let source = ValueSource.pointer(UnsafeMutableRawPointer(blob.header), kind: .blob)
    do {
      try store(key, source, deadline: deadline, place: place, at: site, now: now)
    } catch {
      blob.release()
      throw error
    }
  }

  /// Counts a blob's bytes as this key space's.
  func enroll(_ blob: Blob) {
    guard blob.header.pointee.account == nil else { return }
    blob.header.pointee.account = memory.pointee.blobBytes
    memory.pointee.blobBytes.pointee.wrappingAdd(blob.allocatedBytes, ordering: .relaxed)
  }

  /// The room a growing string gets: as Redis's sds, twice its length up to 1 MB, then 1 MB more.
  static func roomAfterGrowth(to count: Int) -> Int {
    count < 1 << 20 ? count * 2 : count + 1 << 20
  }

  func mutableInlineValue(_ handle: UInt32) -> UnsafeMutableRawBufferPointer {
    let entry = memory.pointee.entry(handle)
    let layout = entry.layout
    return UnsafeMutableRawBufferPointer(
      start: entry.base + layout.valueOffset, count: layout.valueBytes)
  }

  /// Makes a key of `count` zero bytes.
  @inline(never)
  func insertZeroes(
    _ key: HashedKey, count: Int, at site: Site, now: Int64
  ) throws(CacheError) -> UnsafeMutableRawBufferPointer {
    if EntryShape.fitsInline(count: count, keyCount: key.bytes.count) {
      let zeroes = InlineArray<128, UInt64>(repeating: 0)
      let bytes = zeroes.span.bytes
      try bytes.withUnsafeBytes { (raw) throws(CacheError) in
        try insert(
          key, .inline(ByteView(raw)[0..<count], kind: .rawString), deadline: nil, at: site,
          now: now)
      }
      // Found again because the table may have grown by a bucket.
      let place = site.table.pointee.find(key, memory).unsafelyUnwrapped
      return mutableInlineValue(place.handle)
    }
    guard let blob = Blob.allocate(count: count) else { throw .outOfMemory }
    memset(blob.base, 0, count)
    try storeBlob(key, blob, deadline: nil, place: nil, at: site, now: now)
    return blob.mutableBytes
  }

  /// Makes the blob at `place` unshared and at least `count` bytes long.
  @inline(never)
  func growBlob(
    _ place: TablePlace, count: Int, hash: KeyHash, at site: Site, now: Int64
  ) throws(CacheError) -> UnsafeMutableRawBufferPointer {
    let entry = memory.pointee.entry(place.handle)
    let old = entry.blob
    let total = max(count, old.count)
    let etag = old.etag.map { $0 &+ 1 }
    if old.isUnique && total <= old.capacity {
      memset(old.base + old.count, 0, total - old.count)
      old.setCount(total)
      if let etag { old.setETag(etag) }
    } else {
      let room = total > old.count ? Self.roomAfterGrowth(to: total) : total
      guard let blob = Blob.allocate(count: total, capacity: room, etag: etag) else {
        throw .outOfMemory
      }
      enroll(blob)
      memcpy(blob.base, old.base, old.count)
      memset(blob.base + old.count, 0, total - old.count)
      entry.pointer = UnsafeMutableRawPointer(blob.header)
      release(old)
    }
    entry.access = touched(entry, hash: hash, at: site, now: now)
    return entry.blob.mutableBytes
  }
}
