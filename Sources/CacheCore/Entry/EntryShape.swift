import Bytes
import Glibc
import Platform
import Synchronization

/// The size of an entry that is about to be written, from what it will hold.
struct EntryShape {
  let kind: EntryKind
  let keyField: Int
  let expiryWords: Int
  /// Bytes of an inline value; 8 for an address.
  let valueBytes: Int

  @inline(__always)
  init(kind: EntryKind, keyCount: Int, expiryWords: Int, valueBytes: Int) {
    self.kind = kind
    keyField = min(keyCount, 255)
    self.expiryWords = expiryWords
    self.valueBytes = valueBytes
  }

  @inline(__always)
  var lengthBytes: Int { kind.isInlineString ? (valueBytes < 128 ? 1 : 2) : 0 }

  @inline(__always)
  var keyBytes: Int { keyField == 255 ? 16 : keyField }

  @inline(__always)
  var bytes: Int { 3 &+ lengthBytes &+ expiryWords &* 4 &+ keyBytes &+ valueBytes }

  @inline(__always)
  var sizeClass: SizeClass { .entry(bytes: bytes) }

  /// Whether a string of `count` bytes fits into an entry beside this key, an expiry of any kind
  /// included: setting one later must not change where the value lies.
  @inline(__always)
  static func fitsInline(count: Int, keyCount: Int) -> Bool {
    count <= Entry.bytesMax
      && EntryShape(kind: .string, keyCount: keyCount, expiryWords: 2, valueBytes: count).bytes
        <= Entry.bytesMax
  }

  /// Writes header and lengths; the caller then fills in expiry, key and value.
  @inline(__always)
  func writeHeader(to entry: Entry, mark: UInt8, access: UInt16) {
    entry.header =
      kind.rawValue | UInt8(truncatingIfNeeded: expiryWords) &<< 2 | mark &<< 4
      | UInt8(truncatingIfNeeded: access &>> 8) &<< 5
    entry.base.storeBytes(
      of: UInt8(truncatingIfNeeded: access), toByteOffset: 1, as: UInt8.self)
    entry.base.storeBytes(
      of: UInt8(truncatingIfNeeded: keyField), toByteOffset: 2, as: UInt8.self)
    writeLength(to: entry)
  }

  @inline(__always)
  func writeLength(to entry: Entry) {
    guard kind.isInlineString else { return }
    if valueBytes < 128 {
      entry.base.storeBytes(
        of: UInt8(truncatingIfNeeded: valueBytes), toByteOffset: 3, as: UInt8.self)
    } else {
      entry.base.storeBytes(
        of: UInt8(truncatingIfNeeded: valueBytes & 127 | 128), toByteOffset: 3, as: UInt8.self)
      entry.base.storeBytes(
        of: UInt8(truncatingIfNeeded: valueBytes &>> 7), toByteOffset: 4, as: UInt8.self)
    }
  }
}

/// A key of 255 bytes and more, outside the heap: its count (8 bytes), then its bytes.
struct LongKey {
  let base: UnsafeMutableRawPointer

  /// Copies a key; nil when memory is exhausted.
  static func allocate(_ key: ByteView, account: UnsafeMutablePointer<Atomic<Int>>) -> LongKey? {
    guard let base = malloc(8 + key.count) else { return nil }
    base.storeBytes(of: key.count, as: Int.self)
    memcpy(base + 8, key.base, key.count)
    account.pointee.wrappingAdd(usableBytes(of: base), ordering: .relaxed)
    return LongKey(base: base)
  }

  func destroy(account: UnsafeMutablePointer<Atomic<Int>>) {
    account.pointee.wrappingSubtract(usableBytes(of: base), ordering: .relaxed)
    free(base)
  }

  var bytes: ByteView {
    ByteView(
      base: UnsafePointer((base + 8).assumingMemoryBound(to: UInt8.self)),
      count: base.load(as: Int.self))
  }
}

extension EntryShape {
  /// Where the key begins.
  @inline(__always)
  var keyOffset: Int { 3 &+ lengthBytes &+ expiryWords &* 4 }
}
