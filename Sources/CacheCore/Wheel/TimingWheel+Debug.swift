// What tests and people look at: invariants, and the wheel drawn in characters.

extension TimingWheel {
  /// Stops the program when an invariant does not hold. For tests.
  ///
  /// - Complexity: O(slots + nodes).
  package func checkInvariants() {
    var references = 0
    var bytes = 0
    var occupiedLevels: UInt8 = 0
    for number in 0...WheelSlot.count {
      let slot = WheelSlot(rawValue: number)
      guard isOccupied(slot) else {
        precondition(fills[number] == 0, "an empty slot has no node")
        continue
      }
      occupiedLevels |= 1 << UInt8(slot.level)
      let chain = measureChain(of: slot)
      precondition(chain.references > 0, "an occupied slot has members")
      references += chain.references
      bytes += chain.bytes
      let start = slot == .swept ? sweeping.start : slot.start(elapsed: elapsed)
      precondition(wake <= max(start, elapsed), "wakes in time for every slot")
    }
    precondition(references == referenceCount, "all references are counted")
    precondition(bytes == chunkBytes, "all nodes are counted")
    precondition(occupiedLevels == levels, "levels sum the map up")
    precondition(referenceCount > 0 || wake == .max || wake >= elapsed, "wakes not in the past")
    precondition(!isOccupied(.swept) || sweeping.slot >= 0, "what is swept came from a slot")
  }

  private func measureChain(of slot: WheelSlot) -> (references: Int, bytes: Int) {
    let fill = NodeFill(rawValue: fills[slot.rawValue])
    var references = fill.count
    var bytes = fill.size.byteCount
    var node = chunks.pointer(to: ChunkHandle(rawValue: heads[slot.rawValue]))
    while node[0] != ChunkHandle.none.rawValue {
      node = chunks.pointer(to: ChunkHandle(rawValue: node[0]))
      references += ChunkSize.bytes128.capacity
      bytes += ChunkSize.bytes128.byteCount
      precondition(bytes <= chunkBytes, "a chain ends")
    }
    return (references, bytes)
  }

  /// The wheel in characters: a line for each level, a character for each slot from `elapsed` on,
  /// which is the binary logarithm of its members ('.': none, '0': 1, '1': 2 or 3, ...).
  package func dump() -> String {
    var text = "elapsed \(elapsed) phase \(phase) wake \(wake == .max ? "-" : "\(wake)")"
    text += " references \(referenceCount) bytes \(chunkBytes) lost \(lostReferenceCount)\n"
    for level in 0..<WheelSlot.levelCount {
      text += "level \(level) "
      let shift = WheelSlot.shift(ofLevel: level)
      for offset in 0..<UInt64(WheelSlot.ringCount(ofLevel: level)) {
        let slot = WheelSlot(level: level, time: elapsed &+ offset << shift)
        text += isOccupied(slot) ? Self.digit(measureChain(of: slot).references) : "."
      }
      text += "\n"
    }
    if isOccupied(.swept) { text += "swept \(measureChain(of: .swept).references)\n" }
    return text
  }

  private static func digit(_ count: Int) -> String {
    String(63 - UInt64(count).leadingZeroBitCount, radix: 36)
  }
}
