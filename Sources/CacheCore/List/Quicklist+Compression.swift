import Bytes
import Glibc
import Platform
import Synchronization

/// Compressed nodes: what `list-compress-depth` asks for.
///
/// Queues are used at their ends. With a depth of 1 or more, so many nodes at each end stay as they
/// are and all between them are compressed by LZF, if it saves anything.
///
///     block   stamp u64 | compressed bytes u32 | bytes u32 | compressed content
///
/// A node is compressed as a whole, so reading an element unpacks its node: into a scratch of the
/// shard, which keeps the node that was unpacked last, so that walking along costs one unpacking
/// per node and changes nothing. A node that is to change is unpacked in its place, changed, and
/// compressed again. What a value from a compressed node lies in is the scratch: it is valid until
/// the next compressed node of the shard is read.
///
/// Every block has a stamp that no other content has ever had; the scratch remembers whose copy it
/// is by that, so it need not be told when blocks go.
///
/// Invariants: with depth 0 no node is compressed; else the nodes less than `depth` from an end are
/// not, and of all others those that are large enough and shrink by enough.
///
/// Credits: the depth and the limits are Redis's.
extension ListNode {
  /// Bytes of a block before its content.
  static var blockHeaderBytes: Int { 16 }
  /// Less than this is not worth the attempt.
  static var compressibleBytesMin: Int { 48 }
  /// So many bytes must be saved.
  static var savedBytesMin: Int { 8 }

  private static let stamps = Atomic<UInt64>(0)

  @inline(__always)
  var isCompressed: Bool { kind == .compressedPack || kind == .compressedPlain }

  fileprivate var stamp: UInt64 {
    assert(isCompressed)
    return base.load(as: UInt64.self)
  }

  /// Bytes of the content when unpacked.
  var unpackedByteCount: Int {
    assert(isCompressed)
    return Int(base.load(fromByteOffset: 12, as: UInt32.self))
  }

  /// The compressed content.
  var compressedContent: ByteView {
    assert(isCompressed)
    return ByteView(
      base: UnsafePointer((base + Self.blockHeaderBytes).assumingMemoryBound(to: UInt8.self)),
      count: Int(base.load(fromByteOffset: 8, as: UInt32.self)))
  }

  /// Bytes before the content of a node of this kind when it is not compressed.
  private var ownHeaderBytes: Int { kind == .compressedPlain ? Self.plainHeaderBytes : 0 }

  /// Bytes of the node when it is not compressed.
  var unpackedBytes: Int { ownHeaderBytes + unpackedByteCount }

  /// Writes the node as it is when it is not compressed.
  ///
  /// - Parameter target: room for `unpackedBytes`.
  func unpack(to target: UnsafeMutableRawPointer) -> ListNode {
    let count = unpackedByteCount
    if kind == .compressedPlain { target.storeBytes(of: count, as: Int.self) }
    let content = (target + ownHeaderBytes).assumingMemoryBound(to: UInt8.self)
    let isSound = LZF.decompress(
      compressedContent, to: UnsafeMutableBufferPointer(start: content, count: count))
    // We compressed it; anything else means that memory was overwritten.
    precondition(isSound)
    return ListNode(
      base: target, count: self.count, kind: kind == .compressedPlain ? .plain : .packed)
  }

  /// The node compressed; nil when that is not worth it.
  ///
  /// - Complexity: O(bytes)
  func compressed(_ memory: ObjectMemory) -> ListNode? {
    guard !isCompressed else { return nil }
    let content = content
    guard content.count >= Self.compressibleBytesMin,
      content.count <= Int(UInt32.max)
    else { return nil }
    let room = content.count - Self.savedBytesMin
    guard let scratch = malloc(room) else { return nil }
    defer { free(scratch) }
    let target = UnsafeMutableBufferPointer(
      start: scratch.assumingMemoryBound(to: UInt8.self), count: room)
    guard let count = LZF.compress(content, to: target) else { return nil }
    let block = memory.allocate(Self.blockHeaderBytes + count)
    // Starts at 1: the scratch of a shard begins with 0.
    let stamp = Self.stamps.wrappingAdd(1, ordering: .relaxed).newValue
    block.storeBytes(of: stamp, as: UInt64.self)
    block.storeBytes(of: UInt32(count), toByteOffset: 8, as: UInt32.self)
    block.storeBytes(of: UInt32(content.count), toByteOffset: 12, as: UInt32.self)
    memcpy(block + Self.blockHeaderBytes, scratch, count)
    return ListNode(
      base: block, count: self.count, kind: isPacked ? .compressedPack : .compressedPlain)
  }
}

extension ObjectMemory {
  /// Where nodes of a shard are unpacked for being read. Not counted as used: a shard has one.
  struct Scratch {
    var base: UnsafeMutableRawPointer?
    var capacity = 0
    /// Whose copy it holds; 0: nobody's.
    var stamp: UInt64 = 0

    /// What larger nodes need is given back with the next one.
    static var keptBytesMax: Int { 64 << 10 }

    mutating func room(_ bytes: Int) -> UnsafeMutableRawPointer {
      if let base, capacity >= bytes, capacity <= max(bytes, Self.keptBytesMax) { return base }
      release()
      let fresh = malloc(bytes) ?? ObjectMemory.allocateFromReserve(bytes)
      base = fresh
      capacity = bytes
      return fresh
    }

    mutating func release() {
      free(base)
      self = Scratch()
    }
  }

  /// A compressed node, unpacked; valid until another one is.
  func unpack(_ node: ListNode) -> ListNode {
    // Several threads use a shared account.
    precondition(account.pointee.kind == .shard)
    let target = account.pointee.scratch.room(node.unpackedBytes)
    let kind: ListNode.Kind = node.kind == .compressedPlain ? .plain : .packed
    if account.pointee.scratch.stamp == node.stamp {
      return ListNode(base: target, count: node.count, kind: kind)
    }
    account.pointee.scratch.stamp = node.stamp
    return node.unpack(to: target)
  }
}

extension Quicklist {
  @inline(__always)
  var compresses: Bool { header.pointee.depth != 0 }

  /// The node for being read: itself, or its copy in the scratch.
  @inline(__always)
  func readable(_ place: NodePlace) -> ListNode {
    let node = node(place).pointee
    return node.isCompressed ? memory.unpack(node) : node
  }

  /// Unpacks a node in its place, to be changed.
  func expand(_ place: NodePlace) {
    let node = node(place)
    guard node.pointee.isCompressed else { return }
    let old = node.pointee
    node.pointee = old.unpack(to: memory.allocate(old.unpackedBytes))
    memory.release(old.base)
  }

  private func compress(_ place: NodePlace) {
    let node = node(place)
    guard let compressed = node.pointee.compressed(memory) else { return }
    memory.release(node.pointee.base)
    node.pointee = compressed
  }

  /// Compresses a node that was changed, unless it is near an end.
  func tighten(_ place: NodePlace) {
    if !isOuter(place) { compress(place) }
  }

  /// The same for a node and two on each side of it, where nodes came.
  func tightenAround(_ place: NodePlace) {
    tighten(place)
    var (left, right) = (previous(place), next(place))
    for _ in 0..<2 {
      if let here = left {
        tighten(here)
        left = previous(here)
      }
      if let here = right {
        tighten(here)
        right = next(here)
      }
    }
  }

  /// Whether a node is so near an end that it is not compressed.
  ///
  /// - Complexity: O(depth)
  func isOuter(_ place: NodePlace) -> Bool {
    let depth = Int(header.pointee.depth)
    if header.pointee.nodeCount <= depth * 2 { return true }
    var (left, right) = (place, place)
    for _ in 0..<depth {
      guard let before = previous(left), let behind = next(right) else { return true }
      (left, right) = (before, behind)
    }
    return false
  }

  /// Unpacks what has come near an end, and compresses what is so far from one now.
  ///
  /// - Parameter reach: how many nodes may have gone farther from an end.
  /// - Complexity: O(depth) steps, and the nodes concerned
  func settleEnds(reach: Int = 1) {
    let depth = Int(header.pointee.depth)
    let count = header.pointee.nodeCount
    guard depth > 0, count > 0 else { return }
    let outer = min(depth, count)
    var (front, back): (NodePlace?, NodePlace?) = (firstNode, lastNode)
    for number in 0..<min(count, outer + reach) {
      guard let first = front, let last = back else { return }
      if number < outer {
        expand(first)
        expand(last)
      } else if number < count - depth {
        compress(first)
        compress(last)
      }
      (front, back) = (next(first), previous(last))
    }
  }

  /// Changes the depth, if it is another.
  ///
  /// - Complexity: O(1), O(bytes) when it changes.
  func setDepth(_ depth: Int32) {
    guard header.pointee.depth != depth else { return }
    header.pointee.depth = depth
    let count = header.pointee.nodeCount
    var place = endNode(.head)
    var number = 0
    while let here = place {
      if depth == 0 || number < Int(depth) || count - 1 - number < Int(depth) {
        expand(here)
      } else {
        compress(here)
      }
      number += 1
      place = next(here)
    }
  }

  /// Checks that what is compressed ought to be, and the other way round; traps if not.
  func checkCompression() {
    let count = header.pointee.nodeCount
    let depth = Int(header.pointee.depth)
    var place = endNode(.head)
    var number = 0
    while let here = place {
      let node = node(here).pointee
      if depth == 0 || number < depth || count - 1 - number < depth {
        precondition(!node.isCompressed)
      } else if !node.isCompressed, let better = node.compressed(memory) {
        memory.release(better.base)
        preconditionFailure("an inner node that could be compressed")
      }
      number += 1
      place = next(here)
    }
  }
}
