public import Bytes

/// The arguments of one request, the command's name first. Valid until the command returns.
public struct Arguments {
  @usableFromInline let base: UnsafeMutablePointer<ByteView>

  /// Number of arguments with the command's name.
  public let count: Int

  @inlinable
  init(base: UnsafeMutablePointer<ByteView>, count: Int) {
    self.base = base
    self.count = count
  }

  /// The argument at `index`; 0 is the command's name.
  @inlinable
  public subscript(index: Int) -> ByteView {
    precondition(index >= 0 && index < count)
    return base[index]
  }

  /// The command that stands behind the first `start` arguments of another, which has more.
  func dropFirst(_ start: Int) -> Arguments {
    precondition(start >= 0 && start <= count)
    return Arguments(base: base + start, count: count - start)
  }
}
