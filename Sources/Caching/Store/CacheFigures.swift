internal import Synchronization

/// Counters for INFO; any thread counts.
final class CacheFigures: Sendable {
  let fresh = Atomic<Int>(0)
  let stale = Atomic<Int>(0)
  let misses = Atomic<Int>(0)
  let waits = Atomic<Int>(0)
  let leasesGiven = Atomic<Int>(0)
  let leasesUsed = Atomic<Int>(0)
  let leasesRefused = Atomic<Int>(0)
  let leasesVoided = Atomic<Int>(0)
  let leasesDisplaced = Atomic<Int>(0)
  let tagInvalidations = Atomic<Int>(0)
  let prefixInvalidations = Atomic<Int>(0)
  let keyInvalidations = Atomic<Int>(0)
  let invalidatedKeys = Atomic<Int>(0)
  let runningSweeps = Atomic<Int>(0)
  let longestStepMicroseconds = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  let ruleWalks = Atomic<Int>(0)
}

extension Atomic where Value == Int {
  /// Counts one.
  func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }

  /// What was counted.
  var total: Int { load(ordering: .relaxed) }

  /// Raises it to `value` if that is more.
  func raise(to value: Int) {
    var old = load(ordering: .relaxed)
    while value > old {
      let (exchanged, original) = compareExchange(
        expected: old, desired: value, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}
