public import Bytes

/// A group of consumers that share a stream's entries: each entry is delivered to one of them, and
/// stays pending until that one acknowledges it or another claims it.
///
/// The handle is trivially copyable; valid until the group is removed.
public struct StreamGroup {
  let state: UnsafeMutablePointer<StreamGroupState>
  let memory: ObjectMemory

  /// Its name.
  public var name: ByteView { state.pointee.name.bytes }

  /// The last ID delivered.
  public var lastID: StreamID {
    get { state.pointee.lastID }
    nonmutating set { state.pointee.lastID = newValue }
  }

  /// How many entries were added to the stream up to `lastID`; nil when nobody knows.
  public var entriesRead: Int? {
    get { state.pointee.entriesRead }
    nonmutating set { state.pointee.entriesRead = newValue }
  }

  /// Number of entries delivered and not acknowledged.
  public var pendingCount: Int { state.pointee.pending.count }

  /// Number of consumers.
  public var consumerCount: Int { state.pointee.consumers.count }
}

/// A consumer of a group. The handle is valid until the consumer or its group is removed.
public struct StreamConsumer: Equatable {
  let state: UnsafeMutablePointer<StreamConsumerState>

  /// Its name.
  public var name: ByteView { state.pointee.name.bytes }

  /// When it last tried something, in Unix milliseconds.
  public var seenTime: Int64 {
    get { state.pointee.seenTime }
    nonmutating set { state.pointee.seenTime = newValue }
  }

  /// When it last got an entry; nil when it never did.
  public var activeTime: Int64? {
    get { state.pointee.activeTime }
    nonmutating set { state.pointee.activeTime = newValue }
  }

  /// Number of entries delivered to it and not acknowledged.
  public var pendingCount: Int { state.pointee.pending.count }
}

/// An entry that was delivered and not acknowledged.
public struct StreamPending {
  /// The entry; it may have been deleted since.
  public let id: StreamID
  /// Whom it was delivered to last.
  public let consumer: StreamConsumer
  /// When, in Unix milliseconds.
  public let deliveryTime: Int64
  /// How often.
  public let deliveryCount: Int64
}

struct StreamGroupState: StreamNamed {
  let name: StreamName
  var lastID: StreamID
  var entriesRead: Int?
  var pending = StreamIndex<StreamDelivery>()
  var consumers = StreamNameTable<StreamConsumerState>()
}

struct StreamConsumerState: StreamNamed {
  let name: StreamName
  var seenTime: Int64
  var activeTime: Int64?
  var pending = StreamIndex<StreamNoValue>()
}

/// What a group knows of a pending entry.
struct StreamDelivery: BitwiseCopyable {
  var time: Int64
  var count: Int64
  /// nil only while a group is being loaded.
  var consumer: UnsafeMutablePointer<StreamConsumerState>?
}

/// Nothing: a consumer's index is a set.
struct StreamNoValue: BitwiseCopyable {}

// MARK: Groups of a stream

extension StreamObject {
  /// Number of groups.
  public var groupCount: Int { state.pointee.groups.count }

  /// The group at `index`, in the order of the names.
  public func group(at index: Int) -> StreamGroup {
    StreamGroup(state: state.pointee.groups[index], memory: memory)
  }

  /// The group called `name`.
  public func group(_ name: ByteView) -> StreamGroup? {
    state.pointee.groups.find(name).map { StreamGroup(state: $0, memory: memory) }
  }

  /// Makes a group.
  ///
  /// - Parameters:
  ///   - lastID: entries from the next one on will be delivered.
  ///   - entriesRead: see `StreamGroup.entriesRead`.
  /// - Returns: nil when there is one of that name.
  @discardableResult
  public func addGroup(
    _ name: ByteView, lastID: StreamID, entriesRead: Int?
  ) -> StreamGroup? {
    guard state.pointee.groups.find(name) == nil else { return nil }
    let group = memory.allocate(MemoryLayout<StreamGroupState>.size)
      .bindMemory(to: StreamGroupState.self, capacity: 1)
    group.initialize(
      to: StreamGroupState(
        name: StreamName(name, memory), lastID: lastID, entriesRead: entriesRead))
    state.pointee.groups.insert(group, memory)
    return StreamGroup(state: group, memory: memory)
  }

  /// Removes a group with all it knows.
  ///
  /// - Complexity: O(pending entries / 128 + consumers)
  public func removeGroup(_ group: StreamGroup) {
    state.pointee.groups.remove(group.state)
    Self.destroy(group.state, memory)
  }

  static func destroy(_ group: UnsafeMutablePointer<StreamGroupState>, _ memory: ObjectMemory) {
    for index in 0..<group.pointee.consumers.count {
      destroy(group.pointee.consumers[index], memory)
    }
    group.pointee.consumers.destroy(memory)
    group.pointee.pending.destroy(memory)
    group.pointee.name.destroy(memory)
    memory.release(group)
  }

  static func destroy(
    _ consumer: UnsafeMutablePointer<StreamConsumerState>, _ memory: ObjectMemory
  ) {
    consumer.pointee.pending.destroy(memory)
    consumer.pointee.name.destroy(memory)
    memory.release(consumer)
  }
}

// MARK: Consumers

extension StreamGroup {
  /// The consumer at `index`, in the order of the names.
  public func consumer(at index: Int) -> StreamConsumer {
    StreamConsumer(state: state.pointee.consumers[index])
  }

  /// The consumer called `name`.
  public func consumer(_ name: ByteView) -> StreamConsumer? {
    state.pointee.consumers.find(name).map { StreamConsumer(state: $0) }
  }

  /// Makes a consumer.
  ///
  /// - Parameter now: Unix time in milliseconds.
  /// - Returns: nil when there is one of that name.
  @discardableResult
  public func addConsumer(_ name: ByteView, now: Int64) -> StreamConsumer? {
    guard state.pointee.consumers.find(name) == nil else { return nil }
    let consumer = memory.allocate(MemoryLayout<StreamConsumerState>.size)
      .bindMemory(to: StreamConsumerState.self, capacity: 1)
    consumer.initialize(
      to: StreamConsumerState(name: StreamName(name, memory), seenTime: now))
    state.pointee.consumers.insert(consumer, memory)
    return StreamConsumer(state: consumer)
  }

  /// Removes a consumer; what was pending with it is pending no more.
  ///
  /// - Returns: the number of those entries.
  /// - Complexity: O(pending entries of the consumer · log n)
  @discardableResult
  public func removeConsumer(_ consumer: StreamConsumer) -> Int {
    let ids = consumer.state.pointee.pending
    var position = ids.first
    while let place = position {
      state.pointee.pending.remove(ids[place].pointee.id, memory)
      position = ids.position(after: place)
    }
    let count = ids.count
    state.pointee.consumers.remove(consumer.state)
    StreamObject.destroy(consumer.state, memory)
    return count
  }
}
