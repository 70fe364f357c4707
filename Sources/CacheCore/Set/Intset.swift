public import Bytes
import Glibc

/// A sorted array of distinct integers, byte for byte as Redis stores it: small sets of numbers.
///
///     u32 bytes of an integer: 2, 4 or 8 | u32 integers | integer ...       little-endian
///
/// Integers take the least width that fits them all; one that needs more makes all wider. Adding
/// and removing move what lies behind, so they are O(n), finding is O(log n). By default sets have
/// at most 512 members of this form: 4 KB.
///
/// The handle is a bare address and owns nothing: what changes the intset takes the allocator and
/// may move the block, so the holder writes `base` back to where it keeps it.
///
/// Format: Redis's intset.c by Pieter Noordhuis and Salvatore Sanfilippo.
public struct Intset {
  /// The block.
  public var base: UnsafeMutableRawPointer

  /// Wraps a block that holds an intset.
  public init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Bytes before the first integer.
  public static var headerBytes: Int { 8 }

  /// Makes an empty one.
  public static func make(_ memory: ObjectMemory) -> Intset {
    let set = Intset(base: memory.allocate(headerBytes))
    set.width = 2
    set.count = 0
    return set
  }

  /// Makes a copy of a whole intset's bytes, which are valid.
  public static func make(copying bytes: ByteView, _ memory: ObjectMemory) -> Intset {
    let base = memory.allocate(bytes.count)
    memcpy(base, bytes.base, bytes.count)
    return Intset(base: base)
  }

  /// Gives the block back.
  public func destroy(_ memory: ObjectMemory) { memory.release(base) }

  /// Bytes of an integer.
  var width: Int {
    get { Int(UInt32(littleEndian: base.load(as: UInt32.self))) }
    nonmutating set { base.storeBytes(of: UInt32(newValue).littleEndian, as: UInt32.self) }
  }

  /// Number of integers.
  public internal(set) var count: Int {
    get { Int(UInt32(littleEndian: base.load(fromByteOffset: 4, as: UInt32.self))) }
    nonmutating set {
      base.storeBytes(of: UInt32(newValue).littleEndian, toByteOffset: 4, as: UInt32.self)
    }
  }

  /// Bytes in all.
  public var byteCount: Int { Self.headerBytes &+ count &* width }

  /// All bytes.
  public var bytes: ByteView {
    ByteView(base: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: byteCount)
  }

  /// The integer at `index`, in ascending order.
  @inline(__always)
  public func value(at index: Int) -> Int64 {
    assert(index >= 0)
    assert(index < count)
    return load(index, width: width)
  }

  @inline(__always)
  private func load(_ index: Int, width: Int) -> Int64 {
    let start = Self.headerBytes &+ index &* width
    switch width {
    case 2:
      return Int64(Int16(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int16.self)))
    case 4:
      return Int64(Int32(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int32.self)))
    default:
      return Int64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int64.self))
    }
  }

  private func store(_ value: Int64, at index: Int, width: Int) {
    let start = Self.headerBytes &+ index &* width
    switch width {
    case 2:
      base.storeBytes(of: Int16(value).littleEndian, toByteOffset: start, as: Int16.self)
    case 4:
      base.storeBytes(of: Int32(value).littleEndian, toByteOffset: start, as: Int32.self)
    default:
      base.storeBytes(of: value.littleEndian, toByteOffset: start, as: Int64.self)
    }
  }

  private static func width(for value: Int64) -> Int {
    if Int16(exactly: value) != nil { return 2 }
    return Int32(exactly: value) != nil ? 4 : 8
  }

  /// Where `value` stands, or would.
  private func search(_ value: Int64) -> (index: Int, isFound: Bool) {
    let width = width
    var low = 0
    var high = count
    if high > 0, load(high &- 1, width: width) < value { return (high, false) }
    while low < high {
      let middle = (low &+ high) / 2
      let found = load(middle, width: width)
      if found == value { return (middle, true) }
      if found < value {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return (low, false)
  }

  /// Whether `value` is in the set.
  ///
  /// - Complexity: O(log n)
  public func contains(_ value: Int64) -> Bool {
    if Self.width(for: value) > width { return false }
    return search(value).isFound
  }

  /// Adds `value`.
  ///
  /// - Returns: false when it is there already.
  /// - Complexity: O(n)
  public mutating func add(_ value: Int64, _ memory: ObjectMemory) -> Bool {
    let needed = Self.width(for: value)
    if needed > width {
      widen(to: needed, adding: value, memory)
      return true
    }
    let (index, isFound) = search(value)
    if isFound { return false }
    let total = count
    let width = width
    reserve(Self.headerBytes &+ (total &+ 1) &* width, memory)
    let place = base + Self.headerBytes + index * width
    memmove(place + width, place, (total - index) * width)
    store(value, at: index, width: width)
    count = total + 1
    return true
  }

  /// Makes integers wider and adds one that is beyond all of them.
  private mutating func widen(to needed: Int, adding value: Int64, _ memory: ObjectMemory) {
    let total = count
    let old = width
    reserve(Self.headerBytes &+ (total &+ 1) &* needed, memory)
    let shift = value < 0 ? 1 : 0
    // From the end, so that nothing is overwritten before it is read.
    var index = total
    while index > 0 {
      index -= 1
      store(load(index, width: old), at: index + shift, width: needed)
    }
    store(value, at: value < 0 ? 0 : total, width: needed)
    width = needed
    count = total + 1
  }

  /// Grows the block by a quarter more than is needed.
  private mutating func reserve(_ bytes: Int, _ memory: ObjectMemory) {
    if memory.usableBytes(of: base) >= bytes { return }
    base = memory.reallocate(base, bytes)
  }

  /// Removes `value`.
  ///
  /// - Returns: false when it is not there.
  /// - Complexity: O(n)
  public mutating func remove(_ value: Int64, _ memory: ObjectMemory) -> Bool {
    if Self.width(for: value) > width { return false }
    let (index, isFound) = search(value)
    guard isFound else { return false }
    let total = count
    let width = width
    let place = base + Self.headerBytes + index * width
    memmove(place, place + width, (total - index - 1) * width)
    count = total - 1
    let wanted = byteCount
    if memory.usableBytes(of: base) > wanted * 2 + 32 { base = memory.reallocate(base, wanted) }
    return true
  }

  /// Whether `bytes` are an intset; for bytes from outside.
  ///
  /// - Complexity: O(n)
  public static func isValid(_ bytes: ByteView) -> Bool {
    guard bytes.count >= headerBytes else { return false }
    let set = Intset(base: UnsafeMutableRawPointer(mutating: bytes.base))
    let raw = UnsafeRawPointer(bytes.base)
    let width = Int(UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self)))
    let count = Int(
      UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    guard width == 2 || width == 4 || width == 8, count > 0,
      bytes.count == headerBytes + count * width
    else { return false }
    for index in 1..<max(1, count)
    where set.load(index - 1, width: width) >= set.load(index, width: width) {
      return false
    }
    return true
  }

  /// Checks everything that must hold; for tests.
  func checkInvariants() {
    precondition(width == 2 || width == 4 || width == 8)
    for index in 1..<max(1, count) {
      precondition(value(at: index - 1) < value(at: index), "ascending and distinct")
    }
  }
}
