internal import Synchronization

/// How much is logged, shared by the server, which changes it (CONFIG SET loglevel), and the log
/// handler, which asks before each line.
public final class LogThreshold: Sendable {
  private let index: Atomic<Int>

  public init(_ verbosity: LogVerbosity) { index = Atomic(Self.index(of: verbosity)) }

  /// Lines less important than this are dropped.
  public var verbosity: LogVerbosity {
    get { LogVerbosity.allCases[index.load(ordering: .relaxed)] }
    set { index.store(Self.index(of: newValue), ordering: .relaxed) }
  }

  private static func index(of verbosity: LogVerbosity) -> Int {
    LogVerbosity.allCases.firstIndex(of: verbosity) ?? 0
  }
}
