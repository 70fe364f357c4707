public import Bytes
import Glibc
import Synchronization

extension Keyspace {
  /// The key's entry. A due one is removed, the observer told, and not returned.
  ///
  /// - Complexity: O(1): one bucket and, as a rule, one entry are read.
  public func find(
    _ key: HashedKey, in database: DatabaseIndex, now: Int64, access: AccessMode
  ) -> EntryHandle? {
    let site = engine.site(key.hash, database)
    let isReading = access != .write
    guard let place = engine.findLive(key, at: site, now: now, isReading: isReading) else {
      if access.counts { site.shard.pointee.misses &+= 1 }
      return nil
    }
    if access.counts { site.shard.pointee.hits &+= 1 }
    let handle = place.handle
    if access == .peek || access == .inspect { return EntryHandle(rawValue: handle) }
    let entry = engine.memory.pointee.entry(handle)
    let bits = engine.touched(entry, hash: key.hash, at: site, now: now)
    // Unchanged as a rule: the line stays clean.
    if bits != entry.access { entry.access = bits }
    return EntryHandle(rawValue: handle)
  }

  /// What the entry holds.
  public func type(of entry: EntryHandle) -> ValueType {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    if entry.kind == .object {
      return entry.objectHeader.pointee.type
    }
    return .string
  }

  /// The string's bytes, valid while the shard stays locked and the key unchanged. The entry must
  /// hold a string.
  @inline(__always)
  public func string(of entry: EntryHandle) -> ByteView {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    if entry.kind.isInlineString { return entry.inlineValue }
    precondition(entry.kind == .blob)
    return entry.blob.bytes
  }

  /// The bytes of a string that is stored in the entry, as short ones are; nil for any other value.
  /// Valid as `string(of:)` is.
  public func inlineString(of entry: EntryHandle) -> ByteView? {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    return entry.kind.isInlineString ? entry.inlineValue : nil
  }

  /// The blob that holds the string, if it is stored in one. To keep it beyond the lock, retain it.
  public func blob(of entry: EntryHandle) -> Blob? {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    return entry.kind == .blob ? entry.blob : nil
  }

  /// How the string is stored.
  public func stringEncoding(of entry: EntryHandle) -> StringEncoding {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    guard entry.kind == .string else { return .raw }
    let value = entry.inlineValue
    if isCanonicalInteger(value) { return .int }
    return value.count <= 44 ? .embstr : .raw
  }

  /// The entry's key.
  public func key(of entry: EntryHandle) -> ByteView {
    engine.memory.pointee.entry(entry.rawValue).key
  }

  /// When the entry is due, in cache time; nil when never.
  public func expiry(of entry: EntryHandle) -> Int64? {
    let stored = engine.memory.pointee.entry(entry.rawValue)
    if stored.expiryWords == 0 { return nil }
    let shard = engine.memory.pointee.hash(of: stored).shard
    return engine.deadline(of: stored, in: engine.shard(shard))
  }

  /// Looks a key up as it is in the table: also one that is due, and without a trace.
  public func findEvenIfDue(_ key: HashedKey, in database: DatabaseIndex) -> EntryHandle? {
    let site = engine.site(key.hash, database)
    return site.table.pointee.find(key, engine.memory).map { EntryHandle(rawValue: $0.handle) }
  }

  /// Seconds since the last access, as well as the policy's bits can tell; 0 under LFU.
  public func idleSeconds(of entry: EntryHandle, now: Int64) -> Int {
    // The evictor's clock stands still while nothing is used.
    if now >= engine.control.pointee.secondEnd.load(ordering: .relaxed) {
      engine.advanceSecond(now)
    }
    let bits = AccessBits(rawValue: engine.memory.pointee.entry(entry.rawValue).access)
    return Int(engine.evictor.pointee.idleSeconds(bits) ?? 0)
  }

  /// The logarithmic access counter of the LFU policies; 0 under any other.
  public func frequency(of entry: EntryHandle, now: Int64) -> UInt8 {
    if now >= engine.control.pointee.secondEnd.load(ordering: .relaxed) {
      engine.advanceSecond(now)
    }
    let bits = AccessBits(rawValue: engine.memory.pointee.entry(entry.rawValue).access)
    return engine.evictor.pointee.frequency(bits) ?? 0
  }

  /// Bytes the entry costs, its share of the table included.
  ///
  /// - Parameter samples: elements of a collection to look at for an estimate; 0: all.
  public func memoryUsage(of entry: EntryHandle, samples: Int = 5) -> Int {
    let entry = engine.memory.pointee.entry(entry.rawValue)
    // A handle and a tag at 9.5 of 12 places, and a node now and then.
    var bytes = SizeClass.entry(bytes: entry.layout.end).units * 8 + 8
    if entry.expiryWords > 0 { bytes += 4 }
    if entry.kind == .blob { bytes += entry.blob.allocatedBytes }
    if entry.kind == .object {
      let object = ObjectReference(
        header: entry.objectHeader, memory: engine.control.pointee.sharedObjects)
      bytes += object.type.kind.usedBytes(object, samples: samples)
    }
    if entry.hasLongKey { bytes += entry.longKey.bytes.count + 8 }
    return bytes
  }
}

/// Whether the bytes are a 64-bit decimal number as `String(number)` would spell it.
func isCanonicalInteger(_ text: ByteView) -> Bool {
  let negative = text.count > 0 && text[0] == 0x2D
  let digits = negative ? text.dropFirst(1) : text
  guard digits.count >= 1 && digits.count <= 19 else { return false }
  if digits[0] == 0x30 { return digits.count == 1 && !negative }
  var magnitude: UInt64 = 0
  for index in 0..<digits.count {
    let digit = digits[index] &- 0x30
    guard digit <= 9 else { return false }
    // 19 digits stay below 10^19 < 2^64.
    magnitude = magnitude &* 10 &+ UInt64(digit)
  }
  return magnitude <= UInt64(Int64.max) + (negative ? 1 : 0)
}
