import Bytes

// Sets. Redis 7.0 knows no sets that are listpacks, so those go member by member.
//
//     11  intset | 20  listpack | 2  members member ...
//     200 members (deadline member) ...     deadline: 0, or Unix milliseconds

extension DumpWriter {
  mutating func set(_ set: SetObject, _ clock: DumpClock) {
    if set.encoding == .intset {
      type(.setIntset)
      return string(set.intset.bytes)
    }
    let isTimed = set.hasDeadlines
    type(isTimed ? .setWithDeadlines : .set)
    length(set.count)
    set.forEachMember { member in
      if isTimed {
        let deadline = member.withText { set.deadline(of: $0) }
        if case .at(let time) = deadline {
          number(UInt64(max(1, time + clock.wallStep)))
        } else {
          number(0)
        }
      }
      string(member)
    }
  }
}

extension SetObject {
  /// Whether any member has a deadline.
  fileprivate var hasDeadlines: Bool {
    encoding == .hashtable && table.pointee.deadlines.earliest != nil
  }
}

extension DumpDecoder {
  mutating func set(_ type: DumpType) throws(DumpError) -> ObjectReference {
    switch type {
    case .setIntset:
      let bytes = try reader.block()
      checkedBlockCount += 1
      guard Intset.isValid(bytes) else { throw .badFormat }
      let intset = Intset.make(copying: bytes, memory)
      let set = SetObject(
        .make(.set, .intset, payload: intset.base, memory), now: limits.clock.now)
      return try settled(set, set.count > limits.set.intsetEntriesMax)
    case .setListpack:
      let pack = Listpack.make(copying: try listpack(stride: 1), memory)
      let set = SetObject(
        .make(.set, .listpack, payload: pack.base, memory), now: limits.clock.now)
      return try settled(set, set.count > limits.set.listpackEntriesMax)
    default: return try setOfMembers(isTimed: type == .setWithDeadlines)
    }
  }

  private func settled(
    _ set: SetObject, _ isTooLarge: Bool
  ) throws(DumpError) -> ObjectReference {
    guard set.count > 0 else {
      set.object.destroy()
      throw .badFormat
    }
    if isTooLarge { set.convertToTable() }
    return set.object
  }

  private mutating func setOfMembers(isTimed: Bool) throws(DumpError) -> ObjectReference {
    let count = try reader.count(bytesEach: isTimed ? 2 : 1)
    guard count > 0 else { throw .badFormat }
    var made: SetObject?
    do throws(DumpError) {
      for _ in 0..<count {
        let deadline = isTimed ? try reader.number() : 0
        let text = try reader.string()
        let set: SetObject
        if let made {
          set = made
        } else {
          set = .make(
            for: ListpackValue(encoding: text), count: count, limits.set, memory,
            now: limits.clock.now)
          made = set
        }
        guard set.add(text: text, limits.set) else { throw .badFormat }
        if deadline != 0 {
          set.setDeadline(of: text, to: Int64(clamping: deadline) - limits.clock.wallStep)
        }
      }
    } catch {
      made?.object.destroy()
      throw error
    }
    guard let made else { throw .badFormat }
    return made.object
  }
}
