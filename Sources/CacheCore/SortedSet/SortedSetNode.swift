import Glibc

/// A leaf of a sorted set's tree: elements in order, scores apart from members, so that a search
/// among scores touches few cache lines and no member.
///
///      0  count u16 | capacity u16 | reserved u32
///      8  next leaf, or 0
///     16  previous leaf, or 0
///     24  scores, f64 × capacity
///         members, address × capacity
///
/// A leaf that is the root starts small and grows; all others have the full capacity, which makes
/// them 1016 bytes, an allocation of 1 KB.
struct SortedSetLeaf {
  let base: UnsafeMutableRawPointer

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Elements of a full leaf.
  static var capacityMax: Int { 62 }
  /// Elements of the smallest leaf.
  static var capacityMin: Int { 6 }
  /// A leaf with fewer elements is merged with a neighbour or filled up from it.
  static var countMin: Int { 15 }
  /// Two leaves with at most so many elements together become one.
  static var mergedCountMax: Int { 46 }

  static func bytes(capacity: Int) -> Int { 24 + capacity * 16 }

  static func make(capacity: Int = capacityMax, _ memory: ObjectMemory) -> SortedSetLeaf {
    let leaf = SortedSetLeaf(base: memory.allocate(bytes(capacity: capacity)))
    leaf.base.storeBytes(of: UInt16(capacity), toByteOffset: 2, as: UInt16.self)
    leaf.count = 0
    leaf.next = nil
    leaf.previous = nil
    return leaf
  }

  var count: Int {
    @inline(__always) get { Int(base.load(as: UInt16.self)) }
    @inline(__always) nonmutating set {
      base.storeBytes(of: UInt16(truncatingIfNeeded: newValue), as: UInt16.self)
    }
  }

  @inline(__always)
  var capacity: Int { Int(base.load(fromByteOffset: 2, as: UInt16.self)) }

  var next: SortedSetLeaf? {
    @inline(__always) get { link(8) }
    @inline(__always) nonmutating set { setLink(8, newValue) }
  }

  var previous: SortedSetLeaf? {
    @inline(__always) get { link(16) }
    @inline(__always) nonmutating set { setLink(16, newValue) }
  }

  @inline(__always)
  private func link(_ offset: Int) -> SortedSetLeaf? {
    base.load(fromByteOffset: offset, as: UnsafeMutableRawPointer?.self)
      .map { SortedSetLeaf(base: $0) }
  }

  @inline(__always)
  private func setLink(_ offset: Int, _ leaf: SortedSetLeaf?) {
    base.storeBytes(of: leaf?.base, toByteOffset: offset, as: UnsafeMutableRawPointer?.self)
  }

  @inline(__always)
  var scores: UnsafeMutablePointer<Double> {
    (base + 24).assumingMemoryBound(to: Double.self)
  }

  @inline(__always)
  var members: UnsafeMutablePointer<SortedSetMember> {
    (base + 24 + capacity &* 8).assumingMemoryBound(to: SortedSetMember.self)
  }

  /// Number of elements before `bound`.
  ///
  /// - Complexity: O(log n)
  @inline(__always)
  func countBefore(_ bound: SortedSetBound) -> Int {
    let scores = scores
    let members = members
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) &>> 1
      if bound.isBehind(scores[middle], members[middle]) {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return low
  }

  func insert(_ member: SortedSetMember, score: Double, at index: Int) {
    let count = count
    assert(index <= count && count < capacity)
    let scores = scores
    let members = members
    memmove(scores + index + 1, scores + index, (count - index) * 8)
    memmove(members + index + 1, members + index, (count - index) * 8)
    scores[index] = score
    members[index] = member
    self.count = count + 1
  }

  func remove(_ index: Int, count removed: Int) {
    let count = count
    assert(index >= 0 && index + removed <= count)
    let scores = scores
    let members = members
    let rest = count - index - removed
    memmove(scores + index, scores + index + removed, rest * 8)
    memmove(members + index, members + index + removed, rest * 8)
    self.count = count - removed
  }

  /// Moves the last `moved` elements to the front of `right`.
  func moveLast(_ moved: Int, to right: SortedSetLeaf) {
    let kept = count - moved
    let there = right.count
    assert(kept >= 0 && there + moved <= right.capacity)
    memmove(right.scores + moved, right.scores, there * 8)
    memmove(right.members + moved, right.members, there * 8)
    memcpy(right.scores, scores + kept, moved * 8)
    memcpy(right.members, members + kept, moved * 8)
    right.count = there + moved
    count = kept
  }

  /// Moves the first `moved` elements to the end of `left`.
  func moveFirst(_ moved: Int, to left: SortedSetLeaf) {
    let there = left.count
    assert(there + moved <= left.capacity)
    memcpy(left.scores + there, scores, moved * 8)
    memcpy(left.members + there, members, moved * 8)
    left.count = there + moved
    remove(0, count: moved)
  }
}

/// An inner node: children, how many elements are under each, and the smallest element of each.
///
///      0  count u16
///      8  scores, f64 × 72: of each child's smallest element
///    584  members, address × 72: of the same
///   1160  children, address × 72
///   1736  counts, u32 × 72
///
/// 2024 bytes, an allocation of 2 KB. The first child's smallest element is never looked at and
/// may be stale.
struct SortedSetBranch {
  let base: UnsafeMutableRawPointer

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { self.base = base }

  /// Children of a full node.
  static var capacity: Int { 72 }
  /// A node with fewer children is merged with a neighbour or filled up from it.
  static var countMin: Int { 18 }
  /// Two nodes with at most so many children together become one.
  static var mergedCountMax: Int { 54 }
  static var bytes: Int { 8 + capacity * 28 }

  static func make(_ memory: ObjectMemory) -> SortedSetBranch {
    let branch = SortedSetBranch(base: memory.allocate(bytes))
    branch.count = 0
    return branch
  }

  var count: Int {
    @inline(__always) get { Int(base.load(as: UInt16.self)) }
    @inline(__always) nonmutating set {
      base.storeBytes(of: UInt16(truncatingIfNeeded: newValue), as: UInt16.self)
    }
  }

  @inline(__always)
  var scores: UnsafeMutablePointer<Double> {
    (base + 8).assumingMemoryBound(to: Double.self)
  }

  @inline(__always)
  var members: UnsafeMutablePointer<SortedSetMember> {
    (base + 8 + Self.capacity &* 8).assumingMemoryBound(to: SortedSetMember.self)
  }

  @inline(__always)
  var children: UnsafeMutablePointer<UnsafeMutableRawPointer> {
    (base + 8 + Self.capacity &* 16).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
  }

  @inline(__always)
  var counts: UnsafeMutablePointer<UInt32> {
    (base + 8 + Self.capacity &* 24).assumingMemoryBound(to: UInt32.self)
  }

  /// The child in which `bound` lies: the last one whose smallest element is before it.
  ///
  /// - Complexity: O(log n)
  @inline(__always)
  func child(of bound: SortedSetBound) -> Int {
    let scores = scores
    let members = members
    var low = 1
    var high = count
    while low < high {
      let middle = (low &+ high) &>> 1
      if bound.isBehind(scores[middle], members[middle]) {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return low &- 1
  }

  /// Elements under the first `index` children.
  @inline(__always)
  func countBefore(_ index: Int) -> Int {
    let counts = counts
    var total = 0
    for child in 0..<index { total &+= Int(counts[child]) }
    return total
  }

  func setSmallest(_ index: Int, _ member: SortedSetMember, _ score: Double) {
    scores[index] = score
    members[index] = member
  }

  func insert(
    _ child: UnsafeMutableRawPointer, count elements: Int, smallest: SortedSetMember,
    score: Double, at index: Int
  ) {
    let count = count
    assert(index <= count && count < Self.capacity)
    let rest = count - index
    memmove(scores + index + 1, scores + index, rest * 8)
    memmove(members + index + 1, members + index, rest * 8)
    memmove(children + index + 1, children + index, rest * 8)
    memmove(counts + index + 1, counts + index, rest * 4)
    setSmallest(index, smallest, score)
    children[index] = child
    counts[index] = UInt32(elements)
    self.count = count + 1
  }

  func remove(_ index: Int, count removed: Int = 1) {
    let count = count
    assert(index >= 0 && index + removed <= count)
    let rest = count - index - removed
    memmove(scores + index, scores + index + removed, rest * 8)
    memmove(members + index, members + index + removed, rest * 8)
    memmove(children + index, children + index + removed, rest * 8)
    memmove(counts + index, counts + index + removed, rest * 4)
    self.count = count - removed
  }

  /// Moves the last `moved` children to the front of `right`.
  ///
  /// - Returns: the elements under them.
  @discardableResult
  func moveLast(_ moved: Int, to right: SortedSetBranch) -> Int {
    let there = right.count
    memmove(right.scores + moved, right.scores, there * 8)
    memmove(right.members + moved, right.members, there * 8)
    memmove(right.children + moved, right.children, there * 8)
    memmove(right.counts + moved, right.counts, there * 4)
    let kept = count - moved
    assert(kept >= 0 && there + moved <= Self.capacity)
    memcpy(right.scores, scores + kept, moved * 8)
    memcpy(right.members, members + kept, moved * 8)
    memcpy(right.children, children + kept, moved * 8)
    memcpy(right.counts, counts + kept, moved * 4)
    right.count = there + moved
    count = kept
    return right.countBefore(moved)
  }

  /// Moves the first `moved` children to the end of `left`.
  ///
  /// - Returns: the elements under them.
  @discardableResult
  func moveFirst(_ moved: Int, to left: SortedSetBranch) -> Int {
    let there = left.count
    assert(there + moved <= Self.capacity)
    let elements = countBefore(moved)
    memcpy(left.scores + there, scores, moved * 8)
    memcpy(left.members + there, members, moved * 8)
    memcpy(left.children + there, children, moved * 8)
    memcpy(left.counts + there, counts, moved * 4)
    left.count = there + moved
    remove(0, count: moved)
    return elements
  }
}
