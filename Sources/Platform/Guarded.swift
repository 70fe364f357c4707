/// A value that threads share, each getting at it under a lock: for the control plane.
///
/// The standard library's `Mutex` does the same, but its lock is taken inside the library, where
/// ThreadSanitizer does not see it: everything it guards is then reported as a race.
public struct Guarded<Value>: ~Copyable, @unchecked Sendable {
  // Sendable: the value is only touched under the lock.
  private let lock = Lock(isShared: true)
  private let value: UnsafeMutablePointer<Value>

  /// Guards `initial`.
  public init(_ initial: Value) {
    value = .allocate(capacity: 1)
    value.initialize(to: initial)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
  }

  /// Calls `body` with the value, which nobody else touches meanwhile. Not recursive.
  public borrowing func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.acquire()
    defer { lock.release() }
    return body(&value.pointee)
  }
}
