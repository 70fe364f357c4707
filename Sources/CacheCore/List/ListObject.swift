public import Bytes

/// A list: one listpack while it is small, a quicklist beyond.
///
///     encoding    payload
///     listpack    the listpack
///     quicklist   the quicklist's header
///
/// A list grows into a quicklist when the listpack would exceed what one node may hold, and shrinks
/// back when it has come down to one node of at most half of that. The caller says when that is
/// looked at (`prepareToGrow`, `settle`), since several changes make one command.
///
/// A list that is stored is never empty; who takes the last element out removes the key.
public struct ListObject {
  /// The object that is a list.
  public let object: ObjectReference

  /// Looks at an object, which is a list.
  @inlinable
  public init(_ object: ObjectReference) {
    assert(object.type == .list)
    self.object = object
  }

  /// Makes an empty list, to be filled before it is stored.
  public static func make(_ memory: ObjectMemory) -> ListObject {
    let listpack = Listpack.make(capacity: Listpack.headerBytes + 1, memory)
    return ListObject(.make(.list, .listpack, payload: listpack.base, memory))
  }

  /// Makes an empty list that is a quicklist, to be filled with nodes and settled.
  static func makeLong(_ memory: ObjectMemory) -> ListObject {
    let quicklist = Quicklist.make(memory)
    return ListObject(
      .make(.list, .quicklist, payload: UnsafeMutableRawPointer(quicklist.header), memory))
  }

  @inline(__always)
  var memory: ObjectMemory { object.memory }

  @inline(__always)
  var isPacked: Bool { object.encoding == .listpack }

  @inline(__always)
  var listpack: Listpack {
    assert(isPacked)
    // A list always has a payload.
    return Listpack(base: object.header.pointee.payload.unsafelyUnwrapped)
  }

  @inline(__always)
  var quicklist: Quicklist {
    assert(!isPacked)
    return Quicklist(
      header: object.header.pointee.payload.unsafelyUnwrapped
        .assumingMemoryBound(to: Quicklist.Header.self),
      memory: memory)
  }

  /// Changes the listpack, which may move.
  @inline(__always)
  func change<Result>(_ body: (inout Listpack) -> Result) -> Result {
    var listpack = listpack
    defer { object.header.pointee.payload = listpack.base }
    return body(&listpack)
  }

  /// Number of elements.
  public var count: Int { isPacked ? listpack.count : quicklist.count }

  // MARK: Encodings

  /// Makes the list a quicklist if elements are about to be added that a listpack should not hold.
  ///
  /// - Parameters:
  ///   - bytes: the elements' lengths together.
  ///   - count: their number.
  public func prepareToGrow(bytes: Int, count: Int, _ limits: ListLimits) {
    guard isPacked else { return quicklist.setDepth(limits.compressDepth) }
    let listpack = listpack
    guard limits.isExceeded(bytes: listpack.byteCount + bytes, count: listpack.count + count)
    else { return }
    let quicklist = Quicklist.make(memory)
    quicklist.setDepth(limits.compressDepth)
    if listpack.count > 0 {
      quicklist.addNode(
        ListNode(base: listpack.base, count: UInt32(listpack.count), kind: .packed), at: .tail)
    } else {
      memory.release(listpack.base)
    }
    object.header.pointee.payload = UnsafeMutableRawPointer(quicklist.header)
    object.header.pointee.encoding = .quicklist
  }

  /// Makes the list a listpack if it is small enough.
  ///
  /// - Parameter isShrinking: whether elements were removed or replaced: then only at half the
  ///   limit.
  public func settle(isShrinking: Bool, _ limits: ListLimits) {
    guard !isPacked else { return }
    let quicklist = quicklist
    guard quicklist.header.pointee.nodeCount == 1 else { return }
    let node = quicklist.node(quicklist.firstNode)
    guard node.pointee.isPacked,
      limits.fitsListpack(
        bytes: node.pointee.listpack.byteCount, count: quicklist.count, isShrinking: isShrinking)
    else { return }
    let listpack = quicklist.takeOnlyNode()
    object.header.pointee.payload = listpack.base
    object.header.pointee.encoding = .listpack
  }

  // MARK: Ends

  /// Adds an element at an end; `prepareToGrow` was called.
  public func push(_ element: ByteView, at end: ListEnd, _ limits: ListLimits) {
    guard isPacked else { return quicklist.push(element, at: end, limits) }
    let value = ListpackValue(encoding: element)
    change { listpack in
      if end == .head {
        listpack.prepend(value, memory)
      } else {
        listpack.append(value, memory)
      }
    }
  }

  /// The first or last element of a list that is not empty; valid until the list changes.
  public func value(at end: ListEnd) -> ListpackValue {
    guard isPacked else { return quicklist.value(at: quicklist.endCursor(end)) }
    let listpack = listpack
    // Not empty.
    return listpack.value(
      at: (end == .head ? listpack.first : listpack.last).unsafelyUnwrapped)
  }

  /// Takes the first or last element out of a list that is not empty.
  public func removeEnd(_ end: ListEnd) {
    guard isPacked else { return quicklist.removeEnd(end) }
    change { listpack in
      _ = listpack.remove(
        (end == .head ? listpack.first : listpack.last).unsafelyUnwrapped, count: 1, memory)
    }
  }

  // MARK: Positions

  /// The element at `index`, counted from 0 or, when negative, from the end; nil: out of bounds.
  /// Valid until the list changes.
  ///
  /// - Complexity: O(bytes of a node), plus O(√n) additions in a quicklist.
  public func value(at index: Int) -> ListpackValue? {
    guard let index = offset(of: index) else { return nil }
    guard isPacked else { return quicklist.value(at: quicklist.cursor(at: index)) }
    let listpack = listpack
    return listpack.position(at: index).map { listpack.value(at: $0) }
  }

  /// An index counted from 0 instead of, when negative, from the end; nil: out of bounds.
  @inline(__always)
  private func offset(of index: Int) -> Int? {
    let count = count
    let offset = index < 0 ? index &+ count : index
    return offset >= 0 && offset < count ? offset : nil
  }

  /// Replaces an element; `prepareToGrow` was called.
  ///
  /// - Parameter index: as for `value(at:)`.
  /// - Returns: false when it is out of bounds.
  public func replace(at index: Int, with element: ByteView, _ limits: ListLimits) -> Bool {
    guard let index = offset(of: index) else { return false }
    guard isPacked else {
      quicklist.replace(at: index, with: element, limits)
      return true
    }
    change { listpack in
      // In bounds.
      let position = listpack.position(at: index).unsafelyUnwrapped
      _ = listpack.replace(position, with: ListpackValue(encoding: element), memory)
    }
    return true
  }

  /// Takes `count` elements out from `index` on, all of them in bounds.
  ///
  /// - Parameter limits: what nodes that have become small are joined by; nil: they are not.
  public func removeRange(from index: Int, count: Int, _ limits: ListLimits? = nil) {
    guard count > 0 else { return }
    precondition(index >= 0 && index + count <= self.count)
    guard isPacked else {
      quicklist.removeRange(from: index, count: count)
      if let limits, quicklist.count > 0 { quicklist.mergeAround(index - 1, limits) }
      return
    }
    change { $0.removeRange(index: index, count: count, memory) }
  }
}
