/// Which models can be asked: what a client consults before each attempt and tells after it.
///
/// A circuit breaker behind it keeps a failing model from being asked again and again; without
/// one every model can be asked.
public protocol ModelHealth: Sendable {
  /// Whether a model could be asked now. Changes nothing.
  func canServe(_ model: String) -> Bool

  /// Asks to make an attempt; every attempt that is granted is reported once.
  func begin(_ model: String) -> Bool

  /// Reports how an attempt ended.
  func report(_ model: String, _ ending: ModelAttemptEnding)
}

/// How an attempt on a model ended, as far as its health goes.
public enum ModelAttemptEnding: Sendable {
  /// It answered, be it with an error of the asker's making.
  case served
  /// It is in a bad way.
  case failed
  /// There is no such model, or it may not be used.
  case gone
  /// Nobody waited for the end.
  case abandoned
}

/// Every model can be asked at any time.
public struct NoHealthKnown: ModelHealth {
  public init() {}

  /// Always.
  public func canServe(_ model: String) -> Bool { true }
  public func begin(_ model: String) -> Bool { true }
  public func report(_ model: String, _ ending: ModelAttemptEnding) {}
}
