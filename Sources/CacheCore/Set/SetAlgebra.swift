import Bytes
import Platform

/// Intersections, unions and differences.
///
/// None of them builds its result: members go to a closure as they are found, which replies them or
/// adds them to a new set. A member of the union is passed on if no earlier set has it, one of the
/// difference if no later set has it, one of the intersection if all have it; so each costs one
/// lookup per set, and the sets themselves are the tables to look in. Listpacks, in which a
/// lookup is a walk, are looked up in a table made for the moment where that pays.
///
/// Intersecting tables, members are taken eight at a time: hashed once for all sets, their
/// buckets prefetched, then the candidates in them, so that the misses of the cache overlap.
public enum SetAlgebra {
  /// Lookups from which on a table is made of a listpack, and the listpack's members likewise.
  private static var tableFrom: Int { 16 }

  /// Calls `body` with each member that all sets have, until it answers false.
  ///
  /// - Complexity: O(smallest set × number of sets)
  public static func intersect(
    _ sets: UnsafeMutableBufferPointer<SetObject>, _ body: (ListpackValue) -> Bool
  ) {
    guard let least = sets.indices.min(by: { sets[$0].count < sets[$1].count }) else { return }
    sets.swapAt(0, least)
    if sets.count == 1 { return sets[0].visit(body) }
    let tables = Lookups(sets, from: 1, lookups: sets[0].count)
    defer { tables.destroy() }
    let others = tables.sets
    if sets[0].encoding == .hashtable, others.allSatisfy({ $0.encoding == .hashtable }) {
      return intersectTables(sets[0], others, body)
    }
    sets[0].visit({ member in
      others.allSatisfy { $0.contains(member) } ? body(member) : true
    })
  }

  private static func intersectTables(
    _ first: SetObject, _ others: UnsafeMutableBufferPointer<SetObject>,
    _ body: (ListpackValue) -> Bool
  ) {
    var members = first.table.pointee.table.members
    var blocks = InlineArray<8, UnsafeMutableRawPointer>(
      repeating: UnsafeMutableRawPointer(first.table))
    var hashes = InlineArray<8, UInt64>(repeating: 0)
    while true {
      var count = 0
      while count < 8, let pointer = members.next() {
        if first.table.pointee.isDue(MemberBlock(base: pointer), first.now) { continue }
        blocks[count] = pointer
        hashes[count] = MemberHash.hash(SetMember.key(of: pointer))
        count &+= 1
      }
      if count == 0 { return }
      var alive = (1 &<< count) &- 1
      for set in others where alive != 0 {
        let table = set.table
        for index in 0..<count { table.pointee.table.prefetchBucket(of: hashes[index]) }
        for index in 0..<count { table.pointee.table.prefetchMembers(of: hashes[index]) }
        for index in 0..<count where alive & 1 &<< index != 0 {
          let key = SetMember.key(of: blocks[index])
          if table.pointee.find(key, hash: hashes[index], set.now) == nil {
            alive &= ~(1 &<< index)
          }
        }
      }
      for index in 0..<count where alive & 1 &<< index != 0 {
        guard body(.bytes(SetMember.key(of: blocks[index]))) else { return }
      }
    }
  }

  /// Calls `body` with each member that one of the sets has, once.
  ///
  /// - Complexity: O(all members × number of sets); with more than eight sets O(all members).
  public static func unite(
    _ sets: UnsafeMutableBufferPointer<SetObject>, _ body: (ListpackValue) -> Void
  ) {
    guard let first = sets.first else { return }
    if sets.count > 8 {
      let union = SetObject.make(table: first)
      defer { union.object.destroy() }
      for set in sets {
        set.forEachMember { member in
          if union.addToTable(member) { body(member) }
        }
      }
      return
    }
    let total = sets.reduce(0) { $0 + $1.count }
    let tables = Lookups(sets, from: 0, lookups: total - first.count)
    defer { tables.destroy() }
    for index in sets.indices {
      let earlier = tables.sets[..<index]
      sets[index].forEachMember { member in
        if !earlier.contains(where: { $0.contains(member) }) { body(member) }
      }
    }
  }

  /// Calls `body` with each member of `first` that none of `others` has.
  ///
  /// - Complexity: O(`first` × number of sets), or O(all members) where that is less.
  public static func subtract(
    _ others: UnsafeMutableBufferPointer<SetObject>, from first: SetObject,
    _ body: (ListpackValue) -> Void
  ) {
    let total = others.reduce(0) { $0 + $1.count }
    if others.count > 8, total < first.count * others.count / 8 {
      let union = SetObject.make(table: first)
      defer { union.object.destroy() }
      for set in others { set.forEachMember { _ = union.addToTable($0) } }
      return first.forEachMember { if !union.contains($0) { body($0) } }
    }
    let tables = Lookups(others, from: 0, lookups: first.count)
    defer { tables.destroy() }
    first.forEachMember { member in
      if !tables.sets.contains(where: { $0.contains(member) }) { body(member) }
    }
  }

  /// Sets to look up in: those given, but tables in the place of listpacks where that pays.
  private struct Lookups {
    let sets: UnsafeMutableBufferPointer<SetObject>
    private let originals: UnsafeMutableBufferPointer<SetObject>

    init(_ all: UnsafeMutableBufferPointer<SetObject>, from start: Int, lookups: Int) {
      originals = UnsafeMutableBufferPointer(rebasing: all[start...])
      sets = .allocate(capacity: originals.count)
      for index in originals.indices {
        let set = originals[index]
        let pays =
          set.encoding == .listpack && lookups > SetAlgebra.tableFrom
          && set.pack.count > SetAlgebra.tableFrom
        sets.initializeElement(at: index, to: pays ? SetObject.make(tableOf: set) : set)
      }
    }

    func destroy() {
      for index in sets.indices
      where sets[index].object.header != originals[index].object.header {
        sets[index].object.destroy()
      }
      sets.deallocate()
    }
  }
}

extension SetObject {
  /// An empty table for the moment, from the memory of `other`.
  fileprivate static func make(table other: SetObject) -> SetObject {
    let table = TimedTable<SetMember>.make(other.memory)
    return SetObject(
      ObjectReference.make(
        .set, .hashtable, payload: UnsafeMutableRawPointer(table), other.memory),
      now: other.now)
  }

  /// A copy of a listpack as a table.
  fileprivate static func make(tableOf other: SetObject) -> SetObject {
    let set = make(table: other)
    other.forEachMember { _ = set.addToTable($0) }
    return set
  }

  fileprivate func addToTable(_ member: ListpackValue) -> Bool {
    member.withText { addToTable($0) }
  }
}
