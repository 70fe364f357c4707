public import Bytes
import Glibc

/// Short strings and integers in one block of memory, byte for byte as Redis 7 stores them, so that
/// DUMP, RESTORE and RDB files carry it unchanged. Small lists, hashes, sets and sorted sets are
/// listpacks; long lists and streams are made of many.
///
///     u32 bytes in all | u16 elements, 65535: not known | element ... | 0xFF
///
///     element   0xxxxxxx                      0...127
///               10cccccc bytes                up to 63 bytes
///               110xxxxx xxxxxxxx             13 bits, signed
///               1110cccc cccccccc bytes       up to 4095 bytes
///               F0 u32 bytes                  longer
///               F1 i16 | F2 i24 | F3 i32 | F4 i64
///               then its length as a back length: 7 bits a byte, most significant first, all but
///               the first with the top bit set, so that it can be read from its end
///
/// Numbers are little-endian. A position is an offset from the start of the block; it stays valid
/// while the block moves, and until something before it changes. Elements cost their bytes and one
/// or two; everything but the ends is O(n).
///
/// The handle is a bare address and owns nothing: what changes the listpack takes the allocator and
/// may move the block, so the holder writes `base` back to where it keeps it.
///
/// Format: Salvatore Sanfilippo, listpack.md in github.com/antirez/listpack.
public struct Listpack {
  /// The block.
  public var base: UnsafeMutableRawPointer

  /// Wraps a block that holds a listpack.
  @inlinable
  public init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Bytes before the first element.
  @inlinable
  public static var headerBytes: Int { 6 }

  /// No listpack grows beyond this, in bytes; 1 GB as in Redis.
  @inlinable
  public static var bytesMax: Int { 1 << 30 }

  @usableFromInline
  static var countUnknown: Int { 65535 }

  /// Makes an empty listpack with room for `capacity` bytes.
  public static func make(capacity: Int = 0, _ memory: ObjectMemory) -> Listpack {
    let pack = Listpack(base: memory.allocate(max(capacity, headerBytes + 1)))
    pack.byteCount = headerBytes + 1
    pack.storedCount = 0
    pack.base.storeBytes(of: 0xFF, toByteOffset: headerBytes, as: UInt8.self)
    return pack
  }

  /// Makes a copy of a whole listpack's bytes, which are valid.
  public static func make(copying bytes: ByteView, _ memory: ObjectMemory) -> Listpack {
    let base = memory.allocate(bytes.count)
    memcpy(base, bytes.base, bytes.count)
    return Listpack(base: base)
  }

  /// Gives the block back.
  public func destroy(_ memory: ObjectMemory) { memory.release(base) }

  /// Bytes in all.
  @inlinable
  public internal(set) var byteCount: Int {
    get { Int(UInt32(littleEndian: base.load(as: UInt32.self))) }
    nonmutating set { base.storeBytes(of: UInt32(newValue).littleEndian, as: UInt32.self) }
  }

  @inlinable
  var storedCount: Int {
    get {
      Int(UInt16(littleEndian: base.load(fromByteOffset: 4, as: UInt16.self)))
    }
    nonmutating set {
      let shown = UInt16(min(newValue, Self.countUnknown))
      base.storeBytes(of: shown.littleEndian, toByteOffset: 4, as: UInt16.self)
    }
  }

  /// All bytes.
  @inlinable
  public var bytes: ByteView {
    ByteView(base: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: byteCount)
  }

  /// Number of elements.
  ///
  /// - Complexity: O(1) for less than 65535, O(n) beyond.
  public var count: Int {
    let stored = storedCount
    if stored != Self.countUnknown { return stored }
    var total = 0
    var position = Self.headerBytes
    while byte(position) != 0xFF {
      total += 1
      position = after(position)
    }
    if total < Self.countUnknown { storedCount = total }
    return total
  }

  /// Whether there are no elements.
  @inlinable
  public var isEmpty: Bool { byteCount == Self.headerBytes + 1 }

  // MARK: Positions

  /// The first element's position.
  @inlinable
  public var first: Int? { isEmpty ? nil : Self.headerBytes }

  /// The last element's position.
  @inlinable
  public var last: Int? { isEmpty ? nil : before(byteCount &- 1) }

  /// The position after the last element: where appending inserts.
  @inlinable
  public var end: Int { byteCount &- 1 }

  /// The position of the element after the one at `position`.
  @inlinable
  public func next(_ position: Int) -> Int? {
    let following = after(position)
    return byte(following) == 0xFF ? nil : following
  }

  /// The position of the element before the one at `position` (or at `end`).
  @inlinable
  public func previous(_ position: Int) -> Int? {
    position == Self.headerBytes ? nil : before(position)
  }

  /// The position of the element at `index`, counted from the end if negative; nil outside.
  ///
  /// - Complexity: O(n), from the nearer end if the number of elements is known.
  public func position(at index: Int) -> Int? {
    var index = index
    let stored = storedCount
    if stored != Self.countUnknown {
      if index < 0 { index += stored }
      if index < 0 || index >= stored { return nil }
      if index > stored / 2 { index -= stored }
    }
    if index >= 0 {
      var position = first
      while let present = position, index > 0 {
        position = next(present)
        index -= 1
      }
      return position
    }
    var position = last
    while let present = position, index < -1 {
      position = previous(present)
      index += 1
    }
    return position
  }

  @inlinable
  @inline(__always)
  func byte(_ position: Int) -> UInt8 { base.load(fromByteOffset: position, as: UInt8.self) }

  /// Bytes of the element at `position`, its back length not counted.
  @inlinable
  func encodedCount(_ position: Int) -> Int {
    let lead = byte(position)
    if lead < 0x80 { return 1 }
    if lead < 0xC0 { return 1 &+ Int(lead & 0x3F) }
    if lead < 0xE0 { return 2 }
    if lead < 0xF0 { return 2 &+ (Int(lead & 0x0F) &<< 8 | Int(byte(position &+ 1))) }
    switch lead {
    case 0xF0:
      let count = base.loadUnaligned(fromByteOffset: position &+ 1, as: UInt32.self)
      return 5 &+ Int(UInt32(littleEndian: count))
    case 0xF1: return 3
    case 0xF2: return 4
    case 0xF3: return 5
    case 0xF4: return 9
    default: preconditionFailure("damaged listpack")
    }
  }

  /// Bytes of the back length of an element of `count` bytes.
  @inlinable
  static func backLengthBytes(_ count: Int) -> Int {
    if count <= 127 { return 1 }
    if count < 16383 { return 2 }
    if count < 2_097_151 { return 3 }
    return count < 268_435_455 ? 4 : 5
  }

  /// The position behind the element at `position`.
  @inlinable
  @inline(__always)
  func after(_ position: Int) -> Int {
    let count = encodedCount(position)
    return position &+ count &+ Self.backLengthBytes(count)
  }

  @inlinable
  func before(_ position: Int) -> Int {
    var at = position &- 1
    var count = 0
    var shift = 0
    while true {
      let byte = byte(at)
      count |= Int(byte & 127) &<< shift
      if byte & 128 == 0 { break }
      shift &+= 7
      at &-= 1
      precondition(shift <= 28)
    }
    return position &- count &- Self.backLengthBytes(count)
  }

  static func writeBackLength(_ count: Int, to target: UnsafeMutableRawPointer) {
    let bytes = backLengthBytes(count)
    for index in 0..<bytes {
      let part = UInt8(truncatingIfNeeded: count &>> ((bytes - 1 - index) * 7)) & 127
      target.storeBytes(of: index == 0 ? part : part | 128, toByteOffset: index, as: UInt8.self)
    }
  }

  // MARK: Reading

  /// The element at `position`; its bytes are valid until the listpack changes.
  @inlinable
  public func value(at position: Int) -> ListpackValue {
    let lead = byte(position)
    if lead < 0x80 { return .integer(Int64(lead)) }
    if lead < 0xC0 { return .bytes(view(position &+ 1, Int(lead & 0x3F))) }
    if lead < 0xE0 {
      let bits = UInt16(lead & 0x1F) &<< 8 | UInt16(byte(position &+ 1))
      // The sign is bit 12.
      return .integer(Int64(Int16(bitPattern: bits &<< 3) &>> 3))
    }
    if lead < 0xF0 {
      return .bytes(view(position &+ 2, Int(lead & 0x0F) &<< 8 | Int(byte(position &+ 1))))
    }
    return wideValue(at: position, lead)
  }

  @usableFromInline
  func wideValue(at position: Int, _ lead: UInt8) -> ListpackValue {
    let start = position + 1
    switch lead {
    case 0xF0:
      let count = base.loadUnaligned(fromByteOffset: start, as: UInt32.self)
      return .bytes(view(start + 4, Int(UInt32(littleEndian: count))))
    case 0xF1:
      return .integer(
        Int64(Int16(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int16.self))))
    case 0xF2:
      let bits =
        UInt32(byte(start)) | UInt32(byte(start + 1)) << 8 | UInt32(byte(start + 2)) << 16
      return .integer(Int64(Int32(bitPattern: bits << 8) >> 8))
    case 0xF3:
      return .integer(
        Int64(Int32(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int32.self))))
    case 0xF4:
      return .integer(
        Int64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: Int64.self)))
    default: preconditionFailure("damaged listpack")
    }
  }

  @inlinable
  @inline(__always)
  func view(_ start: Int, _ count: Int) -> ByteView {
    ByteView(
      base: UnsafePointer((base + start).assumingMemoryBound(to: UInt8.self)), count: count)
  }

  /// The position of the first element with the text `needle`, from `start` on.
  ///
  /// - Parameters:
  ///   - start: where to begin; nil: nowhere.
  ///   - skipping: elements passed over after each that is compared: 1 finds fields among pairs.
  /// - Complexity: O(n)
  public func find(_ needle: ByteView, from start: Int?, skipping: Int = 0) -> Int? {
    guard var position = start else { return nil }
    let wanted = ListpackValue(encoding: needle)
    while byte(position) != 0xFF {
      if matches(position, wanted) { return position }
      position = after(position)
      for _ in 0..<skipping {
        guard byte(position) != 0xFF else { return nil }
        position = after(position)
      }
    }
    return nil
  }

  /// Whether the element at `position` is `wanted`.
  @inline(__always)
  public func matches(_ position: Int, _ wanted: ListpackValue) -> Bool {
    switch (value(at: position), wanted) {
    case (.integer(let left), .integer(let right)): left == right
    case (.bytes(let left), .bytes(let right)):
      left.count == right.count && bytesAreEqual(left.base, right.base, left.count)
    default: false
    }
  }
}
