import Bytes

/// What the key space asks of streams.
enum StreamKind: ObjectKind {
  static func destroy(_ object: ObjectReference) {
    let memory = object.memory
    let state = StreamObject(object).state
    releaseNodes(of: state, memory)
    state.pointee.nodes.destroy(memory)
    for index in 0..<state.pointee.groups.count {
      StreamObject.destroy(state.pointee.groups[index], memory)
    }
    state.pointee.groups.destroy(memory)
    memory.release(state)
    memory.release(object.header)
  }

  private static func releaseNodes(
    of state: UnsafeMutablePointer<StreamState>, _ memory: ObjectMemory
  ) {
    let nodes = state.pointee.nodes
    var position = nodes.first
    while let place = position {
      memory.release(nodes[place].pointee.value)
      position = nodes.position(after: place)
    }
  }

  static func copy(_ object: ObjectReference, into memory: ObjectMemory) -> ObjectReference {
    let source = StreamObject(object)
    let target = StreamObject.make(memory)
    let state = target.state
    state.pointee = source.state.pointee
    state.pointee.groups = StreamNameTable()
    state.pointee.nodes = source.state.pointee.nodes.copy(memory)
    let nodes = state.pointee.nodes
    var position = nodes.first
    while let place = position {
      let entry = nodes[place]
      let pack = Listpack(base: entry.pointee.value)
      entry.pointee.value = Listpack.make(copying: pack.bytes, memory).base
      position = nodes.position(after: place)
    }
    for index in 0..<source.groupCount { copy(source.group(at: index), into: target) }
    return target.object
  }

  private static func copy(_ group: StreamGroup, into target: StreamObject) {
    guard
      let copy = target.addGroup(
        group.name, lastID: group.lastID, entriesRead: group.entriesRead)
    else { return }
    let memory = target.memory
    copy.state.pointee.pending = group.state.pointee.pending.copy(memory)
    let pending = copy.state.pointee.pending
    for index in 0..<group.consumerCount {
      let original = group.consumer(at: index)
      guard let consumer = copy.addConsumer(original.name, now: original.seenTime) else {
        continue
      }
      consumer.activeTime = original.activeTime
      consumer.state.pointee.pending = original.state.pointee.pending.copy(memory)
      copy.forEachPendingID(of: consumer) { id in
        pending.find(id)?.pointee.value.consumer = consumer.state
      }
    }
  }

  static func count(_ object: ObjectReference) -> Int { StreamObject(object).count }

  static func freeEffort(_ object: ObjectReference) -> Int {
    let stream = StreamObject(object)
    var effort = stream.nodeCount
    // As in Redis, the first group stands for all.
    if stream.groupCount > 0 {
      let group = stream.group(at: 0)
      effort += stream.groupCount * (1 + group.consumerCount + group.pendingCount / 64)
    }
    return effort
  }

  static func usedBytes(_ object: ObjectReference, samples: Int) -> Int {
    let memory = object.memory
    let stream = StreamObject(object)
    let state = stream.state
    var bytes = memory.usableBytes(of: object.header) + memory.usableBytes(of: state)
    bytes += state.pointee.nodes.usedBytes(memory) + state.pointee.groups.usedBytes(memory)
    bytes += nodeBytes(state.pointee.nodes, samples: samples, memory)
    for index in 0..<stream.groupCount {
      let group = stream.group(at: index).state
      bytes += memory.usableBytes(of: group) + group.pointee.name.usedBytes(memory)
      bytes += group.pointee.pending.usedBytes(memory)
      bytes += group.pointee.consumers.usedBytes(memory)
      for index in 0..<group.pointee.consumers.count {
        let consumer = group.pointee.consumers[index]
        bytes += memory.usableBytes(of: consumer) + consumer.pointee.name.usedBytes(memory)
        bytes += consumer.pointee.pending.usedBytes(memory)
      }
    }
    return bytes
  }

  /// The bytes of all nodes, or an estimate from the first ones and the last.
  private static func nodeBytes(
    _ nodes: StreamIndex<UnsafeMutableRawPointer>, samples: Int, _ memory: ObjectMemory
  ) -> Int {
    guard let last = nodes.last else { return 0 }
    let lastBytes = memory.usableBytes(of: nodes[last].pointee.value)
    let others = nodes.count - 1
    let wanted = samples == 0 ? others : min(samples, others)
    guard wanted > 0 else { return lastBytes }
    var bytes = 0
    var position = nodes.first
    var looked = 0
    while looked < wanted, let place = position {
      bytes += memory.usableBytes(of: nodes[place].pointee.value)
      position = nodes.position(after: place)
      looked += 1
    }
    return lastBytes + Int(Double(bytes) / Double(wanted) * Double(others))
  }

  static func checkInvariants(_ object: ObjectReference) {
    let stream = StreamObject(object)
    let state = stream.state
    state.pointee.nodes.checkInvariants()
    var total = 0
    var previous = StreamID.zero
    stream.forEachNode { masterID, listpack in
      precondition(masterID > previous)
      precondition(StreamNode.isValid(listpack, masterID: masterID))
      total += StreamNode(masterID, UnsafeMutableRawPointer(mutating: listpack.base)).count
      previous = masterID
    }
    precondition(total == stream.count)
    precondition(stream.factsAreRight)
    var cursor = stream.cursor(from: .zero, through: .max)
    precondition(stream.firstID == cursor.next()?.id ?? .zero)
    state.pointee.groups.checkInvariants()
    for index in 0..<stream.groupCount { checkInvariants(stream.group(at: index)) }
  }

  private static func checkInvariants(_ group: StreamGroup) {
    group.state.pointee.pending.checkInvariants()
    group.state.pointee.consumers.checkInvariants()
    precondition(group.isWhollyAssigned)
    for index in 0..<group.consumerCount {
      let consumer = group.consumer(at: index)
      consumer.state.pointee.pending.checkInvariants()
      group.forEachPendingID(of: consumer) { id in
        precondition(group.pending(id)?.consumer == consumer)
      }
    }
  }
}
