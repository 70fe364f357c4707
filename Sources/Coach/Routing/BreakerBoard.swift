internal import Platform
public import RESPServer

/// The circuit breakers of all models, by name: shared by whatever routes, calls and reports.
public final class BreakerBoard: Sendable {
  private struct State {
    var breakers: [String: CircuitBreaker] = [:]
    var settings = CircuitBreaker.Settings()
  }

  private let state = Guarded(State())

  /// A board on which all are closed.
  public init() {}

  /// Sets when breakers open; those that are open stay so.
  public func setSettings(_ settings: CircuitBreaker.Settings) {
    state.withLock { $0.settings = settings }
  }

  /// The breaker of a model, as it is.
  public func breaker(of model: String) -> CircuitBreaker {
    state.withLock { $0.breakers[model] ?? CircuitBreaker() }
  }

  /// Whether a model may be called, in milliseconds of any one clock.
  public func wouldAdmit(_ model: String, now: Int64) -> Bool {
    state.withLock { $0.breakers[model]?.wouldAdmit(now: now) ?? true }
  }

  /// Asks for a call, see `CircuitBreaker.admit`.
  public func admit(_ model: String, now: Int64) -> Bool {
    change(model) { breaker, _ in breaker.admit(now: now) }
  }

  /// A call of a model has succeeded.
  public func succeed(_ model: String) { change(model) { breaker, _ in breaker.succeed() } }

  /// A call of a model has failed, see `CircuitBreaker.fail`.
  public func fail(_ model: String, now: Int64) {
    change(model) { breaker, settings in breaker.fail(now: now, settings) }
  }

  /// Keeps calls away from a model, or lets them through again, by an operator's hand.
  public func setDisabled(_ isDisabled: Bool, _ model: String) {
    change(model) { breaker, _ in isDisabled ? breaker.disable() : breaker.enable() }
  }

  /// How many breakers are in each state but `closed`.
  public func counts(now: Int64) -> [CircuitBreaker.State: Int] {
    state.withLock { state in
      var counts: [CircuitBreaker.State: Int] = [:]
      for breaker in state.breakers.values { counts[breaker.state(now: now), default: 0] += 1 }
      return counts
    }
  }

  @discardableResult
  private func change<Result>(
    _ model: String, _ body: (inout CircuitBreaker, CircuitBreaker.Settings) -> Result
  ) -> Result {
    state.withLock { state in
      body(&state.breakers[model, default: CircuitBreaker()], state.settings)
    }
  }
}

/// What a client of the provider's consults before each attempt and tells after it.
extension BreakerBoard: ModelHealth {
  /// Milliseconds of the clock that commands and clients go by.
  public static var time: Int64 { Clock.monotonicMicroseconds / 1000 }

  /// See `wouldAdmit`.
  public func canServe(_ model: String) -> Bool { wouldAdmit(model, now: Self.time) }

  /// See `admit`.
  public func begin(_ model: String) -> Bool { admit(model, now: Self.time) }

  /// Takes note of how an attempt ended.
  public func report(_ model: String, _ ending: ModelAttemptEnding) {
    let now = Self.time
    change(model) { breaker, settings in
      switch ending {
      case .served: breaker.succeed()
      case .failed: breaker.fail(now: now, settings)
      case .gone: breaker.trip(now: now, settings)
      case .abandoned: breaker.abandon(now: now)
      }
    }
  }
}
