public import Bytes
import Platform

/// When a set is kept in a compact form: `set-max-intset-entries`, `set-max-listpack-entries` and
/// `set-max-listpack-value`.
public struct SetLimits: Sendable {
  /// Members of a set of integers.
  public var intsetEntriesMax: Int
  /// Members of a set that is a listpack.
  public var listpackEntriesMax: Int
  /// Length of a member in a listpack, in bytes.
  public var listpackValueBytesMax: Int

  /// All limits.
  @inlinable
  public init(intsetEntriesMax: Int, listpackEntriesMax: Int, listpackValueBytesMax: Int) {
    // An intset of more than 2^30 members would be 8 GB.
    self.intsetEntriesMax = min(intsetEntriesMax, 1 << 30)
    self.listpackEntriesMax = listpackEntriesMax
    self.listpackValueBytesMax = listpackValueBytesMax
  }
}

/// A set of different members.
///
///     intset     integers, sorted
///     listpack   few short members, in order of arrival
///     hashtable  TimedTable<SetMember>
///
/// A set of integers is an intset until it exceeds its limit; with the first member that is none
/// it becomes a listpack if it is small enough, else a table; it never goes back. A member with a
/// deadline (`EXPIREMEMBER`) makes it a table at once.
///
/// Members are passed as `ListpackValue`, so that those of an intset need not be written out as
/// text to be compared. A table gives every member as bytes, digits too.
///
/// A set in hand, at a moment: trivially copyable, valid as its `ObjectReference` is. Views that it
/// returns are valid until the set changes.
public struct SetObject {
  /// The collection.
  public let object: ObjectReference
  let now: Int64

  /// Takes a set in hand.
  ///
  /// - Parameter now: cache time in milliseconds.
  @inline(__always)
  public init(_ object: ObjectReference, now: Int64) {
    assert(object.type == .set)
    self.object = object
    self.now = now
  }

  /// Makes an empty one that will begin with `first` and perhaps get `count` members; the caller
  /// fills and stores it.
  public static func make(
    for first: ListpackValue, count: Int = 1, _ limits: SetLimits, _ memory: ObjectMemory,
    now: Int64
  ) -> SetObject {
    let encoding: ObjectEncoding
    let payload: UnsafeMutableRawPointer
    if case .integer = first, count <= limits.intsetEntriesMax {
      encoding = .intset
      payload = Intset.make(memory).base
    } else if count <= limits.listpackEntriesMax {
      encoding = .listpack
      payload = Listpack.make(memory).base
    } else {
      encoding = .hashtable
      payload = UnsafeMutableRawPointer(TimedTable<SetMember>.make(memory))
    }
    return SetObject(
      ObjectReference.make(.set, encoding, payload: payload, memory), now: now)
  }

  /// How it is stored.
  @inline(__always)
  public var encoding: ObjectEncoding { object.header.pointee.encoding }

  @inline(__always)
  private var payload: UnsafeMutableRawPointer { object.header.pointee.payload.unsafelyUnwrapped }

  @inline(__always)
  var intset: Intset { Intset(base: payload) }

  @inline(__always)
  var pack: Listpack { Listpack(base: payload) }

  @inline(__always)
  var table: UnsafeMutablePointer<TimedTable<SetMember>> {
    payload.assumingMemoryBound(to: TimedTable<SetMember>.self)
  }

  @inline(__always)
  var memory: ObjectMemory { object.memory }

  /// Number of members.
  ///
  /// - Complexity: O(1), and O(members that are due but not yet removed).
  public var count: Int {
    switch encoding {
    case .intset: intset.count
    case .listpack: pack.count
    default: table.pointee.count(now)
    }
  }

  /// Whether `member` is in the set.
  ///
  /// - Complexity: O(1), O(log n) in an intset, O(n) in a listpack.
  public func contains(_ member: ListpackValue) -> Bool {
    switch encoding {
    case .intset:
      guard case .integer(let number) = member.canonical else { return false }
      return intset.contains(number)
    case .listpack: return position(of: member.canonical) != nil
    default:
      return member.withText { text in
        table.pointee.find(text, hash: MemberHash.hash(text), now) != nil
      }
    }
  }

  private func position(of member: ListpackValue) -> Int? {
    let pack = pack
    var position = pack.first
    while let present = position {
      if pack.matches(present, member) { return present }
      position = pack.next(present)
    }
    return nil
  }

  // MARK: Changing

  /// Adds a member, whose bytes do not lie in this set.
  ///
  /// - Returns: false when it is there already.
  /// - Complexity: O(1), O(n) in the compact forms.
  public func add(_ member: ListpackValue, _ limits: SetLimits) -> Bool {
    switch encoding {
    case .intset: addToIntset(member.canonical, limits)
    case .listpack: addToListpack(member.canonical, limits)
    default: member.withText { addToTable($0) }
    }
  }

  /// Adds the member `text`.
  @inline(__always)
  public func add(text: ByteView, _ limits: SetLimits) -> Bool {
    if encoding == .hashtable { return addToTable(text) }
    return add(ListpackValue(encoding: text), limits)
  }

  func addToTable(_ text: ByteView) -> Bool {
    let hash = MemberHash.hash(text)
    if table.pointee.place(of: text, hash: hash, now, memory) != nil { return false }
    table.pointee.insert(text, .empty, hash: hash, memory)
    return true
  }

  private func addToIntset(_ member: ListpackValue, _ limits: SetLimits) -> Bool {
    var intset = intset
    if case .integer(let number) = member {
      guard intset.add(number, memory) else { return false }
      object.header.pointee.payload = intset.base
      if intset.count > limits.intsetEntriesMax { convertToTable() }
      return true
    }
    let count = intset.count
    var longest = 0
    if count > 0 {
      let least = IntegerText.byteCount(intset.value(at: 0))
      longest = max(least, IntegerText.byteCount(intset.value(at: count - 1)))
    }
    if count < limits.listpackEntriesMax, member.textCount <= limits.listpackValueBytesMax,
      longest <= limits.listpackValueBytesMax, count * 12 + member.textCount < Listpack.bytesMax
    {
      convertToListpack()
      return addToListpack(member, limits)
    }
    convertToTable()
    return member.withText { addToTable($0) }
  }

  private func addToListpack(_ member: ListpackValue, _ limits: SetLimits) -> Bool {
    if position(of: member) != nil { return false }
    var pack = pack
    let count = member.textCount
    if pack.count < limits.listpackEntriesMax, count <= limits.listpackValueBytesMax,
      pack.hasRoom(adding: count + 16)
    {
      pack.append(member, memory)
      object.header.pointee.payload = pack.base
      return true
    }
    convertToTable()
    return member.withText { addToTable($0) }
  }

  /// Removes a member.
  ///
  /// - Returns: false when it is not there.
  /// - Complexity: O(1), O(n) in the compact forms.
  public func remove(_ member: ListpackValue) -> Bool {
    switch encoding {
    case .intset:
      guard case .integer(let number) = member.canonical else { return false }
      var intset = intset
      guard intset.remove(number, memory) else { return false }
      object.header.pointee.payload = intset.base
    case .listpack:
      guard let position = position(of: member.canonical) else { return false }
      removeFromListpack(position)
    default:
      return member.withText { text in
        let hash = MemberHash.hash(text)
        guard let place = table.pointee.place(of: text, hash: hash, now, memory) else {
          return false
        }
        table.pointee.remove(at: place, memory)
        return true
      }
    }
    return true
  }

  func removeFromListpack(_ position: Int) {
    var pack = pack
    pack.remove(position, memory)
    object.header.pointee.payload = pack.base
  }

  // MARK: Encodings

  /// Prepares for many members that are about to be added.
  public func prepare(adding count: Int, _ limits: SetLimits) {
    switch encoding {
    case .intset: if count > limits.intsetEntriesMax { convertToTable() }
    case .listpack: if count > limits.listpackEntriesMax { convertToTable() }
    default: return
    }
  }

  /// Makes it a table.
  ///
  /// - Complexity: O(n)
  public func convertToTable() {
    if encoding == .hashtable { return }
    let fresh = TimedTable<SetMember>.make(memory)
    forEachMember { member in
      member.withText { text in
        fresh.pointee.insert(text, .empty, hash: MemberHash.hash(text), memory)
      }
    }
    replacePayload(.hashtable, UnsafeMutableRawPointer(fresh))
  }

  private func convertToListpack() {
    var pack = Listpack.make(capacity: intset.count * 4 + 64, memory)
    forEachMember { pack.append($0, memory) }
    replacePayload(.listpack, pack.base)
  }

  /// Makes a new listpack of integers an intset, if it is small enough; for results that were
  /// collected in a listpack.
  public func compactResult(_ limits: SetLimits) {
    guard encoding == .listpack else { return }
    var pack = pack
    var isAllIntegers = pack.count <= limits.intsetEntriesMax
    forEachMember { member in
      if case .bytes = member { isAllIntegers = false }
    }
    if isAllIntegers {
      var intset = Intset.make(memory)
      forEachMember { member in
        if case .integer(let number) = member { _ = intset.add(number, memory) }
      }
      replacePayload(.intset, intset.base)
    } else {
      pack.shrink(memory)
      object.header.pointee.payload = pack.base
    }
  }

  private func replacePayload(_ encoding: ObjectEncoding, _ fresh: UnsafeMutableRawPointer) {
    memory.release(payload)
    object.header.pointee.payload = fresh
    object.header.pointee.encoding = encoding
  }
}

extension ListpackValue {
  /// The same text, as an integer if it is one.
  @inline(__always)
  fileprivate var canonical: ListpackValue {
    guard case .bytes(let bytes) = self else { return self }
    return ListpackValue(encoding: bytes)
  }
}
