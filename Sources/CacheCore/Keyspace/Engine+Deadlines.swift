import Platform
import Synchronization

/// Deadlines in entries.
///
/// A deadline takes one 32-bit word while it lies within 49 days of the shard's clock: the stamp
/// is its low half, and `clock - stampMargin` is the base that makes it whole again,
///
///     base ≤ deadline < base + 2^32,   deadline = base + UInt32(stamp - UInt32(base))
///
/// The clock moves on only when the wheel has removed everything due before it, so live deadlines
/// stay after the base, however long nobody looked and however far the time jumped. The margin,
/// 70 minutes, forgives workers whose idea of now differs.
extension Engine {
  static var stampMargin: Int64 { 1 << 22 }
  /// Deadlines up to this far after the clock are written as stamps.
  static var stampReach: Int64 { 1 << 32 - 1 << 23 }

  /// When the entry is due; the entry has an expiry.
  @inline(__always)
  func deadline(of entry: Entry, in shard: UnsafeMutablePointer<Shard>) -> Int64 {
    assert(entry.expiryWords == 1 || entry.expiryWords == 2)
    if entry.expiryWords == 1 {
      let base = shard.pointee.clock &- Self.stampMargin
      return base &+ Int64(entry.stamp &- UInt32(truncatingIfNeeded: base))
    }
    return entry.wideDeadline
  }

  /// When the entry is due; nil when never.
  @inline(__always)
  func expiry(of entry: Entry, in shard: UnsafeMutablePointer<Shard>) -> Int64? {
    entry.expiryWords == 0 ? nil : deadline(of: entry, in: shard)
  }

  /// How many words a deadline takes now. May move the clock, so that it takes one.
  func expiryWords(
    for deadline: Int64?, in shard: UnsafeMutablePointer<Shard>, now: Int64
  ) -> Int {
    guard let deadline else { return 0 }
    if shard.pointee.wheel == nil { makeWheel(shard, now: now) }
    if deadline &- shard.pointee.clock < Self.stampReach { return 1 }
    if let wheel = shard.pointee.wheel, wheel.pointee.nextDeadline() > now,
      shard.pointee.clock < now
    {
      // Nothing is due before now, so every live deadline is later.
      shard.pointee.clock = now
    }
    return deadline &- shard.pointee.clock < Self.stampReach ? 1 : 2
  }

  /// Writes the deadline into the place that the header says there is.
  @inline(__always)
  func write(_ deadline: Int64, to entry: Entry) {
    if entry.expiryWords == 1 {
      entry.stamp = UInt32(truncatingIfNeeded: deadline)
    } else {
      entry.wideDeadline = deadline
    }
  }

  @inline(never)
  func makeWheel(_ shard: UnsafeMutablePointer<Shard>, now: Int64) {
    let wheel = UnsafeMutablePointer<TimingWheel<HeapChunkSource>>.allocate(capacity: 1)
    let source = HeapChunkSource(memory: memory, arena: Int(shard.pointee.arena))
    let index = Int(shard.pointee.index)
    wheel.initialize(
      to: TimingWheel(
        now: now, phase: TimingWheel<HeapChunkSource>.phase(ofShard: index), chunks: source))
    shard.pointee.wheel = wheel
    shard.pointee.clock = now
  }

  /// Puts a reference into the shard's wheel and tells the shard's worker when it sleeps longer.
  func addReference(
    _ handle: UInt32, at deadline: Int64, in shard: UnsafeMutablePointer<Shard>, now: Int64
  ) {
    guard let wheel = shard.pointee.wheel else { return }
    // Without memory for a node the key still expires when it is read.
    _ = wheel.pointee.insert(handle, at: deadline, now: now)
    let index = Int(shard.pointee.index)
    let earliest = control.pointee.deadlines + index
    let next = wheel.pointee.nextDeadline()
    if next < earliest.pointee.load(ordering: .relaxed) {
      earliest.pointee.store(next, ordering: .sequentiallyConsistent)
      wakeIfNeeded(worker: index % control.pointee.workerCount, deadline: next)
    }
  }

  private func wakeIfNeeded(worker: Int, deadline: Int64) {
    let sleepsUntil = (control.pointee.workers + worker).pointee.sleepsUntil
      .load(ordering: .sequentiallyConsistent)
    if deadline < sleepsUntil { control.pointee.observer?.keyspace(wake: worker) }
  }
}
