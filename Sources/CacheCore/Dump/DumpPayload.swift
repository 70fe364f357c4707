public import Bytes

/// The payload of DUMP and RESTORE: a value, the version of its format, and a checksum.
///
///     type u8 | value | version u16 | CRC-64 of all before it u64      little-endian
public enum DumpPayload {
  private static let footerBytes = 10

  /// Checks version and checksum.
  ///
  /// - Parameter checksChecksum: false skips the checksum, for tests.
  /// - Returns: type and value.
  /// - Complexity: O(n)
  public static func check(
    _ payload: ByteView, checksChecksum: Bool = true
  ) throws(DumpError) -> ByteView {
    let end = payload.count - footerBytes
    guard end >= 0 else { throw .wrongChecksum }
    let footer = UnsafeRawPointer(payload.base + end)
    guard UInt16(littleEndian: footer.loadUnaligned(as: UInt16.self)) <= DumpType.versionMax
    else { throw .wrongChecksum }
    if checksChecksum {
      let stored = UInt64(
        littleEndian: footer.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      guard CRC64.checksum(payload[0..<end + 2]) == stored else { throw .wrongChecksum }
    }
    return payload[0..<end]
  }
}

extension DumpWriter {
  /// A string with its type.
  public mutating func value(_ text: ByteView) {
    type(.string)
    string(text)
  }

  /// A collection with its type.
  ///
  /// - Complexity: O(n)
  public mutating func value(_ object: ObjectReference, _ clock: DumpClock) {
    switch object.type {
    case .string: preconditionFailure("a string is no object")
    case .list: list(ListObject(object))
    case .set: set(SetObject(object, now: clock.now), clock)
    case .sortedSet: sortedSet(SortedSet(object), clock)
    case .hash: hash(HashObject(object, now: clock.now), clock)
    case .stream: stream(StreamObject(object))
    }
  }

  /// Ends a payload of one value: version and checksum.
  public mutating func seal() {
    // The type stands first.
    let version = bytes.first.flatMap { DumpType(rawValue: $0) }?.version ?? 10
    fixed(version)
    fixed(bytes.withByteView { CRC64.checksum($0) })
  }
}
