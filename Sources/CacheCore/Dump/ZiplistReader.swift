import Bytes

/// Reads a ziplist, what Redis up to 6.2 kept small collections in; the bytes may be hostile.
///
///     u32 bytes in all | u32 offset of the last entry | u16 entries | entry ... | 0xFF
///
///     entry   length of the one before: u8, or FE u32
///             00cccccc bytes | 01cccccc cccccccc bytes | 80 u32 (big-endian) bytes
///             C0 i16 | D0 i32 | E0 i64 | F0 i24 | FE i8 | 1111vvvv: v - 1, from 0 to 12
struct ZiplistReader {
  private let bytes: ByteView
  private var position: Int
  private var previousBytes = 0
  private var left: Int?

  private static let headerBytes = 10

  init(_ bytes: ByteView) throws(DumpError) {
    guard bytes.count >= Self.headerBytes + 1, bytes[bytes.count - 1] == 0xFF else {
      throw .badFormat
    }
    let raw = UnsafeRawPointer(bytes.base)
    guard Int(UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self))) == bytes.count else {
      throw .badFormat
    }
    self.bytes = bytes
    position = Self.headerBytes
    // 65535: not known.
    let stored = Int(bytes[8]) | Int(bytes[9]) << 8
    left = stored == 65535 ? nil : stored
  }

  /// The next entry; nil at the end.
  mutating func next() throws(DumpError) -> ListpackValue? {
    guard bytes[position] != 0xFF else {
      guard position == bytes.count - 1, left ?? 0 == 0 else { throw .badFormat }
      return nil
    }
    if let count = left {
      guard count > 0 else { throw .badFormat }
      left = count - 1
    }
    let start = position
    var previous = Int(try take(1)[0])
    if previous == 0xFE { previous = Int(UInt32(littleEndian: try number(UInt32.self))) }
    guard previous == previousBytes else { throw .badFormat }
    let value = try value()
    previousBytes = position - start
    return value
  }

  private mutating func value() throws(DumpError) -> ListpackValue {
    let lead = try take(1)[0]
    switch lead >> 6 {
    case 0: return .bytes(try take(Int(lead)))
    case 1: return .bytes(try take(Int(lead & 0x3F) << 8 | Int(try take(1)[0])))
    case 2:
      guard lead == 0x80 else { throw .badFormat }
      return .bytes(try take(Int(UInt32(bigEndian: try number(UInt32.self)))))
    default: return .integer(try integer(lead))
    }
  }

  private mutating func integer(_ lead: UInt8) throws(DumpError) -> Int64 {
    switch lead {
    case 0xC0: return Int64(Int16(littleEndian: try number(Int16.self)))
    case 0xD0: return Int64(Int32(littleEndian: try number(Int32.self)))
    case 0xE0: return Int64(littleEndian: try number(Int64.self))
    case 0xF0:
      let view = try take(3)
      let bits = UInt32(view[0]) | UInt32(view[1]) << 8 | UInt32(view[2]) << 16
      return Int64(Int32(bitPattern: bits << 8) >> 8)
    case 0xFE: return Int64(Int8(bitPattern: try take(1)[0]))
    case 0xF1...0xFD: return Int64(lead & 0x0F) - 1
    default: throw .badFormat
    }
  }

  private mutating func number<Integer: FixedWidthInteger>(
    _ type: Integer.Type
  ) throws(DumpError) -> Integer {
    UnsafeRawPointer(try take(MemoryLayout<Integer>.size).base).loadUnaligned(as: type)
  }

  private mutating func take(_ count: Int) throws(DumpError) -> ByteView {
    // The end mark is no part of an entry.
    guard count <= bytes.count - 1 - position else { throw .badFormat }
    defer { position += count }
    return bytes[position..<position + count]
  }
}

/// Reads a zipmap, what Redis before 2.6 kept small hashes in; the bytes may be hostile.
///
///     u8 pairs | (length field length u8 spare value, spare bytes) ... | 0xFF
///     length   u8 up to 253, or FE u32
struct ZipmapReader {
  private let bytes: ByteView
  private var position = 1

  init(_ bytes: ByteView) throws(DumpError) {
    guard bytes.count >= 2, bytes[bytes.count - 1] == 0xFF else { throw .badFormat }
    self.bytes = bytes
  }

  /// The next field and value; nil at the end.
  mutating func next() throws(DumpError) -> (field: ByteView, value: ByteView)? {
    guard bytes[position] != 0xFF else {
      guard position == bytes.count - 1 else { throw .badFormat }
      return nil
    }
    let field = try take(try length())
    let valueCount = try length()
    let spare = Int(try take(1)[0])
    let value = try take(valueCount)
    _ = try take(spare)
    return (field, value)
  }

  private mutating func length() throws(DumpError) -> Int {
    let lead = try take(1)[0]
    if lead < 0xFE { return Int(lead) }
    guard lead == 0xFE else { throw .badFormat }
    let view = try take(4)
    return Int(UInt32(littleEndian: UnsafeRawPointer(view.base).loadUnaligned(as: UInt32.self)))
  }

  private mutating func take(_ count: Int) throws(DumpError) -> ByteView {
    guard count <= bytes.count - 1 - position else { throw .badFormat }
    defer { position += count }
    return bytes[position..<position + count]
  }
}
