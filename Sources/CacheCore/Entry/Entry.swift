import Bytes
import Glibc

/// An entry: key, value, expiry and eviction bits in one slot of the heap.
///
///     b0   kind:2 | expiry words:2 | mark:1 | access high:3
///     b1   access low:8
///     b2   key length, 255: long key
///     b3   value length, 1 or 2 bytes: 0xxxxxxx, or 1xxxxxxx yyyyyyyy = x + 128 y
///          (kinds 0 and 1 only)
///     [expiry: u32 stamp, or i64]  [key]  [value]  rounded up to 8
///
///     kind 0  string, its encoding derived from the bytes
///          1  string that was changed in place: its encoding is raw
///          2  the value is the address of a blob (8 bytes, unaligned)
///          3  the value is the address of an object: a collection
///
/// Header and stamp are 8 bytes for a value under 128 bytes, so that keys and values that are
/// multiples of 8 waste nothing with a TTL, and half a slot step without. A long key (255 bytes
/// and more) is kept outside: the key's place then holds its address and its hash, so that a
/// racing reader can hash any entry without following a pointer.
///
/// "Expiry words" counts 32-bit words: 0, 1 or 2; 3 marks a free slot. The stamp is the low 32
/// bits of the deadline in milliseconds, made whole by the shard's clock (`Shard.deadline`).
/// The mark belongs to the wheel's sweep, which finds doubled references by it.
///
/// Entries of more than `bytesMax` bytes do not exist; their values become blobs.
struct Entry {
  let base: UnsafeMutableRawPointer

  /// The largest slot.
  static var bytesMax: Int { 1024 }
  /// The longest key inside an entry.
  static var shortKeyMax: Int { 254 }

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { self.base = base }

  @inline(__always)
  var header: UInt8 {
    get { base.load(as: UInt8.self) }
    nonmutating set { base.storeBytes(of: newValue, as: UInt8.self) }
  }

  @inline(__always)
  var kind: EntryKind { EntryKind(rawValue: header & 3) }

  @inline(__always)
  var expiryWords: Int { Int(header &>> 2 & 3) }

  @inline(__always)
  var isFree: Bool { header & 0x0C == 0x0C }

  /// Set while the wheel's sweep has seen a reference to this entry; else 0.
  @inline(__always)
  var mark: UInt8 {
    get { header &>> 4 & 1 }
    nonmutating set { header = header & ~0x10 | newValue &<< 4 }
  }

  /// The 11 bits of the eviction policy.
  @inline(__always)
  var access: UInt16 {
    get {
      UInt16(header &>> 5) &<< 8 | UInt16(base.load(fromByteOffset: 1, as: UInt8.self))
    }
    nonmutating set {
      header = header & 0x1F | UInt8(truncatingIfNeeded: newValue &>> 8) &<< 5
      base.storeBytes(of: UInt8(truncatingIfNeeded: newValue), toByteOffset: 1, as: UInt8.self)
    }
  }

  @inline(__always)
  var keyField: Int { Int(base.load(fromByteOffset: 2, as: UInt8.self)) }

  @inline(__always)
  var hasLongKey: Bool { keyField == 255 }

  /// Where things lie.
  @inline(__always)
  var layout: EntryLayout {
    let words = expiryWords
    let field = keyField
    var offset = 3
    var valueBytes = 8
    if kind.isInlineString {
      let low = Int(base.load(fromByteOffset: 3, as: UInt8.self))
      if low < 128 {
        valueBytes = low
        offset = 4
      } else {
        valueBytes = low & 127 | Int(base.load(fromByteOffset: 4, as: UInt8.self)) &<< 7
        offset = 5
      }
    }
    let keyOffset = offset &+ words &* 4
    let valueOffset = keyOffset &+ (field == 255 ? 16 : field)
    return EntryLayout(
      expiryOffset: offset, keyOffset: keyOffset, valueOffset: valueOffset,
      valueBytes: valueBytes)
  }

  // MARK: Key

  /// The key, when it is inside the entry.
  @inline(__always)
  var shortKey: ByteView {
    ByteView(
      base: UnsafePointer((base + layout.keyOffset).assumingMemoryBound(to: UInt8.self)),
      count: keyField)
  }

  @inline(__always)
  var longKey: LongKey {
    let address = base.loadUnaligned(fromByteOffset: layout.keyOffset, as: UInt.self)
    return LongKey(base: UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
  }

  var longKeyHash: UInt64 {
    base.loadUnaligned(fromByteOffset: layout.keyOffset + 8, as: UInt64.self)
  }

  /// The key, wherever it is.
  var key: ByteView { hasLongKey ? longKey.bytes : shortKey }

  /// Whether the entry's key is `key`.
  @inline(__always)
  func hasKey(_ key: HashedKey) -> Bool {
    let field = keyField
    if field != 255 {
      guard field == key.bytes.count else { return false }
      return bytesAreEqual(
        UnsafeRawPointer(base + layout.keyOffset), UnsafeRawPointer(key.bytes.base), field)
    }
    return longKeyHash == key.hash.rawValue && longKey.bytes == key.bytes
  }

  // MARK: Value

  /// The bytes of an inline string.
  @inline(__always)
  var inlineValue: ByteView {
    let layout = layout
    return ByteView(
      base: UnsafePointer((base + layout.valueOffset).assumingMemoryBound(to: UInt8.self)),
      count: layout.valueBytes)
  }

  /// The address of kinds 2 and 3.
  @inline(__always)
  var pointer: UnsafeMutableRawPointer {
    get {
      let address = base.loadUnaligned(fromByteOffset: layout.valueOffset, as: UInt.self)
      return UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
    }
    nonmutating set {
      base.storeBytes(
        of: UInt(bitPattern: newValue), toByteOffset: layout.valueOffset, as: UInt.self)
    }
  }

  /// The blob of kind 2.
  @inline(__always)
  var blob: Blob {
    Blob(header: pointer.assumingMemoryBound(to: Blob.Header.self))
  }

  // MARK: Expiry

  /// The stamp of one expiry word.
  @inline(__always)
  var stamp: UInt32 {
    get { base.loadUnaligned(fromByteOffset: layout.expiryOffset, as: UInt32.self) }
    nonmutating set {
      base.storeBytes(of: newValue, toByteOffset: layout.expiryOffset, as: UInt32.self)
    }
  }

  /// The deadline of two expiry words.
  @inline(__always)
  var wideDeadline: Int64 {
    get { base.loadUnaligned(fromByteOffset: layout.expiryOffset, as: Int64.self) }
    nonmutating set {
      base.storeBytes(of: newValue, toByteOffset: layout.expiryOffset, as: Int64.self)
    }
  }
}

/// What an entry's value is.
struct EntryKind: Equatable {
  let rawValue: UInt8
  static var string: EntryKind { EntryKind(rawValue: 0) }
  static var rawString: EntryKind { EntryKind(rawValue: 1) }
  static var blob: EntryKind { EntryKind(rawValue: 2) }
  static var object: EntryKind { EntryKind(rawValue: 3) }

  @inline(__always)
  var isInlineString: Bool { rawValue < 2 }
}

/// Offsets inside an entry, in bytes.
struct EntryLayout {
  let expiryOffset: Int
  let keyOffset: Int
  let valueOffset: Int
  let valueBytes: Int

  /// Bytes from the entry's start to its end, not rounded.
  @inline(__always)
  var end: Int { valueOffset &+ valueBytes }
}

/// Whether `count` bytes agree. Inlined because keys are short: a call to memcmp costs more than
/// comparing two or three words.
@inline(__always)
func bytesAreEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
  if count >= 8 {
    var offset = 0
    while offset &+ 8 < count {
      if left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      {
        return false
      }
      offset &+= 8
    }
    return left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }
  if count >= 4 {
    return left.loadUnaligned(as: UInt32.self) == right.loadUnaligned(as: UInt32.self)
      && left.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
        == right.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
  }
  for offset in 0..<count
  where left.load(fromByteOffset: offset, as: UInt8.self)
    != right.load(fromByteOffset: offset, as: UInt8.self)
  {
    return false
  }
  return true
}
