public import Bytes
import Platform

/// When a hash is kept as a listpack: `hash-max-listpack-entries` and `hash-max-listpack-value`.
public struct HashLimits: Sendable {
  /// Fields.
  public var entriesMax: Int
  /// Length of a field's name or value, in bytes.
  public var valueBytesMax: Int

  /// Both limits.
  @inlinable
  public init(entriesMax: Int, valueBytesMax: Int) {
    self.entriesMax = entriesMax
    self.valueBytesMax = valueBytesMax
  }
}

/// A hash: fields with values, some of which may have a deadline.
///
///     listpack     field, value, field, value ...
///     listpackex   field, value, deadline, ...   by deadline, those without (0) at the end
///     hashtable    TimedTable<HashField>
///
/// A hash begins as a listpack, becomes a listpackex with the first deadline, and a table when it
/// exceeds a limit; it never goes back. Deadlines are cache time in milliseconds. A field that is
/// due is not there for anybody, see `TimedTable`.
///
/// A hash in hand, at a moment: trivially copyable, valid as its `ObjectReference` is. Views that
/// it returns are valid until the hash changes.
public struct HashObject {
  /// The collection.
  public let object: ObjectReference
  let now: Int64

  /// Takes a hash in hand.
  ///
  /// - Parameter now: cache time in milliseconds.
  @inline(__always)
  public init(_ object: ObjectReference, now: Int64) {
    assert(object.type == .hash)
    self.object = object
    self.now = now
  }

  /// Makes an empty one; the caller fills and stores it.
  public static func make(_ memory: ObjectMemory, now: Int64) -> HashObject {
    let pack = Listpack.make(memory)
    return HashObject(
      ObjectReference.make(.hash, .listpack, payload: pack.base, memory), now: now)
  }

  @inline(__always)
  var isTable: Bool { object.header.pointee.encoding == .hashtable }

  /// Elements of a field in the listpack.
  @inline(__always)
  var stride: Int { object.header.pointee.encoding == .listpackex ? 3 : 2 }

  @inline(__always)
  var pack: Listpack {
    Listpack(base: object.header.pointee.payload.unsafelyUnwrapped)
  }

  @inline(__always)
  func keep(_ pack: Listpack) { object.header.pointee.payload = pack.base }

  @inline(__always)
  var table: UnsafeMutablePointer<TimedTable<HashField>> {
    object.header.pointee.payload.unsafelyUnwrapped
      .assumingMemoryBound(to: TimedTable<HashField>.self)
  }

  @inline(__always)
  var memory: ObjectMemory { object.memory }

  /// Number of fields.
  ///
  /// - Complexity: O(1), and O(fields that are due but not yet removed).
  public var count: Int {
    switch object.header.pointee.encoding {
    case .hashtable: return table.pointee.count(now)
    case .listpackex: return pack.count / 3 &- dueCountInListpack
    default: return pack.count / 2
    }
  }

  // MARK: Reading

  /// The value of a field; nil when there is no such field.
  ///
  /// - Complexity: O(1), O(n) in a listpack.
  public func value(of field: ByteView) -> ListpackValue? {
    if isTable {
      return table.pointee.find(field, hash: MemberHash.hash(field), now).map { .bytes($0.value) }
    }
    guard let position = position(of: field) else { return nil }
    // A field is always followed by its value.
    return pack.value(at: pack.next(position).unsafelyUnwrapped)
  }

  /// Whether there is such a field.
  public func contains(_ field: ByteView) -> Bool {
    if isTable {
      return table.pointee.find(field, hash: MemberHash.hash(field), now) != nil
    }
    return position(of: field) != nil
  }

  /// Where a field stands in the listpack, which is looked for at the cursor first.
  @inline(__always)
  private func position(of field: ByteView, near cursor: FieldCursor) -> Int? {
    if cursor.position > 0, pack.byte(cursor.position) != 0xFF,
      pack.matches(cursor.position, .bytes(field))
    {
      return cursor.position
    }
    return position(of: field)
  }

  /// Where a field stands in the listpack; nil when it is not there, or due.
  func position(of field: ByteView) -> Int? {
    let pack = pack
    let stride = stride
    guard let position = pack.find(field, from: pack.first, skipping: stride &- 1) else {
      return nil
    }
    if stride == 3, isDue(at: position) { return nil }
    return position
  }

  /// Calls `body` with each field and its value.
  @inline(__always)
  public func forEachField(_ body: (ListpackValue, ListpackValue) -> Void) {
    if isTable {
      let table = table
      var members = table.pointee.table.members
      while let pointer = members.next() {
        let block = MemberBlock<HashField>(base: pointer)
        if table.pointee.isDue(block, now) { continue }
        body(.bytes(block.key), .bytes(block.value))
      }
    } else {
      forEachInListpack(body)
    }
  }

  func forEachInListpack(_ body: (ListpackValue, ListpackValue) -> Void) {
    let pack = pack
    let isTimed = stride == 3
    var position = pack.first
    while let field = position {
      let value = pack.next(field).unsafelyUnwrapped
      if !isTimed {
        body(pack.value(at: field), pack.value(at: value))
        position = pack.next(value)
      } else {
        if !isDue(at: field) { body(pack.value(at: field), pack.value(at: value)) }
        position = pack.next(pack.next(value).unsafelyUnwrapped)
      }
    }
  }

  /// Calls `body` with about `count` fields from `cursor` on and returns the next cursor; 0 starts
  /// and ends. A listpack comes as a whole.
  ///
  /// - Complexity: O(`count`), O(n) for a listpack.
  public func scan(
    from cursor: UInt64, count: Int, _ body: (ListpackValue, ListpackValue) -> Void
  ) -> UInt64 {
    guard isTable else {
      forEachInListpack(body)
      return 0
    }
    let table = table
    return table.pointee.table.scan(from: cursor, count: count) { pointer in
      let block = MemberBlock<HashField>(base: pointer)
      if table.pointee.isDue(block, now) { return }
      body(.bytes(block.key), .bytes(block.value))
    }
  }

  // MARK: Changing

  /// Sets a field.
  ///
  /// - Parameters:
  ///   - field, value: may not lie in this hash, but `value` may be this field's own.
  ///   - keepsDeadline: else the field has none afterwards.
  /// - Returns: whether the field is new.
  /// - Complexity: O(1), O(n) in a listpack.
  public func set(
    _ field: ByteView, to value: ByteView, _ limits: HashLimits, keepsDeadline: Bool = false
  ) -> Bool {
    if !isTable {
      let longest = max(field.count, value.count)
      if longest > limits.valueBytesMax || !pack.hasRoom(adding: longest * 2 + 64) {
        convertToTable()
      } else {
        return setInListpack(field, value, limits, keepsDeadline: keepsDeadline)
      }
    }
    let hash = MemberHash.hash(field)
    if let place = table.pointee.place(of: field, hash: hash, now, memory) {
      table.pointee.setValue(value, at: place, keepsDeadline: keepsDeadline, memory)
      return false
    }
    table.pointee.insert(field, value, hash: hash, memory)
    return true
  }

  private func setInListpack(
    _ field: ByteView, _ value: ByteView, _ limits: HashLimits, keepsDeadline: Bool
  ) -> Bool {
    var pack = pack
    let stride = stride
    if let position = pack.find(field, from: pack.first, skipping: stride &- 1) {
      let isNew = stride == 3 && isDue(at: position)
      pack.replace(
        pack.next(position).unsafelyUnwrapped, with: ListpackValue(encoding: value), memory)
      keep(pack)
      if stride == 3, isNew || !keepsDeadline { move(position, toDeadline: 0) }
      return isNew
    }
    pack.append(ListpackValue(encoding: field), memory)
    pack.append(ListpackValue(encoding: value), memory)
    if stride == 3 { pack.append(.integer(0), memory) }
    keep(pack)
    if pack.count / stride > limits.entriesMax { convertToTable() }
    return true
  }

  /// Where a field may stand that is looked for after another. Valid until the hash is changed by
  /// anything but what was given the cursor.
  public struct FieldCursor {
    /// Of a field in the listpack; 0: not known.
    fileprivate var position = 0

    /// Makes a cursor that knows nothing.
    public init() {}
  }

  /// Adds to the number that a field holds; its deadline stays.
  ///
  /// - Returns: the sum; nil, and nothing has changed, when there is no such field, it holds no
  ///   number, or the sum does not fit.
  /// - Complexity: O(1), O(n) in a listpack.
  public func add(_ amount: Int64, to field: ByteView, _ limits: HashLimits) -> Int64? {
    var cursor = FieldCursor()
    return add(amount, to: field, limits, near: &cursor)
  }

  /// The same for one of several fields that often stand next to each other.
  ///
  /// - Parameter cursor: where the field is looked for first; afterwards behind it.
  /// - Complexity: O(1), O(n) in a listpack where it is not there.
  public func add(
    _ amount: Int64, to field: ByteView, _ limits: HashLimits, near cursor: inout FieldCursor
  ) -> Int64? {
    if !isTable, let position = position(of: field, near: cursor) {
      var pack = pack
      let place = pack.next(position).unsafelyUnwrapped
      guard case .integer(let number) = pack.value(at: place), pack.hasRoom(adding: 64) else {
        return nil
      }
      let (sum, isTooMuch) = number.addingReportingOverflow(amount)
      guard !isTooMuch else { return nil }
      pack.replace(place, with: .integer(sum), memory)
      keep(pack)
      if stride == 2 { cursor.position = pack.after(place) }
      return sum
    }
    guard case .bytes(let text)? = value(of: field), let number = IntegerText.parseInt64(text)
    else { return nil }
    let (sum, isTooMuch) = number.addingReportingOverflow(amount)
    guard !isTooMuch else { return nil }
    ListpackValue.integer(sum).withText {
      _ = set(field, to: $0, limits, keepsDeadline: true)
    }
    return sum
  }

  /// Removes a field.
  ///
  /// - Returns: false when there is none.
  /// - Complexity: O(1), O(n) in a listpack.
  public func remove(_ field: ByteView) -> Bool {
    if isTable {
      let hash = MemberHash.hash(field)
      guard let place = table.pointee.place(of: field, hash: hash, now, memory) else {
        return false
      }
      table.pointee.remove(at: place, memory)
      return true
    }
    guard let position = position(of: field) else { return false }
    var pack = pack
    pack.remove(position, count: stride, memory)
    keep(pack)
    return true
  }

  /// Makes it a table, before many or long fields are added.
  ///
  /// - Complexity: O(n)
  public func convertToTable() {
    if isTable { return }
    let pack = pack
    let isTimed = stride == 3
    let fresh = TimedTable<HashField>.make(memory)
    var position = pack.first
    while let field = position {
      let value = pack.next(field).unsafelyUnwrapped
      let deadline = isTimed ? self.deadline(at: field) : 0
      pack.value(at: field).withText { name in
        pack.value(at: value).withText { text in
          let hash = MemberHash.hash(name)
          fresh.pointee.insert(name, text, hash: hash, memory)
          if deadline != 0, let place = fresh.pointee.table.place(of: name, hash: hash) {
            fresh.pointee.setDeadline(deadline, at: place, memory)
          }
        }
      }
      position = pack.next(isTimed ? pack.next(value).unsafelyUnwrapped : value)
    }
    pack.destroy(memory)
    object.header.pointee.payload = UnsafeMutableRawPointer(fresh)
    object.header.pointee.encoding = .hashtable
  }
}
