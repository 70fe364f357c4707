import Bytes
import Glibc

/// Writes values in the format of DUMP payloads and RDB files.
///
///     length   00xxxxxx | 01xxxxxx xxxxxxxx | 80 u32 | 81 u64     most significant byte first
///     string   length bytes
///              C0 i8 | C1 i16 | C2 i32                            a number, little-endian
///              C3 compressed-length length LZF
public struct DumpWriter {
  /// What was written.
  public private(set) var bytes: [UInt8] = []
  private let compresses: Bool
  /// Whether forms are used that Redis 7.0 does not read, where they tell more.
  let keepsEverything: Bool
  private var scratch: [UInt8] = []

  /// Strings of more bytes than this are worth a try at compressing them.
  private static let compressedBytesMin = 20

  /// Begins.
  ///
  /// - Parameters:
  ///   - compresses: whether long strings are compressed (`rdbcompression`).
  ///   - keepsEverything: whether forms are used that Redis 7.0 does not read, where they tell
  ///     more: for what is read here again.
  public init(compresses: Bool, keepsEverything: Bool = false) {
    self.compresses = compresses
    self.keepsEverything = keepsEverything
  }

  mutating func type(_ type: DumpType) { bytes.append(type.rawValue) }

  mutating func byte(_ byte: UInt8) { bytes.append(byte) }

  /// A length or another number that is not negative.
  mutating func length(_ value: Int) {
    assert(value >= 0)
    if value < 1 << 6 {
      bytes.append(UInt8(value))
    } else if value < 1 << 14 {
      bytes.append(0x40 | UInt8(value >> 8))
      bytes.append(UInt8(truncatingIfNeeded: value))
    } else if value <= Int(UInt32.max) {
      bytes.append(0x80)
      append(UInt32(value).bigEndian)
    } else {
      number(UInt64(value))
    }
  }

  /// A number of 64 bits as a length.
  mutating func number(_ value: UInt64) {
    if value <= UInt64(UInt32.max) { return length(Int(value)) }
    bytes.append(0x81)
    append(value.bigEndian)
  }

  /// A fixed number of bytes, least significant first.
  mutating func fixed<Integer: FixedWidthInteger>(_ value: Integer) {
    append(value.littleEndian)
  }

  mutating func double(_ value: Double) { fixed(value.bitPattern) }

  private mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  /// A string in the shortest form.
  ///
  /// - Complexity: O(n)
  mutating func string(_ text: ByteView) {
    // 11 bytes hold every number of 32 bits.
    if text.count <= 11, let value = IntegerText.parseInt64(text), integer(value) { return }
    if compresses, text.count > Self.compressedBytesMin, compressed(text) { return }
    length(text.count)
    raw(text)
  }

  /// A string that is compressed already.
  mutating func compressed(_ packed: ByteView, byteCount: Int) {
    bytes.append(0xC3)
    length(packed.count)
    length(byteCount)
    raw(packed)
  }

  /// The text of a value in a listpack.
  mutating func string(_ value: ListpackValue) { value.withText { string($0) } }

  /// Bytes without a length.
  mutating func raw(_ text: ByteView) { bytes.append(contentsOf: text.buffer) }

  private mutating func integer(_ value: Int64) -> Bool {
    if let small = Int8(exactly: value) {
      bytes.append(0xC0)
      append(small)
    } else if let small = Int16(exactly: value) {
      bytes.append(0xC1)
      fixed(small)
    } else if let small = Int32(exactly: value) {
      bytes.append(0xC2)
      fixed(small)
    } else {
      return false
    }
    return true
  }

  private mutating func compressed(_ text: ByteView) -> Bool {
    let room = text.count - 4
    if scratch.count < room { scratch = [UInt8](repeating: 0, count: room) }
    let count = scratch.withUnsafeMutableBufferPointer {
      LZF.compress(text, to: UnsafeMutableBufferPointer(rebasing: $0[0..<room]))
    }
    guard let count else { return false }
    bytes.append(0xC3)
    length(count)
    length(text.count)
    bytes.append(contentsOf: scratch[0..<count])
    return true
  }
}
