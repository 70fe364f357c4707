public import Bytes

/// A run of a stream's entries in one listpack, byte for byte as in Redis 7.
///
///     master entry   count | deleted | field count f | f fields | 0
///     entry          flags | ms | sequence |                   f values | back count
///     entry          flags | ms | sequence | field count n | n × (field, value) | back count
///
/// The master entry has the fields of the first entry; the ID that the node is filed under is that
/// of the first entry, too, and all IDs are kept as differences to it. An entry with the same
/// fields (flag 2) has values only. A deleted one (flag 1) stays in its place, counted in
/// `deleted`, and the node goes with its last entry. The back count is the number of elements
/// before it, so that entries can be walked backwards.
///
/// The IDs of entries that are not deleted ascend. Deleted ones may be greater than what follows:
/// XSETID can take a stream's last ID back behind them.
///
/// This is a window on a listpack, trivially copyable; what changes it may move the block.
struct StreamNode {
  /// The ID that differences refer to.
  let masterID: StreamID
  var pack: Listpack

  static var deletedFlag: Int64 { 1 }
  static var sameFieldsFlag: Int64 { 2 }

  init(_ masterID: StreamID, _ base: UnsafeMutableRawPointer) {
    self.masterID = masterID
    pack = Listpack(base: base)
  }

  /// The number at `position`; 0 for what is none, which validated nodes have not.
  @inline(__always)
  func integer(at position: Int) -> Int {
    guard case .integer(let value) = pack.value(at: position) else { return 0 }
    return Int(value)
  }

  // MARK: Master entry

  private static var countPosition: Int { Listpack.headerBytes }

  /// Entries that are not deleted.
  var count: Int { integer(at: Self.countPosition) }

  /// Entries that are.
  var deletedCount: Int { integer(at: deletedPosition) }

  private var deletedPosition: Int { pack.after(Self.countPosition) }

  /// Number of the master entry's fields, and where the first one stands.
  @inline(__always)
  var masterFields: (count: Int, position: Int) {
    let position = pack.after(deletedPosition)
    return (integer(at: position), pack.after(position))
  }

  /// Where the first entry stands, behind the zero that ends the master entry.
  var firstEntryPosition: Int {
    let (count, position) = masterFields
    return pack.after(skip(count, from: position))
  }

  /// The position `count` elements on.
  @inline(__always)
  func skip(_ count: Int, from position: Int) -> Int {
    var position = position
    var left = count
    while left > 0 {
      position = pack.after(position)
      left &-= 1
    }
    return position
  }

  /// Changes the counts by as much as entries were deleted.
  mutating func noteDeletions(_ number: Int, _ memory: ObjectMemory) {
    pack.replace(Self.countPosition, with: .integer(Int64(count - number)), memory)
    let deleted = deletedCount + number
    pack.replace(deletedPosition, with: .integer(Int64(deleted)), memory)
  }

  // MARK: Entries

  /// Whether `position` is behind the last entry.
  @inline(__always)
  func isEnd(_ position: Int) -> Bool { pack.byte(position) == 0xFF }

  /// The entry at `position`.
  @inline(__always)
  func entry(at position: Int, masterFields: (count: Int, position: Int)) -> StreamEntry {
    let flags = integer(at: position)
    let timePosition = pack.after(position)
    let sequencePosition = pack.after(timePosition)
    let rest = pack.after(sequencePosition)
    let id = StreamID(
      masterID.milliseconds &+ UInt64(bitPattern: Int64(integer(at: timePosition))),
      masterID.sequence &+ UInt64(bitPattern: Int64(integer(at: sequencePosition))))
    if flags & Int(Self.sameFieldsFlag) != 0 {
      return StreamEntry(
        id: id, fieldCount: masterFields.count, isDeleted: flags & 1 != 0, pack: pack,
        position: position, fieldsPosition: masterFields.position, valuesPosition: rest)
    }
    let own = pack.after(rest)
    return StreamEntry(
      id: id, fieldCount: integer(at: rest), isDeleted: flags & 1 != 0, pack: pack,
      position: position, fieldsPosition: own, valuesPosition: own)
  }

  /// The position behind an entry.
  @inline(__always)
  func position(after entry: StreamEntry) -> Int {
    let elements = entry.hasOwnFields ? entry.fieldCount * 2 : entry.fieldCount
    return skip(elements + 1, from: entry.valuesPosition)
  }

  /// The position of the entry that ends before `position`; nil at the first.
  @inline(__always)
  func position(beforeEntryAt position: Int) -> Int? {
    guard let countPosition = pack.previous(position) else { return nil }
    var left = integer(at: countPosition)
    // The zero that ends the master entry.
    if left == 0 { return nil }
    var place = countPosition
    while left > 0 {
      guard let before = pack.previous(place) else { return nil }
      place = before
      left -= 1
    }
    return place
  }

  /// Marks the entry at `position` as deleted; the counts are the caller's to change.
  mutating func markDeleted(at position: Int, _ memory: ObjectMemory) {
    let flags = Int64(integer(at: position)) | Self.deletedFlag
    // In place: flags are below 128 before and after.
    pack.replace(position, with: .integer(flags), memory)
  }
}

/// An entry of a stream in hand; valid until the stream changes.
public struct StreamEntry {
  /// Its ID.
  public let id: StreamID
  /// Number of fields.
  public let fieldCount: Int
  let isDeleted: Bool
  let pack: Listpack
  /// Where it begins.
  let position: Int
  /// The first field, here or in the master entry.
  let fieldsPosition: Int
  /// The first value; the first field where the entry has its own.
  let valuesPosition: Int

  @inline(__always)
  var hasOwnFields: Bool { fieldsPosition == valuesPosition }

  /// Calls `body` with every field and its value, in the order in which they were added.
  ///
  /// - Complexity: O(fields)
  @inline(__always)
  public func forEachField(_ body: (_ field: ListpackValue, _ value: ListpackValue) -> Void) {
    var field = fieldsPosition
    var value = valuesPosition
    let isOwn = hasOwnFields
    for _ in 0..<fieldCount {
      if isOwn { value = pack.after(field) }
      body(pack.value(at: field), pack.value(at: value))
      value = pack.after(value)
      field = isOwn ? value : pack.after(field)
    }
  }

  /// The value of the first field with this name.
  public func value(of name: ByteView) -> ListpackValue? {
    let wanted = ListpackValue(encoding: name)
    var found: ListpackValue?
    forEachField { field, value in
      if found == nil, field == wanted { found = value }
    }
    return found
  }
}
