import Bytes

/// An element's place: its node, and where it stands there. Valid until the list changes.
struct ListCursor {
  var node: NodePlace
  /// Number of elements before it in its node.
  var index: Int
  /// Byte position in the node's listpack; 0 in a plain node.
  var position: Int
}

extension Quicklist {
  /// The element at `index`, which is in bounds.
  ///
  /// - Complexity: O(segments + nodes of a segment + bytes of a node), see the type.
  func cursor(at index: Int) -> ListCursor {
    let (place, inner) = locate(index)
    let node = readable(place)
    guard node.isPacked else { return ListCursor(node: place, index: 0, position: 0) }
    // There: the node has more than `inner` elements.
    let position = node.listpack.position(at: inner).unsafelyUnwrapped
    return ListCursor(node: place, index: inner, position: position)
  }

  /// The node that holds the element at `index`, and the elements before it there.
  func locate(_ index: Int) -> (place: NodePlace, index: Int) {
    precondition(index >= 0 && index < count)
    let (segment, rest) = locateSegment(index)
    let nodes = nodes(in: segment)
    let total = entry(segment).pointee.count
    if rest < total / 2 {
      var rest = rest
      var number = 0
      while rest >= Int(nodes[number].count) {
        rest -= Int(nodes[number].count)
        number += 1
      }
      return (NodePlace(segment: segment, index: number), rest)
    }
    var start = total
    var number = nodeCount(in: segment)
    repeat {
      number -= 1
      start -= Int(nodes[number].count)
    } while rest < start
    return (NodePlace(segment: segment, index: number), rest - start)
  }

  private func locateSegment(_ index: Int) -> (segment: Int, rest: Int) {
    if index < count / 2 {
      var rest = index
      var segment = 0
      while rest >= entry(segment).pointee.count {
        rest -= entry(segment).pointee.count
        segment += 1
      }
      return (segment, rest)
    }
    var start = count
    var segment = segmentCount
    repeat {
      segment -= 1
      start -= entry(segment).pointee.count
    } while index < start
    return (segment, index - start)
  }

  /// The element under the cursor; valid until its node changes, or another one is read.
  @inline(__always)
  func value(at cursor: ListCursor) -> ListpackValue {
    let node = readable(cursor.node)
    return node.isPacked
      ? node.listpack.value(at: cursor.position) : .bytes(node.plainElement)
  }

  /// The first or last element of a list that is not empty.
  @inline(__always)
  func endCursor(_ end: ListEnd) -> ListCursor {
    end == .head ? startCursor(of: firstNode) : lastCursor(of: lastNode)
  }

  @inline(__always)
  func startCursor(of place: NodePlace) -> ListCursor {
    let node = readable(place)
    // No node is empty.
    let position = node.isPacked ? node.listpack.first.unsafelyUnwrapped : 0
    return ListCursor(node: place, index: 0, position: position)
  }

  @inline(__always)
  func lastCursor(of place: NodePlace) -> ListCursor {
    let node = readable(place)
    let position = node.isPacked ? node.listpack.last.unsafelyUnwrapped : 0
    return ListCursor(node: place, index: Int(node.count) - 1, position: position)
  }

  /// The element behind or before the cursor's.
  @inline(__always)
  func step(_ cursor: ListCursor, backwards: Bool) -> ListCursor? {
    backwards ? stepBack(cursor) : stepOn(cursor)
  }

  @inline(__always)
  private func stepOn(_ cursor: ListCursor) -> ListCursor? {
    if cursor.index + 1 < Int(node(cursor.node).pointee.count) {
      let node = readable(cursor.node)
      let position = node.listpack.next(cursor.position).unsafelyUnwrapped
      return ListCursor(node: cursor.node, index: cursor.index + 1, position: position)
    }
    return next(cursor.node).map { startCursor(of: $0) }
  }

  @inline(__always)
  private func stepBack(_ cursor: ListCursor) -> ListCursor? {
    if cursor.index > 0 {
      let listpack = readable(cursor.node).listpack
      let position = listpack.previous(cursor.position).unsafelyUnwrapped
      return ListCursor(node: cursor.node, index: cursor.index - 1, position: position)
    }
    return previous(cursor.node).map { lastCursor(of: $0) }
  }
}
