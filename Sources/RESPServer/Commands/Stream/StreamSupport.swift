internal import Bytes
public import CacheCore
public import RESP

/// What the commands on streams share.
extension CommandContext {
  /// The stream that a command reads; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  public func stream(_ key: HashedKey) throws(CommandError) -> StreamObject? {
    // Without `map`: of a nil it writes the first word alone, and unoptimised code that
    // reads the optional in memory compares both.
    guard let found = try object(key, .stream) else { return nil }
    return StreamObject(found)
  }

  /// The stream that a command changes; nil when there is no such key.
  ///
  /// - Throws: WRONGTYPE.
  public func streamForWriting(_ key: HashedKey) throws(CommandError) -> StreamObject? {
    guard let found = try objectForWriting(key, .stream) else { return nil }
    return StreamObject(found)
  }

  /// When a stream's node is full.
  public var streamLimits: StreamLimits {
    StreamLimits(
      nodeBytesMax: server.state.pointee.configuration.streamNodeBytesMax,
      nodeEntriesMax: server.state.pointee.configuration.streamNodeEntriesMax)
  }

  /// Unix time in milliseconds, which streams keep: their IDs and times are seen by clients.
  public var unixTime: Int64 { now + wallStep }

  /// A group of the first key's stream.
  ///
  /// - Parameter where: what the error says behind the names.
  /// - Throws: WRONGTYPE; NOGROUP when there is no such key or group.
  func streamAndGroup(
    _ name: ByteView
  ) throws(CommandError) -> (stream: StreamObject, group: StreamGroup) {
    guard let stream = try stream(key), let group = stream.group(name) else {
      throw .made("NOGROUP No such key '\(key.bytes.string)' or consumer group '\(name.string)'")
    }
    return (stream, group)
  }

  /// The consumer called `name`, which is made where there is none, and was seen just now.
  func consumer(_ name: ByteView, of group: StreamGroup, at key: HashedKey) -> StreamConsumer {
    if let consumer = group.consumer(name) {
      consumer.seenTime = unixTime
      return consumer
    }
    guard let made = group.addConsumer(name, now: unixTime) else {
      preconditionFailure("a consumer that is there and is not")
    }
    changedAround(key, "xgroup-createconsumer")
    return made
  }

  // MARK: IDs

  /// The argument at `index` as an ID.
  ///
  /// - Parameter missingSequence: what stands for a missing number.
  func streamID(
    at index: Int, missingSequence: UInt64 = 0
  ) throws(CommandError) -> StreamID {
    try streamID(self[index], missingSequence: missingSequence)
  }

  private func streamID(
    _ text: ByteView, missingSequence: UInt64
  ) throws(CommandError) -> StreamID {
    guard let id = StreamID(text, missingSequence: missingSequence) else {
      throw .invalidStreamID
    }
    return id
  }

  /// The argument at `index` as an ID, or "-" and "+" for the smallest and the greatest.
  func streamIDOrEdge(
    at index: Int, missingSequence: UInt64 = 0
  ) throws(CommandError) -> StreamID {
    if self[index] == "-" { return .zero }
    if self[index] == "+" { return .max }
    return try streamID(at: index, missingSequence: missingSequence)
  }

  /// The argument at `index` as the beginning of a range, behind "(" if it is not part of it.
  func streamRangeStart(at index: Int) throws(CommandError) -> StreamID {
    guard let text = excludedID(at: index) else { return try streamIDOrEdge(at: index) }
    guard let next = try streamID(text, missingSequence: 0).successor else {
      throw .fixed("ERR invalid start ID for the interval")
    }
    return next
  }

  /// The argument at `index` as the end of a range.
  func streamRangeEnd(at index: Int) throws(CommandError) -> StreamID {
    guard let text = excludedID(at: index) else {
      return try streamIDOrEdge(at: index, missingSequence: .max)
    }
    guard let previous = try streamID(text, missingSequence: .max).predecessor else {
      throw .fixed("ERR invalid end ID for the interval")
    }
    return previous
  }

  private func excludedID(at index: Int) -> ByteView? {
    let text = self[index]
    return text.count > 1 && text[0] == UInt8(ascii: "(") ? text.dropFirst(1) : nil
  }
}

extension CommandError {
  static let invalidStreamID = CommandError.fixed(
    "ERR Invalid stream ID specified as stream command argument")
}

// MARK: Replies

extension ReplyWriter {
  /// An ID as a bulk string.
  public mutating func bulk(_ id: StreamID) {
    let length = StreamID.textBytesMax
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { text in
      // The capacity is not 0.
      let place = text.baseAddress.unsafelyUnwrapped
      bulk(ByteView(base: UnsafePointer(place), count: id.write(to: place)))
    }
  }

  /// An entry: its ID, and its fields and values in a row.
  mutating func streamEntry(_ entry: StreamEntry) {
    array(2)
    bulk(entry.id)
    array(entry.fieldCount * 2)
    entry.forEachField { field, value in
      bulk(field)
      bulk(value)
    }
  }

  /// The entries of a range.
  ///
  /// - Parameter countMax: at most so many; 0: all.
  mutating func streamRange(_ cursor: consuming StreamCursor, countMax: Int) {
    let start = beginArray()
    var count = 0
    while let entry = cursor.next() {
      streamEntry(entry)
      count += 1
      if count == countMax { break }
    }
    endArray(start, count: count)
  }
}
