/// Threads for work that must not hold an event loop: jobs wait in line, and no more than a fixed
/// number run at once. A pool without work has no threads.
///
///     submit → waiting, in order → a thread of at most `threadsMax` → next, or the thread ends
public final class WorkerPool: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    /// Where in `waiting` the next job stands; those before it are taken.
    var next = 0
    var running = 0
  }

  private let name: String
  private let threadsMax: Int
  private let state = Guarded(State())

  /// Makes a pool.
  ///
  /// - Parameters:
  ///   - name: of its threads, for `top -H`; the first 15 bytes count.
  ///   - threadsMax: jobs that run at once, at least 1.
  public init(name: String, threadsMax: Int) {
    precondition(threadsMax >= 1)
    self.name = name
    self.threadsMax = threadsMax
  }

  /// Runs `job` on a thread of the pool; here and now where the system gives no thread.
  ///
  /// - Complexity: O(1); starts a thread (some 20 µs) while there are fewer than `threadsMax`.
  public func submit(_ job: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.waiting.append(job)
      guard state.running < threadsMax else { return false }
      state.running += 1
      return true
    }
    guard needsThread else { return }
    do throws(Errno) {
      _ = try Thread(name: name) { self.work() }
    } catch {
      work()
    }
  }

  /// Jobs that wait or run.
  public var pendingCount: Int {
    state.withLock { $0.waiting.count - $0.next + $0.running }
  }

  /// Returns when all jobs have ended. Nothing may be submitted meanwhile but by jobs.
  public func finish() {
    while pendingCount > 0 { Thread.sleep(microseconds: 500) }
  }

  private func work() {
    while let job = take() { job() }
  }

  private func take() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard state.next < state.waiting.count else {
        state.waiting = []
        state.next = 0
        state.running -= 1
        return nil
      }
      let job = state.waiting[state.next]
      // What the job holds goes with it.
      state.waiting[state.next] = {}
      state.next += 1
      return job
    }
  }
}
