public import Bytes

/// The payload of FUNCTION DUMP and RESTORE: the texts of libraries as RDB files keep them.
///
///     (245 u8 | text)... | version u16 | CRC-64 of all before it u64      little-endian
public enum FunctionPayload {
  /// The record of a library.
  private static let libraryRecord: UInt8 = 245
  /// The version that Redis 7.0 writes.
  private static let version: UInt16 = 10

  /// The payload of libraries.
  ///
  /// - Parameter compresses: whether long texts are compressed (`rdbcompression`).
  /// - Complexity: O(bytes)
  public static func encode(_ codes: [[UInt8]], compresses: Bool = true) -> [UInt8] {
    var writer = DumpWriter(compresses: compresses)
    for code in codes {
      writer.byte(libraryRecord)
      code.withByteView { writer.string($0) }
    }
    writer.fixed(version)
    writer.fixed(writer.bytes.withByteView { CRC64.checksum($0) })
    return writer.bytes
  }

  /// The texts of the libraries in a payload.
  ///
  /// - Complexity: O(bytes)
  public static func decode(_ payload: ByteView) throws(DumpError) -> [[UInt8]] {
    var reader = DumpReader(try DumpPayload.check(payload))
    var codes: [[UInt8]] = []
    while reader.remaining > 0 {
      guard try reader.byte() == libraryRecord else { throw .badFormat }
      codes.append(try reader.string().array)
    }
    return codes
  }
}
