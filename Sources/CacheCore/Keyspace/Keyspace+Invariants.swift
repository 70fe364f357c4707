import Bytes
import Platform
import Synchronization

/// What tests check; each check names the rule by the line it traps on.
extension Keyspace {
  /// Checks every structure and that they agree; traps on damage. For tests: nobody else may be
  /// active, the reclaimer included.
  ///
  /// - Complexity: O(everything).
  public func checkInvariants() {
    var use = SlotUse()
    for number in 0..<ShardIndex.count {
      let index = ShardIndex(rawValue: UInt8(number))
      let shard = engine.shard(index)
      for database in 0..<engine.databaseCount {
        engine.check(shard.pointee.tables[database], of: index, use: &use)
      }
      if let wheel = shard.pointee.wheel { use.chunkBytes += wheel.pointee.chunkBytes }
    }
    engine.memory.pointee.heap.checkInvariants()
    var live = 0
    for arena in 0..<engine.memory.pointee.heap.arenaCount {
      live += engine.memory.pointee.heap.arenas[arena].liveBytes.load(ordering: .relaxed)
    }
    precondition(live == use.entryBytes + use.nodeBytes + use.chunkBytes)
    for number in 0..<ShardIndex.count {
      engine.shard(ShardIndex(rawValue: UInt8(number))).pointee.objects.settle()
    }
    let blobs = engine.memory.pointee.blobBytes.pointee.load(ordering: .relaxed)
    precondition(blobs >= use.blobBytes)
    let tables = engine.memory.pointee.tableBytes.pointee.load(ordering: .relaxed)
    precondition(tables == use.tableBytes)
  }
}

/// Bytes found by walking.
struct SlotUse {
  var entryBytes = 0
  var nodeBytes = 0
  var chunkBytes = 0
  var blobBytes = 0
  var tableBytes = 0
}

extension Engine {
  func check(_ table: Table, of index: ShardIndex, use: inout SlotUse) {
    var entries = 0
    var expiring = 0
    var timed = 0
    var nodes = 0
    for number in 0..<table.bucketCount {
      var group = TableGroup.bucket(table.bucket(number, memory))
      while true {
        let used = group.count
        for place in 0..<used {
          check(group, place, bucket: number, of: table, index, use: &use)
          if memory.pointee.entry(group.handle(place)).expiryWords > 0 { expiring += 1 }
          if isTimed(memory.pointee.entry(group.handle(place))) { timed += 1 }
        }
        for place in used..<group.width { precondition(group.tag(place) == 0) }
        entries += used
        if group.next == 0 { break }
        precondition(used == group.width)
        let page = memory.pointee.heap.page(of: group.next)
        precondition(page.pointee.sizeClass == SizeClass.node.rawValue)
        group = .node(memory.pointee.heap.address(group.next))
        precondition(group.count > 0)
        nodes += 1
      }
    }
    precondition(entries == table.count)
    precondition(expiring == table.expiringCount)
    precondition(timed == table.timedCount)
    precondition(nodes == table.nodeCount)
    use.nodeBytes += nodes * 24
    use.tableBytes += (Int(table.bucketCount) + 63) / 64 * SegmentPool.segmentBytes
    var capacity = Int(table.directoryCapacity)
    while capacity >= 8 {
      use.tableBytes += capacity * 4 + 8
      capacity /= 2
    }
  }

  private func check(
    _ group: TableGroup, _ place: Int, bucket: UInt32, of table: Table, _ index: ShardIndex,
    use: inout SlotUse
  ) {
    let handle = group.handle(place)
    let entry = memory.pointee.entry(handle)
    precondition(!entry.isFree)
    let layout = entry.layout
    precondition(layout.end <= Entry.bytesMax)
    let page = memory.pointee.heap.page(of: handle)
    let sizeClass = SizeClass(rawValue: page.pointee.sizeClass)
    precondition(sizeClass == .entry(bytes: layout.end))
    precondition(Int(handle & 0x7FF) % sizeClass.units == 0)
    let hash = KeyHash(rawValue: memory.pointee.sipHash(entry.key))
    precondition(hash.shard == index)
    precondition(hash.tag == group.tag(place))
    precondition(Table.bucketNumber(of: hash, count: table.bucketCount) == bucket)
    if entry.hasLongKey {
      precondition(entry.longKeyHash == hash.rawValue)
      use.blobBytes += usableBytes(of: entry.longKey.base)
    }
    // A shared one would be counted twice.
    if entry.kind == .blob && entry.blob.isUnique { use.blobBytes += entry.blob.count }
    if entry.kind == .object {
      let object = object(of: entry, in: shard(index))
      object.type.kind.checkInvariants(object)
      if object.earliestDeadline != nil { precondition(object.header.pointee.isTimed) }
      use.blobBytes += object.type.kind.usedBytes(object, samples: 0)
    }
    use.entryBytes += sizeClass.units * 8
  }
}

extension Heap {
  /// Checks pages, free lists and counters; traps on damage.
  func checkInvariants() {
    var used = 0
    var live = 0
    for number in 1..<Int(freshPage) {
      let page = pages[number]
      if page.sizeClass == SizeClass.none.rawValue { continue }
      used += 1
      let units = SizeClass(rawValue: page.sizeClass).units
      precondition(Int(page.bump) % units == 0)
      precondition(page.live > 0)
      precondition(Int(page.bump) <= Self.pageUnits)
      var free = 0
      var next = page.freeHead
      while next != Page.noSlot {
        precondition(next < page.bump)
        precondition(Int(next) % units == 0)
        let slot = FreeSlot(base + number * Self.pageBytes, next)
        precondition(slot.address.load(as: UInt8.self) == FreeSlot.mark)
        free += 1
        precondition(free <= Self.pageUnits)
        next = slot.next
      }
      precondition(Int(page.bump) / units == free + Int(page.live))
      let hasRoom = free > 0 || Int(page.bump) + units <= Self.pageUnits
      precondition(hasRoom || page.previous == Page.unlisted)
      precondition(!hasRoom || page.previous != Page.unlisted)
      live += Int(page.live) * units * 8
    }
    precondition(used == pool.pointee.usedCount)
    var counted = 0
    for arena in 0..<arenaCount { counted += arenas[arena].liveBytes.load(ordering: .relaxed) }
    precondition(counted == live)
    let free = pool.pointee.warmCount + pool.pointee.coldCount
    precondition(used + free + 1 == Int(freshPage))
  }
}
