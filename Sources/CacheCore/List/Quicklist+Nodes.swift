import Glibc

/// The directory and its segments: nodes come and go.
extension Quicklist {
  @inline(__always)
  var firstNode: NodePlace { NodePlace(segment: 0, index: 0) }

  @inline(__always)
  var lastNode: NodePlace {
    let segment = segmentCount - 1
    return NodePlace(segment: segment, index: nodeCount(in: segment) - 1)
  }

  @inline(__always)
  func endNode(_ end: ListEnd) -> NodePlace? {
    guard header.pointee.nodeCount > 0 else { return nil }
    return end == .head ? firstNode : lastNode
  }

  @inline(__always)
  func next(_ place: NodePlace) -> NodePlace? {
    if place.index + 1 < nodeCount(in: place.segment) {
      return NodePlace(segment: place.segment, index: place.index + 1)
    }
    guard place.segment + 1 < segmentCount else { return nil }
    return NodePlace(segment: place.segment + 1, index: 0)
  }

  @inline(__always)
  func previous(_ place: NodePlace) -> NodePlace? {
    if place.index > 0 { return NodePlace(segment: place.segment, index: place.index - 1) }
    guard place.segment > 0 else { return nil }
    return NodePlace(segment: place.segment - 1, index: nodeCount(in: place.segment - 1) - 1)
  }

  /// Notes that a node has `change` elements more than before.
  @inline(__always)
  func adjust(_ place: NodePlace, by change: Int) {
    let node = node(place)
    node.pointee.count = UInt32(Int(node.pointee.count) + change)
    entry(place.segment).pointee.count += change
    header.pointee.count += change
  }

  /// Adds a node at an end.
  func addNode(_ node: ListNode, at end: ListEnd) {
    guard segmentCount > 0 else {
      insertSegment(at: 0, holding: node)
      return
    }
    if end == .head {
      insertNode(node, at: firstNode)
    } else {
      let segment = segmentCount - 1
      insertNode(node, at: NodePlace(segment: segment, index: nodeCount(in: segment)))
    }
  }

  /// Adds a node before the one at `place`, or behind a segment's last one.
  ///
  /// - Returns: where it stands.
  @discardableResult
  func insertNode(_ node: ListNode, at place: NodePlace) -> NodePlace {
    let count = nodeCount(in: place.segment)
    var place = place
    assert(place.index >= 0 && place.index <= count)
    if count == Self.segmentNodesMax {
      // At the ends, full segments stay full.
      if place.index == count, place.segment + 1 == segmentCount {
        insertSegment(at: segmentCount, holding: node)
        return lastNode
      }
      if place.index == 0, place.segment == 0 {
        insertSegment(at: 0, holding: node)
        return firstNode
      }
      splitSegment(place.segment)
      let half = nodeCount(in: place.segment)
      if place.index > half {
        place = NodePlace(segment: place.segment + 1, index: place.index - half)
      }
    } else if count == Int(segmentHeader(place.segment).pointee.capacity) {
      resizeSegment(place.segment, capacity: min(count * 2, Self.segmentNodesMax))
    }
    let nodes = nodes(in: place.segment)
    let used = nodeCount(in: place.segment)
    memmove(
      nodes + place.index + 1, nodes + place.index,
      (used - place.index) * MemoryLayout<ListNode>.stride)
    (nodes + place.index).initialize(to: node)
    segmentHeader(place.segment).pointee.nodeCount += 1
    entry(place.segment).pointee.count += Int(node.count)
    header.pointee.nodeCount += 1
    header.pointee.count += Int(node.count)
    return place
  }

  /// Takes a node out and frees it.
  ///
  /// - Returns: where the node behind it stands now; nil: there is none.
  @discardableResult
  func removeNode(_ place: NodePlace) -> NodePlace? {
    let nodes = nodes(in: place.segment)
    let node = nodes[place.index]
    memory.release(node.base)
    let left = nodeCount(in: place.segment) - 1
    memmove(
      nodes + place.index, nodes + place.index + 1,
      (left - place.index) * MemoryLayout<ListNode>.stride)
    segmentHeader(place.segment).pointee.nodeCount = UInt32(left)
    entry(place.segment).pointee.count -= Int(node.count)
    header.pointee.nodeCount -= 1
    header.pointee.count -= Int(node.count)
    var following = place
    if left == 0 {
      removeSegment(place.segment)
      following.index = 0
    } else {
      if place.index == left { following = NodePlace(segment: place.segment + 1, index: 0) }
      following = join(place.segment, keeping: following)
      if place.segment > 0 { following = join(place.segment - 1, keeping: following) }
    }
    return following.segment < segmentCount ? following : nil
  }

  /// Joins a segment with the next when both fit into half of one.
  ///
  /// - Returns: where what stood at `place` is now.
  private func join(_ segment: Int, keeping place: NodePlace) -> NodePlace {
    guard segment + 1 < segmentCount else { return place }
    let count = nodeCount(in: segment)
    let more = nodeCount(in: segment + 1)
    guard count + more <= Self.segmentNodesMax / 2 else { return place }
    if count + more > Int(segmentHeader(segment).pointee.capacity) {
      resizeSegment(segment, capacity: Self.segmentNodesMax)
    }
    memcpy(
      nodes(in: segment) + count, nodes(in: segment + 1),
      more * MemoryLayout<ListNode>.stride)
    segmentHeader(segment).pointee.nodeCount += UInt32(more)
    entry(segment).pointee.count += entry(segment + 1).pointee.count
    removeSegment(segment + 1)
    guard place.segment > segment else { return place }
    return place.segment == segment + 1
      ? NodePlace(segment: segment, index: place.index + count)
      : NodePlace(segment: place.segment - 1, index: place.index)
  }

  private func resizeSegment(_ segment: Int, capacity: Int) {
    let bytes = Self.segmentHeaderBytes + capacity * MemoryLayout<ListNode>.stride
    let entry = entry(segment)
    entry.pointee.segment = memory.reallocate(entry.pointee.segment, bytes)
    segmentHeader(segment).pointee.capacity = UInt32(capacity)
  }

  /// Moves the upper half of a full segment into a new one behind it.
  private func splitSegment(_ segment: Int) {
    let half = Self.segmentNodesMax / 2
    let upper = nodes(in: segment) + half
    var elements = 0
    for index in 0..<half { elements += Int(upper[index].count) }
    let fresh = makeSegment(capacity: Self.segmentNodesMax)
    memcpy(
      fresh + Self.segmentHeaderBytes, upper, half * MemoryLayout<ListNode>.stride)
    fresh.assumingMemoryBound(to: SegmentHeader.self).pointee.nodeCount = UInt32(half)
    segmentHeader(segment).pointee.nodeCount = UInt32(half)
    entry(segment).pointee.count -= elements
    insertEntry(at: segment + 1, SegmentEntry(segment: fresh, count: elements))
  }

  /// Begins a segment with one node.
  private func insertSegment(at segment: Int, holding node: ListNode) {
    let fresh = makeSegment(capacity: 4)
    (fresh + Self.segmentHeaderBytes).assumingMemoryBound(to: ListNode.self)
      .initialize(to: node)
    fresh.assumingMemoryBound(to: SegmentHeader.self).pointee.nodeCount = 1
    insertEntry(at: segment, SegmentEntry(segment: fresh, count: Int(node.count)))
    header.pointee.nodeCount += 1
    header.pointee.count += Int(node.count)
  }

  private func makeSegment(capacity: Int) -> UnsafeMutableRawPointer {
    let bytes = Self.segmentHeaderBytes + capacity * MemoryLayout<ListNode>.stride
    let segment = memory.allocate(bytes)
    segment.bindMemory(to: SegmentHeader.self, capacity: 1)
      .initialize(to: SegmentHeader(nodeCount: 0, capacity: UInt32(capacity)))
    return segment
  }

  private func insertEntry(at segment: Int, _ entry: SegmentEntry) {
    let count = segmentCount
    let isFront = segment == 0 && count > 0
    let first = Int(header.pointee.firstEntry)
    if isFront ? first == 0 : first + count == Int(header.pointee.capacity) {
      growDirectory(inFront: isFront)
    }
    if isFront {
      header.pointee.firstEntry -= 1
    } else {
      let start = header.pointee.directory + Int(header.pointee.firstEntry) + segment
      memmove(start + 1, start, (count - segment) * MemoryLayout<SegmentEntry>.stride)
    }
    header.pointee.segmentCount += 1
    self.entry(segment).initialize(to: entry)
  }

  /// Makes room for more segments at one end, in proportion to how many there are.
  private func growDirectory(inFront isFront: Bool) {
    let count = segmentCount
    let stride = MemoryLayout<SegmentEntry>.stride
    let gap = max(2, count / 2)
    let first = Int(header.pointee.firstEntry)
    // The other end keeps its gap, as far as it is not absurd.
    let kept = min(isFront ? Int(header.pointee.capacity) - first - count : first, gap)
    let capacity = count + gap + kept
    let newFirst = isFront ? gap : kept
    let fresh = memory.allocate(capacity * stride)
      .bindMemory(to: SegmentEntry.self, capacity: capacity)
    memcpy(fresh + newFirst, header.pointee.directory + first, count * stride)
    memory.release(header.pointee.directory)
    header.pointee.directory = fresh
    header.pointee.firstEntry = Int32(newFirst)
    header.pointee.capacity = Int32(capacity)
  }

  /// Frees a segment whose nodes are gone.
  private func removeSegment(_ segment: Int) {
    memory.release(entry(segment).pointee.segment)
    let count = segmentCount
    if segment == 0 {
      header.pointee.firstEntry += 1
    } else {
      let start = entry(segment)
      memmove(start, start + 1, (count - segment - 1) * MemoryLayout<SegmentEntry>.stride)
    }
    header.pointee.segmentCount -= 1
    if header.pointee.segmentCount == 0 { header.pointee.firstEntry = 0 }
  }
}
