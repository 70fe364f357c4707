import Bytes

// Streams: nodes as they are, then the facts, then the groups.
//
//     nodes (master ID as 16 big-endian bytes, listpack) ...
//     count | last ID | from 19 on: first ID, greatest deleted ID, entries added
//     groups ( name | last ID | from 19 on: entries read, 2^64 - 1: not known
//              pending (ID, 16 big-endian bytes | delivery time u64 | count) ...
//              consumers (name | seen time u64 | from 21 on: active time i64, -1: never
//                         pending (ID, 16 bytes) ... ) ... ) ...
//
// 19 is what Redis 7.0 reads, so that is what DUMP writes; active times are lost then.

extension DumpWriter {
  mutating func stream(_ stream: StreamObject) {
    type(keepsEverything ? .stream3 : .stream2)
    length(stream.nodeCount)
    stream.forEachNode { masterID, listpack in
      length(16)
      raw(masterID)
      string(listpack)
    }
    length(stream.count)
    id(stream.lastID)
    id(stream.firstID)
    id(stream.maxDeletedID)
    number(UInt64(bitPattern: Int64(stream.entriesAdded)))
    length(stream.groupCount)
    for index in 0..<stream.groupCount { group(stream.group(at: index)) }
  }

  private mutating func group(_ group: StreamGroup) {
    string(group.name)
    id(group.lastID)
    number(group.entriesRead.map { UInt64(bitPattern: Int64($0)) } ?? .max)
    length(group.pendingCount)
    group.forEachPending { pending in
      raw(pending.id)
      fixed(pending.deliveryTime)
      number(UInt64(bitPattern: pending.deliveryCount))
      return true
    }
    length(group.consumerCount)
    for index in 0..<group.consumerCount {
      let consumer = group.consumer(at: index)
      string(consumer.name)
      fixed(consumer.seenTime)
      if keepsEverything { fixed(consumer.activeTime ?? -1) }
      length(consumer.pendingCount)
      group.forEachPendingID(of: consumer) { raw($0) }
    }
  }

  /// An ID as two lengths.
  private mutating func id(_ id: StreamID) {
    number(id.milliseconds)
    number(id.sequence)
  }

  /// An ID as 16 bytes that sort as it does.
  private mutating func raw(_ id: StreamID) {
    for word in [id.milliseconds, id.sequence] {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        byte(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
  }
}

extension DumpDecoder {
  mutating func stream(_ type: DumpType) throws(DumpError) -> ObjectReference {
    let stream = StreamObject.make(memory)
    do throws(DumpError) {
      for _ in 0..<(try reader.count(bytesEach: 18)) {
        let key = try reader.string(.first)
        guard key.count == 16 else { throw .badFormat }
        checkedBlockCount += 1
        let masterID = Self.id(key)
        guard stream.appendNode(masterID, try reader.block(.second)) else { throw .badFormat }
      }
      try readFacts(stream, type)
      for _ in 0..<(try reader.count(bytesEach: 5)) { try readGroup(stream, type) }
    } catch {
      stream.object.destroy()
      throw error
    }
    return stream.object
  }

  private mutating func readFacts(
    _ stream: StreamObject, _ type: DumpType
  ) throws(DumpError) {
    guard try reader.number() == UInt64(stream.count) else { throw .badFormat }
    let lastID = try id()
    var entriesAdded = UInt64(stream.count)
    var maxDeletedID = StreamID.zero
    if type != .stream1 {
      // The first entry's ID follows from the nodes.
      _ = try id()
      maxDeletedID = try id()
      entriesAdded = try reader.number()
    }
    stream.setFacts(
      lastID: lastID, entriesAdded: Int(truncatingIfNeeded: entriesAdded),
      maxDeletedID: maxDeletedID)
    guard stream.factsAreRight else { throw .badFormat }
  }

  private mutating func readGroup(
    _ stream: StreamObject, _ type: DumpType
  ) throws(DumpError) {
    let name = try reader.string()
    guard let group = stream.addGroup(name, lastID: .zero, entriesRead: nil) else {
      throw .badFormat
    }
    group.lastID = try id()
    if type == .stream1 {
      group.entriesRead = stream.entriesAdded(upTo: group.lastID)
    } else {
      let entriesRead = try reader.number()
      group.entriesRead = entriesRead == .max ? nil : Int(truncatingIfNeeded: entriesRead)
    }
    for _ in 0..<(try reader.count(bytesEach: 25)) {
      let id = Self.id(try reader.take(16))
      let time = try reader.fixed(Int64.self)
      let count = Int64(truncatingIfNeeded: try reader.number())
      guard group.addPending(id, time: time, count: count) else { throw .badFormat }
    }
    for _ in 0..<(try reader.count(bytesEach: 10)) { try readConsumer(group, type) }
    guard group.isWhollyAssigned else { throw .badFormat }
  }

  private mutating func readConsumer(
    _ group: StreamGroup, _ type: DumpType
  ) throws(DumpError) {
    let name = try reader.string()
    guard let consumer = group.addConsumer(name, now: 0) else { throw .badFormat }
    let seenTime = try reader.fixed(Int64.self)
    consumer.seenTime = seenTime
    if type == .stream3 {
      let activeTime = try reader.fixed(Int64.self)
      consumer.activeTime = activeTime < 0 ? nil : activeTime
    } else {
      consumer.activeTime = seenTime
    }
    for _ in 0..<(try reader.count(bytesEach: 16)) {
      guard group.assignPending(Self.id(try reader.take(16)), to: consumer) else {
        throw .badFormat
      }
    }
  }

  private mutating func id() throws(DumpError) -> StreamID {
    let milliseconds = try reader.number()
    return StreamID(milliseconds, try reader.number())
  }

  private static func id(_ bytes: ByteView) -> StreamID {
    let raw = UnsafeRawPointer(bytes.base)
    return StreamID(
      UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
      UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }
}
