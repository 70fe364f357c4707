internal import Platform

/// A value that only the holder of its lock reaches.
///
/// As `Synchronization.Mutex`, but on the project's own lock, whose atomics ThreadSanitizer
/// sees: it reports a race for every use of `Mutex`, right ones too, and would hide real ones
/// among them. The lock is a leaf, and its value must stay where it is (raw memory).
struct LockedValue<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
  // Sendable: `value` is only reached with `lock` held.
  private let lock = Lock(isShared: true)
  private let value: UnsafeMutablePointer<Value>

  init(_ initial: consuming Value) {
    value = .allocate(capacity: 1)
    value.initialize(to: initial)
  }

  deinit { value.deinitialize(count: 1).deallocate() }

  /// Waits for the lock; `body` must call nothing that takes it again.
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return body(&value.pointee)
  }

  /// As `withLock`, or `nil` without waiting if somebody else is there.
  func withLockIfAvailable<Result>(_ body: (inout Value) -> Result) -> Result? {
    guard lock.tryAcquire() else { return nil }
    defer { lock.release() }
    return body(&value.pointee)
  }
}
