public import Bytes

/// A fuzzer's bytes, taken from the front: choices first, then the subject's own input.
public struct FuzzInput {
  private var rest: ByteView

  /// Wraps what libFuzzer passes.
  public init(_ data: UnsafePointer<UInt8>?, _ size: Int) {
    rest = ByteView(UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : size))
  }

  /// The next byte; 0 when there is none.
  public mutating func byte() -> UInt8 {
    guard !rest.isEmpty else { return 0 }
    defer { rest = rest.dropFirst(1) }
    return rest[0]
  }

  /// Up to `count` bytes.
  public mutating func take(_ count: Int) -> ByteView {
    let length = min(count, rest.count)
    defer { rest = rest.dropFirst(length) }
    return rest[0..<length]
  }

  /// Everything that is left.
  public mutating func takeAll() -> ByteView { take(rest.count) }
}

/// Calls `body` with a copy of `bytes` in memory of exactly their size, so that AddressSanitizer
/// sees the first byte read beyond them.
public func withExactCopy<Result>(
  of bytes: ByteView, _ body: (UnsafeMutablePointer<UInt8>) -> Result
) -> Result {
  let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
  defer { copy.deallocate() }
  if bytes.isEmpty { return body(copy) }
  copy.initialize(from: bytes.base, count: bytes.count)
  return body(copy)
}

/// Ends the process with a message when a property does not hold.
public func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  guard !condition else { return }
  fatalError(message())
}
