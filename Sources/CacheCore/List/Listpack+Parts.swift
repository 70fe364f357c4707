import Glibc

/// Cutting a listpack in two. Entries know their own length only, so they may be moved as they are.
extension Listpack {
  /// Cuts the entries from `position` on off into a listpack of their own.
  ///
  /// - Parameters:
  ///   - position: of an entry that is not the first.
  ///   - index: entries before it.
  ///   - tailCount: entries from it on.
  mutating func split(
    at position: Int, index: Int, tailCount: Int, _ memory: ObjectMemory
  ) -> Listpack {
    let total = byteCount
    precondition(position > Self.headerBytes && position < total - 1)
    let tailBytes = total - position
    let tail = memory.allocate(Self.headerBytes + tailBytes)
    Self.writeHeader(tail, bytes: Self.headerBytes + tailBytes, count: tailCount)
    memcpy(tail + Self.headerBytes, base + position, tailBytes)
    base.storeBytes(of: 0xFF, toByteOffset: position, as: UInt8.self)
    Self.writeHeader(base, bytes: position + 1, count: index)
    self = Listpack(base: memory.reallocate(base, position + 1))
    return Listpack(base: tail)
  }

  /// Adds all entries of another listpack.
  ///
  /// - Parameter count: entries of this one.
  mutating func append(contentsOf other: Listpack, count: Int, _ memory: ObjectMemory) {
    let own = byteCount
    let more = other.byteCount
    let total = own + more - Self.headerBytes - 1
    let added = other.count
    // Its end mark goes, the other's ends both.
    self = Listpack(base: memory.reallocate(base, total))
    memcpy(base + own - 1, other.base + Self.headerBytes, more - Self.headerBytes)
    Self.writeHeader(base, bytes: total, count: count + added)
  }

  private static func writeHeader(_ base: UnsafeMutableRawPointer, bytes: Int, count: Int) {
    base.storeBytes(of: UInt32(bytes).littleEndian, as: UInt32.self)
    base.storeBytes(
      of: UInt16(clamping: count).littleEndian, toByteOffset: 4, as: UInt16.self)
  }
}
