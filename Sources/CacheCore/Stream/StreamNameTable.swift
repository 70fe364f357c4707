import Bytes

/// A name with memory of its own.
struct StreamName {
  private let base: UnsafeMutableRawPointer
  private let count: Int

  /// Copies `text`.
  init(_ text: ByteView, _ memory: ObjectMemory) {
    count = text.count
    base = memory.allocate(max(1, count))
    base.copyMemory(from: text.base, byteCount: count)
  }

  /// The name's bytes.
  var bytes: ByteView { ByteView(UnsafeRawBufferPointer(start: base, count: count)) }

  func destroy(_ memory: ObjectMemory) { memory.release(base) }

  func usedBytes(_ memory: ObjectMemory) -> Int { memory.usableBytes(of: base) }
}

/// What has a name.
protocol StreamNamed {
  var name: StreamName { get }
}

/// The groups of a stream, or the consumers of a group: pointers sorted by name, as they are
/// listed.
///
/// There are few as a rule, and they are looked up far more often than they come and go, so a
/// sorted array is smallest and quickest. The members stay where they are.
struct StreamNameTable<Member: StreamNamed> {
  private var members: UnsafeMutablePointer<UnsafeMutablePointer<Member>>?
  private(set) var count = 0
  private var room = 0

  /// The member at `index`, in the order of the names.
  subscript(index: Int) -> UnsafeMutablePointer<Member> {
    precondition(index >= 0 && index < count)
    return members.unsafelyUnwrapped[index]
  }

  /// The member called `name`.
  ///
  /// - Complexity: O(log n)
  func find(_ name: ByteView) -> UnsafeMutablePointer<Member>? {
    let index = firstIndex(notBefore: name)
    guard index < count, self[index].pointee.name.bytes == name else { return nil }
    return self[index]
  }

  private func firstIndex(notBefore name: ByteView) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) >> 1
      if self[middle].pointee.name.bytes < name { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a member whose name is not there yet.
  ///
  /// - Complexity: O(n), one word each
  mutating func insert(_ member: UnsafeMutablePointer<Member>, _ memory: ObjectMemory) {
    if count == room {
      room = max(2, room * 2)
      let bytes = room * MemoryLayout<UnsafeMutablePointer<Member>>.stride
      let raw = members.map { memory.reallocate($0, bytes) } ?? memory.allocate(bytes)
      members = raw.bindMemory(to: UnsafeMutablePointer<Member>.self, capacity: room)
    }
    let index = firstIndex(notBefore: member.pointee.name.bytes)
    let place = members.unsafelyUnwrapped + index
    (place + 1).moveInitialize(from: place, count: count - index)
    place.initialize(to: member)
    count += 1
  }

  /// Takes a member out, which stays the caller's to free.
  mutating func remove(_ member: UnsafeMutablePointer<Member>) {
    let index = firstIndex(notBefore: member.pointee.name.bytes)
    precondition(index < count && self[index] == member)
    let place = members.unsafelyUnwrapped + index
    place.moveInitialize(from: place + 1, count: count - index - 1)
    count -= 1
  }

  /// Frees the table, not the members.
  mutating func destroy(_ memory: ObjectMemory) {
    if let members { memory.release(members) }
    self = StreamNameTable()
  }

  func usedBytes(_ memory: ObjectMemory) -> Int {
    members.map { memory.usableBytes(of: $0) } ?? 0
  }

  /// Checks the order; traps on damage.
  func checkInvariants() {
    for index in 1..<max(1, count) {
      precondition(self[index - 1].pointee.name.bytes < self[index].pointee.name.bytes)
    }
  }
}
