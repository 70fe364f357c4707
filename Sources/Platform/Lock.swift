import CPlatform
public import Synchronization

/// A lock for raw memory: spins shortly, then sleeps on a futex.
///
///     word   0 free | 1 held | 2 held, and somebody may sleep
///
/// Made with `isShared: false` it does nothing: with a single worker nobody else comes. An
/// uncontended pair costs two locked instructions, about 10 ns. Not recursive, not fair.
///
/// The scheme is the third mutex of Ulrich Drepper's "Futexes are tricky".
public struct Lock: ~Copyable, Sendable {
  @usableFromInline let word = Atomic<UInt32>(0)
  @usableFromInline let isShared: Bool

  /// How often an attempt spins before it sleeps: about a microsecond, longer than any command
  /// on one key holds a shard.
  @usableFromInline static var spinsMax: Int { 40 }

  /// Makes a free lock.
  @inlinable
  public init(isShared: Bool) { self.isShared = isShared }

  /// Waits until the lock is free and takes it.
  @inlinable
  public func acquire() {
    guard isShared else { return }
    let (taken, _) = word.compareExchange(expected: 0, desired: 1, ordering: .acquiring)
    if !taken { acquireSlowly() }
  }

  /// Takes the lock if it is free.
  @inlinable
  public func tryAcquire() -> Bool {
    guard isShared else { return true }
    return word.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
  }

  /// Frees the lock.
  @inlinable
  public func release() {
    guard isShared else { return }
    let old = word.exchange(0, ordering: .releasing)
    assert(old != 0)
    if old == 2 { wake() }
  }

  /// Whether somebody holds it; always true when not shared. For assertions.
  @inlinable
  public var isHeld: Bool { !isShared || word.load(ordering: .relaxed) != 0 }

  @usableFromInline
  func acquireSlowly() {
    var spins = 0
    while spins < Self.spinsMax {
      if word.load(ordering: .relaxed) == 0,
        word.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
      {
        return
      }
      spins += 1
      cp_relax()
    }
    while word.exchange(2, ordering: .acquiring) != 0 {
      // The lock lives in raw memory or in a class and Atomic stores its value inline, so this
      // is the word's one address.
      withUnsafePointer(to: word) { cp_futex_wait(UnsafeMutableRawPointer(mutating: $0), 2) }
    }
  }

  @usableFromInline
  func wake() {
    withUnsafePointer(to: word) { cp_futex_wake_one(UnsafeMutableRawPointer(mutating: $0)) }
  }
}

/// A word to sleep on until somebody changes it: the sleeping half of a queue between threads.
///
/// The sleeper reads `value`, looks whether there is work, and if not sleeps while the value is the
/// same; whoever adds work wakes it afterwards. So no wake-up is lost.
public struct WakeWord: ~Copyable, Sendable {
  private let word = Atomic<UInt32>(0)

  /// Makes a word; it must stay where it is (raw memory or a class).
  public init() {}

  /// The present value.
  public var value: UInt32 { word.load(ordering: .acquiring) }

  /// Sleeps until `wake()` was called after `value` had returned `seen`; may return early.
  public func sleep(while seen: UInt32) {
    withUnsafePointer(to: word) { cp_futex_wait(UnsafeMutableRawPointer(mutating: $0), seen) }
  }

  /// The same, for at most `milliseconds` (nil: for as long as it takes).
  public func sleep(while seen: UInt32, milliseconds: Int64?) {
    guard let milliseconds else { return sleep(while: seen) }
    withUnsafePointer(to: word) {
      cp_futex_wait_for(UnsafeMutableRawPointer(mutating: $0), seen, max(0, milliseconds))
    }
  }

  /// Changes the value and wakes the sleeper.
  public func wake() {
    word.wrappingAdd(1, ordering: .acquiringAndReleasing)
    withUnsafePointer(to: word) { cp_futex_wake_one(UnsafeMutableRawPointer(mutating: $0)) }
  }
}
