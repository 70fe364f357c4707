internal import Platform
internal import Synchronization

/// Cache time: what the key space counts deadlines in.
///
///     cache time = boot clock + offset            (milliseconds; offset fixed at start)
///     wall clock = cache time + step              (step: how far the wall clock was set since)
///
/// At start cache time equals Unix time. From then on it follows the boot clock, which never jumps:
/// a key set for 10 seconds lives 10 seconds whatever happens to the wall clock. Absolute times in
/// commands (EXPIREAT, EXPIRETIME) are converted with `step`. The kernel slews both clocks alike,
/// so only a step makes them differ; `check` looks for one.
final class ServerClock: Sendable {
  /// Differences below this are reading jitter, in microseconds.
  private static let stepThreshold: Int64 = 250_000

  private let offset: Int64
  private let stepMicroseconds = Atomic<Int64>(0)

  init() {
    offset = Clock.wallMicroseconds - Int64(Clock.bootNanoseconds / 1000)
  }

  /// Cache time in microseconds.
  var microseconds: Int64 { Int64(Clock.bootNanoseconds / 1000) &+ offset }

  /// Cache time in milliseconds.
  var milliseconds: Int64 { microseconds / 1000 }

  /// Milliseconds to add to cache time to get Unix time.
  var step: Int64 { stepMicroseconds.load(ordering: .relaxed) / 1000 }

  /// Looks whether the wall clock was set.
  ///
  /// - Returns: by how many milliseconds, if so.
  func check() -> Int64? {
    let difference = Clock.wallMicroseconds - microseconds
    let known = stepMicroseconds.load(ordering: .relaxed)
    guard abs(difference - known) > Self.stepThreshold else { return nil }
    stepMicroseconds.store(difference, ordering: .relaxed)
    return (difference - known) / 1000
  }
}
