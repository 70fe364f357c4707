public import Glibc

extension ByteView: Equatable {
  /// Whether both views hold the same bytes.
  ///
  /// - Complexity: O(n)
  @inlinable
  public static func == (left: ByteView, right: ByteView) -> Bool {
    left.count == right.count && memcmp(left.base, right.base, left.count) == 0
  }

  /// Whether the view spells `text`.
  @inlinable
  public static func == (left: ByteView, right: StaticString) -> Bool {
    left == ByteView(right)
  }

  /// Whether the view spells `text`, ASCII letters of either case being equal.
  ///
  /// - Parameter text: in lower or upper case.
  /// - Complexity: O(n)
  @inlinable
  public func equalsIgnoringCase(_ text: StaticString) -> Bool {
    equalsIgnoringCase(ByteView(text))
  }

  /// Whether both views spell the same, ASCII letters of either case being equal.
  @inlinable
  public func equalsIgnoringCase(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where base[index].lowercasedASCII != other.base[index].lowercasedASCII {
      return false
    }
    return true
  }
}

extension ByteView: Comparable {
  /// Order by bytes, a prefix before what it is a prefix of: memcmp's order, as Redis sorts.
  @inlinable
  public static func < (left: ByteView, right: ByteView) -> Bool {
    let common = Swift.min(left.count, right.count)
    let order = memcmp(left.base, right.base, common)
    return order == 0 ? left.count < right.count : order < 0
  }
}

extension UInt8 {
  /// The lower-case form of an ASCII capital, any other byte unchanged.
  @inlinable
  public var lowercasedASCII: UInt8 {
    (self &- 0x41) < 26 ? self | 0x20 : self
  }
}

extension ByteView {
  /// A copy that owns its bytes.
  ///
  /// - Complexity: O(n), allocates.
  @inlinable
  public var array: [UInt8] { Array(buffer) }

  /// The text, with ill-formed UTF-8 repaired. For logs and error messages, not for data.
  @inlinable
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}

extension Array where Element == UInt8 {
  /// Calls `body` with a view of the array's bytes, valid during the call only.
  @inlinable
  public func withByteView<Result>(_ body: (ByteView) -> Result) -> Result {
    withUnsafeBytes { body(ByteView($0)) }
  }
}
