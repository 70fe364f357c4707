internal import Platform

/// The time that one step of long work may take on a loop, between other clients' commands.
///
/// What is done in steps does a few dozen keys at a time and asks in between whether the step's
/// time is over. It is time on the wall: a step that was interrupted ends sooner, which is what the
/// loop's other clients want.
public struct StepBudget {
  /// Keys that are done between two looks at the clock. One takes some microseconds at most.
  public static var batch: Int { 32 }
  /// Half a millisecond, and one batch: the bound of 2 ms has room for a batch of slow keys.
  private static let nanoseconds: UInt64 = 500_000

  private let start = Clock.monotonicNanoseconds

  /// Begins a step now.
  public init() {}

  /// Whether the step should end.
  public var isSpent: Bool { Clock.monotonicNanoseconds - start >= Self.nanoseconds }

  /// Microseconds since it began.
  public var microseconds: Int { Int((Clock.monotonicNanoseconds - start) / 1000) }
}
