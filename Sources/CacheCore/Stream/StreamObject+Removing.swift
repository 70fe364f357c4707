/// What is trimmed away.
public enum StreamTrimming: Sendable {
  /// All but so many of the newest entries.
  case maxLength(Int)
  /// Entries with smaller IDs.
  case minID(StreamID)
}

extension StreamObject {
  /// Deletes the entry `id`, which leaves a mark in its node until that goes.
  ///
  /// - Returns: whether there was one.
  /// - Complexity: O(log nodes) and O(entries of a node).
  @discardableResult
  public func remove(_ id: StreamID) -> Bool {
    guard let position = state.pointee.nodes.position(atOrBefore: id) else { return false }
    let place = state.pointee.nodes[position]
    var node = StreamNode(place.pointee.id, place.pointee.value)
    guard let entryPosition = Self.position(of: id, in: node) else { return false }
    if node.count == 1 {
      memory.release(node.pack.base)
      state.pointee.nodes.remove(at: position, memory)
    } else {
      node.markDeleted(at: entryPosition, memory)
      node.noteDeletions(1, memory)
      place.pointee.value = node.pack.base
    }
    state.pointee.length -= 1
    state.pointee.maxDeletedID = max(state.pointee.maxDeletedID, id)
    if id == state.pointee.firstID { refreshFirstID() }
    return true
  }

  /// Where the entry `id` begins; nil when it is not there or deleted.
  private static func position(of id: StreamID, in node: StreamNode) -> Int? {
    let master = node.masterFields
    var position = node.firstEntryPosition
    while !node.isEnd(position) {
      let entry = node.entry(at: position, masterFields: master)
      if !entry.isDeleted {
        if entry.id == id { return position }
        if entry.id > id { return nil }
      }
      position = node.position(after: entry)
    }
    return nil
  }

  /// Whether there is an entry `id`.
  public func contains(_ id: StreamID) -> Bool {
    guard let position = state.pointee.nodes.position(atOrBefore: id) else { return false }
    let place = state.pointee.nodes[position]
    return Self.position(of: id, in: StreamNode(place.pointee.id, place.pointee.value)) != nil
  }

  /// Removes the oldest entries.
  ///
  /// - Parameters:
  ///   - isApproximate: removes whole nodes only, which is cheaper by far.
  ///   - limit: looks at no further node once so many entries would be gone; 0: no limit.
  /// - Returns: the number removed.
  /// - Complexity: O(nodes removed), and of the entries of the node that is cut.
  public func trim(
    _ trimming: StreamTrimming, isApproximate: Bool = false, limit: Int = 0
  ) -> Int {
    var removed = 0
    while let first = state.pointee.nodes.first {
      if case .maxLength(let most) = trimming, count <= most { break }
      let place = state.pointee.nodes[first]
      let node = StreamNode(place.pointee.id, place.pointee.value)
      let entries = node.count
      if limit > 0, removed + entries > limit { break }
      if isWhollyTrimmed(node, by: trimming) {
        memory.release(node.pack.base)
        state.pointee.nodes.remove(at: first, memory)
        state.pointee.length -= entries
        removed += entries
        continue
      }
      if !isApproximate { removed += trimEntries(of: node, at: first, trimming) }
      break
    }
    if removed > 0 { refreshFirstID() }
    return removed
  }

  private func isWhollyTrimmed(_ node: StreamNode, by trimming: StreamTrimming) -> Bool {
    switch trimming {
    case .maxLength(let most): return count - node.count >= most
    case .minID(let id):
      // The last one's, deleted or not, as in Redis.
      guard let last = node.position(beforeEntryAt: node.pack.end) else { return true }
      return node.entry(at: last, masterFields: node.masterFields).id < id
    }
  }

  /// Marks entries at the front of a node as deleted. It goes if none but deleted ones are left.
  private func trimEntries(
    of node: StreamNode, at position: StreamIndex<UnsafeMutableRawPointer>.Position,
    _ trimming: StreamTrimming
  ) -> Int {
    var node = node
    let master = node.masterFields
    var place = node.firstEntryPosition
    var removed = 0
    while !node.isEnd(place) {
      let entry = node.entry(at: place, masterFields: master)
      let stays: Bool
      switch trimming {
      case .maxLength(let most): stays = count - removed <= most
      case .minID(let id): stays = entry.id >= id
      }
      if stays { break }
      if !entry.isDeleted {
        node.markDeleted(at: place, memory)
        removed += 1
      }
      place = node.position(after: entry)
    }
    state.pointee.length -= removed
    if removed == node.count {
      memory.release(node.pack.base)
      state.pointee.nodes.remove(at: position, memory)
    } else if removed > 0 {
      node.noteDeletions(removed, memory)
      state.pointee.nodes[position].pointee.value = node.pack.base
    }
    return removed
  }

  func refreshFirstID() {
    var cursor = cursor(from: .zero, through: .max)
    state.pointee.firstID = cursor.next()?.id ?? .zero
  }
}
