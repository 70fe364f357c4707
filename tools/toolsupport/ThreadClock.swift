internal import Foundation

/// Processor time of the calling thread: other programs on the machine count less.
public func threadNanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// The shortest of several runs, in nanoseconds of this thread.
public func shortestNanoseconds(of runs: Int, _ body: () -> Void) -> Int {
  (0..<runs).map { _ in
    let started = threadNanoseconds()
    body()
    return threadNanoseconds() - started
  }.min() ?? 0
}
