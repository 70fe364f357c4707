import Bytes

/// Writing entries: each in one go, into room made before.
extension StreamNode {
  /// Makes a node with one entry.
  ///
  /// - Parameters:
  ///   - fields: fields and values in turn.
  ///   - room: bytes to allocate if more than is needed.
  static func make(
    _ id: StreamID, _ fields: UnsafeBufferPointer<ByteView>, room: Int, _ memory: ObjectMemory
  ) -> StreamNode {
    let fieldCount = fields.count / 2
    var bytes = Listpack.headerBytes + 1 + entryBytesMax(fields)
    // The master entry: its numbers, and the fields a second time at most.
    bytes += 4 * integerBytesMax
    let base = memory.allocate(max(bytes, room))
    var writer = ElementWriter(base + Listpack.headerBytes)
    writer.put(1)
    writer.put(0)
    writer.put(Int64(fieldCount))
    for index in 0..<fieldCount { writer.put(fields[index * 2]) }
    writer.put(0)
    writer.putEntryHead(sameFieldsFlag, 0, 0)
    for index in 0..<fieldCount { writer.put(fields[index * 2 + 1]) }
    writer.put(Int64(fieldCount) + 3)
    var node = StreamNode(id, base)
    node.finish(writer, elements: 0)
    return node
  }

  /// Adds an entry with an ID greater than all others'.
  mutating func append(
    _ id: StreamID, _ fields: UnsafeBufferPointer<ByteView>, roomMax: Int,
    _ memory: ObjectMemory
  ) {
    reserve(adding: Self.entryBytesMax(fields) + 1, roomMax: roomMax, memory)
    incrementCount(memory)
    let master = masterFields
    let fieldCount = fields.count / 2
    let hasSameFields = master.count == fieldCount && matchMasterFields(master.position, fields)
    let elements = pack.storedCount
    var writer = ElementWriter(pack.base + pack.end)
    writer.putEntryHead(
      hasSameFields ? Self.sameFieldsFlag : 0,
      Int64(bitPattern: id.milliseconds &- masterID.milliseconds),
      Int64(bitPattern: id.sequence &- masterID.sequence))
    if hasSameFields {
      for index in 0..<fieldCount { writer.put(fields[index * 2 + 1]) }
      writer.put(Int64(fieldCount) + 3)
    } else {
      writer.put(Int64(fieldCount))
      for index in 0..<fieldCount * 2 { writer.put(fields[index]) }
      writer.put(Int64(fieldCount) * 2 + 4)
    }
    finish(writer, elements: elements)
  }

  /// Gives back what the block has to spare, before the next node is begun.
  mutating func close(_ memory: ObjectMemory) {
    pack.shrink(memory)
  }

  // MARK: Bytes

  /// A number with its back length.
  private static var integerBytesMax: Int { 10 }

  /// More than an entry can take, and the master entry's fields with it.
  static func entryBytesMax(_ fields: UnsafeBufferPointer<ByteView>) -> Int {
    var bytes = 5 * integerBytesMax
    // 5 bytes in front and 5 behind; numbers of up to 20 digits never take more than their text.
    for view in fields { bytes += view.count + 10 }
    return bytes
  }

  private func matchMasterFields(
    _ start: Int, _ fields: UnsafeBufferPointer<ByteView>
  ) -> Bool {
    var position = start
    for index in stride(from: 0, to: fields.count, by: 2) {
      guard pack.matches(position, ListpackValue(encoding: fields[index])) else { return false }
      position = pack.after(position)
    }
    return true
  }

  private mutating func incrementCount(_ memory: ObjectMemory) {
    let first = Listpack.headerBytes
    let count = count + 1
    if count < 128 {
      // One byte before and after.
      pack.base.storeBytes(of: UInt8(count), toByteOffset: first, as: UInt8.self)
    } else {
      pack.replace(first, with: .integer(Int64(count)), memory)
    }
  }

  /// Makes room for `bytes` more: twice what there is, so that a node moves a few times only.
  private mutating func reserve(adding bytes: Int, roomMax: Int, _ memory: ObjectMemory) {
    // The count in front may grow by a byte or two as well.
    let wanted = pack.byteCount + bytes + 8
    let usable = memory.usableBytes(of: pack.base)
    guard usable < wanted else { return }
    pack.base = memory.reallocate(pack.base, max(wanted, min(usable * 2, roomMax)))
  }

  /// Ends the listpack where the writer stands.
  private mutating func finish(_ writer: ElementWriter, elements: Int) {
    writer.place.storeBytes(of: 0xFF, as: UInt8.self)
    pack.byteCount = writer.place - pack.base + 1
    pack.storedCount =
      elements == Listpack.countUnknown ? elements : elements + writer.elementCount
  }
}

/// Writes elements of a listpack one behind the other.
private struct ElementWriter {
  var place: UnsafeMutableRawPointer
  var elementCount = 0

  init(_ place: UnsafeMutableRawPointer) { self.place = place }

  @inline(__always)
  mutating func put(_ value: ListpackValue) {
    let count = value.encodedCount
    value.encode(to: place)
    place += count
    if count <= 127 {
      place.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
      place += 1
    } else {
      Listpack.writeBackLength(count, to: place)
      place += Listpack.backLengthBytes(count)
    }
    elementCount &+= 1
  }

  @inline(__always)
  mutating func put(_ number: Int64) {
    if number >= 0, number < 128 {
      place.storeBytes(of: UInt16(number) | 0x0100, as: UInt16.self)
      place += 2
      elementCount &+= 1
    } else {
      put(.integer(number))
    }
  }

  @inline(__always)
  mutating func put(_ text: ByteView) { put(ListpackValue(encoding: text)) }

  @inline(__always)
  mutating func putEntryHead(_ flags: Int64, _ time: Int64, _ sequence: Int64) {
    put(flags)
    put(time)
    put(sequence)
  }
}

// MARK: Validation

extension StreamNode {
  /// Whether `bytes` are a node with at least one entry: the listpack sound, every entry in it
  /// complete, the counts right, IDs from `masterID` on and ascending (but for deleted ones'). For
  /// bytes from outside, such as DUMP payloads.
  ///
  /// - Complexity: O(n)
  static func isValid(_ bytes: ByteView, masterID: StreamID) -> Bool {
    guard Listpack.isValid(bytes, deeply: true) else { return false }
    let node = StreamNode(masterID, UnsafeMutableRawPointer(mutating: bytes.base))
    var check = NodeCheck(node)
    guard let count = check.takeNumber(), let deleted = check.takeNumber(),
      let masterFields = check.takeNumber(), check.take(masterFields), check.takeNumber() == 0
    else { return false }
    var found = (live: 0, deleted: 0)
    var previous: StreamID?
    while !check.isAtEnd {
      guard let entry = check.takeEntry(masterFields) else { return false }
      if found == (0, 0), entry.id != masterID { return false }
      if entry.isDeleted {
        found.deleted += 1
        continue
      }
      found.live += 1
      if let previous, previous >= entry.id { return false }
      previous = entry.id
    }
    return found == (count, deleted) && count > 0
  }
}

/// Reads a sound listpack whose elements may be anything.
private struct NodeCheck {
  let node: StreamNode
  var position: Int

  init(_ node: StreamNode) {
    self.node = node
    position = Listpack.headerBytes
  }

  var isAtEnd: Bool { node.isEnd(position) }

  /// The number here, which is not negative.
  mutating func takeNumber() -> Int? {
    takeInteger().flatMap { $0 >= 0 ? Int($0) : nil }
  }

  mutating func takeInteger() -> Int64? {
    guard !isAtEnd, case .integer(let value) = node.pack.value(at: position) else { return nil }
    position = node.pack.after(position)
    return value
  }

  /// Passes over elements.
  mutating func take(_ count: Int) -> Bool {
    var left = count
    while left > 0 {
      guard !isAtEnd else { return false }
      position = node.pack.after(position)
      left -= 1
    }
    return true
  }

  mutating func takeEntry(_ masterFields: Int) -> (id: StreamID, isDeleted: Bool)? {
    guard let flags = takeInteger(), (0...3).contains(flags), let time = takeInteger(),
      let sequence = takeInteger()
    else { return nil }
    var elements = 3
    if flags & StreamNode.sameFieldsFlag != 0 {
      guard take(masterFields) else { return nil }
      elements += masterFields
    } else {
      guard let own = takeNumber(), own <= Listpack.bytesMax, take(own * 2) else { return nil }
      elements += own * 2 + 1
    }
    guard let backCount = takeNumber(), backCount == elements else { return nil }
    let id = StreamID(
      node.masterID.milliseconds &+ UInt64(bitPattern: time),
      node.masterID.sequence &+ UInt64(bitPattern: sequence))
    return (id, flags & StreamNode.deletedFlag != 0)
  }
}
