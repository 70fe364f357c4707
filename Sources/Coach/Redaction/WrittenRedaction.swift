internal import Synchronization

extension Redactor {
  /// Whether the write path takes all names: `coach-redact-names`. Read by loops and workers.
  private static let takesAllNames = Atomic<Bool>(false)

  /// What is stored or sent goes through this one.
  static var forWriting: Redactor {
    Redactor(level: takesAllNames.load(ordering: .relaxed) ? .all : .introduced)
  }

  /// Bytes that are redacted on a loop. Where all names are taken, a token may be one byte and be
  /// read four times, each in some 0.3 µs.
  ///
  /// - Parameter usual: what the limit is otherwise.
  func inlineBytesMax(_ usual: Int) -> Int { level == .all ? min(usual, 1 << 10) : usual }

  /// How long redacting takes beside other work, in bytes of that work.
  func workBytes(_ bytes: Int) -> Int { level == .all ? 4 * bytes : bytes }

  /// Sets how the write path redacts from now on.
  static func setLevelForWriting(_ level: Level) {
    takesAllNames.store(level == .all, ordering: .relaxed)
  }
}
