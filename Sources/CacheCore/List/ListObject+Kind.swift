import Bytes
import Glibc

extension ListObject: ObjectKind {
  /// Frees payload and header.
  public static func destroy(_ object: ObjectReference) {
    let list = ListObject(object)
    if list.isPacked {
      object.memory.release(list.listpack.base)
    } else {
      list.quicklist.destroy()
    }
    object.memory.release(object.header)
  }

  /// A copy, node by node.
  public static func copy(
    _ object: ObjectReference, into memory: ObjectMemory
  ) -> ObjectReference {
    let list = ListObject(object)
    let payload: UnsafeMutableRawPointer
    if list.isPacked {
      let bytes = list.listpack.byteCount
      payload = memory.allocate(bytes)
      memcpy(payload, list.listpack.base, bytes)
    } else {
      let copy = Quicklist.make(memory)
      list.quicklist.forEachNode { copy.addNode($0.copy(into: memory), at: .tail) }
      copy.header.pointee.depth = list.quicklist.header.pointee.depth
      payload = UnsafeMutableRawPointer(copy.header)
    }
    return .make(.list, object.encoding, payload: payload, memory)
  }

  /// Number of elements.
  public static func count(_ object: ObjectReference) -> Int { ListObject(object).count }

  /// Number of nodes.
  public static func freeEffort(_ object: ObjectReference) -> Int {
    let list = ListObject(object)
    return list.isPacked ? 1 : list.quicklist.header.pointee.nodeCount
  }

  /// Bytes that it holds; with `samples`, the first nodes stand for all.
  public static func usedBytes(_ object: ObjectReference, samples: Int) -> Int {
    let list = ListObject(object)
    let memory = object.memory
    let own = memory.usableBytes(of: object.header)
    if list.isPacked { return own + memory.usableBytes(of: list.listpack.base) }
    return own + list.quicklist.usedBytes(nodeCountMax: samples == 0 ? .max : samples)
  }

  /// Checks every node and sum.
  public static func checkInvariants(_ object: ObjectReference) {
    let list = ListObject(object)
    precondition(object.type == .list)
    if list.isPacked {
      let bytes = list.listpack.bytes
      precondition(Listpack.isValid(bytes, deeply: true))
    } else {
      precondition(object.encoding == .quicklist)
      list.quicklist.checkInvariants()
    }
  }
}

extension Quicklist {
  /// Calls `body` with every node in order.
  func forEachNode(_ body: (ListNode) -> Void) {
    for segment in 0..<segmentCount {
      for index in 0..<nodeCount(in: segment) { body(nodes(in: segment)[index]) }
    }
  }

  /// Frees all but the listpack of the one node there is.
  func takeOnlyNode() -> Listpack {
    precondition(header.pointee.nodeCount == 1)
    expand(firstNode)
    let listpack = node(firstNode).pointee.listpack
    memory.release(entry(0).pointee.segment)
    memory.release(header.pointee.directory)
    memory.release(header)
    return listpack
  }

  /// Bytes of everything, estimated from the first nodes.
  func usedBytes(nodeCountMax: Int) -> Int {
    var bytes = memory.usableBytes(of: header)
    bytes += memory.usableBytes(of: header.pointee.directory)
    for segment in 0..<segmentCount {
      bytes += memory.usableBytes(of: entry(segment).pointee.segment)
    }
    var nodeBytes = 0
    var seen = 0
    var place = header.pointee.nodeCount > 0 ? Optional(firstNode) : nil
    while let here = place, seen < nodeCountMax {
      nodeBytes += memory.usableBytes(of: node(here).pointee.base)
      seen += 1
      place = next(here)
    }
    if seen == header.pointee.nodeCount { return bytes + nodeBytes }
    return bytes + nodeBytes * header.pointee.nodeCount / max(1, seen)
  }

  /// Checks every node and sum; traps on damage.
  func checkInvariants() {
    var elements = 0
    var nodeTotal = 0
    for segment in 0..<segmentCount {
      let count = nodeCount(in: segment)
      precondition(count >= 1 && count <= Self.segmentNodesMax)
      precondition(count <= Int(segmentHeader(segment).pointee.capacity))
      var sum = 0
      for index in 0..<count {
        let node = readable(NodePlace(segment: segment, index: index))
        precondition(node.count >= 1)
        if node.isPacked {
          precondition(Listpack.isValid(node.content, deeply: true))
          precondition(node.listpack.count == Int(node.count))
        } else {
          precondition(node.count == 1)
        }
        sum += Int(node.count)
      }
      precondition(sum == entry(segment).pointee.count)
      elements += sum
      nodeTotal += count
    }
    checkCompression()
    precondition(elements == header.pointee.count)
    precondition(nodeTotal == header.pointee.nodeCount)
    precondition(
      header.pointee.firstEntry + header.pointee.segmentCount <= header.pointee.capacity)
  }
}

extension ListObject {
  /// Whether nodes may be compressed, so that an element is valid until another one is read only.
  public var isCompressed: Bool { !isPacked && quicklist.compresses }
}

/// For DEBUG.
extension ListObject {
  /// Number of nodes; 1 where the list is a listpack.
  public var nodeCount: Int { isPacked ? 1 : quicklist.header.pointee.nodeCount }

  /// Bytes of the nodes' contents, uncompressed.
  ///
  /// - Complexity: O(nodes)
  public var uncompressedBytes: Int {
    guard !isPacked else { return listpack.byteCount }
    var bytes = 0
    quicklist.forEachNode { bytes += $0.byteCount }
    return bytes
  }

  /// A line for each of the first nodes, at most `limit`.
  public func nodeTexts(limit: Int) -> [String] {
    guard !isPacked else { return listpack.elementTexts(limit: limit) }
    var lines: [String] = []
    quicklist.forEachNode { node in
      guard lines.count < limit else { return }
      lines.append("node \(lines.count): \(node.kind), \(node.count) elements, ")
      lines[lines.count - 1] += "\(node.byteCount) bytes"
    }
    return lines
  }
}

extension Listpack {
  /// A line on the whole, and one for each of the first elements, at most `limit`.
  public func elementTexts(limit: Int) -> [String] {
    var lines = ["\(byteCount) bytes, \(count) elements"]
    var position = first
    while let here = position, lines.count <= limit {
      let text = value(at: here).withText { $0[0..<min($0.count, 64)].string }
      lines.append("\(lines.count - 1) at \(here): \(text)")
      position = next(here)
    }
    return lines
  }
}
