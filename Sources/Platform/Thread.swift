internal import CPlatform
internal import Glibc

/// A system thread.
public struct Thread: @unchecked Sendable {
  private let handle: pthread_t

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H`; the first 15 bytes count.
  ///   - body: what it runs; the thread ends when it returns.
  public init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let box = Unmanaged.passRetained(Body(body))
    var handle = pthread_t()
    let result = pthread_create(
      &handle, nil,
      { context in
        let body = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
        body.run()
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      box.release()
      throw Errno(result)
    }
    self.handle = handle
    _ = name.withCString { cp_name_thread(handle, $0) }
  }

  /// Waits until the thread has ended.
  public func join() { pthread_join(handle, nil) }

  /// A number that the calling thread has for itself; -1 until it is set.
  public static var currentNumber: Int {
    get { Int(cp_thread_number()) }
    set { cp_set_thread_number(Int32(truncatingIfNeeded: newValue)) }
  }

  /// Gives the core away for a moment.
  public static func yield() { sched_yield() }

  /// Sleeps.
  public static func sleep(microseconds: UInt32) { usleep(microseconds) }
}
