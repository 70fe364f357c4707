// How the wheel turns: firing, cascading, and emptying coarse slots ahead of their time.

extension TimingWheel {
  /// Turns to `now`: fires what is due and empties the coarse slots whose time has come, but looks
  /// at no more than `limit` references.
  ///
  /// A jump over years is a few steps, because empty slots are skipped. Between two calls that did
  /// not finish, everything else works: what is inserted meanwhile takes its place.
  ///
  /// - Parameters:
  ///   - now: the present time, milliseconds.
  ///   - limit: greatest number of references to look at, more than 0.
  ///   - delegate: knows what the references mean.
  /// - Returns: how many references were looked at, and whether some are still due.
  /// - Complexity: O(limit).
  package mutating func advance<D: WheelDelegate & ~Copyable>(
    to now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) {
    assert(limit > 0)
    let target = wheelTime(now)
    if target < wake {
      turn(to: target)
      return (0, false)
    }
    var processed = 0
    // Each round looks at a reference at least, or ends; so there are at most limit + 1 rounds.
    while let due = firstDue() {
      wake = due.start
      if due.start > target {
        turn(to: target)
        return (processed, false)
      }
      if processed >= limit { return (processed, true) }
      elapsed = due.start
      let count = takeBatch(from: due.slot, limit: limit &- processed)
      let isSwept = sweeping.concerns(due.slot)
      if due.slot.rawValue < WheelSlot.ringCount(ofLevel: 0) {
        fireBatch(count, now: now, unmarking: isSwept, &delegate)
      } else {
        cascadeBatch(count, now: now, unmarking: isSwept, &delegate)
      }
      processed &+= count
    }
    wake = .max
    turn(to: target)
    return (processed, false)
  }

  /// Empties coarse slots that come next into the level below, ahead of their time, so that
  /// `advance` has less to do at their border. For moments when nothing else is to be done; there
  /// is a quarter of a second and more for each slot, so one wheel a turn is often enough.
  ///
  /// - Parameters:
  ///   - now: the present time, milliseconds.
  ///   - limit: greatest number of references to look at, more than 0.
  ///   - delegate: knows what the references mean.
  /// - Returns: how many references were looked at, and whether another call would find more.
  /// - Complexity: O(limit).
  package mutating func prepare<D: WheelDelegate & ~Copyable>(
    now: Int64, limit: Int, _ delegate: inout D
  ) -> (processed: Int, more: Bool) {
    assert(limit > 0)
    let target = wheelTime(now)
    // What is due comes first; that is for `advance`.
    if target >= wake { return (0, false) }
    turn(to: target)
    var processed = 0
    var remaining = levels & 0x7e
    while remaining != 0 {
      let level = remaining.trailingZeroBitCount
      let span: UInt64 = 1 &<< WheelSlot.shift(ofLevel: level)
      let slot = WheelSlot(level: level, time: elapsed &+ span)
      guard isOccupied(slot) else {
        remaining &= remaining &- 1
        continue
      }
      if processed >= limit { return finishPreparing(processed, more: true) }
      let count = takeBatch(from: slot, limit: limit &- processed)
      cascadeBatch(count, now: nil, unmarking: sweeping.concerns(slot), &delegate)
      processed &+= count
    }
    return finishPreparing(processed, more: false)
  }

  @inline(__always)
  private mutating func finishPreparing(
    _ processed: Int, more: Bool
  ) -> (processed: Int, more: Bool) {
    if processed > 0 { refreshWake() }
    return (processed, more)
  }

  /// Fires the references in the batch.
  @inline(__always)
  private mutating func fireBatch<D: WheelDelegate & ~Copyable>(
    _ count: Int, now: Int64, unmarking: Bool, _ delegate: inout D
  ) {
    for index in 0..<count { delegate.prefetch(batch[index]) }
    for index in 0..<count { delegate.prefetchForFiring(batch[index]) }
    for index in 0..<count {
      fire(batch[index], now: now, unmarking: unmarking, &delegate)
    }
  }

  /// Moves the references in the batch to where their entries' deadlines belong. Those that are due
  /// fire, where `now` is given; else they go into the current slot of level 0.
  @inline(__always)
  private mutating func cascadeBatch<D: WheelDelegate & ~Copyable>(
    _ count: Int, now: Int64?, unmarking: Bool, _ delegate: inout D
  ) {
    for index in 0..<count { delegate.prefetch(batch[index]) }
    for index in 0..<count {
      let handle = batch[index]
      guard let deadline = delegate.deadline(of: handle) else { continue }
      if let now, deadline <= now {
        fire(handle, now: now, unmarking: unmarking, &delegate)
        continue
      }
      if unmarking { delegate.unmark(handle) }
      replace(handle, at: wheelTime(deadline))
    }
  }

  @inline(__always)
  private mutating func fire<D: WheelDelegate & ~Copyable>(
    _ handle: UInt32, now: Int64, unmarking: Bool, _ delegate: inout D
  ) {
    guard case .reinsert(let time) = delegate.fire(handle, now: now) else { return }
    if unmarking { delegate.unmark(handle) }
    // Strictly after `now`, lest a delegate that refuses to fire keep the wheel from turning.
    replace(handle, at: max(wheelTime(time), wheelTime(now) &+ 1))
  }
}
