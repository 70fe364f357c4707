/// Walks the entries of a range of a stream, deleted ones left out. Valid until the stream changes.
public struct StreamCursor {
  private let stream: StreamObject
  private let start: StreamID
  private let end: StreamID
  private let isReversed: Bool

  private var place: StreamIndex<UnsafeMutableRawPointer>.Position?
  private var node: StreamNode
  private var master = (count: 0, position: 0)
  /// Where the next entry begins (forwards), or the last one began (backwards); nil: in the next
  /// node.
  private var position: Int?

  fileprivate init(
    _ stream: StreamObject, from start: StreamID, through end: StreamID, isReversed: Bool
  ) {
    self.stream = stream
    self.start = start
    self.end = end
    self.isReversed = isReversed
    let nodes = stream.state.pointee.nodes
    place = nodes.position(atOrBefore: isReversed ? end : start)
    if place == nil, !isReversed { place = nodes.first }
    node = StreamNode(.zero, UnsafeMutableRawPointer(stream.state))
    if let place { enter(place) }
  }

  private mutating func enter(_ place: StreamIndex<UnsafeMutableRawPointer>.Position) {
    let entry = stream.state.pointee.nodes[place]
    node = StreamNode(entry.pointee.id, entry.pointee.value)
    master = node.masterFields
    position = isReversed ? node.pack.end : node.firstEntryPosition
  }

  /// The next entry; nil at the end.
  ///
  /// - Complexity: O(1) and the elements of the entry before, amortised; the first one O(entries of
  ///   a node).
  public mutating func next() -> StreamEntry? {
    isReversed ? nextBackwards() : nextForwards()
  }

  private mutating func nextForwards() -> StreamEntry? {
    while let current = place, let position {
      if node.isEnd(position) {
        place = stream.state.pointee.nodes.position(after: current)
        if let place { enter(place) }
        continue
      }
      let entry = node.entry(at: position, masterFields: master)
      self.position = node.position(after: entry)
      // Deleted ones may be out of order, see StreamNode.
      if entry.isDeleted { continue }
      if entry.id > end {
        place = nil
        return nil
      }
      if entry.id >= start { return entry }
    }
    return nil
  }

  private mutating func nextBackwards() -> StreamEntry? {
    while let current = place, let position {
      guard let before = node.position(beforeEntryAt: position) else {
        place = stream.state.pointee.nodes.position(before: current)
        if let place { enter(place) }
        continue
      }
      let entry = node.entry(at: before, masterFields: master)
      self.position = before
      if entry.isDeleted { continue }
      if entry.id < start {
        place = nil
        return nil
      }
      if entry.id <= end { return entry }
    }
    return nil
  }
}

extension StreamObject {
  /// A cursor over the entries from `start` through `end`, from the greatest ID down if
  /// `isReversed`.
  ///
  /// - Complexity: O(log nodes)
  public func cursor(
    from start: StreamID, through end: StreamID, isReversed: Bool = false
  ) -> StreamCursor {
    StreamCursor(self, from: start, through: end, isReversed: isReversed)
  }

  /// The entry `id`, if there is one.
  public func entry(_ id: StreamID) -> StreamEntry? {
    var cursor = cursor(from: id, through: id)
    return cursor.next()
  }
}
