/// A call that is being made, for one asker or for several who ask the same. Belongs to the
/// engine's thread.
final class Flight {
  /// Somebody who waits for the answer.
  struct Listener {
    let id: UInt64
    let wantsText: Bool
    let started: UInt64
    let deadline: UInt64
    let isShared: Bool
    let handler: @Sendable (ClaudeEvent) -> Void
    var firstText: UInt64?
  }

  /// What makes two calls the same: the models and every byte of the request, the user's name
  /// included.
  struct Key: Hashable {
    let models: [String]
    let body: [UInt8]
  }

  enum State {
    /// Others are being made; it waits for its turn.
    case queued
    /// The next attempt is made at this time.
    case resting(until: UInt64)
    case flying(Transfer)
    /// An attempt has ended, and what comes next is being decided.
    case landed
  }

  let key: Key
  let request: ClaudeRequest
  let models: [Model]
  var listeners: [Listener] = []
  var state = State.queued
  var modelIndex = 0
  /// Attempts on this model after the first, and attempts in all.
  var retries = 0
  var attempts = 0
  var charges: [ClaudeCharge] = []
  var lastFailure: ClaudeFailure?
  /// The text that was handed on.
  var text = ""
  var rateLimits = ClaudeRateLimits()

  init(key: Key, request: ClaudeRequest, models: [Model]) {
    self.key = key
    self.request = request
    self.models = models
  }

  var transfer: Transfer? {
    if case .flying(let transfer) = state { return transfer }
    return nil
  }

  /// Until when somebody listens.
  var deadline: UInt64 { listeners.reduce(0) { max($0, $1.deadline) } }

  /// Whether another attempt would repeat text that somebody has been given already.
  var hasSpoken: Bool { !text.isEmpty && listeners.contains { $0.wantsText } }

  /// Hands text on to those who want it.
  func hand(_ text: String, now: UInt64) {
    guard !text.isEmpty else { return }
    self.text += text
    for index in listeners.indices {
      if listeners[index].firstText == nil { listeners[index].firstText = now }
      if listeners[index].wantsText { listeners[index].handler(.text(text)) }
    }
  }

  /// How it ended for one of those who waited.
  ///
  /// - Parameter isPaying: whether the charges are theirs.
  func outcome(
    _ result: Result<ClaudeAnswer, ClaudeFailure>, for listener: Listener, isPaying: Bool,
    now: UInt64
  ) -> ClaudeOutcome {
    var outcome = ClaudeOutcome(result: result)
    outcome.charges = isPaying ? charges : []
    outcome.attempts = attempts
    outcome.isShared = listener.isShared
    outcome.firstTextMicroseconds = listener.firstText.map {
      Int64(clamping: ($0 - listener.started) / 1000)
    }
    outcome.microseconds = Int64(clamping: (now - listener.started) / 1000)
    outcome.rateLimits = rateLimits
    return outcome
  }
}
