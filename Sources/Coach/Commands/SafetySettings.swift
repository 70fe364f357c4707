internal import Bytes
internal import CacheCore
internal import Platform
internal import RESPServer

/// The settings of what is redacted and of how crises are told of, read when they change.
struct SafetySettings: Sendable {
  /// The stream that staff follow; empty: none.
  var streamKey = Array("wingman:safety".utf8)
  var entriesMax = 10_000
  var hasExcerpt = false
  /// Keys whose texts are kept as they are.
  var exceptedPatterns: [[UInt8]] = []
  var redactsCorrections = true
  var redactionLevel = Redactor.Level.introduced

  /// Reads all settings.
  init(_ value: (String) -> ConfigurationValue?) {
    streamKey = Array((value("coach-safety-stream")?.text ?? "wingman:safety").utf8)
    entriesMax = value("coach-safety-entries-max")?.integer ?? entriesMax
    hasExcerpt = value("coach-safety-excerpt")?.boolean ?? hasExcerpt
    redactsCorrections = value("coach-redact-corrections")?.boolean ?? redactsCorrections
    redactionLevel = value("coach-redact-names")?.text == "all" ? .all : .introduced
    exceptedPatterns = (value("coach-redact-except")?.text ?? "").split(separator: " ")
      .map { Array($0.utf8) }
  }

  /// Whether what is written under a key is redacted first.
  ///
  /// - Complexity: O(patterns · length of the key)
  func redacts(_ key: ByteView) -> Bool {
    !exceptedPatterns.contains { $0.withByteView { Glob.matches($0, key) } }
  }

  /// The parameters behind them.
  static var parameters: [ConfigurationParameter] {
    [
      .module(
        "coach-safety-stream", .text, default: .text("wingman:safety"),
        "the stream that is told of every crisis; empty: none"),
      .module(
        "coach-safety-entries-max", .integer(1...100_000_000), default: .integer(10_000),
        "entries that it keeps, roughly"),
      .module(
        "coach-safety-excerpt", .boolean, default: .boolean(false),
        "adds the redacted words around the signal to its entries"),
      .module(
        "coach-redact-except", .text, default: .text(""),
        "patterns of keys, separated by spaces, under which texts are kept as they are"),
      .module(
        "coach-redact-names", .choice(["introduced", "all"], synonyms: [:]),
        default: .text("introduced"),
        "names and addresses replaced in what the coach stores: those that are introduced, or all"),
      .module(
        "coach-redact-corrections", .boolean, default: .boolean(true),
        "replaces personal data in what COACH.LEARN keeps"),
    ]
  }
}

/// How often something was found, for INFO.
struct CrisisCounts: Sendable {
  /// Crises since the start, and those that could not be written to the stream.
  var found = 0
  var unwritten = 0

  static let shared = Guarded(CrisisCounts())
}

extension CoachState {
  // Written before the first command and with the gate closed.
  nonisolated(unsafe) static var safety: UnsafeMutablePointer<SafetySettings>?

  /// Reads the settings anew.
  static func readSafetySettings(_ value: (String) -> ConfigurationValue?) {
    let settings = SafetySettings(value)
    Redactor.setLevelForWriting(settings.redactionLevel)
    if let safety {
      safety.pointee = settings
    } else {
      let made = UnsafeMutablePointer<SafetySettings>.allocate(capacity: 1)
      made.initialize(to: settings)
      safety = made
    }
  }

  /// The settings, for reading inside a command or a loop's task.
  static var safetySettings: SafetySettings {
    _read {
      // The module starts before the first command.
      yield safety.unsafelyUnwrapped.pointee
    }
  }
}

extension CommandContext {
  /// Whether what is written to the command's conversation is redacted first.
  var redactsConversation: Bool {
    CoachState.memorySettings.redacts && CoachState.safetySettings.redacts(self[key: 0].bytes)
  }
}
