public import Bytes
import Platform

/// What the key space asks of sets.
enum SetKind: ObjectKind {
  static func destroy(_ object: ObjectReference) {
    let set = SetObject(object, now: .min)
    switch set.encoding {
    case .intset: set.intset.destroy(object.memory)
    case .listpack: set.pack.destroy(object.memory)
    default:
      set.table.pointee.destroy(object.memory)
      object.memory.release(UnsafeMutableRawPointer(set.table))
    }
    object.memory.release(UnsafeMutableRawPointer(object.header))
  }

  static func copy(_ object: ObjectReference, into memory: ObjectMemory) -> ObjectReference {
    let set = SetObject(object, now: .min)
    let payload: UnsafeMutableRawPointer
    switch set.encoding {
    case .intset: payload = Intset.make(copying: set.intset.bytes, memory).base
    case .listpack: payload = Listpack.make(copying: set.pack.bytes, memory).base
    default:
      let table = TimedTable<SetMember>.make(memory)
      table.pointee.copyMembers(of: set.table.pointee, memory)
      payload = UnsafeMutableRawPointer(table)
    }
    return ObjectReference.make(.set, object.encoding, payload: payload, memory)
  }

  static func count(_ object: ObjectReference) -> Int { SetObject(object, now: .min).count }

  static func freeEffort(_ object: ObjectReference) -> Int {
    let set = SetObject(object, now: .min)
    return set.encoding == .hashtable ? set.table.pointee.table.count : 1
  }

  static func usedBytes(_ object: ObjectReference, samples: Int) -> Int {
    let set = SetObject(object, now: .min)
    let memory = object.memory
    let header = memory.usableBytes(of: UnsafeMutableRawPointer(object.header))
    switch set.encoding {
    case .intset: return header + memory.usableBytes(of: set.intset.base)
    case .listpack: return header + memory.usableBytes(of: set.pack.base)
    default: return header + set.table.pointee.usedBytes(memory, samples: samples)
    }
  }

  static func earliestDeadline(_ object: ObjectReference) -> Int64? {
    SetObject(object, now: .min).earliestDeadline
  }

  static func removeDue(_ object: ObjectReference, now: Int64, limit: Int) -> Int {
    SetObject(object, now: now).removeDue(limit: limit)
  }

  static func areAllDue(_ object: ObjectReference, now: Int64) -> Bool {
    SetObject(object, now: now).count == 0
  }

  static func checkInvariants(_ object: ObjectReference) {
    let set = SetObject(object, now: .min)
    switch set.encoding {
    case .intset: set.intset.checkInvariants()
    case .listpack: set.pack.checkInvariants()
    default: set.table.pointee.checkInvariants()
    }
  }
}

// MARK: - Deadlines of members

extension SetObject {
  /// The deadline of a member.
  public func deadline(of member: ByteView) -> FieldDeadline {
    guard encoding == .hashtable else {
      return contains(ListpackValue(encoding: member)) ? .none : .absent
    }
    guard let block = table.pointee.find(member, hash: MemberHash.hash(member), now) else {
      return .absent
    }
    return table.pointee.deadline(of: block).map { .at($0) } ?? .none
  }

  /// Sets or (nil) takes away the deadline of a member, which is there. A set with deadlines is a
  /// table.
  ///
  /// Whoever sets one tells the key space afterwards: `Keyspace.noteElementDeadline`.
  ///
  /// - Complexity: O(log n); O(n) when it becomes a table.
  public func setDeadline(of member: ByteView, to deadline: Int64?) {
    if encoding != .hashtable {
      if deadline == nil { return }
      convertToTable()
    }
    let hash = MemberHash.hash(member)
    guard let place = table.pointee.table.place(of: member, hash: hash) else { return }
    table.pointee.setDeadline(deadline, at: place, memory)
  }

  /// The earliest deadline of a member, in cache milliseconds; nil when none has one.
  var earliestDeadline: Int64? {
    encoding == .hashtable ? table.pointee.deadlines.earliest : nil
  }

  /// Removes members that are due, `limit` at most.
  ///
  /// - Returns: how many.
  func removeDue(limit: Int) -> Int {
    guard encoding == .hashtable else { return 0 }
    return table.pointee.removeDue(now, limit: limit, memory)
  }
}
