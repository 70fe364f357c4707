import Bytes
import Glibc

extension Quicklist {
  /// Adds an element at an end.
  func push(_ element: ByteView, at end: ListEnd, _ limits: ListLimits) {
    if let place = endNode(end), node(place).pointee.accepts(element.count, limits) {
      let value = ListpackValue(encoding: element)
      change(place, by: 1) { listpack in
        if end == .head {
          listpack.prepend(value, memory)
        } else {
          listpack.append(value, memory)
        }
      }
    } else {
      addNode(makeNode(element, limits), at: end)
      if compresses { settleEnds() }
    }
  }

  /// A node of one element.
  private func makeNode(_ element: ByteView, _ limits: ListLimits) -> ListNode {
    limits.isPlain(element.count)
      ? .plain(element, memory) : .packed(ListpackValue(encoding: element), memory)
  }

  /// Changes a node's listpack, which gains `change` elements.
  @inline(__always)
  private func change(_ place: NodePlace, by change: Int, _ body: (inout Listpack) -> Void) {
    if compresses { expand(place) }
    let node = node(place)
    var listpack = node.pointee.listpack
    body(&listpack)
    node.pointee.base = listpack.base
    adjust(place, by: change)
    if compresses { tighten(place) }
  }

  /// Takes the first or last element out; the list is not empty.
  func removeEnd(_ end: ListEnd) {
    remove(endCursor(end))
  }

  /// Takes the element under the cursor out.
  ///
  /// - Returns: the cursor of the element behind it; nil at the end.
  @discardableResult
  func remove(_ cursor: ListCursor) -> ListCursor? {
    if node(cursor.node).pointee.count == 1 {
      let following = removeNode(cursor.node)
      if compresses { settleEnds() }
      return following.map { startCursor(of: $0) }
    }
    var following: Int?
    change(cursor.node, by: -1) { following = $0.remove(cursor.position, count: 1, memory) }
    if let following {
      return ListCursor(node: cursor.node, index: cursor.index, position: following)
    }
    return next(cursor.node).map { startCursor(of: $0) }
  }

  /// Takes `count` elements from `index` on out; they are in bounds.
  ///
  /// - Complexity: O(nodes concerned + bytes of two nodes)
  func removeRange(from index: Int, count: Int) {
    guard count > 0 else { return }
    var left = count
    var (place, inner) = locate(index)
    while left > 0 {
      let here = Int(node(place).pointee.count)
      let going = min(left, here - inner)
      if going == here {
        left -= going
        guard let following = removeNode(place) else { break }
        place = following
      } else {
        change(place, by: -going) { $0.removeRange(index: inner, count: going, memory) }
        left -= going
        guard left > 0, let following = next(place) else { break }
        place = following
      }
      inner = 0
    }
    assert(left == 0)
    if compresses { settleEnds() }
  }

  /// Puts an element before or behind the cursor's.
  func insert(
    _ element: ByteView, at cursor: ListCursor, after: Bool, _ limits: ListLimits
  ) {
    if compresses { expand(cursor.node) }
    let node = node(cursor.node).pointee
    if node.accepts(element.count, limits) {
      let value = ListpackValue(encoding: element)
      let target = after ? node.listpack.next(cursor.position) : cursor.position
      change(cursor.node, by: 1) { listpack in
        if let target {
          _ = listpack.insert(value, before: target, memory)
        } else {
          listpack.append(value, memory)
        }
      }
      return
    }
    let index = after ? cursor.index + 1 : cursor.index
    let place: NodePlace
    if index == 0 {
      place = insertBetween(element, previous(cursor.node), before: cursor.node, limits)
    } else if index == Int(node.count) {
      let behind = NodePlace(segment: cursor.node.segment, index: cursor.node.index + 1)
      place = insertBetween(
        element, nil, before: behind, following: next(cursor.node), limits)
    } else {
      let position =
        after ? node.listpack.next(cursor.position).unsafelyUnwrapped : cursor.position
      let tail = split(cursor.node, at: position, index: index)
      place = insertBetween(element, previous(tail), before: tail, limits)
    }
    if compresses {
      // What was cut is beside what got the element.
      tightenAround(place)
      settleEnds(reach: 3)
    }
  }

  /// Puts an element between two nodes: into one of them where there is room, or a node of its own.
  ///
  /// - Returns: the node that has it.
  private func insertBetween(
    _ element: ByteView, _ previous: NodePlace?, before place: NodePlace,
    following: NodePlace? = nil, _ limits: ListLimits
  ) -> NodePlace {
    if let previous, node(previous).pointee.accepts(element.count, limits) {
      let value = ListpackValue(encoding: element)
      change(previous, by: 1) { $0.append(value, memory) }
      return previous
    }
    if let following, node(following).pointee.accepts(element.count, limits) {
      let value = ListpackValue(encoding: element)
      change(following, by: 1) { $0.prepend(value, memory) }
      return following
    }
    return insertNode(makeNode(element, limits), at: place)
  }

  /// Cuts a node in two: the entry at `position`, which has `index` entries before it, begins a new
  /// node behind it.
  ///
  /// - Returns: where the new node stands; the first part stands before it.
  private func split(_ place: NodePlace, at position: Int, index: Int) -> NodePlace {
    let node = node(place)
    var listpack = node.pointee.listpack
    let moved = Int(node.pointee.count) - index
    let tail = listpack.split(at: position, index: index, tailCount: moved, memory)
    node.pointee.base = listpack.base
    adjust(place, by: -moved)
    return insertNode(
      ListNode(base: tail.base, count: UInt32(moved), kind: .packed),
      at: NodePlace(segment: place.segment, index: place.index + 1))
  }

  /// Replaces the element at `index`, which is in bounds.
  func replace(at index: Int, with element: ByteView, _ limits: ListLimits) {
    let cursor = cursor(at: index)
    if compresses { expand(cursor.node) }
    let node = node(cursor.node).pointee
    if node.isPacked, !limits.isPlain(element.count) {
      let old = node.listpack.value(at: cursor.position)
      let value = ListpackValue(encoding: element)
      let bytes =
        node.listpack.byteCount + Listpack.entryBytes(value) - Listpack.entryBytes(old)
      if node.count == 1 || bytes <= limits.nodeBytesMax {
        return change(cursor.node, by: 0) { _ = $0.replace(cursor.position, with: value, memory) }
      }
    }
    if node.count == 1 {
      memory.release(node.base)
      self.node(cursor.node).pointee = makeNode(element, limits)
      if compresses { tighten(cursor.node) }
      return
    }
    insert(element, at: cursor, after: true, limits)
    remove(self.cursor(at: index))
  }
}
