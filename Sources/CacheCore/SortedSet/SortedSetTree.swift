import Bytes
import Glibc
import Platform

/// The form of large sorted sets: a B+ tree in the order of score and bytes that knows how many
/// elements are under each child, and an index from a member's bytes to the member.
///
///     header ─► payload: Root ─► branch ─► branch ─► leaf ⇄ leaf ⇄ leaf
///                    │                                 │
///                    └─► index (`MemberTable`) ──────► member (score, bytes)
///
/// Redis keeps a skip list: one element a node, so a search follows some twenty pointers, each a
/// cache miss in a large set. Here a million elements are four levels; a search reads two or three
/// lines a level, and an element costs 16 bytes of a leaf, about 11.5 of the index, and its score
/// and bytes. Ranks are sums of the counts left of the way down, so that every range of the
/// commands, by rank, score or bytes, is a range of ranks: it is counted, read and removed by
/// rank.
///
/// A node is 1 or 2 KB. One that is full is split in halves, but the outermost one where elements
/// come in order is left full; one that is less than a quarter full is merged with a neighbour, or
/// filled up from it.
///
/// Invariants: leaves are in order and linked in order; every leaf but the root has an element, and
/// every branch two children; a branch knows the exact smallest element and count of each child,
/// but the smallest of its first; index and leaves have the same members; a leaf's score equals its
/// member's.
///
/// Bounds: the height is below 12, for a split of the root needs 72 children.
///
/// Credits: Bayer and McCreight 1972 (B-trees), Knuth vol. 3, 6.2.3 (ranks by counting).
struct SortedSetTree {
  /// What the object's payload points to.
  struct Root {
    /// A leaf when `height` is 0, else a branch.
    var node: UnsafeMutableRawPointer
    /// Number of levels of branches.
    var height: Int
    /// Number of elements.
    var count: Int
    var first: SortedSetLeaf
    var last: SortedSetLeaf
    var index: MemberTable<SortedSetEntry>
    /// Bytes in members.
    var memberBytes: Int
    var leafCount: Int
    var branchCount: Int
    /// Members with deadlines, see `SortedSet+Deadlines.swift`; nil while there are none.
    var deadlines: UnsafeMutablePointer<TimedTable<SetMember>>?
  }

  let root: UnsafeMutablePointer<Root>
  let memory: ObjectMemory

  static var heightMax: Int { 12 }

  /// Makes an empty tree.
  static func make(_ memory: ObjectMemory) -> SortedSetTree {
    let raw = memory.allocate(MemoryLayout<Root>.size)
    let root = raw.bindMemory(to: Root.self, capacity: 1)
    let leaf = SortedSetLeaf.make(capacity: SortedSetLeaf.capacityMin, memory)
    root.initialize(
      to: Root(
        node: leaf.base, height: 0, count: 0, first: leaf, last: leaf,
        index: MemberTable(), memberBytes: 0, leafCount: 1, branchCount: 0))
    return SortedSetTree(root: root, memory: memory)
  }

  /// Frees everything.
  ///
  /// - Complexity: O(n)
  func destroy() {
    var leaf: SortedSetLeaf? = root.pointee.first
    while let present = leaf {
      let members = present.members
      let count = present.count
      for index in 0..<count {
        if index + 8 < count { prefetch(members[index + 8].base) }
        memory.release(members[index].base)
      }
      leaf = present.next
      memory.release(present.base)
    }
    if root.pointee.height > 0 {
      destroyBranches(SortedSetBranch(base: root.pointee.node), level: root.pointee.height)
    }
    root.pointee.index.destroy(memory)
    if let deadlines = root.pointee.deadlines { release(deadlines) }
    memory.release(root)
  }

  private func destroyBranches(_ branch: SortedSetBranch, level: Int) {
    if level > 1 {
      for index in 0..<branch.count {
        destroyBranches(SortedSetBranch(base: branch.children[index]), level: level - 1)
      }
    }
    memory.release(branch.base)
  }

  @inline(__always)
  var count: Int { root.pointee.count }

  /// Bytes held, as far as is known without asking the allocator.
  var usedBytes: Int {
    MemoryLayout<Root>.size + root.pointee.memberBytes + root.pointee.index.structureBytes
      + (root.pointee.leafCount - 1) * 1024
      + SortedSetLeaf.bytes(capacity: root.pointee.first.capacity)
      + root.pointee.branchCount * 2048
      + (root.pointee.deadlines?.pointee.usedBytes(memory, samples: 5) ?? 0)
  }

  // MARK: Reading

  /// The member with these bytes.
  @inline(__always)
  func member(_ bytes: ByteView) -> SortedSetMember? {
    member(bytes, hash: MemberHash.hash(bytes))
  }

  /// The same when the hash is known.
  @inline(__always)
  func member(_ bytes: ByteView, hash: UInt64) -> SortedSetMember? {
    root.pointee.index.find(bytes, hash: hash).map { SortedSetMember(base: $0) }
  }

  /// A place in a leaf.
  struct Position {
    var leaf: SortedSetLeaf
    /// Up to the leaf's count.
    var index: Int
  }

  /// Number of elements before `bound`.
  ///
  /// - Complexity: O(log n)
  func rank(of bound: SortedSetBound) -> Int {
    var node = root.pointee.node
    var rank = 0
    for _ in 0..<root.pointee.height {
      let branch = SortedSetBranch(base: node)
      let child = branch.child(of: bound)
      rank &+= branch.countBefore(child)
      node = branch.children[child]
    }
    return rank &+ SortedSetLeaf(base: node).countBefore(bound)
  }

  /// The element at `rank`, which is there.
  ///
  /// - Complexity: O(log n)
  func position(atRank rank: Int) -> Position {
    assert(rank >= 0 && rank < count)
    var node = root.pointee.node
    var rest = rank
    for _ in 0..<root.pointee.height {
      let branch = SortedSetBranch(base: node)
      let counts = branch.counts
      var child = 0
      while rest >= Int(counts[child]) {
        rest &-= Int(counts[child])
        child &+= 1
      }
      node = branch.children[child]
    }
    return Position(leaf: SortedSetLeaf(base: node), index: rest)
  }

  // MARK: The way down

  /// The branches from the root to a leaf, and which child was taken in each.
  struct Path {
    var branches = InlineArray<12, UnsafeMutableRawPointer?>(repeating: nil)
    var children = InlineArray<12, Int>(repeating: 0)

    @inline(__always)
    func branch(_ level: Int) -> SortedSetBranch {
      SortedSetBranch(base: branches[level].unsafelyUnwrapped)
    }
  }

  /// Goes down to the leaf in which `bound` lies, adding `change` to the counts on the way.
  @inline(__always)
  func descend(to bound: SortedSetBound, adding change: Int, _ path: inout Path) -> SortedSetLeaf {
    var node = root.pointee.node
    for level in 0..<root.pointee.height {
      let branch = SortedSetBranch(base: node)
      let child = branch.child(of: bound)
      path.branches[level] = node
      path.children[level] = child
      branch.counts[child] = UInt32(truncatingIfNeeded: Int(branch.counts[child]) &+ change)
      node = branch.children[child]
    }
    return SortedSetLeaf(base: node)
  }

  /// Takes note of the smallest element under the node at the end of `path`, `depth` levels below
  /// the root.
  func setSmallest(_ path: Path, depth: Int, _ member: SortedSetMember, _ score: Double) {
    var level = depth - 1
    while level >= 0 {
      if path.children[level] > 0 {
        path.branch(level).setSmallest(path.children[level], member, score)
        return
      }
      level -= 1
    }
  }
}
