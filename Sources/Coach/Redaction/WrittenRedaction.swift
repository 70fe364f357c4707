internal import Synchronization

extension Redactor {
  /// Whether the write path takes all names: `coach-redact-names`. Read by loops and workers.
  private static let takesAllNames = Atomic<Bool>(false)

  /// What is stored or sent goes through this one.
  static var forWriting: Redactor {
    Redactor(level: takesAllNames.load(ordering: .relaxed) ? .all : .introduced)
  }

  /// Sets how the write path redacts from now on.
  static func setLevelForWriting(_ level: Level) {
    takesAllNames.store(level == .all, ordering: .relaxed)
  }
}
