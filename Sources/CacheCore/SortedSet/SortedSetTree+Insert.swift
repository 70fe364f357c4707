import Bytes
import Glibc

extension SortedSetTree {
  /// Adds a member that is not there yet.
  ///
  /// - Complexity: O(log n)
  func insert(_ bytes: ByteView, score: Double) {
    insert(bytes, hash: MemberHash.hash(bytes), score: score)
  }

  /// The same when the hash is known.
  func insert(_ bytes: ByteView, hash: UInt64, score: Double) {
    precondition(count < Int(UInt32.max), "a sorted set beyond its limit")
    let member = SortedSetMember.make(bytes, score: score, memory)
    root.pointee.index.insert(member.base, hash: hash, memory)
    root.pointee.memberBytes += member.usedBytes
    place(member)
  }

  /// Puts a member into the tree; the index knows it already.
  func place(_ member: SortedSetMember) {
    let score = member.score
    let bound = SortedSetBound(kind: .element, score: score, bytes: member.bytes)
    var path = Path()
    let leaf = descend(to: bound, adding: 1, &path)
    root.pointee.count += 1
    let index = leaf.countBefore(bound)
    if leaf.count < leaf.capacity {
      leaf.insert(member, score: score, at: index)
      // Only the very first element has no smaller one that led here.
      return
    }
    if leaf.capacity < SortedSetLeaf.capacityMax {
      return enlarge(leaf).insert(member, score: score, at: index)
    }
    split(leaf, inserting: member, score, at: index, path)
  }

  /// Doubles the room of the only leaf.
  private func enlarge(_ leaf: SortedSetLeaf) -> SortedSetLeaf {
    assert(root.pointee.height == 0)
    let capacity = min(leaf.capacity * 2 + 2, SortedSetLeaf.capacityMax)
    let larger = SortedSetLeaf.make(capacity: capacity, memory)
    leaf.moveFirst(leaf.count, to: larger)
    memory.release(leaf.base)
    root.pointee.node = larger.base
    root.pointee.first = larger
    root.pointee.last = larger
    return larger
  }

  private func split(
    _ leaf: SortedSetLeaf, inserting member: SortedSetMember, _ score: Double, at index: Int,
    _ path: Path
  ) {
    let right = SortedSetLeaf.make(memory)
    root.pointee.leafCount += 1
    let count = leaf.count
    // Where elements come in order, the leaves behind stay full.
    var kept = count / 2
    if leaf.next == nil, index == count { kept = count }
    if leaf.previous == nil, index == 0 { kept = 0 }
    leaf.moveLast(count - kept, to: right)
    if index < kept || kept == 0 {
      leaf.insert(member, score: score, at: index)
    } else {
      right.insert(member, score: score, at: index - kept)
    }
    right.previous = leaf
    right.next = leaf.next
    leaf.next = right
    if let next = right.next { next.previous = right } else { root.pointee.last = right }
    insert(
      right.base, count: right.count, smallest: right.members[0], right.scores[0], path,
      level: root.pointee.height - 1)
  }

  /// Inserts a node behind the child that `path` took at `level`, out of which its elements came.
  private func insert(
    _ node: UnsafeMutableRawPointer, count elements: Int, smallest: SortedSetMember,
    _ score: Double, _ path: Path, level: Int
  ) {
    guard level >= 0 else { return growRoot(node, elements, smallest, score) }
    let branch = path.branch(level)
    let index = path.children[level] + 1
    branch.counts[index - 1] -= UInt32(elements)
    let count = branch.count
    if count < SortedSetBranch.capacity {
      branch.insert(node, count: elements, smallest: smallest, score: score, at: index)
      return
    }
    let right = SortedSetBranch.make(memory)
    root.pointee.branchCount += 1
    // A branch has two children at least, so one goes along.
    let kept = index == count && isLast(path, above: level) ? count - 1 : count / 2
    var moved = branch.moveLast(count - kept, to: right)
    if index <= kept {
      branch.insert(node, count: elements, smallest: smallest, score: score, at: index)
    } else {
      right.insert(node, count: elements, smallest: smallest, score: score, at: index - kept)
      moved += elements
    }
    insert(
      right.base, count: moved, smallest: right.members[0], right.scores[0], path,
      level: level - 1)
  }

  private func isLast(_ path: Path, above level: Int) -> Bool {
    for upper in 0..<level where path.children[upper] + 1 < path.branch(upper).count {
      return false
    }
    return true
  }

  private func growRoot(
    _ node: UnsafeMutableRawPointer, _ elements: Int, _ smallest: SortedSetMember, _ score: Double
  ) {
    precondition(root.pointee.height < Self.heightMax)
    let old = root.pointee.node
    let branch = SortedSetBranch.make(memory)
    root.pointee.branchCount += 1
    // The first child's smallest element is never looked at.
    branch.insert(
      old, count: count - elements, smallest: smallest, score: score, at: 0)
    branch.insert(node, count: elements, smallest: smallest, score: score, at: 1)
    root.pointee.node = branch.base
    root.pointee.height += 1
  }

  /// Gives a member another score.
  ///
  /// - Complexity: O(log n)
  func update(_ member: SortedSetMember, score: Double) {
    let old = SortedSetBound(kind: .afterElement, score: member.score, bytes: member.bytes)
    var path = Path()
    let leaf = descend(to: old, adding: 0, &path)
    let index = leaf.countBefore(old) - 1
    precondition(index >= 0 && leaf.members[index] == member)
    if staysInPlace(leaf, index, score) {
      leaf.scores[index] = score
      member.score = score
      if index == 0 { setSmallest(path, depth: root.pointee.height, member, score) }
      return
    }
    for level in 0..<root.pointee.height {
      path.branch(level).counts[path.children[level]] -= 1
    }
    removeElements(leaf, index, count: 1, path)
    member.score = score
    place(member)
  }

  /// Whether the element at `index` may have `score` without leaving its place.
  private func staysInPlace(_ leaf: SortedSetLeaf, _ index: Int, _ score: Double) -> Bool {
    let bytes = leaf.members[index].bytes
    let bound = SortedSetBound(kind: .element, score: score, bytes: bytes)
    if index > 0 {
      guard bound.isBehind(leaf.scores[index - 1], leaf.members[index - 1]) else { return false }
    } else if let previous = leaf.previous {
      let last = previous.count - 1
      guard bound.isBehind(previous.scores[last], previous.members[last]) else { return false }
    }
    if index + 1 < leaf.count {
      return !bound.isBehind(leaf.scores[index + 1], leaf.members[index + 1])
    }
    guard let next = leaf.next else { return true }
    return !bound.isBehind(next.scores[0], next.members[0])
  }
}
