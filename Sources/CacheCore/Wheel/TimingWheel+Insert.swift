// How references get in, and how a slot's nodes grow.

extension TimingWheel {
  /// Whether an entry needs a new reference when its deadline changes from `old` to `new`
  /// (milliseconds; nil: it had none). Not when it is extended, and not within the same slot. An
  /// entry that moved to another handle always needs one.
  ///
  /// The entry's reference stands in a slot that begins at or before `old`. If `new` is earlier but
  /// falls in the slot that `old` would get today, it falls in the reference's slot too: that one
  /// was chosen earlier, when the slots were the same or coarser.
  package func needsReference(old: Int64?, new: Int64) -> Bool {
    guard let old else { return true }
    if new >= old { return false }
    let oldSlot = WheelSlot(for: wheelTime(old), elapsed: elapsed)
    let newSlot = WheelSlot(for: wheelTime(new), elapsed: elapsed)
    return oldSlot != newSlot
  }

  /// Adds a reference that fires as soon as the wheel advances to `deadline` (milliseconds); at
  /// once when that is past.
  ///
  /// The caller clears the entry's mark (`WheelDelegate.mark`), whenever it inserts.
  ///
  /// - Parameter now: the present time, milliseconds.
  /// - Returns: false when no node could be had; nothing has changed then.
  package mutating func insert(_ handle: UInt32, at deadline: Int64, now: Int64) -> Bool {
    turn(to: wheelTime(now))
    return place(handle, at: wheelTime(deadline))
  }

  /// Drops every reference and gives all nodes back.
  ///
  /// - Complexity: O(nodes).
  package mutating func removeAll() {
    var chunks = chunks
    releaseNodes(to: &chunks)
    self.chunks = chunks
    chunkBytes = 0
    (block + Layout.map).initializeMemory(as: UInt8.self, repeating: 0, count: Layout.heads)
    fills.update(repeating: 0, count: WheelSlot.count + 1)
    levels = 0
    wake = .max
    referenceCount = 0
    sweeping = SweepState()
  }

  /// Puts a reference where its time (wheel time, milliseconds) belongs.
  @inline(__always)
  mutating func place(_ handle: UInt32, at time: UInt64) -> Bool {
    let slot = WheelSlot(for: time, elapsed: elapsed)
    guard push(handle, to: slot) else { return false }
    let start = max(slot.start(elapsed: elapsed), elapsed)
    if start < wake { wake = start }
    return true
  }

  /// Like `place`, for a reference that was already held: counts it as lost when it cannot be.
  @inline(__always)
  mutating func replace(_ handle: UInt32, at time: UInt64) {
    if !place(handle, at: time) { lostReferenceCount &+= 1 }
  }

  /// Adds a reference to a slot.
  @inline(__always)
  mutating func push(_ handle: UInt32, to slot: WheelSlot) -> Bool {
    let number = slot.rawValue
    if fills[number] & 31 == 0, !grow(slot) { return false }
    let fill = NodeFill(rawValue: fills[number])
    // In bounds: count < capacity, because a handle still fits.
    chunks.pointer(to: ChunkHandle(rawValue: heads[number]))[1 &+ fill.count] = handle
    fills[number] = fill.rawValue &- 1
    referenceCount &+= 1
    return true
  }

  /// Makes room in a slot that is empty or whose first node is full.
  @inline(never)
  private mutating func grow(_ slot: WheelSlot) -> Bool {
    let number = slot.rawValue
    guard isOccupied(slot) else {
      guard let node = allocate(.bytes16) else { return false }
      chunks.pointer(to: node)[0] = ChunkHandle.none.rawValue
      setFirstNode(of: slot, to: node, NodeFill(size: .bytes16, freeCount: 3))
      setOccupied(slot)
      return true
    }
    let full = ChunkHandle(rawValue: heads[number])
    let size = NodeFill(rawValue: fills[number]).size
    if size == .bytes128 {
      // A slot with 31 members is likely to get many: do not start from the smallest again.
      guard let node = allocate(.bytes64) else { return false }
      chunks.pointer(to: node)[0] = full.rawValue
      setFirstNode(of: slot, to: node, NodeFill(size: .bytes64, freeCount: 15))
      return true
    }
    guard let node = allocate(size.grown) else { return false }
    chunks.pointer(to: node).update(from: chunks.pointer(to: full), count: 1 &+ size.capacity)
    release(full, size: size)
    let freeCount = size.grown.capacity &- size.capacity
    setFirstNode(of: slot, to: node, NodeFill(size: size.grown, freeCount: freeCount))
    return true
  }

  /// Takes up to `limit` references out of a slot's first node into the batch; gives their number.
  @inline(__always)
  mutating func takeBatch(from slot: WheelSlot, limit: Int) -> Int {
    assert(isOccupied(slot))
    assert(limit > 0)
    let number = slot.rawValue
    let node = ChunkHandle(rawValue: heads[number])
    let words = chunks.pointer(to: node)
    let fill = NodeFill(rawValue: fills[number])
    let count = fill.count
    let taken = min(count, limit)
    batch.update(from: words + (1 &+ count &- taken), count: taken)
    referenceCount &-= taken
    if taken < count {
      fills[number] = fill.rawValue &+ UInt8(truncatingIfNeeded: taken)
      return taken
    }
    let next = ChunkHandle(rawValue: words[0])
    release(node, size: fill.size)
    if next == .none {
      fills[number] = 0
      setEmpty(slot)
    } else {
      // All nodes but the first are full and of the largest size.
      setFirstNode(of: slot, to: next, NodeFill(size: .bytes128, freeCount: 0))
    }
    return taken
  }

  @inline(__always)
  private mutating func setFirstNode(of slot: WheelSlot, to node: ChunkHandle, _ fill: NodeFill) {
    heads[slot.rawValue] = node.rawValue
    fills[slot.rawValue] = fill.rawValue
  }

  private mutating func allocate(_ size: ChunkSize) -> ChunkHandle? {
    guard let node = chunks.allocate(size) else { return nil }
    assert(node != .none)
    chunkBytes &+= size.byteCount
    return node
  }

  private mutating func release(_ node: ChunkHandle, size: ChunkSize) {
    chunks.release(node, size: size)
    chunkBytes &-= size.byteCount
  }

  /// Gives all nodes back and leaves everything else as it is; `deinit` may not change `self`.
  func releaseNodes(to chunks: inout Chunks) {
    for number in 0...WheelSlot.count where isOccupied(WheelSlot(rawValue: number)) {
      var node = ChunkHandle(rawValue: heads[number])
      var size = NodeFill(rawValue: fills[number]).size
      while node != .none {
        let next = ChunkHandle(rawValue: chunks.pointer(to: node)[0])
        chunks.release(node, size: size)
        node = next
        size = .bytes128
      }
    }
  }
}
