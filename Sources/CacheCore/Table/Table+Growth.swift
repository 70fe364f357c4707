import Bytes
import Glibc
import Platform
import Synchronization

extension Table {
  /// Adds a bucket and moves into it what now belongs there. False: memory is exhausted, nothing
  /// has changed.
  ///
  /// Cost: about 14 entries are hashed anew, one bucket per 9.5 inserts; their lines are
  /// prefetched together.
  @inline(never)
  mutating func grow(_ memory: StorePointer) -> Bool {
    let number = bucketCount
    guard number < UInt32.max, reserveDirectory(for: number, memory) else { return false }
    if number & 63 == 0 {
      guard let segment = memory.pointee.takeSegment() else { return false }
      publish32(directory.unsafelyUnwrapped + Int(number &>> 6), segment)
    }
    publish32(&bucketCount, number &+ 1)
    if number == 0 { return true }
    let highest = UInt32(1) &<< UInt32(31 &- number.leadingZeroBitCount)
    split(bucket(number &- highest, memory), memory)
    return true
  }

  /// Hands every entry of a chain to the bucket it belongs to now: this one or the new one.
  private mutating func split(
    _ source: UnsafeMutableRawPointer, _ memory: StorePointer
  ) {
    // Entries leave the chain group by group, and each emptied node is there for the next
    // entries, so nothing is allocated: after j nodes at most 12 + 4 j entries are placed, which
    // need at most j nodes.
    var spare: UInt32 = 0
    var group = TableGroup.bucket(source)
    var next = group.next
    moveAll(from: group, spare: &spare, memory)
    while next != 0 {
      group = .node(memory.pointee.heap.address(next))
      let following = group.next
      nodeCount &+= moveNode(next, group, spare: &spare, memory)
      next = following
    }
    while spare != 0 {
      let node = spare
      spare = TableGroup.node(memory.pointee.heap.address(node)).next
      memory.pointee.heap.free(node)
    }
  }

  /// Empties the bucket `group` and places its entries again, which needs no nodes.
  private mutating func moveAll(
    from group: TableGroup, spare: inout UInt32, _ memory: StorePointer
  ) {
    var tags = InlineArray<12, UInt8>(repeating: 0)
    var handles = InlineArray<12, UInt32>(repeating: 0)
    var used = 0
    while used < 12 && group.tag(used) != 0 {
      tags[used] = group.tag(used)
      handles[used] = group.handle(used)
      prefetch(memory.pointee.heap.address(handles[used]))
      used &+= 1
    }
    group.base.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    for index in 0..<used {
      let hash = memory.pointee.hash(of: memory.pointee.entry(handles[index]))
      append(handles[index], tag: tags[index], to: bucket(of: hash, memory), spare: &spare, memory)
    }
  }

  /// Empties a node, puts it among the spare ones and places its entries again.
  ///
  /// - Returns: by how many nodes the table now has more (negative: fewer).
  private mutating func moveNode(
    _ number: UInt32, _ group: TableGroup, spare: inout UInt32, _ memory: StorePointer
  ) -> Int {
    var tags = InlineArray<4, UInt8>(repeating: 0)
    var handles = InlineArray<4, UInt32>(repeating: 0)
    var used = 0
    while used < 4 && group.tag(used) != 0 {
      tags[used] = group.tag(used)
      handles[used] = group.handle(used)
      prefetch(memory.pointee.heap.address(handles[used]))
      used &+= 1
    }
    group.next = spare
    spare = number
    var taken = 0
    for index in 0..<used {
      let hash = memory.pointee.hash(of: memory.pointee.entry(handles[index]))
      let first = spare
      append(handles[index], tag: tags[index], to: bucket(of: hash, memory), spare: &spare, memory)
      if spare != first { taken &+= 1 }
    }
    return taken &- 1
  }

  /// Takes the last bucket away and moves its entries to the one it was split from. Does nothing
  /// when that would need a node and there is none.
  @inline(never)
  mutating func shrink(_ memory: StorePointer) {
    assert(bucketCount > 1)
    let number = bucketCount &- 1
    let highest = UInt32(1) &<< UInt32(31 &- number.leadingZeroBitCount)
    let source = TableGroup.bucket(bucket(number, memory))
    let target = bucket(number &- highest, memory)
    var spare: UInt32 = 0
    guard reserveNodes(source: source, target: .bucket(target), spare: &spare, memory) else {
      return
    }
    var group = source
    var next = group.next
    while true {
      for index in 0..<group.width where group.tag(index) != 0 {
        append(group.handle(index), tag: group.tag(index), to: target, spare: &spare, memory)
      }
      if next == 0 { break }
      let node = next
      group = .node(memory.pointee.heap.address(node))
      next = group.next
      // Its entries are appended in the next round; it stays allocated until the end.
    }
    freeNodes(from: source.next, memory)
    assert(spare == 0)
    source.base.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    publish32(&bucketCount, number)
    if number & 63 == 0 {
      memory.pointee.giveSegment(directory.unsafelyUnwrapped[Int(number &>> 6)])
    }
  }

  /// Allocates the nodes that appending `source`'s entries to `target` takes.
  private mutating func reserveNodes(
    source: TableGroup, target: TableGroup, spare: inout UInt32, _ memory: StorePointer
  ) -> Bool {
    let moving = chainCount(source, memory)
    let staying = chainCount(target, memory)
    let before = max(0, staying - 12 + 3) / 4
    let after = max(0, staying + moving - 12 + 3) / 4
    for _ in before..<after {
      guard let node = memory.pointee.heap.allocate(.node, arena: Int(arena)) else {
        while spare != 0 {
          let node = spare
          spare = TableGroup.node(memory.pointee.heap.address(node)).next
          memory.pointee.heap.free(node)
          nodeCount &-= 1
        }
        return false
      }
      TableGroup.node(memory.pointee.heap.address(node)).next = spare
      spare = node
      nodeCount &+= 1
    }
    return true
  }

  private mutating func freeNodes(from first: UInt32, _ memory: StorePointer) {
    var next = first
    while next != 0 {
      let node = next
      next = TableGroup.node(memory.pointee.heap.address(node)).next
      memory.pointee.heap.free(node)
      nodeCount &-= 1
    }
  }

  /// Frees the nodes of a bucket whose entries are gone, and forgets its entries.
  mutating func freeNodes(ofBucket number: UInt32, _ memory: StorePointer) {
    let group = TableGroup.bucket(bucket(number, memory))
    freeNodes(from: group.next, memory)
    group.base.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
  }

  /// Entries of a chain.
  private func chainCount(_ first: TableGroup, _ memory: StorePointer) -> Int {
    var group = first
    var total = group.count
    while group.next != 0 {
      group = .node(memory.pointee.heap.address(group.next))
      total &+= group.count
    }
    return total
  }

  /// Makes room in the directory for bucket `number`.
  private mutating func reserveDirectory(
    for number: UInt32, _ memory: StorePointer
  ) -> Bool {
    let needed = Int(number &>> 6) + 1
    if needed <= Int(directoryCapacity) { return true }
    let capacity = max(8, Int(directoryCapacity) * 2)
    guard let larger = TableDirectory.allocate(capacity: capacity, retiring: directory) else {
      return false
    }
    memory.pointee.tableBytes.pointee.wrappingAdd(capacity * 4 + 8, ordering: .relaxed)
    if let directory {
      larger.update(from: directory, count: Int(directoryCapacity))
    }
    publishPointer(&directory, larger)
    directoryCapacity = UInt32(capacity)
    return true
  }

  /// Frees segments and directories of a table whose entries and nodes are gone.
  mutating func destroyStructure(_ memory: StorePointer) {
    let segments = (Int(bucketCount) + 63) / 64
    for index in 0..<segments { memory.pointee.giveSegment(directory.unsafelyUnwrapped[index]) }
    var capacity = Int(directoryCapacity)
    var next = directory
    // The retired ones were half as large each time.
    while let current = next {
      next = TableDirectory.free(current)
      memory.pointee.tableBytes.pointee.wrappingSubtract(capacity * 4 + 8, ordering: .relaxed)
      capacity /= 2
    }
    self = Table(arena: arena)
  }
}

/// A directory's memory: the address of the one it replaced, then segment numbers.
enum TableDirectory {
  static func allocate(
    capacity: Int, retiring old: UnsafeMutablePointer<UInt32>?
  ) -> UnsafeMutablePointer<UInt32>? {
    guard let raw = calloc(1, 8 + capacity * 4) else { return nil }
    raw.storeBytes(of: UInt(bitPattern: old), as: UInt.self)
    return (raw + 8).bindMemory(to: UInt32.self, capacity: capacity)
  }

  /// Frees a directory and returns the one it replaced.
  static func free(
    _ directory: UnsafeMutablePointer<UInt32>
  ) -> UnsafeMutablePointer<UInt32>? {
    let raw = UnsafeMutableRawPointer(directory) - 8
    let old = UnsafeMutablePointer<UInt32>(bitPattern: raw.load(as: UInt.self))
    Glibc.free(raw)
    return old
  }
}
