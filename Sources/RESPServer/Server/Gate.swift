internal import Platform
internal import Synchronization

/// The exclusive gate: lets one loop run a command while all others stand at a batch border.
///
///     loop     enter:  inside[w] = 1; closed? then inside[w] = 0 and wait     leave: inside[w] = 0
///     holder   close:  take the turn, closed = 1, wait until every inside[w] is 0
///
/// A loop is *inside* while it executes a batch. The holder first leaves its own batch, so two
/// loops that want the gate at once cannot wait for each other. The two stores and loads are
/// sequentially consistent, so of a loop that enters and a holder that closes at the same moment
/// at least one sees the other. It costs a loop one exchange a batch (about 20 cycles), and nothing
/// with a single loop, which is always alone.
///
/// What one holder wrote, the next one and every loop that enters later sees: control-plane state
/// that is only touched with the gate held needs no lock of its own.
struct Gate: ~Copyable {
  /// One per loop, each in a cache line of its own.
  private struct Inside: ~Copyable {
    let flag = Atomic<UInt32>(0)
    let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
  }

  private let workerCount: Int
  private let inside: UnsafeMutablePointer<Inside>
  private let closed = Atomic<UInt32>(0)
  private let turn = Atomic<UInt32>(0)

  init(workerCount: Int) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    inside = .allocate(capacity: workerCount)
    for index in 0..<workerCount { (inside + index).initialize(to: Inside()) }
  }

  deinit {
    inside.deinitialize(count: workerCount)
    inside.deallocate()
  }

  /// Begins a batch; waits while somebody holds the gate.
  @inline(__always)
  func enter(worker: Int) {
    if workerCount > 1 { enterShared(worker: worker) }
  }

  /// Ends a batch.
  @inline(__always)
  func leave(worker: Int) {
    if workerCount > 1 { inside[worker].flag.store(0, ordering: .releasing) }
  }

  private func enterShared(worker: Int) {
    while true {
      inside[worker].flag.store(1, ordering: .sequentiallyConsistent)
      if closed.load(ordering: .sequentiallyConsistent) == 0 { return }
      inside[worker].flag.store(0, ordering: .releasing)
      while closed.load(ordering: .acquiring) != 0 { Thread.yield() }
    }
  }

  /// Closes the gate. The caller is inside a batch, and is again after `open`.
  ///
  /// - Complexity: waits for the longest batch that is under way.
  func close(worker: Int) {
    guard workerCount > 1 else { return }
    inside[worker].flag.store(0, ordering: .releasing)
    while !turn.compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing)
      .exchanged
    {
      Thread.yield()
    }
    closed.store(1, ordering: .sequentiallyConsistent)
    for other in 0..<workerCount where other != worker {
      while inside[other].flag.load(ordering: .sequentiallyConsistent) != 0 { Thread.yield() }
    }
  }

  /// Opens the gate that this worker has closed.
  func open(worker: Int) {
    guard workerCount > 1 else { return }
    closed.store(0, ordering: .sequentiallyConsistent)
    turn.store(0, ordering: .releasing)
    enterShared(worker: worker)
  }
}
