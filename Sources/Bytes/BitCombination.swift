internal import Glibc

/// Bitwise operations over whole byte strings.
public enum BitOperation: Sendable {
  case and, or, xor

  /// Combines `source` into the beginning of `target`; what is behind the source's end counts as
  /// combined with zeros.
  ///
  /// - Parameter source: at most as long as the target, which it may not overlap.
  /// - Complexity: O(target), 64 bytes at a time.
  public func combine(_ source: ByteView, into target: UnsafeMutableRawBufferPointer) {
    precondition(source.count <= target.count)
    guard let base = target.baseAddress else { return }
    let from = UnsafeRawPointer(source.base)
    switch self {
    case .and:
      Self.combine(from, into: base, count: source.count) {
        $0 & $1
      } byte: {
        $0 & $1
      }
      memset(base + source.count, 0, target.count - source.count)
    case .or:
      Self.combine(from, into: base, count: source.count) {
        $0 | $1
      } byte: {
        $0 | $1
      }
    case .xor:
      Self.combine(from, into: base, count: source.count) {
        $0 ^ $1
      } byte: {
        $0 ^ $1
      }
    }
  }

  /// Writes the complement of `source` to `target`.
  ///
  /// - Parameter source: exactly as long as the target.
  public static func complement(
    of source: ByteView, to target: UnsafeMutableRawBufferPointer
  ) {
    precondition(source.count == target.count)
    guard let base = target.baseAddress else { return }
    combine(UnsafeRawPointer(source.base), into: base, count: source.count) { source, _ in
      ~source
    } byte: { source, _ in
      ~source
    }
  }

  @inline(__always)
  private static func combine(
    _ source: UnsafeRawPointer, into target: UnsafeMutableRawPointer, count: Int,
    _ vector: (SIMD8<UInt64>, SIMD8<UInt64>) -> SIMD8<UInt64>,
    byte: (UInt8, UInt8) -> UInt8
  ) {
    var offset = 0
    while count &- offset >= 64 {
      let left = source.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      let right = target.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      target.storeBytes(
        of: vector(left, right), toByteOffset: offset, as: SIMD8<UInt64>.self)
      offset &+= 64
    }
    while offset < count {
      let left = source.load(fromByteOffset: offset, as: UInt8.self)
      let right = target.load(fromByteOffset: offset, as: UInt8.self)
      target.storeBytes(of: byte(left, right), toByteOffset: offset, as: UInt8.self)
      offset &+= 1
    }
  }
}
