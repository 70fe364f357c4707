import Bytes
import Glibc

/// Reads the format that `DumpWriter` writes, from bytes that may be hostile: nothing is read
/// beyond the end, no number of elements is believed that the bytes left could not hold, and no
/// compressed string may claim a length that its bytes cannot make.
struct DumpReader: ~Copyable {
  private let bytes: ByteView
  private(set) var position = 0
  private var scratch: (Scratch, Scratch) = (Scratch(), Scratch())

  /// Where a string lies that is not in the payload as it is.
  private struct Scratch {
    var base: UnsafeMutablePointer<UInt8>?
    var capacity = 0

    mutating func room(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
      if let base, capacity >= count { return base }
      free(base)
      capacity = max(count, 64)
      base = malloc(capacity)?.assumingMemoryBound(to: UInt8.self)
      return base
    }
  }

  /// Two strings can be had at a time, one in each place.
  enum Place {
    case first, second
  }

  init(_ bytes: ByteView) { self.bytes = bytes }

  deinit {
    free(scratch.0.base)
    free(scratch.1.base)
  }

  /// Bytes that are left.
  var remaining: Int { bytes.count - position }

  mutating func byte() throws(DumpError) -> UInt8 {
    guard position < bytes.count else { throw .badFormat }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func take(_ count: Int) throws(DumpError) -> ByteView {
    guard count >= 0, count <= remaining else { throw .badFormat }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// An integer of fixed size, least significant byte first.
  mutating func fixed<Integer: FixedWidthInteger>(
    _ type: Integer.Type
  ) throws(DumpError) -> Integer {
    let view = try take(MemoryLayout<Integer>.size)
    return Integer(littleEndian: UnsafeRawPointer(view.base).loadUnaligned(as: type))
  }

  mutating func double() throws(DumpError) -> Double {
    Double(bitPattern: try fixed(UInt64.self))
  }

  /// What a length's first byte begins.
  private enum Head {
    case number(UInt64)
    /// The special form of a string.
    case special(UInt8)
  }

  private mutating func head() throws(DumpError) -> Head {
    let lead = try byte()
    switch lead >> 6 {
    case 0: return .number(UInt64(lead & 0x3F))
    case 1: return .number(UInt64(lead & 0x3F) << 8 | UInt64(try byte()))
    case 3: return .special(lead & 0x3F)
    default:
      switch lead {
      case 0x80: return .number(UInt64(UInt32(bigEndian: try unaligned())))
      case 0x81: return .number(UInt64(bigEndian: try unaligned()))
      default: throw .badFormat
      }
    }
  }

  private mutating func unaligned<Integer: FixedWidthInteger>() throws(DumpError) -> Integer {
    let view = try take(MemoryLayout<Integer>.size)
    return UnsafeRawPointer(view.base).loadUnaligned(as: Integer.self)
  }

  /// A number of 64 bits that stands as a length.
  mutating func number() throws(DumpError) -> UInt64 {
    guard case .number(let value) = try head() else { throw .badFormat }
    return value
  }

  /// A number of elements.
  ///
  /// - Parameter bytesEach: how few bytes one can have.
  mutating func count(bytesEach: Int = 1) throws(DumpError) -> Int {
    let value = try number()
    guard value <= UInt64(remaining / bytesEach) else { throw .badFormat }
    return Int(value)
  }

  /// A string; valid until the next one is read into the same place.
  mutating func string(_ place: Place = .first) throws(DumpError) -> ByteView {
    switch try head() {
    case .number(let count):
      guard count <= UInt64(remaining) else { throw .badFormat }
      return try take(Int(count))
    case .special(0): return try digits(Int64(try fixed(Int8.self)), place)
    case .special(1): return try digits(Int64(try fixed(Int16.self)), place)
    case .special(2): return try digits(Int64(try fixed(Int32.self)), place)
    case .special(3): return try compressed(place)
    case .special: throw .badFormat
    }
  }

  /// A string whose first byte has an address that every integer could have: a listpack or such.
  mutating func block(_ place: Place = .first) throws(DumpError) -> ByteView {
    let text = try string(place)
    guard UInt(bitPattern: text.base) & 15 != 0, !text.isEmpty else { return text }
    let base = try room(text.count, place)
    memmove(base, text.base, text.count)
    return ByteView(base: UnsafePointer(base), count: text.count)
  }

  private mutating func digits(_ value: Int64, _ place: Place) throws(DumpError) -> ByteView {
    let base = try room(24, place)
    return ByteView(base: UnsafePointer(base), count: IntegerText.write(value, to: base))
  }

  private mutating func compressed(_ place: Place) throws(DumpError) -> ByteView {
    let packedCount = try number()
    let count = try number()
    guard packedCount <= UInt64(remaining), count > 0,
      count <= packedCount * UInt64(LZF.expansionMax)
    else { throw .badFormat }
    let packed = try take(Int(packedCount))
    let base = try room(Int(count), place)
    guard
      LZF.decompress(packed, to: UnsafeMutableBufferPointer(start: base, count: Int(count)))
    else { throw .badFormat }
    return ByteView(base: UnsafePointer(base), count: Int(count))
  }

  private mutating func room(
    _ count: Int, _ place: Place
  ) throws(DumpError) -> UnsafeMutablePointer<UInt8> {
    let base = place == .first ? scratch.0.room(count) : scratch.1.room(count)
    guard let base else { throw .badFormat }
    return base
  }
}
