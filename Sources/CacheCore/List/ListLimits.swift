/// How much goes into one node of a list, and when a list is more than one: what
/// `list-max-listpack-size` says, and the threshold for elements that stand alone.
public struct ListLimits: Sendable {
  /// Bytes of a node; elements beyond get a node of their own.
  let nodeBytesMax: Int
  /// Elements of a node.
  let nodeCountMax: Int
  /// Whether only the number of elements was limited by the setting.
  let countsElements: Bool
  /// From this size on an element stands alone; 0: when it is larger than a node may be.
  let plainBytesMin: Int

  /// Nodes at each end that are not compressed; 0: none is.
  let compressDepth: Int32

  /// Nodes limited by their number of elements are no larger than this, in bytes.
  private static var safeNodeBytes: Int { 8192 }
  /// A larger depth means the same as in Redis, which keeps 16 bits of it.
  private static var compressDepthMax: Int { 65535 }

  /// Reads the setting.
  ///
  /// - Parameters:
  ///   - listpackSize: elements of a node; or -1 to -5: nodes of 4, 8, 16, 32 or 64 KB.
  ///   - plainBytesMin: elements of so many bytes stand alone; 0: those larger than a node.
  ///   - compressDepth: nodes at each end that are not compressed; 0: none is.
  public init(listpackSize: Int, plainBytesMin: Int = 0, compressDepth: Int = 0) {
    self.compressDepth = Int32(min(max(0, compressDepth), Self.compressDepthMax))
    countsElements = listpackSize >= 0
    if listpackSize >= 0 {
      nodeCountMax = max(1, listpackSize)
      nodeBytesMax = Self.safeNodeBytes
    } else {
      nodeCountMax = .max
      nodeBytesMax = 2048 << min(-max(listpackSize, -5), 5)
    }
    self.plainBytesMin = plainBytesMin
  }

  /// Whether a node (or a list of one) would be too large.
  @inline(__always)
  func isExceeded(bytes: Int, count: Int) -> Bool {
    bytes > nodeBytesMax || count > nodeCountMax
  }

  /// Whether a list that has shrunk is to become a listpack again: at half of what made it more,
  /// so that a list at the limit does not go to and fro.
  ///
  /// - Parameter isShrinking: false: it may be as large as a listpack may grow.
  func fitsListpack(bytes: Int, count: Int, isShrinking: Bool) -> Bool {
    let part = isShrinking ? 2 : 1
    return countsElements ? count <= nodeCountMax / part : bytes <= nodeBytesMax / part
  }

  /// Whether an element of so many bytes stands alone.
  @inline(__always)
  func isPlain(_ bytes: Int) -> Bool {
    plainBytesMin > 0 ? bytes >= plainBytesMin : bytes > nodeBytesMax
  }
}

/// The two ends of a list.
public enum ListEnd: Sendable {
  case head, tail
}
