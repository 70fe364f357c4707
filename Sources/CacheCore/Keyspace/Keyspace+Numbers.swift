public import Bytes

/// Why a number was not changed.
public enum IncrementFailure: Error {
  /// The key holds no string.
  case wrongType
  /// The string is no canonical 64-bit integer.
  case notInteger
  /// The sum needs more than 64 bits.
  case overflow
  /// The region is exhausted; nothing was changed.
  case outOfMemory
}

extension Keyspace {
  /// Adds `delta` to the integer that the key holds as decimal text; an absent key counts as 0 and
  /// is made. The expiry is kept.
  ///
  /// One lookup, no allocation while the text rounds to the same multiple of 8: the digits are
  /// written over the old ones.
  ///
  /// - Returns: the sum, and whether the key was absent.
  /// - Complexity: O(1)
  public func increment(
    _ key: HashedKey, in database: DatabaseIndex, by delta: Int64, now: Int64
  ) throws(IncrementFailure) -> (value: Int64, isNew: Bool) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    var value = delta
    if let place {
      let entry = engine.memory.pointee.entry(place.handle)
      guard entry.kind != .object else { throw .wrongType }
      let text = entry.kind.isInlineString ? entry.inlineValue : entry.blob.bytes
      guard let old = IntegerText.parseInt64(text) else { throw .notInteger }
      let (sum, overflow) = old.addingReportingOverflow(delta)
      guard !overflow else { throw .overflow }
      value = sum
    }
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    do throws(CacheError) {
      try withUnsafeMutableBytes(of: &digits) { (raw) throws(CacheError) in
        let start = raw.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
        let count = IntegerText.write(value, to: start)
        let text = ByteView(base: UnsafePointer(start), count: count)
        try engine.update(key, to: text, place: place, at: site, now: now)
      }
    } catch {
      throw .outOfMemory
    }
    return (value, place == nil)
  }

  /// Changes the key's string to `value` and nothing else: its expiry stays, and so does that it
  /// has an ETag, which counts on. An absent key is made. The entry must hold a string.
  ///
  /// - Parameter value: must not lie in this key's own value.
  /// - Throws: `outOfMemory`; the key is as it was.
  /// - Complexity: O(n)
  public func updateString(
    _ key: HashedKey, in database: DatabaseIndex, to value: ByteView, now: Int64
  ) throws(CacheError) {
    let site = engine.site(key.hash, database)
    let place = engine.findLive(key, at: site, now: now)
    try engine.update(key, to: value, place: place, at: site, now: now)
  }
}

extension Engine {
  /// The work behind `updateString`, the key looked up already.
  @inline(__always)
  func update(
    _ key: HashedKey, to value: ByteView, place: TablePlace?, at site: Site, now: Int64
  ) throws(CacheError) {
    var etag: Int64?
    if let place {
      let entry = memory.pointee.entry(place.handle)
      if entry.kind == .blob { etag = entry.blob.etag.map { $0 &+ 1 } }
    }
    let deadline = newDeadline(.keep, place: place, at: site)
    if etag == nil, EntryShape.fitsInline(count: value.count, keyCount: key.bytes.count) {
      let source = ValueSource.inline(value, kind: .string)
      return try store(key, source, deadline: deadline, place: place, at: site, now: now)
    }
    guard let blob = Blob(copying: value, etag: etag) else { throw .outOfMemory }
    try storeBlob(key, blob, deadline: deadline, place: place, at: site, now: now)
  }
}
