/// A fixed pool of keyed nodes in up to three queues: the body of the small exact caches.
///
/// Nodes live in one allocation and are named by 16-bit indices; a node is in exactly one queue
/// (doubly linked, newest at the head) or free. An open-addressing index of twice the pool's
/// size or more finds a node by key; removal shifts back what probed past, so there are no
/// tombstones.
///
/// ```
/// node    key:4 | newer:2 | older:2 | queue:1 | frequency:1 | pad:2      12 bytes
/// index   | node:2 | node:2 | empty | ...                                power of two
/// ```
///
/// Invariants: every node in a queue is found by its key; queue counts are list lengths.
struct LinkedTable: ~Copyable {
  typealias NodeIndex = UInt16
  static let none = NodeIndex.max

  struct Node {
    var key: UInt32 = 0
    var newer: NodeIndex = none
    var older: NodeIndex = none
    var queue: UInt8 = 0
    var frequency: UInt8 = 0
  }

  private struct Queue {
    var newest: NodeIndex = none
    var oldest: NodeIndex = none
    var count = 0
  }

  private let nodes: UnsafeMutablePointer<Node>
  private let index: UnsafeMutablePointer<NodeIndex>
  private let indexMask: Int
  private var queues = InlineArray<3, Queue>(repeating: Queue())
  private var firstFree: NodeIndex = 0
  /// How many nodes there are, free or not.
  let capacity: Int

  /// A table of `capacity` free nodes, at most 65,534.
  init(capacity: Int) {
    precondition(capacity > 0)
    precondition(capacity < Int(Self.none))
    self.capacity = capacity
    var slots = 2
    while slots < capacity * 2 { slots *= 2 }
    indexMask = slots - 1
    nodes = .allocate(capacity: capacity)
    nodes.initialize(repeating: Node(), count: capacity)
    index = .allocate(capacity: slots)
    index.initialize(repeating: Self.none, count: slots)
    for node in 0..<capacity {
      nodes[node].older = node + 1 < capacity ? NodeIndex(node + 1) : Self.none
    }
  }

  deinit {
    nodes.deallocate()
    index.deallocate()
  }

  func count(in queue: UInt8) -> Int { queues[Int(queue)].count }
  func oldest(in queue: UInt8) -> NodeIndex { queues[Int(queue)].oldest }
  func key(of node: NodeIndex) -> UInt32 { nodes[Int(node)].key }
  func queue(of node: NodeIndex) -> UInt8 { nodes[Int(node)].queue }
  func frequency(of node: NodeIndex) -> UInt8 { nodes[Int(node)].frequency }
  func setFrequency(_ frequency: UInt8, of node: NodeIndex) {
    nodes[Int(node)].frequency = frequency
  }

  private func home(_ key: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 40) & indexMask
  }

  /// The slot that holds `key`, or the empty one where it would go.
  ///
  /// - Complexity: O(1) expected; ends since half the slots are empty.
  private func slot(of key: UInt32) -> Int {
    var slot = home(key)
    while index[slot] != Self.none, nodes[Int(index[slot])].key != key {
      slot = (slot + 1) & indexMask
    }
    return slot
  }

  func find(_ key: UInt32) -> NodeIndex { index[slot(of: key)] }

  /// Adds a key that is not there to the newest end of a queue; `false` when no node is free.
  @discardableResult
  mutating func insert(_ key: UInt32, into queue: UInt8) -> Bool {
    let node = firstFree
    if node == Self.none { return false }
    let place = slot(of: key)
    assert(index[place] == Self.none)
    firstFree = nodes[Int(node)].older
    index[place] = node
    nodes[Int(node)].key = key
    nodes[Int(node)].frequency = 0
    link(node, into: queue)
    return true
  }

  /// Moves a node to the newest end of a queue, maybe its own.
  mutating func move(_ node: NodeIndex, to queue: UInt8) {
    unlink(node)
    link(node, into: queue)
  }

  mutating func remove(_ node: NodeIndex) {
    unlink(node)
    var hole = slot(of: nodes[Int(node)].key)
    var next = (hole + 1) & indexMask
    // Shift back each entry whose home does not lie after the hole.
    while index[next] != Self.none {
      let wanted = home(nodes[Int(index[next])].key)
      if (next &- wanted) & indexMask >= (next &- hole) & indexMask {
        index[hole] = index[next]
        hole = next
      }
      next = (next + 1) & indexMask
    }
    index[hole] = Self.none
    nodes[Int(node)].older = firstFree
    firstFree = node
  }

  private mutating func link(_ node: NodeIndex, into queue: UInt8) {
    let newest = queues[Int(queue)].newest
    nodes[Int(node)].queue = queue
    nodes[Int(node)].newer = Self.none
    nodes[Int(node)].older = newest
    if newest == Self.none {
      queues[Int(queue)].oldest = node
    } else {
      nodes[Int(newest)].newer = node
    }
    queues[Int(queue)].newest = node
    queues[Int(queue)].count += 1
  }

  private mutating func unlink(_ node: NodeIndex) {
    let parts = nodes[Int(node)]
    if parts.newer == Self.none {
      queues[Int(parts.queue)].newest = parts.older
    } else {
      nodes[Int(parts.newer)].older = parts.older
    }
    if parts.older == Self.none {
      queues[Int(parts.queue)].oldest = parts.newer
    } else {
      nodes[Int(parts.older)].newer = parts.newer
    }
    queues[Int(parts.queue)].count -= 1
  }

  /// Removes every node whose key is greater than `limit`.
  ///
  /// - Complexity: O(capacity).
  mutating func removeAll(above limit: UInt32) {
    for queue in 0..<UInt8(3) {
      var node = queues[Int(queue)].oldest
      while node != Self.none {
        let next = nodes[Int(node)].newer
        if nodes[Int(node)].key > limit { remove(node) }
        node = next
      }
    }
  }

  /// Traps unless lists, counts and index agree.
  func checkInvariants() {
    var total = 0
    for queue in 0..<UInt8(3) {
      var node = queues[Int(queue)].newest
      var previous = Self.none
      var length = 0
      while node != Self.none {
        precondition(nodes[Int(node)].newer == previous)
        precondition(nodes[Int(node)].queue == queue)
        precondition(find(nodes[Int(node)].key) == node)
        previous = node
        node = nodes[Int(node)].older
        length += 1
      }
      precondition(queues[Int(queue)].oldest == previous)
      precondition(queues[Int(queue)].count == length)
      total += length
    }
    var free = 0
    var node = firstFree
    while node != Self.none {
      free += 1
      node = nodes[Int(node)].older
    }
    precondition(total + free == capacity)
  }
}
