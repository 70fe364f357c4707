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
/// A holder that is long at it (a slow script) says so. The others then go on *aside*: they read
/// and answer, but touch nothing that the holder may change. It ends only when nobody is aside.
///
/// What one holder wrote, the next one and every loop that enters later sees: control-plane state
/// that is only touched with the gate held needs no lock of its own.
struct Gate: ~Copyable {
  /// One per loop, each in a cache line of its own.
  private struct Inside: ~Copyable {
    let flag = Atomic<UInt32>(0)
    let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
  }

  private static var away: UInt32 { 0 }
  private static var isInside: UInt32 { 1 }
  private static var isAside: UInt32 { 2 }

  private let workerCount: Int
  private let inside: UnsafeMutablePointer<Inside>
  private let closed = Atomic<UInt32>(0)
  private let turn = Atomic<UInt32>(0)
  /// Whether the holder will be long.
  private let isBusy = Atomic<Bool>(false)

  init(workerCount: Int) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    inside = .allocate(capacity: workerCount)
    for index in 0..<workerCount { (inside + index).initialize(to: Inside()) }
  }

  /// Whether there is anybody to keep out.
  @inline(__always)
  var isShared: Bool { workerCount > 1 }

  deinit {
    inside.deinitialize(count: workerCount)
    inside.deallocate()
  }

  /// Begins a batch; waits while somebody holds the gate.
  ///
  /// - Returns: false when the holder will be long: the worker may then do what touches nothing
  ///   that is shared (answer with BUSY), and has to call `leave` all the same.
  @inline(__always)
  func enter(worker: Int) -> Bool {
    workerCount > 1 ? enterShared(worker: worker) : true
  }

  /// Ends a batch.
  @inline(__always)
  func leave(worker: Int) {
    if workerCount > 1 { inside[worker].flag.store(Self.away, ordering: .releasing) }
  }

  private func enterShared(worker: Int) -> Bool {
    var waits = 0
    while true {
      inside[worker].flag.store(Self.isInside, ordering: .sequentiallyConsistent)
      if closed.load(ordering: .sequentiallyConsistent) == 0 { return true }
      inside[worker].flag.store(Self.away, ordering: .releasing)
      while closed.load(ordering: .acquiring) != 0 {
        if stepAside(worker: worker) { return false }
        Self.wait(&waits)
      }
    }
  }

  /// Goes on beside a holder that is long at it.
  private func stepAside(worker: Int) -> Bool {
    guard isBusy.load(ordering: .acquiring) else { return false }
    inside[worker].flag.store(Self.isAside, ordering: .sequentiallyConsistent)
    if isBusy.load(ordering: .sequentiallyConsistent) { return true }
    inside[worker].flag.store(Self.away, ordering: .releasing)
    return false
  }

  /// Most holders need microseconds; for one that needs more, no core is to be kept hot.
  private static func wait(_ waits: inout Int) {
    waits += 1
    if waits < 200 { Thread.yield() } else { Thread.sleep(microseconds: 50) }
  }

  /// Closes the gate. The caller is inside a batch, and is again after `open`.
  ///
  /// - Returns: false when another worker holds it that will be long. The caller has left its batch
  ///   then.
  /// - Complexity: waits for the longest batch that is under way.
  func close(worker: Int) -> Bool {
    guard workerCount > 1 else { return true }
    inside[worker].flag.store(Self.away, ordering: .releasing)
    var waits = 0
    while !turn.compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing)
      .exchanged
    {
      if isBusy.load(ordering: .acquiring) { return false }
      Self.wait(&waits)
    }
    closed.store(1, ordering: .sequentiallyConsistent)
    for other in 0..<workerCount where other != worker {
      while inside[other].flag.load(ordering: .sequentiallyConsistent) != Self.away {
        Self.wait(&waits)
      }
    }
    return true
  }

  /// Opens the gate that this worker has closed.
  func open(worker: Int) {
    guard workerCount > 1 else { return }
    closed.store(0, ordering: .sequentiallyConsistent)
    turn.store(0, ordering: .releasing)
    // A holder of the next turn may be long at it, but that is the next batch's business.
    while !enterShared(worker: worker) {
      leave(worker: worker)
      Thread.sleep(microseconds: 50)
    }
  }

  /// The holder says that it will be long: the others go on beside it.
  func beginBusy() { isBusy.store(true, ordering: .sequentiallyConsistent) }

  /// The holder says that it is about to end; returns when no one goes on beside it any more.
  func endBusy(worker: Int) {
    isBusy.store(false, ordering: .sequentiallyConsistent)
    for other in 0..<workerCount where other != worker {
      while inside[other].flag.load(ordering: .sequentiallyConsistent) == Self.isAside {
        Thread.yield()
      }
    }
  }
}
