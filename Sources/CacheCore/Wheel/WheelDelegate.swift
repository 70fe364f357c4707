/// What became of a reference that the wheel fired.
package enum FireResult: Equatable {
  /// The reference is spent: its entry was removed, or it named no entry any more.
  case done
  /// The entry lives until this time (milliseconds), so the reference goes back into the wheel.
  /// A time that is not after `now` counts as `now + 1`.
  case reinsert(at: Int64)
}

/// Knows what a `TimingWheel`'s handles mean. Dispatched statically, passed `inout`.
///
/// A handle may be stale: its entry gone, moved, or its memory reused by another entry. Each method
/// but `mark` and `unmark` must therefore validate what it is given. None may touch the wheel.
package protocol WheelDelegate: ~Copyable {
  /// Begins to load what `deadline(of:)` reads. Called for a whole batch (up to 31) beforehand.
  func prefetch(_ handle: UInt32)

  /// Begins to load what `fire(_:now:)` reads beyond the entry itself, such as the table's bucket.
  /// Called for a whole batch after `prefetch(_:)`, so reading the entry here is cheap.
  func prefetchForFiring(_ handle: UInt32)

  /// When the entry expires (milliseconds), or nil when the reference is stale and may be dropped.
  ///
  /// A reused handle may give the other entry's deadline; that costs an early look, no harm.
  mutating func deadline(of handle: UInt32) -> Int64?

  /// The reference's time has come: removes the entry if it is due at `now` (milliseconds).
  mutating func fire(_ handle: UInt32, now: Int64) -> FireResult

  /// Sets the entry's mark and says whether it was set before.
  ///
  /// Called in a sweep only, directly after `deadline(of:)` gave a time. The mark is one bit in the
  /// entry; it must be clear in an entry that was just made or moved.
  mutating func mark(_ handle: UInt32) -> Bool

  /// Clears the entry's mark. Called directly after `deadline(of:)` gave a time, or after
  /// `fire(_:now:)` asked for reinsertion.
  mutating func unmark(_ handle: UInt32)
}

extension WheelDelegate where Self: ~Copyable {
  /// Nothing more to load by default.
  @inline(__always)
  package func prefetchForFiring(_ handle: UInt32) {}
}
