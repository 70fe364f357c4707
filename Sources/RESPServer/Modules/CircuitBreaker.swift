/// Keeps calls away from what fails: a model that a module asks, a database that it reads.
///
///              failuresMax in a row            time is up, one trial
///     closed ─────────────────────▶ open ─────────────────────────▶ half-open
///        ▲                            ▲                                 │  │
///        │                            └── the trial fails: twice as ────┘  │
///        └── the trial succeeds ◀─────    long, up to the maximum ─────────┘
///
///     disabled: by an operator's hand, until enabled by hand
///
/// While it is open something else serves, or an error does, and nobody waits for a call that is
/// bound to fail. When the time is up, one call is let through to find out; all others still go
/// elsewhere. A trial that is never heard of again counts as failed when as much time has passed.
/// Times are milliseconds of any clock that only the caller knows, so that tests need no waiting.
public struct CircuitBreaker: Equatable, Sendable {
  /// When it opens, and for how long.
  public struct Settings: Equatable, Sendable {
    /// Failures in a row that open it.
    public var failuresMax = 5
    /// How long it stays open at first, and at most after trials that fail, in milliseconds.
    public var openMilliseconds: Int64 = 10_000
    public var openMillisecondsMax: Int64 = 300_000

    /// The defaults.
    public init() {}
  }

  /// What it does with calls.
  public enum State: String, CaseIterable, Sendable {
    /// Lets them through.
    case closed
    /// Keeps them away.
    case open
    /// One is under way to find out, or may be.
    case halfOpen = "half-open"
    /// Keeps them away until an operator says otherwise.
    case disabled
  }

  private enum Phase: Equatable, Sendable {
    case closed
    case open(until: Int64)
    /// A trial was let through; it is given up at this time.
    case trial(until: Int64)
    case disabled
  }

  private var phase = Phase.closed
  /// Failures since the last success.
  public private(set) var failures = 0
  /// How often it has opened.
  public private(set) var openings = 0
  private var openMilliseconds: Int64 = 0

  /// A closed one.
  public init() {}

  /// What it is at a time.
  public func state(now: Int64) -> State {
    switch phase {
    case .closed: .closed
    case .open(let until): now < until ? .open : .halfOpen
    case .trial: .halfOpen
    case .disabled: .disabled
    }
  }

  /// Whether a call may be made now: for choosing without calling.
  public func wouldAdmit(now: Int64) -> Bool {
    switch phase {
    case .closed: true
    case .open(let until), .trial(let until): now >= until
    case .disabled: false
    }
  }

  /// When calls may be tried again; nil when they may now, or when an operator decides.
  public func triesAgain(now: Int64) -> Int64? {
    switch phase {
    case .open(let until), .trial(let until): now < until ? until : nil
    case .closed, .disabled: nil
    }
  }

  /// Asks for a call; who is let through reports what came of it.
  public mutating func admit(now: Int64) -> Bool {
    guard wouldAdmit(now: now) else { return false }
    if phase != .closed { phase = .trial(until: now + openMilliseconds) }
    return true
  }

  /// A call has succeeded. One that was under way when an operator disabled it changes
  /// nothing.
  public mutating func succeed() {
    guard phase != .disabled else { return }
    phase = .closed
    failures = 0
    openMilliseconds = 0
  }

  /// A call has failed in a way that says something of what was called, not of the request.
  public mutating func fail(now: Int64, _ settings: Settings = Settings()) {
    failures += 1
    switch phase {
    case .closed where failures >= max(1, settings.failuresMax):
      open(for: settings.openMilliseconds, now: now)
    case .trial, .open(until: ...now):
      open(for: min(openMilliseconds * 2, settings.openMillisecondsMax), now: now)
    // Calls from before it opened are coming back.
    case .closed, .open, .disabled: break
    }
  }

  /// What is called is not there at all: it opens at once.
  public mutating func trip(now: Int64, _ settings: Settings = Settings()) {
    failures += 1
    guard phase != .disabled else { return }
    open(for: max(openMilliseconds, settings.openMilliseconds), now: now)
  }

  /// Nobody waited for the end of a call: another one may find out.
  public mutating func abandon(now: Int64) {
    if case .trial = phase { phase = .open(until: now) }
  }

  private mutating func open(for milliseconds: Int64, now: Int64) {
    openMilliseconds = max(1, milliseconds)
    phase = .open(until: now + openMilliseconds)
    openings += 1
  }

  /// Keeps calls away until `enable`.
  public mutating func disable() { phase = .disabled }

  /// Closes it, whatever it was, and forgets its failures.
  public mutating func enable() {
    phase = .closed
    failures = 0
    openMilliseconds = 0
  }
}
