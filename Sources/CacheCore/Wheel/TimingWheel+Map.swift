// The map of occupied slots, and the search for the one that is due first.

/// What one byte tells about a slot's first node.
struct NodeFill {
  var rawValue: UInt8

  @inline(__always)
  init(rawValue: UInt8) { self.rawValue = rawValue }

  @inline(__always)
  init(size: ChunkSize, freeCount: Int) {
    assert(freeCount <= size.capacity)
    rawValue = size.rawValue &<< 5 | UInt8(truncatingIfNeeded: freeCount)
  }

  /// The node's size.
  @inline(__always)
  var size: ChunkSize { ChunkSize(rawValue: rawValue &>> 5).unsafelyUnwrapped }

  /// How many handles still fit.
  @inline(__always)
  var freeCount: Int { Int(rawValue & 31) }

  /// How many handles it holds.
  @inline(__always)
  var count: Int { size.capacity &- freeCount }
}

extension TimingWheel {
  /// A slot that has members, and the wheel time when they must be seen to.
  struct DueSlot {
    var slot: WheelSlot
    var start: UInt64
  }

  /// Whether the slot has members.
  @inline(__always)
  func isOccupied(_ slot: WheelSlot) -> Bool {
    map[slot.rawValue &>> 6] & (1 &<< UInt64(truncatingIfNeeded: slot.rawValue & 63)) != 0
  }

  /// Notes that the slot has its first member.
  @inline(__always)
  mutating func setOccupied(_ slot: WheelSlot) {
    map[slot.rawValue &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: slot.rawValue & 63)
    levels |= 1 &<< UInt8(truncatingIfNeeded: slot.level)
  }

  /// Notes that the slot has lost its last member.
  mutating func setEmpty(_ slot: WheelSlot) {
    map[slot.rawValue &>> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: slot.rawValue & 63))
    let level = slot.level
    let first = WheelSlot.firstNumber(ofLevel: level) &>> 6
    // The swept slot counts as level 7, whose ring is a single word.
    let count = slot == .swept ? 1 : WheelSlot.ringCount(ofLevel: level) &>> 6
    var any: UInt64 = 0
    for word in first..<first &+ count { any |= map[word] }
    if any == 0 { levels &= ~(1 &<< UInt8(truncatingIfNeeded: level)) }
  }

  /// The members that must be seen to first, or nil when there are none. Where two slots begin at
  /// the same time the finer one comes first: its references are due.
  ///
  /// - Complexity: at most 9 words of the map at level 0 and 3 at each other level.
  func firstDue() -> DueSlot? {
    var best: DueSlot?
    var remaining = levels & 0x7f
    while remaining != 0 {
      let level = remaining.trailingZeroBitCount
      remaining &= remaining &- 1
      let slot = firstOccupied(ofLevel: level)
      let start = max(slot.start(elapsed: elapsed), elapsed)
      if best == nil || start < best.unsafelyUnwrapped.start {
        best = DueSlot(slot: slot, start: start)
      }
    }
    if isOccupied(.swept) {
      let start = max(sweeping.start, elapsed)
      if best == nil || start < best.unsafelyUnwrapped.start {
        best = DueSlot(slot: .swept, start: start)
      }
    }
    return best
  }

  /// The first occupied slot of a level that has one, going round the ring from `elapsed`.
  private func firstOccupied(ofLevel level: Int) -> WheelSlot {
    let current = WheelSlot(level: level, time: elapsed).rawValue
    let first = WheelSlot.firstNumber(ofLevel: level) &>> 6
    let count = WheelSlot.ringCount(ofLevel: level) &>> 6
    let below: UInt64 = 1 &<< UInt64(truncatingIfNeeded: current & 63) &- 1
    var word = current &>> 6
    var bits = map[word] & ~below
    for _ in 0..<count {
      if bits != 0 { break }
      word = first &+ ((word &- first &+ 1) & (count &- 1))
      bits = map[word]
    }
    // Back at the word it began with, only the bits below `current` can be set.
    assert(bits != 0)
    return WheelSlot(rawValue: word &<< 6 &+ bits.trailingZeroBitCount)
  }

  /// Makes `wake` exact again after members were taken out.
  @inline(__always)
  mutating func refreshWake() { wake = firstDue()?.start ?? .max }
}
