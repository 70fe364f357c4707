/// What was delivered and not acknowledged.
extension StreamGroup {
  /// The pending entry `id`.
  ///
  /// - Complexity: O(log n)
  public func pending(_ id: StreamID) -> StreamPending? {
    state.pointee.pending.find(id).map { Self.pending($0) }
  }

  /// The first pending entry from `id` on.
  public func firstPending(from id: StreamID = .zero) -> StreamPending? {
    let index = state.pointee.pending
    return index.position(atOrAfter: id).map { Self.pending(index[$0]) }
  }

  /// The pending entry with the greatest ID.
  public var lastPending: StreamPending? {
    let index = state.pointee.pending
    return index.last.map { Self.pending(index[$0]) }
  }

  private static func pending(
    _ entry: UnsafeMutablePointer<StreamIndex<StreamDelivery>.Entry>
  ) -> StreamPending {
    let delivery = entry.pointee.value
    guard let consumer = delivery.consumer else {
      preconditionFailure("a pending entry without a consumer")
    }
    return StreamPending(
      id: entry.pointee.id, consumer: StreamConsumer(state: consumer),
      deliveryTime: delivery.time, deliveryCount: delivery.count)
  }

  /// Calls `body` with the pending entries from `start` through `end` in order, until it answers
  /// false. Nothing may be added or removed meanwhile.
  ///
  /// - Parameter consumer: whose; nil: all.
  public func forEachPending(
    from start: StreamID = .zero, through end: StreamID = .max, of consumer: StreamConsumer? = nil,
    _ body: (StreamPending) -> Bool
  ) {
    let all = state.pointee.pending
    guard let consumer else {
      var position = all.position(atOrAfter: start)
      while let place = position {
        let entry = all[place]
        guard entry.pointee.id <= end, body(Self.pending(entry)) else { return }
        position = all.position(after: place)
      }
      return
    }
    let own = consumer.state.pointee.pending
    var position = own.position(atOrAfter: start)
    while let place = position {
      let id = own[place].pointee.id
      guard id <= end, let entry = all.find(id), body(Self.pending(entry)) else { return }
      position = own.position(after: place)
    }
  }

  /// The first ID that is pending with `consumer`, from `id` on.
  public func firstPendingID(of consumer: StreamConsumer, from id: StreamID) -> StreamID? {
    let own = consumer.state.pointee.pending
    return own.position(atOrAfter: id).map { own[$0].pointee.id }
  }

  /// Makes an entry pending with `consumer`, whoever had it before.
  ///
  /// - Parameters:
  ///   - time: when it was delivered, in Unix milliseconds.
  ///   - count: how often it has been by now.
  /// - Complexity: O(1) for IDs greater than all pending ones, else O(log n)
  public func setPending(
    _ id: StreamID, of consumer: StreamConsumer, time: Int64, count: Int64
  ) {
    let delivery = StreamDelivery(time: time, count: count, consumer: consumer.state)
    if state.pointee.pending.insert(id, delivery, memory) {
      consumer.state.pointee.pending.insert(id, StreamNoValue(), memory)
      return
    }
    guard let entry = state.pointee.pending.find(id) else { return }
    let owner = entry.pointee.value.consumer
    entry.pointee.value = delivery
    guard owner != consumer.state else { return }
    owner?.pointee.pending.remove(id, memory)
    consumer.state.pointee.pending.insert(id, StreamNoValue(), memory)
  }

  /// Ends an entry's being pending: it was acknowledged, or is gone.
  ///
  /// - Returns: whether it was pending.
  /// - Complexity: O(log n)
  @discardableResult
  public func acknowledge(_ id: StreamID) -> Bool {
    guard let position = state.pointee.pending.position(of: id) else { return false }
    state.pointee.pending[position].pointee.value.consumer?.pointee.pending.remove(id, memory)
    state.pointee.pending.remove(at: position, memory)
    return true
  }
}

// MARK: Progress

extension StreamObject {
  /// Whether an entry was deleted at or behind `start`, as far as the greatest deleted ID tells:
  /// then counting entries by subtraction is wrong.
  public func hasDeletions(from start: StreamID) -> Bool {
    guard count > 0, maxDeletedID != .zero, firstID <= maxDeletedID else { return false }
    return start <= maxDeletedID
  }

  /// How many entries had been added when `id` was; nil when that cannot be told without walking.
  public func entriesAdded(upTo id: StreamID) -> Int? {
    if entriesAdded == 0 { return 0 }
    if count == 0, id <= lastID { return entriesAdded }
    if id == lastID { return entriesAdded }
    if id > lastID { return nil }
    guard maxDeletedID == .zero || maxDeletedID < firstID else { return nil }
    if id < firstID { return entriesAdded &- count }
    return id == firstID ? entriesAdded &- count &+ 1 : nil
  }

  /// How many entries a group has not been given yet; nil when that cannot be told.
  public func lag(of group: StreamGroup) -> Int? {
    if entriesAdded == 0 { return 0 }
    if let read = group.entriesRead, !hasDeletions(from: group.lastID) {
      return entriesAdded &- read
    }
    return entriesAdded(upTo: group.lastID).map { entriesAdded &- $0 }
  }

  /// Takes note that an entry is being delivered to a group.
  public func noteDelivery(of id: StreamID, to group: StreamGroup) {
    guard id > group.lastID else { return }
    if let read = group.entriesRead, !hasDeletions(from: id) {
      group.entriesRead = read &+ 1
    } else if entriesAdded != 0 {
      group.entriesRead = entriesAdded(upTo: id)
    }
    group.lastID = id
  }
}
