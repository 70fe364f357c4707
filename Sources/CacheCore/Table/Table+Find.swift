import Bytes
import Platform

extension Table {
  /// Where the key's handle stands; nil when the key is absent.
  @inline(__always)
  func find(_ key: HashedKey, _ memory: StorePointer) -> TablePlace? {
    if bucketCount == 0 { return nil }
    let group = TableGroup.bucket(bucket(of: key.hash, memory))
    let tag = key.hash.tag
    var matches = matches12(group.base, tag)
    while matches != 0 {
      let place = group.place(matches.trailingZeroBitCount)
      if memory.pointee.entry(place.handle).hasKey(key) { return place }
      matches &= matches &- 1
    }
    if group.next == 0 { return nil }
    return findInNodes(from: group.next, key, tag, memory)
  }

  @inline(never)
  func findInNodes(
    from first: UInt32, _ key: HashedKey, _ tag: UInt8, _ memory: StorePointer
  ) -> TablePlace? {
    // Bounded: a chain ends, and hashing is keyed, so nobody can make it long.
    var next = first
    while next != 0 {
      let group = TableGroup.node(memory.pointee.heap.address(next))
      for index in 0..<4 where group.tag(index) == tag {
        let place = group.place(index)
        if memory.pointee.entry(place.handle).hasKey(key) { return place }
      }
      next = group.next
    }
    return nil
  }

  /// Where `handle` stands among the entries of `hash`'s bucket; nil when it does not. `hash` may
  /// be wrong (read while the entry changed): what is found is in the table nevertheless.
  func find(
    handle: UInt32, hash: KeyHash, _ memory: StorePointer
  ) -> TablePlace? {
    if bucketCount == 0 { return nil }
    var group = TableGroup.bucket(bucket(of: hash, memory))
    while true {
      for index in 0..<group.width where group.handle(index) == handle && group.tag(index) != 0 {
        return group.place(index)
      }
      if group.next == 0 { return nil }
      group = .node(memory.pointee.heap.address(group.next))
    }
  }

  /// Calls `body` with every handle of a bucket's chain, prefetching the entries first.
  @inline(__always)
  func forEachHandle(
    inBucket number: UInt32, _ memory: StorePointer, _ body: (UInt32) -> Void
  ) {
    var group = TableGroup.bucket(bucket(number, memory))
    while true {
      for index in 0..<group.width where group.tag(index) != 0 {
        prefetch(memory.pointee.heap.address(group.handle(index)))
      }
      for index in 0..<group.width where group.tag(index) != 0 { body(group.handle(index)) }
      if group.next == 0 { return }
      group = .node(memory.pointee.heap.address(group.next))
    }
  }
}
