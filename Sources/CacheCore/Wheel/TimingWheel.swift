// A hierarchical timing wheel: when does which entry expire?
//
// Why a wheel. Redis samples keys with a TTL at random, so with many keys that are not due it finds
// the due ones late or never. A heap finds them at once but costs a cache miss per level on every
// insert. A wheel inserts in constant time, into memory that was just written to.
//
// The wheel holds references, not entries: 32-bit handles, in slots by time (`WheelSlot` draws the
// levels). A level-0 slot is one millisecond, and its references fire when that comes. A slot of a
// higher level is emptied into the level below ("cascades") at the latest when its time begins.
//
//     elapsed ──┐
//     level 0   ▼ . . . . . . | . . . . . . .       512 × 1 ms: current and next level-1 slot
//     level 1   [now ][next ][    ][    ] …         128 × 256 ms: current and next level-2 slot
//     level 2   [       now        ][    next …     128 × 16 s, and so on
//
// Rings are twice as long as usual for one reason: the slot marked "next" can be emptied at leisure
// (`prepare`) during the whole span of "now", and what is inserted meanwhile goes straight to the
// level below. So a million references in one coarse slot move in small steps ahead of time, not in
// one stall at its border.
//
// Members of a slot stand in a chain of nodes. Only the first node may be smaller than 128 bytes or
// partly empty; it grows through 16, 32, 64 and 128 bytes by copying:
//
//     slot ─► first node           node                 node
//             ┌────┬─────────┐     ┌────┬─────────┐     ┌────┬─────────┐
//             │link│ n ≤ 31  │  ─► │link│ 31 full │  ─► │none│ 31 full │
//             └────┴─────────┘     └────┴─────────┘     └────┴─────────┘
//     beside the slots: fill[slot] = size of the first node : 2 | handles that still fit : 5
//
// Full nodes cost 128 / 31 = 4.13 bytes a reference; a slot with one member costs 16 bytes, one
// with more at most 8 a member. Bytes a reference, measured (`WheelTests.memoryPerReference`):
//
//     keys a shard   all in one millisecond   TTL of an hour, kept refilled   TTLs up to an hour
//           15,625                     4.14                             4.4                 4.4
//            1,000                                                                          6.0
//              100                                                                         11.2
//                1                                                                           16
//
// The reference rule: an entry has a reference in a slot that begins at or before its deadline.
// Extending a deadline therefore touches nothing here: the reference fires early, the delegate says
// until when the entry lives, and the reference goes back. Only a deadline that gets shorter, into
// another slot, needs a new reference, as does an entry that moves (`needsReference`).
// So references may be stale (entry gone) or doubled. Stale ones vanish when their time comes;
// `sweep` finds both kinds before that.
//
// Invariants (`checkInvariants`):
// - No slot that ended before `elapsed` has members; a slot of a higher level that contains
//   `elapsed` has members only while it waits to be emptied.
// - `wake` is at or before the start of every slot that has members.
// - A bit in the map is set exactly when its slot has members; `levels` sums the map up by level.
//
// Bounds. `advance`, `prepare` and `sweep` look at no more references than their limit. A reference
// cascades at most six times. Finding the next deadline reads at most 28 words of the map.
// The fixed part is 6.7 KB a wheel, 430 KB for 64 shards.
//
// When memory is exhausted a reference can be lost while it cascades: `lostReferenceCount` counts
// those. Reads still see no due entry, because they check the deadline themselves.
//
// Credits: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987).

/// A hierarchical timing wheel over 32-bit entry handles, one for each shard.
///
/// Times are milliseconds of a clock that does not run backwards and is never negative. The caller
/// holds the shard's lock. Example:
///
///     var wheel = TimingWheel(now: now, phase: .zero, chunks: heap)
///     if wheel.needsReference(old: nil, new: now + 500) {
///       _ = wheel.insert(handle, at: now + 500, now: now)
///     }
///     let (_, more) = wheel.advance(to: later, limit: 512, &delegate)
package struct TimingWheel<Chunks: ChunkSource>: ~Copyable {
  /// References held, stale ones and doubled ones included.
  package internal(set) var referenceCount = 0

  /// Bytes of the nodes held.
  package internal(set) var chunkBytes = 0

  /// References lost since the start because no node could be had for them.
  package internal(set) var lostReferenceCount = 0

  /// Where the nodes come from.
  var chunks: Chunks

  /// The wheel's arrays, in one block; see `Layout`.
  let block: UnsafeMutableRawPointer

  /// Added to every time, so that the shards' coarse borders do not coincide.
  let phase: UInt64

  /// The millisecond up to which the wheel has turned.
  var elapsed: UInt64

  /// At or before the time when `advance` has something to do; `UInt64.max` when empty.
  var wake = UInt64.max

  /// One bit for each level that has members, and bit 7 for the swept slot.
  var levels: UInt8 = 0

  /// Where the sweep is.
  var sweeping = SweepState()

  /// An empty wheel.
  ///
  /// - Parameters:
  ///   - now: the present time, milliseconds, not negative.
  ///   - phase: milliseconds by which the coarse borders are shifted; see `phase(ofShard:)`.
  ///   - chunks: where nodes come from.
  package init(now: Int64, phase: Int64, chunks: Chunks) {
    precondition(now >= 0)
    precondition(phase >= 0)
    precondition(phase < 1 << 40)
    self.chunks = chunks
    self.phase = UInt64(phase)
    elapsed = UInt64(now) + UInt64(phase)
    block = .allocate(byteCount: Layout.byteCount, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: Layout.byteCount)
  }

  deinit {
    var chunks = chunks
    releaseNodes(to: &chunks)
    block.deallocate()
  }

  /// The phase (milliseconds) that spreads the borders of up to 64 shards evenly, on every level up
  /// to 49 days: the shard's number stands in each group of six bits.
  package static func phase(ofShard shard: Int) -> Int64 {
    let number = Int64(shard & 63)
    var phase: Int64 = 0
    for shift in stride(from: Int64(2), through: 26, by: 6) { phase |= number << shift }
    return phase
  }

  /// When `advance` has something to do next, milliseconds: the earliest deadline where that is
  /// within reach of level 0, a time before it further out, `Int64.max` when nothing is held.
  ///
  /// - Complexity: O(1); whatever changes the wheel keeps it up to date.
  @inline(__always)
  package func nextDeadline() -> Int64 {
    wake == .max ? .max : Int64(clamping: wake &- phase)
  }

  /// The wheel's own time for a caller's: shifted by the phase, the past before 0 cut off.
  @inline(__always)
  func wheelTime(_ time: Int64) -> UInt64 {
    UInt64(truncatingIfNeeded: max(time, 0)) &+ phase
  }

  /// Turns to `now` if nothing is due until then, so that new references land in the finest level.
  @inline(__always)
  mutating func turn(to now: UInt64) {
    if now > elapsed, now < wake { elapsed = now }
  }

  /// Offsets in the block, bytes. The map comes first: one cache line and a half hold it.
  enum Layout {
    static var map: Int { 0 }  // UInt64 × 21, a bit for each slot, the last word for the swept one
    static var heads: Int { 192 }  // UInt32 × 1281
    static var batch: Int { 192 + 4 * 1281 }  // UInt32 × 31
    static var fills: Int { 192 + 4 * (1281 + 31) }  // UInt8 × 1281
    static var byteCount: Int { 192 + 4 * (1281 + 31) + 1281 }
  }

  /// The map of slots that have members.
  @inline(__always)
  var map: UnsafeMutablePointer<UInt64> {
    (block + Layout.map).assumingMemoryBound(to: UInt64.self)
  }

  /// Each slot's first node; valid where the map's bit is set.
  @inline(__always)
  var heads: UnsafeMutablePointer<UInt32> {
    (block + Layout.heads).assumingMemoryBound(to: UInt32.self)
  }

  /// Room for the references that are being processed.
  @inline(__always)
  var batch: UnsafeMutablePointer<UInt32> {
    (block + Layout.batch).assumingMemoryBound(to: UInt32.self)
  }

  /// Each slot's first node: its size and how many handles still fit; 0 for an empty slot.
  @inline(__always)
  var fills: UnsafeMutablePointer<UInt8> {
    (block + Layout.fills).assumingMemoryBound(to: UInt8.self)
  }
}
