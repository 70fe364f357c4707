internal import Platform
internal import Synchronization

/// What happens to a class's keys while the server runs. Survives reloads that leave the class as
/// it is.
///
/// Times are cache milliseconds. Two marks stand for changes of all keys at once: what was stored
/// up to `deadUntil` is gone, what was stored up to `staleUntil` has to be got anew.
final class ClassState: Sendable {
  private let dead = Atomic<Int64>(.min)
  private let stale = Atomic<Int64>(.min)
  let counters = ClassCounters()

  var deadUntil: Int64 { dead.load(ordering: .acquiring) }
  var staleUntil: Int64 { stale.load(ordering: .acquiring) }

  private enum Search { case none, running, wantedAgain }

  private let search = Guarded(Search.none)

  /// Whether a search for dead keys is to be begun; one that goes on is begun anew at its end.
  func beginSearch() -> Bool {
    search.withLock { search in
      defer { search = search == .none ? .running : .wantedAgain }
      return search == .none
    }
  }

  /// Whether the search that has ended is to be begun anew.
  func endSearch() -> Bool {
    search.withLock { search in
      defer { search = search == .wantedAgain ? .running : .none }
      return search == .wantedAgain
    }
  }

  /// Everything that is stored up to now is wrong.
  func kill(upTo now: Int64) { dead.store(now, ordering: .releasing) }

  private let problem = Guarded("")

  /// The last load's failure, in words; empty when there was none.
  var problemText: String { problem.withLock { $0 } }

  /// Takes note of a failure.
  ///
  /// - Returns: whether it is another than the last.
  func noteProblem(_ text: String) -> Bool {
    problem.withLock { known in
      defer { known = text }
      return known != text
    }
  }

  /// Everything that is stored up to now may be wrong.
  func age(upTo now: Int64) { stale.store(now, ordering: .releasing) }
}

/// What a class's keys were asked for.
final class ClassCounters: Sendable {
  /// What is counted.
  enum Event: Int, CaseIterable {
    /// Reads that found a fresh value, a stale one, that there is no row.
    case hits, staleHits, negativeHits
    /// Reads that had to wait, and those that were refused because the database was away.
    case waits, refused
    /// Loads that were begun; how they ended.
    case loads, values, negatives, errors
    /// Loads that were begun anew because the row changed meanwhile.
    case reloads
    /// Keys that notifications named.
    case invalidations
    /// Reads by users who do not own the key.
    case denied

    var name: String {
      switch self {
      case .staleHits: "stale_hits"
      case .negativeHits: "negative_hits"
      default: "\(self)"
      }
    }
  }

  /// A row of counters for each thread that counts; one row is a cache line and a half.
  private static let rowLength = 16
  private static let rowCount = 65
  // Sendable: they are atomic.
  private nonisolated(unsafe) let counts: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    counts = .allocate(capacity: Self.rowLength * Self.rowCount)
    for index in 0..<(Self.rowLength * Self.rowCount) {
      (counts + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    counts.deinitialize(count: Self.rowLength * Self.rowCount)
    counts.deallocate()
  }

  /// Counts. Loops have rows of their own, so they do not wait for each other's caches.
  func count(_ event: Event, _ number: UInt64 = 1) {
    let row = Thread.currentNumber
    let isLoop = row >= 0 && row < Self.rowCount - 1
    let place = counts + (isLoop ? row : Self.rowCount - 1) * Self.rowLength + event.rawValue
    if isLoop {
      // Nobody else writes it.
      place.pointee.store(
        place.pointee.load(ordering: .relaxed) &+ number, ordering: .relaxed)
    } else {
      place.pointee.wrappingAdd(number, ordering: .relaxed)
    }
  }

  /// How often something happened.
  func total(_ event: Event) -> UInt64 {
    var sum: UInt64 = 0
    for row in 0..<Self.rowCount {
      sum &+= (counts + row * Self.rowLength + event.rawValue).pointee.load(ordering: .relaxed)
    }
    return sum
  }
}
