public import Glibc

/// The machine's clocks, read through the vDSO (about 20 ns).
public enum Clock {
  /// Nanoseconds since some fixed moment; never goes back, stands still while the machine sleeps.
  @inlinable
  public static var monotonicNanoseconds: UInt64 { read(CLOCK_MONOTONIC) }

  /// Microseconds since some fixed moment; never goes back.
  @inlinable
  public static var monotonicMicroseconds: Int64 { Int64(monotonicNanoseconds / 1000) }

  /// Nanoseconds since boot, sleep included; never goes back.
  @inlinable
  public static var bootNanoseconds: UInt64 { read(CLOCK_BOOTTIME) }

  /// Microseconds since 1970 by the wall clock, which may be set forward and back.
  @inlinable
  public static var wallMicroseconds: Int64 { Int64(read(CLOCK_REALTIME) / 1000) }

  /// CPU time of this thread in nanoseconds.
  @inlinable
  public static var threadNanoseconds: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  @inlinable
  static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
