public import Bytes

/// Walking over everything a stream is made of, and making one of such parts: for DUMP, RESTORE and
/// files.
extension StreamObject {
  /// Calls `body` with every node: the ID it is filed under, and its listpack as it is stored.
  public func forEachNode(_ body: (_ masterID: StreamID, _ listpack: ByteView) -> Void) {
    let nodes = state.pointee.nodes
    var position = nodes.first
    while let place = position {
      let entry = nodes[place]
      body(entry.pointee.id, Listpack(base: entry.pointee.value).bytes)
      position = nodes.position(after: place)
    }
  }

  /// Adds a node behind all others. Its entries count; `lastID` and the other facts are set by
  /// `setFacts`.
  ///
  /// - Parameter listpack: bytes from anywhere, which are copied.
  /// - Returns: false, and nothing is changed, when they are no node or do not follow the last one.
  /// - Complexity: O(bytes)
  public func appendNode(_ masterID: StreamID, _ listpack: ByteView) -> Bool {
    guard masterID > (lastEntryID ?? .zero), StreamNode.isValid(listpack, masterID: masterID)
    else { return false }
    let pack = Listpack.make(copying: listpack, memory)
    state.pointee.nodes.insert(masterID, pack.base, memory)
    state.pointee.length += StreamNode(masterID, pack.base).count
    if state.pointee.firstID == .zero { refreshFirstID() }
    return true
  }

  /// Sets what XSETID sets.
  ///
  /// - Parameters:
  ///   - lastID: at least the last entry's ID.
  ///   - entriesAdded: at least `count`; nil: as it is.
  ///   - maxDeletedID: nil: as it is.
  public func setFacts(
    lastID: StreamID, entriesAdded: Int? = nil, maxDeletedID: StreamID? = nil
  ) {
    state.pointee.lastID = lastID
    if let entriesAdded { state.pointee.entriesAdded = entriesAdded }
    if let maxDeletedID { state.pointee.maxDeletedID = maxDeletedID }
  }

  /// Whether `setFacts` was given what fits the entries.
  public var factsAreRight: Bool {
    UInt(bitPattern: entriesAdded) >= UInt(count) && (lastEntryID ?? .zero) <= lastID
  }
}

extension StreamGroup {
  /// Adds a pending entry whose consumer is not known yet; the IDs may come in any order.
  ///
  /// - Returns: false when it is there already.
  public func addPending(_ id: StreamID, time: Int64, count: Int64) -> Bool {
    let delivery = StreamDelivery(time: time, count: count, consumer: nil)
    return state.pointee.pending.insert(id, delivery, memory)
  }

  /// Gives a pending entry without a consumer to `consumer`.
  ///
  /// - Returns: false when there is no such entry.
  public func assignPending(_ id: StreamID, to consumer: StreamConsumer) -> Bool {
    guard let entry = state.pointee.pending.find(id), entry.pointee.value.consumer == nil else {
      return false
    }
    entry.pointee.value.consumer = consumer.state
    return consumer.state.pointee.pending.insert(id, StreamNoValue(), memory)
  }

  /// Whether every pending entry has a consumer, as it must before the group is used.
  public var isWhollyAssigned: Bool {
    var assigned = 0
    for index in 0..<consumerCount { assigned += consumer(at: index).pendingCount }
    return assigned == pendingCount
  }

  /// Calls `body` with the IDs that are pending with `consumer`, in order.
  public func forEachPendingID(of consumer: StreamConsumer, _ body: (StreamID) -> Void) {
    let own = consumer.state.pointee.pending
    var position = own.first
    while let place = position {
      body(own[place].pointee.id)
      position = own.position(after: place)
    }
  }
}
