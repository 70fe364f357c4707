import Bytes
import Platform

// Walking through a set, and drawing from it.

extension SetObject {
  /// Calls `body` with each member; the set must not change meanwhile.
  @inline(__always)
  public func forEachMember(_ body: (ListpackValue) -> Void) {
    visit({ member in
      body(member)
      return true
    })
  }

  /// Calls `body` with each member until it answers false; the set must not change meanwhile.
  @inline(__always)
  public func visit(_ body: (ListpackValue) -> Bool) {
    switch encoding {
    case .intset:
      let intset = intset
      for index in 0..<intset.count where !body(.integer(intset.value(at: index))) { return }
    case .listpack:
      let pack = pack
      var position = pack.first
      while let present = position {
        guard body(pack.value(at: present)) else { return }
        position = pack.next(present)
      }
    default:
      let table = table
      var members = table.pointee.table.members
      while let pointer = members.next() {
        let block = MemberBlock<SetMember>(base: pointer)
        if table.pointee.isDue(block, now) { continue }
        guard body(.bytes(block.key)) else { return }
      }
    }
  }

  /// Calls `body` with about `count` members from `cursor` on and returns the next cursor; 0 starts
  /// and ends. The compact forms come as a whole.
  ///
  /// - Complexity: O(`count`), O(n) for the compact forms.
  public func scan(
    from cursor: UInt64, count: Int, _ body: (ListpackValue) -> Void
  ) -> UInt64 {
    guard encoding == .hashtable else {
      forEachMember(body)
      return 0
    }
    let table = table
    return table.pointee.table.scan(from: cursor, count: count) { pointer in
      let block = MemberBlock<SetMember>(base: pointer)
      if table.pointee.isDue(block, now) { return }
      body(.bytes(block.key))
    }
  }

  // MARK: Drawing

  // None of the set's members is due: the caller has removed those
  // (`Keyspace.removeDueElements`).

  /// Calls `body` with `count` random members, each draw by itself, so that one may come more than
  /// once. The set is not empty.
  ///
  /// - Parameters:
  ///   - seed: for the random numbers.
  ///   - body: answers whether to go on.
  /// - Complexity: O(`count`), and O(n) for a listpack.
  public func drawMembers(_ count: Int, seed: UInt64, _ body: (ListpackValue) -> Bool) {
    var random = MemberRandom(seed: seed)
    switch encoding {
    case .intset:
      let intset = intset
      let total = intset.count
      for _ in 0..<count {
        guard body(.integer(intset.value(at: random.next(below: total)))) else { return }
      }
    case .listpack where count == 1:
      let pack = pack
      let position = pack.position(at: random.next(below: pack.count)).unsafelyUnwrapped
      _ = body(pack.value(at: position))
    case .listpack: drawFromListpack(count, &random, body)
    default:
      for _ in 0..<count {
        let pointer = table.pointee.table.randomMember(&random)
        guard body(.bytes(SetMember.key(of: pointer))) else { return }
      }
    }
  }

  private func drawFromListpack(
    _ count: Int, _ random: inout MemberRandom, _ body: (ListpackValue) -> Bool
  ) {
    let pack = pack
    let total = pack.count
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: total) { positions in
      var position = pack.first
      for index in 0..<total {
        let present = position.unsafelyUnwrapped
        // In range: a listpack has at most 2^30 bytes.
        positions[index] = UInt32(present)
        position = pack.next(present)
      }
      for _ in 0..<count {
        guard body(pack.value(at: Int(positions[random.next(below: total)]))) else { return }
      }
    }
  }

  /// Calls `body` with `count` different random members, all when there are not more.
  ///
  /// - Complexity: O(`count`), or O(n) when that is more than a third or the form is compact.
  public func sampleMembers(_ count: Int, seed: UInt64, _ body: (ListpackValue) -> Void) {
    var random = MemberRandom(seed: seed)
    let total = self.count
    if encoding == .hashtable, count < total / 3 {
      var drawn = AddressSet(capacity: count)
      defer { drawn.destroy() }
      while drawn.count < count {
        let pointer = table.pointee.table.randomMember(&random)
        guard drawn.insert(UInt(bitPattern: pointer)) else { continue }
        body(.bytes(SetMember.key(of: pointer)))
      }
      return
    }
    // Each member is taken with the chance of those still wanted among those still to come (Knuth's
    // algorithm S): every choice of `count` is equally likely.
    var left = total
    var wanted = min(count, total)
    forEachMember { member in
      if wanted > 0, random.next(below: max(1, left)) < wanted {
        wanted &-= 1
        body(member)
      }
      left &-= 1
    }
  }

  /// Removes `count` different random members, calling `body` with each before. There are more
  /// members than that.
  ///
  /// - Complexity: O(`count`), times O(n) for the compact forms.
  public func popMembers(_ count: Int, seed: UInt64, _ body: (ListpackValue) -> Void) {
    var random = MemberRandom(seed: seed)
    for _ in 0..<count {
      switch encoding {
      case .intset:
        var intset = intset
        let number = intset.value(at: random.next(below: intset.count))
        body(.integer(number))
        _ = intset.remove(number, memory)
        object.header.pointee.payload = intset.base
      case .listpack:
        let pack = pack
        let position = pack.position(at: random.next(below: pack.count)).unsafelyUnwrapped
        body(pack.value(at: position))
        removeFromListpack(position)
      default:
        let place = table.pointee.table.randomPlace(&random)
        body(.bytes(SetMember.key(of: place.pointer)))
        table.pointee.remove(at: place, memory)
      }
    }
  }
}
