internal import Platform

/// What the database's thread has done, for INFO.
final class EngineFigures: Sendable {
  struct Counts: Sendable {
    /// Connections that load.
    var ready = 0
    var connecting = 0
    /// Loads that are on a connection, and those that wait for one.
    var flying = 0
    var queued = 0
    var connects = 0
    var connectFailures = 0
    var broken = 0
    var timeouts = 0
    /// Why there is no connection; empty when there is one.
    var problem = ""

    var isListening = false
    var listenings = 0
    var notifications = 0
    var unreadable = 0
    var invalidatedKeys = 0
    var invalidatedClasses = 0
    var lagMicroseconds = 0
    var missingTriggers = 0
    var installedTriggers = 0
  }

  private let counts = Guarded(Counts())

  func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }

  var now: Counts { counts.withLock { $0 } }
}
