// How stale and doubled references are found before their time.
//
// Deleting an entry leaves its reference behind, and an entry whose deadline is shortened and
// extended again and again gathers several, which all go on as long as the entry lives. A sweep
// looks at every slot once, in steps:
//
//     slot X ──take out──► swept slot ──put back where it belongs──► slot X, or another
//
// 1. Marking. A reference that belongs to X again marks its entry; one that finds the mark set is a
//    double, for a reference to the same entry stands in X already, and is dropped. Doubles meet in
//    one slot, because each is put where the entry's deadline belongs.
// 2. Unmarking. Everything in X is taken out and put back once more, and the marks are cleared.
//
// So while X is being marked, a mark means "a reference stands in X", and no mark outlasts the
// visit to X: if X falls due meanwhile, `advance` and `prepare` clear the marks of what they take
// from it.

/// Where a sweep is.
struct SweepState {
  /// The number of the next slot to visit.
  var cursor = 0
  /// The slot being visited, or -1.
  var slot = -1
  /// When the slot being visited begins; what was taken out of it is due then, too.
  var start: UInt64 = 0
  /// Whether the visit is in its first part.
  var isMarking = false

  /// Whether references in the slot may have marked their entries.
  @inline(__always)
  func concerns(_ slot: WheelSlot) -> Bool {
    slot.rawValue == self.slot || slot == .swept
  }
}

extension TimingWheel {
  /// Whether `sweep` should be called until it is through: references are more than half again as
  /// many as the entries that have a deadline, and 4096 beyond.
  @inline(__always)
  package func needsSweep(expiringCount: Int) -> Bool {
    referenceCount > expiringCount &+ expiringCount &>> 1 &+ 4096
  }

  /// Looks for stale and doubled references and drops them. Goes on where the last call ended;
  /// anything may happen to the wheel in between.
  ///
  /// - Parameters:
  ///   - now: the present time, milliseconds.
  ///   - limit: greatest number of references to look at, more than 0.
  ///   - delegate: knows what the references mean.
  /// - Returns: how many references were looked at, and whether the sweep goes on.
  /// - Complexity: O(limit). A whole sweep looks at each reference about twice.
  package mutating func sweep<D: WheelDelegate & ~Copyable>(
    now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) {
    assert(limit > 0)
    turn(to: wheelTime(now))
    var processed = 0
    // Each round looks at a reference, or ends a part of a visit, of which there are few.
    while processed < limit {
      if !isOccupied(.swept) {
        guard takeOutNextSlot() else {
          refreshWake()
          return (processed, false)
        }
      }
      let count = takeBatch(from: .swept, limit: limit &- processed)
      sweepBatch(count, &delegate)
      processed &+= count
    }
    refreshWake()
    return (processed, true)
  }

  /// Moves the members of the slot whose turn it is to the swept slot; false at the end.
  private mutating func takeOutNextSlot() -> Bool {
    if sweeping.slot >= 0, sweeping.isMarking {
      sweeping.isMarking = false
      if takeOut(WheelSlot(rawValue: sweeping.slot)) { return true }
    }
    sweeping.isMarking = true
    while sweeping.cursor < WheelSlot.count {
      let slot = WheelSlot(rawValue: sweeping.cursor)
      sweeping.cursor &+= 1
      if takeOut(slot) { return true }
    }
    sweeping = SweepState()
    return false
  }

  /// Moves all members of a slot to the swept slot, which is empty; false when there are none.
  private mutating func takeOut(_ slot: WheelSlot) -> Bool {
    assert(!isOccupied(.swept))
    guard isOccupied(slot) else { return false }
    sweeping.slot = slot.rawValue
    sweeping.start = slot.start(elapsed: elapsed)
    heads[WheelSlot.swept.rawValue] = heads[slot.rawValue]
    fills[WheelSlot.swept.rawValue] = fills[slot.rawValue]
    fills[slot.rawValue] = 0
    setEmpty(slot)
    setOccupied(.swept)
    return true
  }

  /// Puts the references in the batch back, but for stale ones and doubles.
  private mutating func sweepBatch<D: WheelDelegate & ~Copyable>(
    _ count: Int, _ delegate: inout D
  ) {
    for index in 0..<count { delegate.prefetch(batch[index]) }
    for index in 0..<count {
      let handle = batch[index]
      guard let deadline = delegate.deadline(of: handle) else { continue }
      let time = wheelTime(deadline)
      if sweeping.isMarking {
        let slot = WheelSlot(for: time, elapsed: elapsed)
        if slot.rawValue == sweeping.slot, delegate.mark(handle) { continue }
      } else {
        delegate.unmark(handle)
      }
      replace(handle, at: time)
    }
  }
}
