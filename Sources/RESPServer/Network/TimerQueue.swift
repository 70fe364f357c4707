/// What a loop has to do at a certain time.
enum TimerEvent: Equatable {
  /// A blocked client's time is up.
  case blockedTimeout(client: Int64, token: UInt64)
  /// Look for clients that have been idle for too long.
  case idleClients
  /// CLIENT PAUSE ends.
  case pauseEnds
  /// Close clients whose output has been over the soft limit.
  case softLimits
}

/// A loop's few timers: a binary heap by time. Keys' deadlines are the wheel's business.
///
/// Timers are not withdrawn; one that has become pointless finds nothing to do. Where there may be
/// many of them (a wait that ends long before its time is up), `keep` drops them from time to time.
struct TimerQueue {
  private var heap: [(deadline: Int64, event: TimerEvent)] = []

  /// The earliest deadline in cache time; `Int64.max` when there is none.
  var nextDeadline: Int64 { heap.first?.deadline ?? .max }

  /// Number of timers.
  var count: Int { heap.count }

  /// Adds a timer.
  ///
  /// - Complexity: O(log n)
  mutating func add(_ event: TimerEvent, at deadline: Int64) {
    heap.append((deadline, event))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Drops the timers that `isLive` does not want.
  ///
  /// - Complexity: O(n)
  mutating func keep(where isLive: (TimerEvent) -> Bool) {
    let live = heap.filter { isLive($0.event) }
    heap.removeAll(keepingCapacity: live.count * 4 > heap.count)
    for timer in live { add(timer.event, at: timer.deadline) }
  }

  /// Takes out a timer that is due.
  ///
  /// - Complexity: O(log n)
  mutating func popDue(now: Int64) -> TimerEvent? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.event }
    heap[0] = last
    var parent = 0
    while true {
      var least = 2 * parent + 1
      guard least < heap.count else { break }
      if least + 1 < heap.count, heap[least + 1].deadline < heap[least].deadline { least += 1 }
      guard heap[least].deadline < heap[parent].deadline else { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return first.event
  }
}
