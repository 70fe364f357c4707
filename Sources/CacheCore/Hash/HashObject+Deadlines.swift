public import Bytes
import Platform

/// When a field goes.
public enum FieldDeadline: Equatable {
  /// There is no such field.
  case absent
  /// It has no deadline.
  case none
  /// In cache time, milliseconds.
  case at(Int64)
}

// Deadlines of fields. In a listpack the third element of a field is its deadline, 0 for none;
// fields are in the order of their deadlines, those without at the end, so the first is the
// earliest. That is also the order in which Redis 7.4 keeps them.

extension HashObject {
  /// The deadline of a field.
  ///
  /// - Complexity: O(1), O(n) in a listpack.
  public func deadline(of field: ByteView) -> FieldDeadline {
    if isTable {
      guard let block = table.pointee.find(field, hash: MemberHash.hash(field), now) else {
        return .absent
      }
      return table.pointee.deadline(of: block).map { .at($0) } ?? .none
    }
    guard let position = position(of: field) else { return .absent }
    if stride == 2 { return .none }
    let deadline = deadline(at: position)
    return deadline == 0 ? .none : .at(deadline)
  }

  /// Sets or (nil) takes away the deadline of a field, which is there.
  ///
  /// Whoever sets one tells the key space afterwards: `Keyspace.noteElementDeadline`.
  ///
  /// - Complexity: O(log n), O(n) in a listpack.
  public func setDeadline(of field: ByteView, to deadline: Int64?) {
    if isTable {
      let hash = MemberHash.hash(field)
      guard let place = table.pointee.table.place(of: field, hash: hash) else { return }
      return table.pointee.setDeadline(deadline, at: place, memory)
    }
    if stride == 2 {
      if deadline == nil { return }
      makeTimedListpack()
    }
    let pack = pack
    guard let position = pack.find(field, from: pack.first, skipping: 2) else { return }
    // 0 is the mark for none; the first millisecond of 1970 has passed either way.
    move(position, toDeadline: deadline.map { max(1, $0) } ?? 0)
  }

  /// The earliest deadline of a field, in cache milliseconds; nil when none has one.
  ///
  /// - Complexity: O(1)
  var earliestDeadline: Int64? {
    switch object.header.pointee.encoding {
    case .hashtable: return table.pointee.deadlines.earliest
    case .listpackex:
      guard let first = pack.first else { return nil }
      let deadline = deadline(at: first)
      return deadline == 0 ? nil : deadline
    default: return nil
    }
  }

  /// Removes fields that are due, `limit` at most.
  ///
  /// - Returns: how many.
  func removeDue(limit: Int) -> Int {
    if isTable { return table.pointee.removeDue(now, limit: limit, memory) }
    let due = min(limit, dueCountInListpack)
    if due > 0 {
      var pack = pack
      pack.remove(Listpack.headerBytes, count: due &* 3, memory)
      keep(pack)
    }
    return due
  }

  /// Fields in the listpack that are due: the first ones.
  var dueCountInListpack: Int {
    guard stride == 3 else { return 0 }
    let pack = pack
    var due = 0
    var position = pack.first
    while let field = position, isDue(at: field) {
      due &+= 1
      position = after(field)
    }
    return due
  }

  /// The field behind the one at `position`, in a listpack with deadlines.
  private func after(_ position: Int) -> Int? {
    let pack = pack
    let value = pack.next(position).unsafelyUnwrapped
    return pack.next(pack.next(value).unsafelyUnwrapped)
  }

  /// The deadline of the field at `position`, in a listpack with deadlines; 0 for none.
  func deadline(at position: Int) -> Int64 {
    let pack = pack
    let value = pack.next(position).unsafelyUnwrapped
    guard case .integer(let deadline) = pack.value(at: pack.next(value).unsafelyUnwrapped) else {
      preconditionFailure("a deadline is an integer")
    }
    return deadline
  }

  func isDue(at position: Int) -> Bool {
    let deadline = deadline(at: position)
    return deadline != 0 && deadline <= now
  }

  /// Gives the field at `position` another deadline, and the place that belongs to it.
  func move(_ position: Int, toDeadline deadline: Int64) {
    var pack = pack
    let field = pack.value(at: position)
    let value = pack.value(at: pack.next(position).unsafelyUnwrapped)
    let fieldCount = field.textCount
    let room = max(20, fieldCount) + max(20, value.textCount)
    // The texts lie in the listpack that is about to change.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { buffer in
      let base = buffer.baseAddress.unsafelyUnwrapped
      field.writeText(to: base)
      let name = ByteView(base: UnsafePointer(base), count: fieldCount)
      let valueBase = base + max(20, fieldCount)
      let text = ByteView(base: UnsafePointer(valueBase), count: value.writeText(to: valueBase))
      pack.remove(position, count: 3, memory)
      keep(pack)
      let place = place(forDeadline: deadline)
      pack.insert(ListpackValue(encoding: name), before: place, memory)
      let second = pack.next(place) ?? pack.end
      pack.insert(ListpackValue(encoding: text), before: second, memory)
      pack.insert(.integer(deadline), before: pack.next(second) ?? pack.end, memory)
      keep(pack)
    }
  }

  /// Where a field with this deadline belongs.
  private func place(forDeadline deadline: Int64) -> Int {
    let pack = pack
    if deadline == 0 { return pack.end }
    var position = pack.first
    while let field = position {
      let other = self.deadline(at: field)
      if other == 0 || other > deadline { return field }
      position = after(field)
    }
    return pack.end
  }

  /// Adds room for deadlines to a plain listpack.
  private func makeTimedListpack() {
    let old = pack
    var fresh = Listpack.make(capacity: old.byteCount + old.count, memory)
    var position = old.first
    while let field = position {
      let value = old.next(field).unsafelyUnwrapped
      fresh.append(old.value(at: field), memory)
      fresh.append(old.value(at: value), memory)
      fresh.append(.integer(0), memory)
      position = old.next(value)
    }
    old.destroy(memory)
    keep(fresh)
    object.header.pointee.encoding = .listpackex
  }
}
