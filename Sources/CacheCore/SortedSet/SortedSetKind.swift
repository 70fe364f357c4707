import Bytes

/// What the key space asks of sorted sets.
enum SortedSetKind: ObjectKind {
  static func destroy(_ object: ObjectReference) {
    let set = SortedSet(object)
    if set.isListpack { set.pack.destroy(object.memory) } else { set.tree.destroy() }
    object.memory.release(object.header)
  }

  static func copy(_ object: ObjectReference, into memory: ObjectMemory) -> ObjectReference {
    let set = SortedSet(object)
    if set.isListpack {
      let pack = Listpack.make(copying: set.pack.bytes, memory)
      return .make(.sortedSet, .listpack, payload: pack.base, memory)
    }
    let tree = SortedSetTree.make(memory)
    var cursor = set.cursor()
    while let element = cursor.next() {
      element.member.withText { tree.insert($0, score: element.score) }
    }
    if let deadlines = set.tree.root.pointee.deadlines {
      let copies = TimedTable<SetMember>.make(memory)
      copies.pointee.copyMembers(of: deadlines.pointee, memory)
      tree.root.pointee.deadlines = copies
    }
    return .make(.sortedSet, .skiplist, payload: tree.root, memory)
  }

  static func count(_ object: ObjectReference) -> Int { SortedSet(object).count }

  static func freeEffort(_ object: ObjectReference) -> Int {
    let set = SortedSet(object)
    if set.isListpack { return 1 }
    return set.tree.count + (set.tree.root.pointee.deadlines?.pointee.table.count ?? 0)
  }

  static var hidesDue: Bool { false }

  static func earliestDeadline(_ object: ObjectReference) -> Int64? {
    SortedSet(object).earliestDeadline
  }

  static func removeDue(_ object: ObjectReference, now: Int64, limit: Int) -> Int {
    SortedSet(object).removeDue(now, limit: limit)
  }

  static func areAllDue(_ object: ObjectReference, now: Int64) -> Bool {
    SortedSet(object).areAllDue(now)
  }

  static func usedBytes(_ object: ObjectReference, samples: Int) -> Int {
    let set = SortedSet(object)
    let header = MemoryLayout<ObjectHeader>.size
    return header
      + (set.isListpack ? object.memory.usableBytes(of: set.pack.base) : set.tree.usedBytes)
  }

  static func checkInvariants(_ object: ObjectReference) {
    let set = SortedSet(object)
    if !set.isListpack { return set.tree.checkInvariants() }
    precondition(Listpack.isValid(set.pack.bytes, deeply: true) && set.pack.count % 2 == 0)
    var cursor = set.cursor()
    var previous = cursor.next()
    while let before = previous, let element = cursor.next() {
      precondition(!element.score.isNaN)
      if before.score == element.score {
        before.member.withText { left in
          element.member.withText { precondition(left < $0) }
        }
      } else {
        precondition(before.score < element.score)
      }
      previous = element
    }
  }
}

extension SortedSetTree {
  /// Checks the structure; traps on damage.
  ///
  /// - Complexity: O(n)
  func checkInvariants() {
    root.pointee.index.checkInvariants()
    precondition(root.pointee.index.count == count)
    var leaves = 0
    var branches = 0
    var expected: SortedSetLeaf? = root.pointee.first
    func check(_ node: UnsafeMutableRawPointer, _ level: Int) -> Int {
      if level == 0 {
        let leaf = SortedSetLeaf(base: node)
        precondition(leaf.base == expected?.base)
        precondition(leaf.count <= leaf.capacity)
        if root.pointee.height > 0 {
          precondition(leaf.count > 0 && leaf.capacity == SortedSetLeaf.capacityMax)
        }
        precondition(leaf.next == nil || leaf.next?.previous?.base == leaf.base)
        if leaf.next == nil { precondition(root.pointee.last.base == leaf.base) }
        expected = leaf.next
        leaves += 1
        return leaf.count
      }
      let branch = SortedSetBranch(base: node)
      branches += 1
      precondition(branch.count >= 2 && branch.count <= SortedSetBranch.capacity)
      var total = 0
      for index in 0..<branch.count {
        let count = check(branch.children[index], level - 1)
        precondition(count == Int(branch.counts[index]))
        if index > 0 {
          let smallest = smallestLeaf(branch.children[index], level - 1)
          precondition(smallest.members[0] == branch.members[index])
          precondition(smallest.scores[0] == branch.scores[index])
        }
        total += count
      }
      return total
    }
    precondition(check(root.pointee.node, root.pointee.height) == count)
    precondition(expected == nil)
    precondition(leaves == root.pointee.leafCount && branches == root.pointee.branchCount)
    checkOrder()
    checkDeadlines()
  }

  private func checkDeadlines() {
    guard let deadlines = root.pointee.deadlines else { return }
    deadlines.pointee.checkInvariants()
    precondition(deadlines.pointee.table.count > 0, "no table without deadlines")
    precondition(deadlines.pointee.table.count == deadlines.pointee.deadlines.count)
    var members = deadlines.pointee.table.members
    while let pointer = members.next() {
      precondition(member(MemberBlock<SetMember>(base: pointer).key) != nil)
    }
  }

  private func smallestLeaf(_ node: UnsafeMutableRawPointer, _ level: Int) -> SortedSetLeaf {
    level == 0
      ? SortedSetLeaf(base: node)
      : smallestLeaf(SortedSetBranch(base: node).children[0], level - 1)
  }

  private func checkOrder() {
    var bytes = 0
    var before: SortedSetMember?
    var leaf: SortedSetLeaf? = root.pointee.first
    while let present = leaf {
      for index in 0..<present.count {
        let member = present.members[index]
        precondition(member.score == present.scores[index])
        precondition(self.member(member.bytes).map { $0 == member } ?? false)
        if let before {
          let bound = SortedSetBound(kind: .element, score: member.score, bytes: member.bytes)
          precondition(bound.isBehind(before.score, before))
        }
        before = member
        bytes += member.usedBytes
      }
      leaf = present.next
    }
    precondition(bytes == root.pointee.memberBytes)
  }
}
