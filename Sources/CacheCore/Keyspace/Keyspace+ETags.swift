public import Bytes

/// ETags: version numbers that clients compare before they write or transfer a value.
///
/// Few keys have one, so plain strings pay nothing: there is no bit and no word for it in an
/// entry. A string with an ETag is always kept as a blob, however short, and the blob has the
/// number behind its room for bytes (`Blob.etag`). That costs such a key 16 bytes of allocation
/// and pointer more than a place in the entry would, and needs no third entry layout that every
/// reader of every key would have to tell apart.
///
/// What happens to it follows from where it is: whatever replaces the value (SET, MSET, BITOP)
/// drops the blob and the ETag with it; whatever changes the value in place (`mutableString`,
/// `updateString`, `increment`) counts it up; expiries change the entry and leave it alone; a copy
/// shares the blob, so it starts with the same ETag.
extension Keyspace {
  /// The entry's ETag; nil when it has none.
  public func etag(of entry: EntryHandle) -> Int64? {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    return entry.kind == .blob ? entry.blob.etag : nil
  }

  /// Sets the key to a copy of `value` that has an ETag, replacing whatever it held. A deadline
  /// that has passed removes the key.
  ///
  /// - Throws: `outOfMemory`; the key is as it was.
  /// - Complexity: O(n)
  public func setString(
    _ key: HashedKey, in database: DatabaseIndex, to value: ByteView, etag: Int64,
    expiry: ExpiryUpdate, now: Int64
  ) throws(CacheError) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    let deadline = engine.newDeadline(expiry, place: place, at: site)
    if let deadline, deadline <= now {
      if let place { engine.remove(place, hash: key.hash, at: site) }
      return
    }
    guard let blob = Blob(copying: value, etag: etag) else { throw .outOfMemory }
    try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
    engine.noteReplaced(key, expiry, place: place, at: site)
  }

  /// Gives the key's string another ETag, or (nil) none, as RENAME does. Value and expiry stay.
  ///
  /// - Returns: false when there is no such key or it holds no string.
  /// - Throws: `outOfMemory`; the key is as it was.
  /// - Complexity: O(n) where the value must be copied to get or lose an ETag, else O(1).
  public func setETag(
    _ key: HashedKey, in database: DatabaseIndex, to etag: Int64?, now: Int64
  ) throws(CacheError) -> Bool {
    let site = engine.site(key.hash, database)
    guard let place = engine.findLive(key, at: site, now: now) else { return false }
    let entry = engine.memory.pointee.entry(place.handle)
    guard entry.kind != .object else { return false }
    let isBlob = entry.kind == .blob
    if isBlob, entry.blob.etag == etag { return true }
    if !isBlob, etag == nil { return true }
    let deadline = engine.expiry(of: entry, in: site.shard)
    let value = isBlob ? entry.blob.bytes : entry.inlineValue
    if let etag {
      if isBlob, entry.blob.etag != nil, entry.blob.isUnique {
        entry.blob.setETag(etag)
        return true
      }
      guard let blob = Blob(copying: value, etag: etag) else { throw .outOfMemory }
      try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
      return true
    }
    if EntryShape.fitsInline(count: value.count, keyCount: key.bytes.count) {
      // The old blob, where the bytes are, is released last.
      let source = ValueSource.inline(value, kind: .string)
      try engine.store(key, source, deadline: deadline, place: place, at: site, now: now)
    } else {
      guard let blob = Blob(copying: value) else { throw .outOfMemory }
      try engine.storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
    }
    return true
  }
}
