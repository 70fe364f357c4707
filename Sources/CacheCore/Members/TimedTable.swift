import Bytes
import Platform

/// What a set or a hash in encoding "hashtable" consists of: a table of blocks, and the deadlines
/// of those members that have one. The header's payload is its address.
///
/// A member whose deadline has come is not there for anybody, although it stays in the table until
/// the wheel, or the next command on the key, has removed it.
struct TimedTable<Kind: MemberBlockKind> {
  typealias Block = MemberBlock<Kind>

  private(set) var table = MemberTable<Kind>()
  private(set) var deadlines = DeadlineHeap<Kind>()

  /// Allocates an empty one.
  static func make(_ memory: ObjectMemory) -> UnsafeMutablePointer<TimedTable> {
    let pointer = memory.allocate(MemoryLayout<TimedTable>.size)
      .bindMemory(to: TimedTable.self, capacity: 1)
    pointer.initialize(to: TimedTable())
    return pointer
  }

  /// Frees everything but the place where this itself lies.
  ///
  /// - Complexity: O(members)
  mutating func destroy(_ memory: ObjectMemory) {
    var members = table.members
    while let pointer = members.next() { memory.release(pointer) }
    table.destroy(memory)
    deadlines.destroy(memory)
  }

  /// Whether the member's time has come.
  @inline(__always)
  func isDue(_ block: Block, _ now: Int64) -> Bool {
    block.isTimed && deadlines.deadline(of: block.base) <= now
  }

  /// Members that are not due.
  @inline(__always)
  func count(_ now: Int64) -> Int {
    guard let earliest = deadlines.earliest, earliest <= now else { return table.count }
    return table.count &- deadlines.dueCount(at: now)
  }

  /// The member, unless it is due.
  @inline(__always)
  func find(_ key: ByteView, hash: UInt64, _ now: Int64) -> Block? {
    guard let pointer = table.find(key, hash: hash) else { return nil }
    let block = Block(base: pointer)
    return isDue(block, now) ? nil : block
  }

  /// Where the member stands, unless it is due; a due one is removed.
  @inline(__always)
  mutating func place(
    of key: ByteView, hash: UInt64, _ now: Int64, _ memory: ObjectMemory
  ) -> MemberPlace? {
    guard let place = table.place(of: key, hash: hash) else { return nil }
    if isDue(Block(base: place.pointer), now) {
      remove(at: place, memory)
      return nil
    }
    return place
  }

  /// Adds a member that is not there.
  @inline(__always)
  mutating func insert(_ key: ByteView, _ value: ByteView, hash: UInt64, _ memory: ObjectMemory) {
    table.insert(Block.make(key, value, memory).base, hash: hash, memory)
  }

  /// Adds a block that was made before, untimed, whose key is not there.
  mutating func insert(_ block: Block, hash: UInt64, _ memory: ObjectMemory) {
    assert(!block.isTimed)
    table.insert(block.base, hash: hash, memory)
  }

  /// Takes a member out and frees it.
  mutating func remove(at place: MemberPlace, _ memory: ObjectMemory) {
    let block = Block(base: place.pointer)
    if block.isTimed { deadlines.remove(block.base, memory) }
    table.remove(at: place, memory)
    memory.release(block.base)
  }

  /// Gives the field at `place` another value.
  ///
  /// - Parameter keepsDeadline: else the field has none afterwards.
  mutating func setValue(
    _ value: ByteView, at place: MemberPlace, keepsDeadline: Bool, _ memory: ObjectMemory
  ) {
    let block = Block(base: place.pointer)
    let changed = block.setValue(value, memory)
    if changed.base != block.base { relocate(changed, to: place) }
    if !keepsDeadline, changed.isTimed { setDeadline(nil, at: place, memory) }
  }

  private func relocate(_ block: Block, to place: MemberPlace) {
    place.pointer = block.base
    if block.isTimed { deadlines.relocate(block.base) }
  }

  /// The deadline of a member; nil when it has none.
  @inline(__always)
  func deadline(of block: Block) -> Int64? {
    block.isTimed ? deadlines.deadline(of: block.base) : nil
  }

  /// Sets or (nil) takes away the deadline of the member at `place`, whose block may move.
  mutating func setDeadline(
    _ deadline: Int64?, at place: MemberPlace, _ memory: ObjectMemory
  ) {
    let block = Block(base: place.pointer)
    switch (block.isTimed, deadline) {
    case (false, nil): return
    case (true, let deadline?): deadlines.update(block.base, to: deadline)
    case (true, nil):
      deadlines.remove(block.base, memory)
      place.pointer = block.setTimed(false, memory).base
    case (false, let deadline?):
      let timed = block.setTimed(true, memory)
      place.pointer = timed.base
      deadlines.insert(timed.base, at: deadline, memory)
    }
  }

  /// Removes members that are due, `limit` at most.
  ///
  /// - Returns: how many.
  mutating func removeDue(_ now: Int64, limit: Int, _ memory: ObjectMemory) -> Int {
    var removed = 0
    while removed < limit, let earliest = deadlines.earliest, earliest <= now {
      let key = Block(base: deadlines.first).key
      // There: every member of the heap is in the table.
      remove(at: table.place(of: key, hash: MemberHash.hash(key)).unsafelyUnwrapped, memory)
      removed &+= 1
    }
    return removed
  }

  /// Fills this one, which is empty, with copies of all members of `other`.
  mutating func copyMembers(of other: TimedTable, _ memory: ObjectMemory) {
    var members = other.table.members
    while let pointer = members.next() {
      let old = Block(base: pointer)
      let key = old.key
      let block = Block.make(
        key, Kind.hasValue ? old.value : .empty, isTimed: old.isTimed, memory)
      table.insert(block.base, hash: MemberHash.hash(key), memory)
      if let deadline = other.deadline(of: old) {
        deadlines.insert(block.base, at: deadline, memory)
      }
    }
  }

  /// Bytes held, this struct's own included.
  ///
  /// - Parameter samples: blocks to look at for an estimate; 0: all.
  func usedBytes(_ memory: ObjectMemory, samples: Int) -> Int {
    var bytes = MemoryLayout<TimedTable>.size &+ table.structureBytes &+ deadlines.byteCount
    var members = table.members
    var looked = 0
    var blockBytes = 0
    while samples == 0 || looked < samples, let pointer = members.next() {
      blockBytes &+= memory.usableBytes(of: pointer)
      looked &+= 1
    }
    if looked > 0 { bytes &+= blockBytes / looked &* table.count }
    return bytes
  }

  /// Checks everything that must hold; for tests.
  func checkInvariants() {
    table.checkInvariants()
    deadlines.checkInvariants()
    var timed = 0
    var members = table.members
    while let pointer = members.next() {
      if Block(base: pointer).isTimed { timed += 1 }
    }
    precondition(timed == deadlines.count, "the heap has all timed members and no other")
  }
}
