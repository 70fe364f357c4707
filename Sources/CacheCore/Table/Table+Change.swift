import Bytes
import Platform

extension Table {
  /// Makes sure that an insert of `hash` cannot fail: the first bucket exists and there is a node
  /// to spare if the chain is full. The spare is handed to `insert`.
  ///
  /// - Returns: nil when memory is exhausted; otherwise a node's handle, or 0 when none is needed.
  mutating func reserve(for hash: KeyHash, _ memory: StorePointer) -> UInt32? {
    if bucketCount == 0 {
      guard grow(memory) else { return nil }
    }
    var group = TableGroup.bucket(bucket(of: hash, memory))
    if group.tag(11) == 0 { return 0 }
    while group.next != 0 { group = .node(memory.pointee.heap.address(group.next)) }
    if group.tag(group.width &- 1) == 0 { return 0 }
    guard let node = memory.pointee.heap.allocate(.node, arena: Int(arena)) else { return nil }
    memory.pointee.heap.address(node).initializeMemory(as: UInt64.self, repeating: 0, count: 3)
    nodeCount &+= 1
    return node
  }

  /// Gives back what `reserve` returned, when there is no insert after all.
  mutating func cancel(spare: UInt32, _ memory: StorePointer) {
    if spare == 0 { return }
    memory.pointee.heap.free(spare)
    nodeCount &-= 1
  }

  /// Adds a handle that is not in the table. The table may grow by a bucket afterwards, which
  /// moves other handles.
  ///
  /// - Parameter spare: what `reserve` returned for the same hash.
  mutating func insert(
    _ handle: UInt32, hash: KeyHash, spare: UInt32, _ memory: StorePointer
  ) {
    var spare = spare
    append(handle, tag: hash.tag, to: bucket(of: hash, memory), spare: &spare, memory)
    assert(spare == 0)
    count &+= 1
    if count &* 2 > Int(bucketCount) &* Self.growAbove {
      // Failing to grow makes chains longer, no more.
      _ = grow(memory)
    }
  }

  /// Puts a handle at the end of a chain; `spare` starts a list of nodes (linked by `next`) that
  /// holds one when it is needed.
  func append(
    _ handle: UInt32, tag: UInt8, to bucket: UnsafeMutableRawPointer, spare: inout UInt32,
    _ memory: StorePointer
  ) {
    var group = TableGroup.bucket(bucket)
    let free = matches12(bucket, 0)
    if free != 0 {
      group.set(free.trailingZeroBitCount, tag: tag, handle: handle)
      return
    }
    while group.next != 0 { group = .node(memory.pointee.heap.address(group.next)) }
    if group.width == 4 && group.tag(3) == 0 {
      group.set(group.count, tag: tag, handle: handle)
      return
    }
    precondition(spare != 0)
    let node = TableGroup.node(memory.pointee.heap.address(spare))
    let number = spare
    spare = node.next
    node.base.initializeMemory(as: UInt64.self, repeating: 0, count: 3)
    node.set(0, tag: tag, handle: handle)
    group.next = number
  }

  /// Removes the handle at `place`, which lies in `hash`'s chain. The entry is left to the caller.
  /// The table may shrink by a bucket, which moves other handles.
  mutating func remove(
    at place: TablePlace, hash: KeyHash, _ memory: StorePointer
  ) {
    removeKeepingSize(at: place, hash: hash, memory)
    if count &* 2 < Int(bucketCount) &* Self.shrinkBelow && bucketCount > 1 { shrink(memory) }
  }

  /// `remove` without shrinking, for loops over buckets.
  mutating func removeKeepingSize(
    at place: TablePlace, hash: KeyHash, _ memory: StorePointer
  ) {
    // The chain's last handle takes the place.
    var before: TableGroup?
    var last = TableGroup.bucket(bucket(of: hash, memory))
    var number: UInt32 = 0
    while last.next != 0 {
      before = last
      number = last.next
      last = .node(memory.pointee.heap.address(number))
    }
    let index = last.count &- 1
    assert(index >= 0)
    place.tag.storeBytes(of: last.tag(index), as: UInt8.self)
    place.handle = last.handle(index)
    last.set(index, tag: 0, handle: 0)
    if index == 0, let before {
      before.next = 0
      memory.pointee.heap.free(number)
      nodeCount &-= 1
    }
    count &-= 1
  }
}
