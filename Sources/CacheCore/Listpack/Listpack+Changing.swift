public import Bytes
import Glibc

extension Listpack {
  /// Bytes that `value` takes in a listpack, its back length included.
  public static func entryBytes(_ value: ListpackValue) -> Int {
    let count = value.encodedCount
    return count + backLengthBytes(count)
  }

  /// Whether `bytes` more bytes may be added.
  public func hasRoom(adding bytes: Int) -> Bool { byteCount + bytes <= Self.bytesMax }

  /// Adds `value` behind the last element. Its bytes must not lie in this listpack.
  ///
  /// - Complexity: O(1) and the length of the value; the block may move.
  public mutating func append(_ value: ListpackValue, _ memory: ObjectMemory) {
    insert(value, before: end, memory)
  }

  /// Adds `value` before the first element. Its bytes must not lie in this listpack.
  ///
  /// - Complexity: O(n)
  public mutating func prepend(_ value: ListpackValue, _ memory: ObjectMemory) {
    insert(value, before: Self.headerBytes, memory)
  }

  /// Adds `value` before the element at `position` (or at `end`). Its bytes must not lie in this
  /// listpack.
  ///
  /// - Returns: the position of the new element, which is `position`.
  /// - Complexity: O(n)
  @discardableResult
  public mutating func insert(
    _ value: ListpackValue, before position: Int, _ memory: ObjectMemory
  ) -> Int {
    let count = value.encodedCount
    let back = Self.backLengthBytes(count)
    resizeGap(at: position, from: 0, to: count + back, memory)
    value.encode(to: base + position)
    Self.writeBackLength(count, to: base + position + count)
    if storedCount != Self.countUnknown { storedCount += 1 }
    return position
  }

  /// Puts `value` in the place of the element at `position`. Its bytes must not lie in this
  /// listpack.
  ///
  /// - Returns: the position of the new element, which is `position`.
  /// - Complexity: O(n), O(1) when both have the same length.
  @discardableResult
  public mutating func replace(
    _ position: Int, with value: ListpackValue, _ memory: ObjectMemory
  ) -> Int {
    let count = value.encodedCount
    let back = Self.backLengthBytes(count)
    resizeGap(at: position, from: after(position) - position, to: count + back, memory)
    value.encode(to: base + position)
    Self.writeBackLength(count, to: base + position + count)
    return position
  }

  /// Removes `count` elements from the one at `position` on; there may be fewer.
  ///
  /// - Returns: the position of what follows; nil at the end.
  /// - Complexity: O(n)
  @discardableResult
  public mutating func remove(
    _ position: Int, count: Int = 1, _ memory: ObjectMemory
  ) -> Int? {
    var stop = position
    var removed = 0
    while removed < count, byte(stop) != 0xFF {
      stop = after(stop)
      removed += 1
    }
    let known = storedCount
    resizeGap(at: position, from: stop - position, to: 0, memory)
    if known != Self.countUnknown { storedCount = known - removed }
    return byte(position) == 0xFF ? nil : position
  }

  /// Removes the elements from `index` on, `count` of them or as many as there are.
  public mutating func removeRange(index: Int, count: Int, _ memory: ObjectMemory) {
    guard count > 0, let position = position(at: index) else { return }
    remove(position, count: count, memory)
  }

  /// Appends all elements of `other`.
  ///
  /// - Complexity: O(n)
  public mutating func append(contentsOf other: Listpack, _ memory: ObjectMemory) {
    let added = other.byteCount - Self.headerBytes - 1
    if added == 0 { return }
    let total = count + other.count
    let position = end
    resizeGap(at: position, from: 0, to: added, memory)
    memcpy(base + position, other.base + Self.headerBytes, added)
    storedCount = total
  }

  /// Makes room for appending `bytes` bytes without moving again.
  public mutating func reserve(adding bytes: Int, _ memory: ObjectMemory) {
    let wanted = byteCount + bytes
    if memory.usableBytes(of: base) < wanted { base = memory.reallocate(base, wanted) }
  }

  /// Gives back what the block has to spare.
  public mutating func shrink(_ memory: ObjectMemory) {
    base = memory.reallocate(base, byteCount)
  }

  /// Changes the `old` bytes at `position` into a gap of `new` bytes, moving what follows, and
  /// keeps the number of bytes.
  private mutating func resizeGap(
    at position: Int, from old: Int, to new: Int, _ memory: ObjectMemory
  ) {
    let total = byteCount
    precondition(position >= Self.headerBytes && position + old < total)
    let wanted = total - old + new
    precondition(wanted <= Self.bytesMax + 5, "a listpack beyond its limit")
    if new > old {
      let usable = memory.usableBytes(of: base)
      if usable < wanted { base = memory.reallocate(base, wanted) }
    }
    if new != old {
      memmove(base + position + new, base + position + old, total - position - old)
      byteCount = wanted
    }
    if new < old {
      let usable = memory.usableBytes(of: base)
      // A quarter to spare is no reason to move.
      if usable - wanted > max(64, usable / 4) { base = memory.reallocate(base, wanted) }
    }
  }

  // MARK: Validation

  /// Whether `bytes` are a listpack that can be worked with; for bytes from outside.
  ///
  /// - Parameter deeply: whether each element is checked, too; without it only the header and the
  ///   end are.
  /// - Complexity: O(1), O(n) if `deeply`.
  public static func isValid(_ bytes: ByteView, deeply: Bool) -> Bool {
    guard bytes.count >= headerBytes + 1, bytes.count <= bytesMax else { return false }
    let raw = UnsafeMutableRawPointer(mutating: bytes.base)
    let declared = UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self))
    guard Int(declared) == bytes.count, bytes[bytes.count - 1] == 0xFF else { return false }
    if !deeply { return true }
    var position = headerBytes
    var elements = 0
    let end = bytes.count - 1
    while position < end {
      guard let next = validatedEnd(bytes, position, end: end) else { return false }
      position = next
      elements += 1
    }
    guard position == end else { return false }
    let stored = Int(UInt16(bytes[4]) | UInt16(bytes[5]) << 8)
    return stored == countUnknown || stored == elements
  }

  /// The position behind the element at `position`; nil when it is damaged.
  private static func validatedEnd(_ bytes: ByteView, _ position: Int, end: Int) -> Int? {
    let lead = bytes[position]
    let headBytes = lead >= 0xE0 && lead < 0xF0 ? 2 : lead == 0xF0 ? 5 : 1
    guard lead <= 0xF4, position + headBytes <= end else { return nil }
    let raw = UnsafeMutableRawPointer(mutating: bytes.base)
    let count = Listpack(base: raw).encodedCount(position)
    let back = backLengthBytes(count)
    guard count <= end - position, back <= end - position - count else { return nil }
    var scratch: UInt64 = 0
    let isSame = withUnsafeMutableBytes(of: &scratch) { buffer in
      // At most 5 bytes.
      let start = buffer.baseAddress.unsafelyUnwrapped
      writeBackLength(count, to: start)
      return memcmp(start, bytes.base + position + count, back) == 0
    }
    return isSame ? position + count + back : nil
  }

  /// Checks all elements; traps on damage.
  public func checkInvariants() {
    precondition(Self.isValid(bytes, deeply: true))
  }
}
