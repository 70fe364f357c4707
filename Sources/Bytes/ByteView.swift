/// A window on bytes that somebody else owns: a pointer and a count, nothing more.
///
/// Keys, arguments and values travel as `ByteView` from the read buffer to the key space and back
/// to the reply. It is trivially copyable, so passing it costs two registers and no reference
/// counting. Whoever makes one guarantees that the bytes outlive its use: arguments live until the
/// command returns, values as long as the shard's lock is held.
public struct ByteView {
  /// First byte. Dangling, never read, when `count` is 0.
  public let base: UnsafePointer<UInt8>

  /// Number of bytes.
  public let count: Int

  /// Makes a view of `count` bytes at `base`.
  @inlinable
  public init(base: UnsafePointer<UInt8>, count: Int) {
    assert(count >= 0)
    self.base = base
    self.count = count
  }

  /// Makes a view of a raw buffer; an empty buffer gives an empty view.
  @inlinable
  public init(_ buffer: UnsafeRawBufferPointer) {
    if let start = buffer.baseAddress, buffer.count > 0 {
      self.init(base: start.assumingMemoryBound(to: UInt8.self), count: buffer.count)
    } else {
      self = .empty
    }
  }

  /// Makes a view of text fixed at compile time.
  @inlinable
  @inline(__always)
  public init(_ text: StaticString) {
    precondition(text.hasPointerRepresentation)
    self.init(base: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// A view of nothing.
  @inlinable
  public static var empty: ByteView {
    // Never read: count is 0.
    ByteView(base: UnsafePointer(bitPattern: 1).unsafelyUnwrapped, count: 0)
  }

  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// The byte at `index`, counted from 0.
  @inlinable
  public subscript(index: Int) -> UInt8 {
    assert(index >= 0 && index < count)
    return base[index]
  }

  /// The bytes of `range`.
  @inlinable
  public subscript(range: Range<Int>) -> ByteView {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    return ByteView(base: base + range.lowerBound, count: range.count)
  }

  /// Everything from `start` on.
  @inlinable
  public func dropFirst(_ start: Int) -> ByteView {
    self[Swift.min(start, count)..<count]
  }

  /// The same bytes as a raw buffer.
  @inlinable
  public var rawBuffer: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// The same bytes as a typed buffer.
  @inlinable
  public var buffer: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base, count: count)
  }

  /// Position of the first `byte`, or nil.
  ///
  /// - Complexity: O(n)
  @inlinable
  public func firstIndex(of byte: UInt8) -> Int? {
    buffer.firstIndex(of: byte)
  }
}
