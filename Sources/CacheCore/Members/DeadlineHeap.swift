import Platform

/// A member that may have a deadline, and then knows where it stands in a `DeadlineHeap`.
protocol TimedMember: MemberEntry {
  /// Where the member at `pointer`, which has a deadline, stands.
  static func heapIndex(of pointer: UnsafeMutableRawPointer) -> Int
  /// Takes note of where it stands now.
  static func setHeapIndex(of pointer: UnsafeMutableRawPointer, to index: Int)
}

/// The deadlines of one collection's members, the earliest on top: a heap in which a node has four
/// children, and which tells each member where it stands, so that any deadline can be changed or
/// taken out.
///
///     block   item 0 | item 1 | ...            16 bytes each, room doubles
///     item    deadline i64 | member's address
///     children of i: 4i + 1 ... 4i + 4
///
/// Only members with a deadline are in it, so a collection without any pays a pointer. Four
/// children make the heap half as deep as two and cost the same comparisons in one cache line.
///
/// Invariants: no item is earlier than its parent; `heapIndex` of an item's member is its index.
///
/// Trivially copyable; the owner calls `destroy`.
struct DeadlineHeap<Member: TimedMember> {
  struct Item {
    var deadline: Int64
    var member: UnsafeMutableRawPointer
  }

  private var items: UnsafeMutablePointer<Item>?
  private var used: UInt32 = 0
  private var capacity: UInt32 = 0

  init() {}

  /// Members with a deadline.
  @inline(__always)
  var count: Int { Int(used) }

  @inline(__always)
  var isEmpty: Bool { used == 0 }

  /// The earliest deadline, in cache milliseconds; nil when there is none.
  @inline(__always)
  var earliest: Int64? { used == 0 ? nil : items.unsafelyUnwrapped[0].deadline }

  /// The member with the earliest deadline; there is one.
  var first: UnsafeMutableRawPointer {
    precondition(used > 0)
    return items.unsafelyUnwrapped[0].member
  }

  /// The deadline of a member that has one.
  @inline(__always)
  func deadline(of member: UnsafeMutableRawPointer) -> Int64 {
    let index = Member.heapIndex(of: member)
    precondition(index < count)
    return items.unsafelyUnwrapped[index].deadline
  }

  /// Adds a member, which takes note of its index.
  ///
  /// - Complexity: O(log n)
  mutating func insert(
    _ member: UnsafeMutableRawPointer, at deadline: Int64, _ memory: ObjectMemory
  ) {
    if used == capacity { grow(memory) }
    used &+= 1
    rise(Item(deadline: deadline, member: member), from: count &- 1)
  }

  /// Changes a member's deadline.
  ///
  /// - Complexity: O(log n)
  mutating func update(_ member: UnsafeMutableRawPointer, to deadline: Int64) {
    let index = Member.heapIndex(of: member)
    settle(Item(deadline: deadline, member: member), at: index)
  }

  /// Takes a member out.
  ///
  /// - Complexity: O(log n)
  mutating func remove(_ member: UnsafeMutableRawPointer, _ memory: ObjectMemory) {
    let index = Member.heapIndex(of: member)
    precondition(index < count)
    used &-= 1
    let last = items.unsafelyUnwrapped[count]
    if index < count { settle(last, at: index) }
    if used == 0 {
      destroy(memory)
    } else if capacity > 16, used < capacity / 4 {
      resize(to: capacity / 2, memory)
    }
  }

  /// Tells that a member's block has moved.
  func relocate(_ member: UnsafeMutableRawPointer) {
    items.unsafelyUnwrapped[Member.heapIndex(of: member)].member = member
  }

  /// Members due at `now`, `limit` at most.
  ///
  /// - Complexity: O(due): below an item that is not due nothing is.
  func dueCount(at now: Int64, limit: Int = .max) -> Int {
    dueCount(at: now, limit: limit, below: 0)
  }

  private func dueCount(at now: Int64, limit: Int, below index: Int) -> Int {
    guard index < count, limit > 0, items.unsafelyUnwrapped[index].deadline <= now else {
      return 0
    }
    // As deep as the heap: at most 16 for 2^32 members.
    var due = 1
    for child in index &* 4 &+ 1...index &* 4 &+ 4 where due < limit {
      due &+= dueCount(at: now, limit: limit &- due, below: child)
    }
    return due
  }

  /// Calls `body` with each member and its deadline, in no order.
  func forEach(_ body: (UnsafeMutableRawPointer, Int64) -> Void) {
    for index in 0..<count {
      let item = items.unsafelyUnwrapped[index]
      body(item.member, item.deadline)
    }
  }

  /// Frees the heap.
  mutating func destroy(_ memory: ObjectMemory) {
    if let items { memory.release(UnsafeMutableRawPointer(items)) }
    self = DeadlineHeap()
  }

  /// Bytes allocated.
  var byteCount: Int { Int(capacity) &* MemoryLayout<Item>.stride }

  // MARK: Order

  @inline(__always)
  private func put(_ item: Item, at index: Int) {
    items.unsafelyUnwrapped[index] = item
    Member.setHeapIndex(of: item.member, to: index)
  }

  /// Puts an item that may be too early or too late for its place.
  private func settle(_ item: Item, at index: Int) {
    if index > 0, items.unsafelyUnwrapped[(index &- 1) / 4].deadline > item.deadline {
      rise(item, from: index)
    } else {
      sink(item, from: index)
    }
  }

  private func rise(_ item: Item, from start: Int) {
    let items = items.unsafelyUnwrapped
    var index = start
    while index > 0 {
      let parent = (index &- 1) / 4
      guard items[parent].deadline > item.deadline else { break }
      put(items[parent], at: index)
      index = parent
    }
    put(item, at: index)
  }

  private func sink(_ item: Item, from start: Int) {
    let items = items.unsafelyUnwrapped
    var index = start
    while true {
      let child = index &* 4 &+ 1
      guard child < count else { break }
      var least = child
      for other in child..<min(child &+ 4, count)
      where items[other].deadline < items[least].deadline {
        least = other
      }
      guard items[least].deadline < item.deadline else { break }
      put(items[least], at: index)
      index = least
    }
    put(item, at: index)
  }

  private mutating func grow(_ memory: ObjectMemory) {
    precondition(capacity < 1 << 31)
    resize(to: max(4, capacity &* 2), memory)
  }

  private mutating func resize(to room: UInt32, _ memory: ObjectMemory) {
    let bytes = Int(room) &* MemoryLayout<Item>.stride
    let raw: UnsafeMutableRawPointer
    if let items {
      raw = memory.reallocate(UnsafeMutableRawPointer(items), bytes)
    } else {
      raw = memory.allocate(bytes)
    }
    items = raw.bindMemory(to: Item.self, capacity: Int(room))
    capacity = room
  }

  /// Checks everything that must hold; for tests.
  ///
  /// - Complexity: O(n)
  func checkInvariants() {
    for index in 0..<count {
      let item = items.unsafelyUnwrapped[index]
      precondition(Member.heapIndex(of: item.member) == index, "members know their place")
      if index > 0 {
        precondition(
          items.unsafelyUnwrapped[(index - 1) / 4].deadline <= item.deadline, "parents are earlier")
      }
    }
  }
}
