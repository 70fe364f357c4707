public import Bytes

// Deadlines of members.
//
//     Root ─► deadlines: TimedTable<SetMember> ─► the timed members' bytes, and a heap of deadlines
//
// Members with a deadline stand a second time in a table like that of sets, which comes with the
// first of them and goes with the last. So a sorted set without deadlines pays a pointer, its
// members stay as small and where they are, and what removes a member asks one question more. The
// price is a copy of the bytes of those members that have one.
//
// Unlike sets, sorted sets do not pass over due members: members are counted and numbered. Whoever
// looks a key up removes all that are due first, see `Engine.removeDueElements`.
//
// Invariants: the table is not empty, all its members are in the set, and all have deadlines. They
// outlive changes of the score.

extension SortedSet {
  /// The deadline of a member.
  ///
  /// - Complexity: O(1), O(n) in a listpack.
  public func deadline(of member: ByteView) -> FieldDeadline {
    guard score(of: member) != nil else { return .absent }
    guard !isListpack, let deadlines = tree.root.pointee.deadlines else { return .none }
    let hash = MemberHash.hash(member)
    guard let found = deadlines.pointee.table.find(member, hash: hash) else { return .none }
    return deadlines.pointee.deadline(of: MemberBlock(base: found)).map { .at($0) } ?? .none
  }

  /// Sets or (nil) takes away the deadline of a member, which is there. A sorted set with deadlines
  /// is a tree.
  ///
  /// Whoever sets one tells the key space afterwards: `Keyspace.noteElementDeadline`.
  ///
  /// - Complexity: O(log n); O(n) when it becomes a tree.
  public func setDeadline(of member: ByteView, to deadline: Int64?) {
    guard let deadline else {
      if !isListpack { tree.removeDeadline(of: member) }
      return
    }
    if isListpack { convertToTree() }
    tree.setDeadline(of: member, to: deadline)
  }

  /// The earliest deadline of a member, in cache milliseconds; nil when none has one.
  var earliestDeadline: Int64? {
    isListpack ? nil : tree.root.pointee.deadlines?.pointee.deadlines.earliest
  }

  /// Removes members that are due, `limit` at most.
  ///
  /// - Returns: how many.
  /// - Complexity: O(log n) for each.
  func removeDue(_ now: Int64, limit: Int) -> Int {
    if isListpack { return 0 }
    let tree = tree
    var removed = 0
    while removed < limit, let deadlines = tree.root.pointee.deadlines,
      let earliest = deadlines.pointee.deadlines.earliest, earliest <= now
    {
      let block = MemberBlock<SetMember>(base: deadlines.pointee.deadlines.first)
      // There: every member with a deadline is in the set. Its own bytes outlive the block's.
      tree.remove(tree.member(block.key).unsafelyUnwrapped)
      removed += 1
    }
    return removed
  }

  /// Whether all members are due at `now`.
  ///
  /// - Complexity: O(due)
  func areAllDue(_ now: Int64) -> Bool {
    guard !isListpack, let deadlines = tree.root.pointee.deadlines,
      deadlines.pointee.table.count == count
    else { return false }
    return deadlines.pointee.deadlines.dueCount(at: now) == count
  }
}

extension SortedSetTree {
  /// Gives a member, which is there, a deadline.
  func setDeadline(of member: ByteView, to deadline: Int64) {
    let deadlines = root.pointee.deadlines ?? TimedTable<SetMember>.make(memory)
    root.pointee.deadlines = deadlines
    let hash = MemberHash.hash(member)
    if deadlines.pointee.table.find(member, hash: hash) == nil {
      deadlines.pointee.insert(member, .empty, hash: hash, memory)
    }
    guard let place = deadlines.pointee.table.place(of: member, hash: hash) else {
      preconditionFailure("a member that was just added")
    }
    deadlines.pointee.setDeadline(deadline, at: place, memory)
  }

  /// Forgets the deadline of a member, which need not have one.
  func removeDeadline(of member: ByteView) {
    guard let deadlines = root.pointee.deadlines,
      let place = deadlines.pointee.table.place(of: member, hash: MemberHash.hash(member))
    else { return }
    deadlines.pointee.remove(at: place, memory)
    guard deadlines.pointee.table.count == 0 else { return }
    root.pointee.deadlines = nil
    release(deadlines)
  }

  /// Frees a table of deadlines.
  func release(_ deadlines: UnsafeMutablePointer<TimedTable<SetMember>>) {
    deadlines.pointee.destroy(memory)
    memory.release(UnsafeMutableRawPointer(deadlines))
  }
}
