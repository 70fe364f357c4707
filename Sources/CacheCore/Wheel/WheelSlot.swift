/// A slot's number within a `TimingWheel`, and the arithmetic that maps times to slots.
///
/// Every level is a ring twice as long as one slot of the level above it, so that it can hold both
/// the current and the next of those:
///
///     level   slots   a slot spans      the ring spans    numbers
///       0      512      1 ms               0.5 s             0 ..<  512
///       1      128    256 ms              33 s             512 ..<  640
///       2      128     16.4 s             35 min           640 ..<  768
///       3      128     17.5 min           37 h             768 ..<  896
///       4      128     18.6 h            100 days          896 ..< 1024
///       5      128     49.7 days          17 years        1024 ..< 1152
///       6      128      8.7 years       1115 years        1152 ..< 1280
///
/// A time belongs to the finest level where it lies in the current or the next slot of the level
/// above. A slot is named by the low bits of its time; a ring never holds two laps.
package struct WheelSlot: Equatable {
  /// The slot's number, counted through all levels.
  package var rawValue: Int

  /// Wraps a number.
  @inline(__always)
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Number of levels.
  package static var levelCount: Int { 7 }

  /// Slots in all levels.
  package static var count: Int { 1280 }

  /// The slot that holds what a sweep has taken out and not yet put back.
  @inline(__always)
  package static var swept: WheelSlot { WheelSlot(rawValue: count) }

  /// Times further away than this (milliseconds) are placed here and looked at again.
  package static var reach: UInt64 { 1 &<< 44 - 1 }

  /// The level the slot belongs to.
  @inline(__always)
  package var level: Int { rawValue < 512 ? 0 : (rawValue &- 384) &>> 7 }

  /// Binary logarithm of the milliseconds that a slot of `level` spans.
  @inline(__always)
  package static func shift(ofLevel level: Int) -> UInt64 {
    level == 0 ? 0 : UInt64(truncatingIfNeeded: 2 &+ 6 &* level)
  }

  /// The first slot number of `level`.
  @inline(__always)
  package static func firstNumber(ofLevel level: Int) -> Int {
    level == 0 ? 0 : 384 &+ 128 &* level
  }

  /// Slots in the ring of `level`.
  @inline(__always)
  package static func ringCount(ofLevel level: Int) -> Int { level == 0 ? 512 : 128 }

  /// The slot of `level` that `time` (wheel time, milliseconds) falls in.
  @inline(__always)
  package init(level: Int, time: UInt64) {
    let mask = UInt64(truncatingIfNeeded: Self.ringCount(ofLevel: level) &- 1)
    let index = (time &>> Self.shift(ofLevel: level)) & mask
    rawValue = Self.firstNumber(ofLevel: level) &+ Int(truncatingIfNeeded: index)
  }

  /// The slot for a reference due at `time`, seen from `elapsed` (wheel times, milliseconds).
  /// A time in the past belongs to the current millisecond.
  @inline(__always)
  package init(for time: UInt64, elapsed: UInt64) {
    let delta = time > elapsed ? min(time &- elapsed, Self.reach) : 0
    let time = elapsed &+ delta
    // Level k takes distances below 2^(8 + 6k): then time is at most one slot of level k + 1 ahead.
    let highestBit = 63 &- (delta | 1).leadingZeroBitCount
    var level = highestBit < 8 ? 0 : (highestBit &- 2) / 6
    if level > 0 {
      // The next slot of this level is emptied early, so it takes no more.
      let shift = Self.shift(ofLevel: level)
      if (time &>> shift) &- (elapsed &>> shift) <= 1 { level &-= 1 }
    }
    self.init(level: level, time: time)
  }

  /// When the slot begins, seen from `elapsed` (wheel times, milliseconds). The slot that `elapsed`
  /// is in has begun earlier.
  @inline(__always)
  package func start(elapsed: UInt64) -> UInt64 {
    let level = self.level
    let shift = Self.shift(ofLevel: level)
    let mask = UInt64(truncatingIfNeeded: Self.ringCount(ofLevel: level) &- 1)
    let current = elapsed &>> shift
    let index = UInt64(truncatingIfNeeded: rawValue &- Self.firstNumber(ofLevel: level))
    return (current &+ ((index &- current) & mask)) &<< shift
  }
}
