import Bytes
import Glibc
import Platform

/// A long list: nodes of a few kilobytes, found through a directory.
///
/// A node is a listpack, or one element that is too large for that. Redis links its nodes into a
/// chain, so that LINDEX in the middle of a list of millions follows thousands of pointers, each
/// to another cache line. Here the nodes' addresses and counts stand side by side in segments of
/// up to 128, and the segments in a directory with the sum of each. An index is found by adding up
/// two short arrays: for 100 million elements in 8 KB nodes that is 1000 additions in the
/// directory and 128 in a segment. Nodes are 16 bytes here where a link of Redis's is 40.
///
///     header   count | node count | directory | first, segments, capacity
///     directory: { segment, elements } { segment, elements } …    gap at both ends
///     segment:   node count, capacity | { node, elements, kind } { node, elements, kind } …
///     node:      a listpack, or 8 bytes of length and an element; compressed far from the ends
///                if that is wanted (Quicklist+Compression)
///
/// Both ends are cheap: a full segment at an end is left full and a new one begun, and the
/// directory, like a deque, has its gap where it grew last.
///
/// Invariants: no node and no segment is empty; the counts of the directory are sums of its
/// segment's, the header's of all; a segment has at most 128 nodes; neighbouring segments that
/// lost nodes are joined when they fit into half a segment.
///
/// Bounds: changing the middle moves at most 2 KB of a segment and 16 bytes per segment in the
/// directory. Credits: the idea of the quicklist, a list of listpacks, is Matt Stancliff's.
struct Quicklist {
  /// What the list's object points to.
  struct Header {
    /// Elements.
    var count = 0
    var nodeCount = 0
    var directory: UnsafeMutablePointer<SegmentEntry>
    /// Entries of the directory before the first used one.
    var firstEntry: Int32 = 0
    var segmentCount: Int32 = 0
    var capacity: Int32
    /// Nodes at each end that are not compressed; 0: none is.
    var depth: Int32 = 0
  }

  /// A segment's place in the directory.
  struct SegmentEntry {
    var segment: UnsafeMutableRawPointer
    /// Elements of all its nodes.
    var count: Int
  }

  /// What stands before a segment's nodes; 16 bytes with padding.
  struct SegmentHeader {
    var nodeCount: UInt32
    var capacity: UInt32
  }

  let header: UnsafeMutablePointer<Header>
  let memory: ObjectMemory

  static var segmentNodesMax: Int { 128 }
  static var segmentHeaderBytes: Int { 16 }

  init(header: UnsafeMutablePointer<Header>, memory: ObjectMemory) {
    self.header = header
    self.memory = memory
  }

  /// An empty list; only for being filled at once.
  static func make(_ memory: ObjectMemory) -> Quicklist {
    let capacity = 4
    let directory = memory.allocate(capacity * MemoryLayout<SegmentEntry>.stride)
      .bindMemory(to: SegmentEntry.self, capacity: capacity)
    let header = memory.allocate(MemoryLayout<Header>.size)
      .bindMemory(to: Header.self, capacity: 1)
    header.initialize(to: Header(directory: directory, capacity: Int32(capacity)))
    return Quicklist(header: header, memory: memory)
  }

  /// Frees everything.
  func destroy() {
    for segment in 0..<segmentCount {
      for index in 0..<nodeCount(in: segment) {
        memory.release(node(NodePlace(segment: segment, index: index)).pointee.base)
      }
      memory.release(entry(segment).pointee.segment)
    }
    memory.release(header.pointee.directory)
    memory.release(header)
  }

  /// Elements.
  var count: Int { header.pointee.count }

  @inline(__always)
  var segmentCount: Int { Int(header.pointee.segmentCount) }

  @inline(__always)
  func entry(_ segment: Int) -> UnsafeMutablePointer<SegmentEntry> {
    assert(segment >= 0 && segment < segmentCount)
    return header.pointee.directory + Int(header.pointee.firstEntry) + segment
  }

  @inline(__always)
  func segmentHeader(_ segment: Int) -> UnsafeMutablePointer<SegmentHeader> {
    entry(segment).pointee.segment.assumingMemoryBound(to: SegmentHeader.self)
  }

  @inline(__always)
  func nodeCount(in segment: Int) -> Int { Int(segmentHeader(segment).pointee.nodeCount) }

  @inline(__always)
  func nodes(in segment: Int) -> UnsafeMutablePointer<ListNode> {
    (entry(segment).pointee.segment + Self.segmentHeaderBytes)
      .assumingMemoryBound(to: ListNode.self)
  }

  @inline(__always)
  func node(_ place: NodePlace) -> UnsafeMutablePointer<ListNode> {
    assert(place.index >= 0 && place.index < nodeCount(in: place.segment))
    return nodes(in: place.segment) + place.index
  }
}

/// Where a node stands. Valid until a node is added or removed.
struct NodePlace: Equatable {
  var segment: Int
  var index: Int
}

/// A node: some elements, side by side.
struct ListNode {
  enum Kind: UInt32 {
    /// A listpack.
    case packed
    /// 8 bytes of length, and one element.
    case plain
    /// A listpack, compressed.
    case compressedPack
    /// An element, compressed.
    case compressedPlain
  }

  var base: UnsafeMutableRawPointer
  /// Elements.
  var count: UInt32
  var kind: Kind

  static var plainHeaderBytes: Int { 8 }

  /// A node of one element that is not packed.
  static func plain(_ element: ByteView, _ memory: ObjectMemory) -> ListNode {
    let base = memory.allocate(plainHeaderBytes + element.count)
    base.storeBytes(of: element.count, as: Int.self)
    memcpy(base + plainHeaderBytes, element.base, element.count)
    return ListNode(base: base, count: 1, kind: .plain)
  }

  /// A node of one packed element.
  static func packed(_ value: ListpackValue, _ memory: ObjectMemory) -> ListNode {
    var listpack = Listpack.make(
      capacity: Listpack.headerBytes + Listpack.entryBytes(value) + 1, memory)
    listpack.append(value, memory)
    return ListNode(base: listpack.base, count: 1, kind: .packed)
  }

  @inline(__always)
  var isPacked: Bool { kind == .packed }

  @inline(__always)
  var listpack: Listpack {
    assert(kind == .packed)
    return Listpack(base: base)
  }

  /// The one element of a plain node.
  var plainElement: ByteView {
    assert(kind == .plain)
    return ByteView(
      base: UnsafePointer((base + Self.plainHeaderBytes).assumingMemoryBound(to: UInt8.self)),
      count: base.load(as: Int.self))
  }

  /// Whether its elements are in a listpack, compressed or not.
  var holdsListpack: Bool { kind == .packed || kind == .compressedPack }

  /// Bytes of the listpack, or of the one element, when they are not compressed.
  var byteCount: Int {
    switch kind {
    case .packed: listpack.byteCount
    case .plain: plainElement.count
    case .compressedPack, .compressedPlain: unpackedByteCount
    }
  }

  /// The bytes that DUMP carries: the listpack, or the element; of a node that is not compressed.
  var content: ByteView {
    guard isPacked else { return plainElement }
    return ByteView(
      base: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: listpack.byteCount)
  }

  /// A copy in other memory.
  func copy(into memory: ObjectMemory) -> ListNode {
    let bytes =
      switch kind {
      case .packed: listpack.byteCount
      case .plain: Self.plainHeaderBytes + plainElement.count
      case .compressedPack, .compressedPlain: Self.blockHeaderBytes + compressedContent.count
      }
    let copy = memory.allocate(bytes)
    memcpy(copy, base, bytes)
    return ListNode(base: copy, count: count, kind: kind)
  }

  /// Whether an element of so many bytes may be added.
  func accepts(_ bytes: Int, _ limits: ListLimits) -> Bool {
    // 8 bytes are more than an entry's length and back length take, or a little less.
    holdsListpack && !limits.isPlain(bytes)
      && !limits.isExceeded(bytes: byteCount + bytes + 8, count: Int(count) + 1)
  }
}
