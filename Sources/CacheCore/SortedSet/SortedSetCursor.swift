import Bytes
import Platform

/// Reads the members of a range of ranks one after the other, in order or backwards. Valid until
/// the set changes.
public struct SortedSetCursor {
  private enum Place {
    case none
    case listpack(Listpack, Int)
    case tree(SortedSetLeaf, Int)
  }

  private var place: Place
  private var left: Int
  private let isReversed: Bool

  /// A member and its score.
  public struct Element {
    /// The member's text.
    public let member: ListpackValue
    /// Its score.
    public let score: Double
  }

  init(_ set: SortedSet, _ ranks: Range<Int>, reversed: Bool) {
    left = ranks.count
    isReversed = reversed
    guard left > 0 else {
      place = .none
      return
    }
    let first = reversed ? ranks.upperBound - 1 : ranks.lowerBound
    if set.isListpack {
      let pack = set.pack
      place = pack.position(at: first * 2).map { .listpack(pack, $0) } ?? .none
    } else {
      let position = set.tree.position(atRank: first)
      Self.prefetchMembers(position.leaf, position.index, left, reversed: reversed)
      place = .tree(position.leaf, position.index)
    }
  }

  /// The next element; nil at the end.
  ///
  /// - Complexity: O(1)
  public mutating func next() -> Element? {
    guard left > 0 else { return nil }
    left &-= 1
    switch place {
    case .none: return nil
    case .listpack(let pack, let position):
      let scorePosition = pack.after(position)
      let element = Element(
        member: pack.value(at: position), score: SortedSet.score(pack.value(at: scorePosition)))
      if left > 0 {
        let following =
          isReversed
          ? pack.previous(position).flatMap { pack.previous($0) } : pack.next(scorePosition)
        place = following.map { .listpack(pack, $0) } ?? .none
      }
      return element
    case .tree(let leaf, let index):
      let member = leaf.members[index]
      let element = Element(member: .bytes(member.bytes), score: leaf.scores[index])
      if left > 0 { step(leaf, index) }
      return element
    }
  }

  private mutating func step(_ leaf: SortedSetLeaf, _ index: Int) {
    if isReversed {
      if index > 0 {
        if index > Self.ahead { prefetch(leaf.members[index &- Self.ahead &- 1].base) }
        place = .tree(leaf, index &- 1)
      } else if let previous = leaf.previous {
        let last = previous.count - 1
        Self.prefetchMembers(previous, last, left, reversed: true)
        place = .tree(previous, last)
      } else {
        place = .none
      }
    } else if index &+ 1 < leaf.count {
      let later = index &+ 1 &+ Self.ahead
      if later < leaf.count { prefetch(leaf.members[later].base) }
      place = .tree(leaf, index &+ 1)
    } else if let next = leaf.next {
      Self.prefetchMembers(next, 0, left, reversed: false)
      place = .tree(next, 0)
    } else {
      place = .none
    }
  }

  /// Members that are being loaded while one is written.
  private static var ahead: Int { 6 }

  private static func prefetchMembers(
    _ leaf: SortedSetLeaf, _ index: Int, _ wanted: Int, reversed: Bool
  ) {
    let members = leaf.members
    if reversed {
      let last = max(0, index - min(wanted - 1, ahead))
      for at in last...index { prefetch(members[at].base) }
    } else {
      let end = min(leaf.count, index + min(wanted, ahead + 1))
      for at in index..<end { prefetch(members[at].base) }
    }
  }
}

extension SortedSet {
  /// Reads the members of a range of ranks, which are all there.
  ///
  /// - Parameter reversed: whether to begin with the last.
  /// - Complexity: O(log n), O(n) in a listpack.
  public func cursor(over ranks: Range<Int>, reversed: Bool = false) -> SortedSetCursor {
    SortedSetCursor(self, ranks, reversed: reversed)
  }

  /// Reads all members in order.
  public func cursor() -> SortedSetCursor { cursor(over: 0..<count) }

  /// Walks in steps, for ZSCAN: a listpack is given as a whole.
  ///
  /// - Parameters:
  ///   - cursor: 0 at first, then what the last call returned; any number is taken.
  ///   - wanted: go on until so many members were met, or there are no more.
  /// - Returns: the cursor of the next call, 0 at the end.
  public func scan(
    _ cursor: UInt64, count wanted: Int, _ body: (ListpackValue, Double) -> Void
  ) -> UInt64 {
    if isListpack {
      var all = self.cursor()
      while let element = all.next() { body(element.member, element.score) }
      return 0
    }
    return tree.root.pointee.index.scan(from: cursor, count: wanted) { pointer in
      let member = SortedSetMember(base: pointer)
      body(.bytes(member.bytes), member.score)
    }
  }
}
