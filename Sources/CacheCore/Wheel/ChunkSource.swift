/// The four sizes of node that a `TimingWheel` asks its `ChunkSource` for.
///
/// A node is one 32-bit link and then 32-bit handles to the end: 3, 7, 15 or 31 of them.
package enum ChunkSize: UInt8 {
  case bytes16, bytes32, bytes64, bytes128

  /// The node's size in bytes.
  @inline(__always)
  package var byteCount: Int { 16 &<< Int(rawValue) }

  /// How many handles fit beside the link.
  @inline(__always)
  package var capacity: Int { (4 &<< Int(rawValue)) &- 1 }

  /// The size that a full node of this size grows to; the largest stays.
  @inline(__always)
  package var grown: ChunkSize {
    self == .bytes128 ? self : ChunkSize(rawValue: rawValue &+ 1).unsafelyUnwrapped
  }
}

/// Names a node; opaque to the wheel, and not to be mixed up with an entry's handle.
///
/// `UInt32.max` is never a node's name: the wheel ends its chains with it.
package struct ChunkHandle: Equatable {
  /// The name as the source gave it.
  package var rawValue: UInt32

  /// Wraps the source's name for a node.
  @inline(__always)
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The end of a chain.
  @inline(__always)
  package static var none: ChunkHandle { ChunkHandle(rawValue: .max) }
}

/// Where a `TimingWheel` gets its nodes from: in the server, slab classes of their own.
///
/// A node never moves, and `pointer(to:)` stays right until `release(_:size:)`. Contents need not
/// be cleared. Each node must be aligned to 4 bytes at least; 64 and 128 are read fastest on a
/// cache line's border.
package protocol ChunkSource {
  /// A node of the given size, or nil when memory is exhausted.
  mutating func allocate(_ size: ChunkSize) -> ChunkHandle?

  /// Takes back a node; `size` is the one it was allocated with.
  mutating func release(_ chunk: ChunkHandle, size: ChunkSize)

  /// The node's memory: `size.byteCount` bytes.
  func pointer(to chunk: ChunkHandle) -> UnsafeMutablePointer<UInt32>
}
