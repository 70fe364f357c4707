public import Bytes

/// An element of a listpack: an integer, or bytes that are none.
public enum ListpackValue {
  case integer(Int64)
  /// Bytes in the listpack, or wherever the caller has them.
  case bytes(ByteView)

  /// The form in which a listpack keeps `text`: an integer exactly when its decimal text is `text`.
  @inlinable
  @inline(__always)
  public init(encoding text: ByteView) {
    if let number = IntegerText.parseInt64(text) {
      self = .integer(number)
    } else {
      self = .bytes(text)
    }
  }

  /// Length of the text, in bytes.
  @inlinable
  public var textCount: Int {
    switch self {
    case .integer(let number): IntegerText.byteCount(number)
    case .bytes(let bytes): bytes.count
    }
  }

  /// Calls `body` with the text; an integer's digits are on the stack and go with the call.
  @inlinable
  @inline(__always)
  public func withText<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .bytes(let bytes): return try body(bytes)
    case .integer(let number):
      var digits = InlineArray<24, UInt8>(repeating: 0)
      return try withUnsafeMutablePointer(to: &digits) { (raw) throws(Failure) -> Result in
        let base = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: UInt8.self)
        let count = IntegerText.write(number, to: base)
        return try body(ByteView(base: UnsafePointer(base), count: count))
      }
    }
  }

  /// Copies the text.
  ///
  /// - Parameter target: room for `textCount` bytes, and for 20 in any case.
  /// - Returns: the number of bytes.
  @inlinable
  @discardableResult
  public func writeText(to target: UnsafeMutablePointer<UInt8>) -> Int {
    switch self {
    case .integer(let number): return IntegerText.write(number, to: target)
    case .bytes(let bytes):
      UnsafeMutableRawPointer(target).copyMemory(from: bytes.base, byteCount: bytes.count)
      return bytes.count
    }
  }

  /// Whether both have the same text, given that both are in the form of `init(encoding:)`.
  @inlinable
  public static func == (left: ListpackValue, right: ListpackValue) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left == right
    case (.bytes(let left), .bytes(let right)): left == right
    default: false
    }
  }

  /// Bytes of the element, its back length not counted.
  @inlinable
  var encodedCount: Int {
    switch self {
    case .integer(let number):
      if number >= 0 && number < 128 { return 1 }
      if number >= -4096 && number < 4096 { return 2 }
      if Int16(exactly: number) != nil { return 3 }
      if number >= -(1 << 23) && number < 1 << 23 { return 4 }
      return Int32(exactly: number) != nil ? 5 : 9
    case .bytes(let bytes):
      if bytes.count < 64 { return 1 &+ bytes.count }
      return (bytes.count < 4096 ? 2 : 5) &+ bytes.count
    }
  }

  /// Writes the element, without its back length.
  @inlinable
  func encode(to target: UnsafeMutableRawPointer) {
    switch self {
    case .integer(let number): Self.encode(number, to: target)
    case .bytes(let bytes):
      let count = bytes.count
      var start = target
      if count < 64 {
        target.storeBytes(of: 0x80 | UInt8(count), as: UInt8.self)
        start += 1
      } else if count < 4096 {
        target.storeBytes(of: 0xE0 | UInt8(count &>> 8), as: UInt8.self)
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: count), toByteOffset: 1, as: UInt8.self)
        start += 2
      } else {
        target.storeBytes(of: 0xF0, as: UInt8.self)
        target.storeBytes(
          of: UInt32(count).littleEndian, toByteOffset: 1, as: UInt32.self)
        start += 5
      }
      start.copyMemory(from: bytes.base, byteCount: count)
    }
  }

  @inlinable
  static func encode(_ number: Int64, to target: UnsafeMutableRawPointer) {
    if number >= 0 && number < 128 {
      target.storeBytes(of: UInt8(number), as: UInt8.self)
    } else if number >= -4096 && number < 4096 {
      let bits = UInt16(bitPattern: Int16(number)) & 0x1FFF
      target.storeBytes(of: 0xC0 | UInt8(bits &>> 8), as: UInt8.self)
      target.storeBytes(of: UInt8(bits & 0xFF), toByteOffset: 1, as: UInt8.self)
    } else if let short = Int16(exactly: number) {
      target.storeBytes(of: 0xF1, as: UInt8.self)
      target.storeBytes(of: short.littleEndian, toByteOffset: 1, as: Int16.self)
    } else if number >= -(1 << 23) && number < 1 << 23 {
      target.storeBytes(of: 0xF2, as: UInt8.self)
      let bits = UInt32(truncatingIfNeeded: number)
      for index in 0..<3 {
        let byte = UInt8(truncatingIfNeeded: bits &>> UInt32(index * 8))
        target.storeBytes(of: byte, toByteOffset: 1 + index, as: UInt8.self)
      }
    } else if let word = Int32(exactly: number) {
      target.storeBytes(of: 0xF3, as: UInt8.self)
      target.storeBytes(of: word.littleEndian, toByteOffset: 1, as: Int32.self)
    } else {
      target.storeBytes(of: 0xF4, as: UInt8.self)
      target.storeBytes(of: number.littleEndian, toByteOffset: 1, as: Int64.self)
    }
  }
}
