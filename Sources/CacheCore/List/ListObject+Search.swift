public import Bytes

extension ListObject {
  /// Calls `body` with `count` elements in a row from `index` on, all of them in bounds.
  ///
  /// - Parameter backwards: whether to go towards the head.
  /// - Complexity: O(count)
  public func forEach(
    from index: Int, count: Int, backwards: Bool = false, _ body: (ListpackValue) -> Void
  ) {
    guard count > 0 else { return }
    precondition(index >= 0 && index < self.count)
    precondition(backwards ? count <= index + 1 : count <= self.count - index)
    if isPacked {
      // In bounds.
      let start = listpack.position(at: index).unsafelyUnwrapped
      Self.visit(listpack, from: start, count: count, backwards: backwards, body)
      return
    }
    let quicklist = quicklist
    var cursor = quicklist.cursor(at: index)
    var left = count
    while true {
      let node = quicklist.readable(cursor.node)
      let here = min(left, backwards ? cursor.index + 1 : Int(node.count) - cursor.index)
      if node.isPacked {
        Self.visit(
          node.listpack, from: cursor.position, count: here, backwards: backwards, body)
      } else {
        body(.bytes(node.plainElement))
      }
      left -= here
      guard left > 0 else { return }
      // Bounded by the precondition.
      cursor =
        backwards
        ? quicklist.lastCursor(of: quicklist.previous(cursor.node).unsafelyUnwrapped)
        : quicklist.startCursor(of: quicklist.next(cursor.node).unsafelyUnwrapped)
    }
  }

  @inline(__always)
  private static func visit(
    _ listpack: Listpack, from start: Int, count: Int, backwards: Bool,
    _ body: (ListpackValue) -> Void
  ) {
    var position: Int? = start
    for _ in 0..<count {
      guard let here = position else { return }
      body(listpack.value(at: here))
      position = backwards ? listpack.previous(here) : listpack.next(here)
    }
  }

  /// Calls `body` with every element.
  public func forEachElement(_ body: (ListpackValue) -> Void) {
    forEach(from: 0, count: count, body)
  }

  /// Finds elements that equal `needle`.
  ///
  /// - Parameters:
  ///   - backwards: whether to search from the tail.
  ///   - limit: elements to look at at most.
  ///   - body: gets each one's index, counted from the head, and says whether to go on.
  /// - Complexity: O(limit)
  public func find(
    _ needle: ByteView, backwards: Bool, limit: Int, _ body: (Int) -> Bool
  ) {
    let total = count
    if isPacked {
      let start = backwards ? total - 1 : 0
      var left = limit
      _ = Self.search(
        listpack, for: needle, index: start, backwards: backwards, left: &left, body)
      return
    }
    let quicklist = quicklist
    var place = quicklist.endNode(backwards ? .tail : .head)
    var left = limit
    var index = backwards ? total - 1 : 0
    while let here = place, left > 0 {
      let node = quicklist.readable(here)
      let count = Int(node.count)
      if !node.isPacked {
        left -= 1
        if node.plainElement == needle, !body(index) { return }
      } else if count <= left, node.listpack.find(needle, from: node.listpack.first) == nil {
        // The search without counting is several times as fast.
        left -= count
      } else if !Self.search(
        node.listpack, for: needle, index: index, backwards: backwards, left: &left, body)
      {
        return
      }
      index += backwards ? -count : count
      place = backwards ? quicklist.previous(here) : quicklist.next(here)
    }
  }

  /// Looks through one listpack, whose first element to look at has the index `index`.
  ///
  /// - Returns: false when `body` does not want to go on.
  private static func search(
    _ listpack: Listpack, for needle: ByteView, index: Int, backwards: Bool, left: inout Int,
    _ body: (Int) -> Bool
  ) -> Bool {
    let wanted = ListpackValue(encoding: needle)
    var index = index
    var position = backwards ? listpack.last : listpack.first
    while let here = position, left > 0 {
      left -= 1
      if listpack.matches(here, wanted), !body(index) { return false }
      index += backwards ? -1 : 1
      position = backwards ? listpack.previous(here) : listpack.next(here)
    }
    return true
  }

  /// Puts an element before or behind the first that equals `pivot`; `prepareToGrow` was called.
  ///
  /// - Returns: false when there is none.
  /// - Complexity: O(elements before it)
  public func insert(
    _ element: ByteView, nextTo pivot: ByteView, after: Bool, _ limits: ListLimits
  ) -> Bool {
    guard isPacked else {
      guard let cursor = firstCursor(of: pivot) else { return false }
      quicklist.insert(element, at: cursor, after: after, limits)
      return true
    }
    guard let found = listpack.find(pivot, from: listpack.first) else { return false }
    let value = ListpackValue(encoding: element)
    change { listpack in
      if let target = after ? listpack.next(found) : found {
        _ = listpack.insert(value, before: target, memory)
      } else {
        listpack.append(value, memory)
      }
    }
    return true
  }

  private func firstCursor(of needle: ByteView) -> ListCursor? {
    var found: Int?
    find(needle, backwards: false, limit: .max) { index in
      found = index
      return false
    }
    return found.map { quicklist.cursor(at: $0) }
  }

  /// Takes elements out that equal `needle`.
  ///
  /// - Parameters:
  ///   - limit: how many at most.
  ///   - backwards: whether the last ones go first.
  ///   - limits: what nodes that have become small are joined by; nil: they are not.
  /// - Returns: how many went.
  /// - Complexity: O(n)
  public func remove(
    _ needle: ByteView, limit: Int, backwards: Bool, _ limits: ListLimits? = nil
  ) -> Int {
    guard isPacked else {
      let removed = removeFromNodes(needle, limit: limit, backwards: backwards)
      if removed > 0, quicklist.count > 0 {
        quicklist.settleEnds()
        if let limits { quicklist.mergeAll(limits) }
      }
      return removed
    }
    return change { listpack in
      Self.remove(needle, from: &listpack, limit: limit, backwards: backwards, memory)
    }
  }

  private func removeFromNodes(_ needle: ByteView, limit: Int, backwards: Bool) -> Int {
    let quicklist = quicklist
    var removed = 0
    var place = quicklist.endNode(backwards ? .tail : .head)
    while let here = place, removed < limit {
      let node = quicklist.node(here)
      var going = 0
      if node.pointee.isCompressed, !quicklist.contains(needle, at: here) {
        place = backwards ? quicklist.previous(here) : quicklist.next(here)
        continue
      }
      quicklist.expand(here)
      if node.pointee.isPacked {
        var listpack = node.pointee.listpack
        going = Self.remove(
          needle, from: &listpack, limit: limit - removed, backwards: backwards, memory)
        node.pointee.base = listpack.base
      } else if node.pointee.plainElement == needle {
        going = 1
      }
      removed += going
      let previous = backwards ? quicklist.previous(here) : nil
      if going == Int(node.pointee.count) {
        let following = quicklist.removeNode(here)
        // What stands before a removed node may have moved to another segment with it.
        place =
          backwards
          ? (previous == nil
            ? nil : following.map { quicklist.previous($0) } ?? quicklist.endNode(.tail))
          : following
      } else {
        if going > 0 { quicklist.adjust(here, by: -going) }
        if quicklist.compresses { quicklist.tighten(here) }
        place = backwards ? previous : quicklist.next(here)
      }
    }
    return removed
  }

  private static func remove(
    _ needle: ByteView, from listpack: inout Listpack, limit: Int, backwards: Bool,
    _ memory: ObjectMemory
  ) -> Int {
    var removed = 0
    if backwards {
      let wanted = ListpackValue(encoding: needle)
      var position = listpack.last
      while let here = position, removed < limit {
        position = listpack.previous(here)
        // What stands before it stays where it is.
        if listpack.matches(here, wanted) {
          _ = listpack.remove(here, count: 1, memory)
          removed += 1
        }
      }
      return removed
    }
    var position = listpack.first
    while removed < limit, let found = listpack.find(needle, from: position) {
      position = listpack.remove(found, count: 1, memory)
      removed += 1
      if position == nil { break }
    }
    return removed
  }
}

extension Quicklist {
  /// Whether an element of the node equals `needle`.
  fileprivate func contains(_ needle: ByteView, at place: NodePlace) -> Bool {
    let node = readable(place)
    guard node.isPacked else { return node.plainElement == needle }
    return node.listpack.find(needle, from: node.listpack.first) != nil
  }
}
