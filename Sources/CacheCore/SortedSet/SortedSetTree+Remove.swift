import Bytes
import Platform

extension SortedSetTree {
  /// Removes a member and frees it.
  ///
  /// - Complexity: O(log n)
  func remove(_ member: SortedSetMember) {
    let bound = SortedSetBound(kind: .afterElement, score: member.score, bytes: member.bytes)
    var path = Path()
    let leaf = descend(to: bound, adding: -1, &path)
    let index = leaf.countBefore(bound) - 1
    precondition(index >= 0 && leaf.members[index] == member)
    removeElements(leaf, index, count: 1, path)
    free(member)
  }

  /// Removes the elements of a range of ranks and frees them.
  ///
  /// - Complexity: O(log n + number removed)
  func removeRange(_ ranks: Range<Int>) {
    assert(ranks.lowerBound >= 0 && ranks.upperBound <= count)
    var left = ranks.count
    while left > 0 {
      var path = Path()
      var node = root.pointee.node
      var rest = ranks.lowerBound
      for level in 0..<root.pointee.height {
        let branch = SortedSetBranch(base: node)
        var child = 0
        while rest >= Int(branch.counts[child]) {
          rest -= Int(branch.counts[child])
          child += 1
        }
        path.branches[level] = node
        path.children[level] = child
        node = branch.children[child]
      }
      let leaf = SortedSetLeaf(base: node)
      let removed = min(left, leaf.count - rest)
      for index in rest..<rest + removed { prefetch(leaf.members[index].base) }
      for index in rest..<rest + removed { free(leaf.members[index]) }
      for level in 0..<root.pointee.height {
        path.branch(level).counts[path.children[level]] -= UInt32(removed)
      }
      removeElements(leaf, rest, count: removed, path)
      left -= removed
    }
  }

  /// Takes a member out of the index and gives its memory back.
  private func free(_ member: SortedSetMember) {
    let bytes = member.bytes
    guard let place = root.pointee.index.place(of: bytes, hash: MemberHash.hash(bytes)) else {
      preconditionFailure("a member that the index does not know")
    }
    root.pointee.index.remove(at: place, memory)
    if root.pointee.deadlines != nil { removeDeadline(of: bytes) }
    root.pointee.memberBytes -= member.usedBytes
    memory.release(member.base)
  }

  /// Takes elements out of a leaf to which `path` leads and whose counts are right already, and
  /// puts the tree in shape. Their members are not touched.
  func removeElements(_ leaf: SortedSetLeaf, _ index: Int, count removed: Int, _ path: Path) {
    leaf.remove(index, count: removed)
    root.pointee.count -= removed
    let height = root.pointee.height
    guard height > 0 else { return }
    if index == 0 { smallestIsGone(leaf, path) }
    guard leaf.count < SortedSetLeaf.countMin else { return }
    balanceLeaves(path.branch(height - 1), path.children[height - 1])
    var level = height - 1
    while level > 0, path.branch(level).count < SortedSetBranch.countMin {
      balanceBranches(path.branch(level - 1), path.children[level - 1])
      level -= 1
    }
    while root.pointee.height > 0 {
      let branch = SortedSetBranch(base: root.pointee.node)
      guard branch.count == 1 else { break }
      root.pointee.node = branch.children[0]
      root.pointee.height -= 1
      root.pointee.branchCount -= 1
      memory.release(branch.base)
    }
  }

  /// Tells the branches above of a leaf's new smallest element.
  private func smallestIsGone(_ leaf: SortedSetLeaf, _ path: Path) {
    let height = root.pointee.height
    if leaf.count > 0 {
      return setSmallest(path, depth: height, leaf.members[0], leaf.scores[0])
    }
    // An empty leaf is merged at once. If it is its branch's first child, the branch's smallest
    // element is the next leaf's: a branch has two children at least.
    guard path.children[height - 1] == 0, let next = leaf.next else { return }
    setSmallest(path, depth: height - 1, next.members[0], next.scores[0])
  }

  /// Merges the leaf at `index` with a neighbour under the same branch, or evens them out.
  private func balanceLeaves(_ branch: SortedSetBranch, _ index: Int) {
    let at = index > 0 ? index - 1 : 0
    let left = SortedSetLeaf(base: branch.children[at])
    let right = SortedSetLeaf(base: branch.children[at + 1])
    let total = left.count + right.count
    if total <= SortedSetLeaf.mergedCountMax {
      right.moveFirst(right.count, to: left)
      left.next = right.next
      if let next = right.next { next.previous = left } else { root.pointee.last = left }
      branch.counts[at] += branch.counts[at + 1]
      branch.remove(at + 1)
      root.pointee.leafCount -= 1
      memory.release(right.base)
      return
    }
    let wanted = total / 2
    if left.count > wanted {
      left.moveLast(left.count - wanted, to: right)
    } else {
      right.moveFirst(wanted - left.count, to: left)
    }
    branch.counts[at] = UInt32(left.count)
    branch.counts[at + 1] = UInt32(right.count)
    branch.setSmallest(at + 1, right.members[0], right.scores[0])
  }

  /// Merges the branch at `index` with a neighbour under the same branch, or evens them out.
  private func balanceBranches(_ branch: SortedSetBranch, _ index: Int) {
    let at = index > 0 ? index - 1 : 0
    let left = SortedSetBranch(base: branch.children[at])
    let right = SortedSetBranch(base: branch.children[at + 1])
    // What was the right one's first child needs its smallest element now.
    right.setSmallest(0, branch.members[at + 1], branch.scores[at + 1])
    let total = left.count + right.count
    if total <= SortedSetBranch.mergedCountMax {
      right.moveFirst(right.count, to: left)
      branch.counts[at] += branch.counts[at + 1]
      branch.remove(at + 1)
      root.pointee.branchCount -= 1
      memory.release(right.base)
      return
    }
    let wanted = total / 2
    if left.count > wanted {
      let moved = UInt32(left.moveLast(left.count - wanted, to: right))
      branch.counts[at] -= moved
      branch.counts[at + 1] += moved
    } else {
      let moved = UInt32(right.moveFirst(wanted - left.count, to: left))
      branch.counts[at] += moved
      branch.counts[at + 1] -= moved
    }
    branch.setSmallest(at + 1, right.members[0], right.scores[0])
  }
}
