/// What to do after a failed attempt, and when. Pure: no clock, no sockets.
///
///     invalid_request 400, authentication 401, billing 402, request_too_large 413,
///     spend limit 429, untrusted, too large               give up: it would happen again
///     permission 403, not_found 404                        the next model, at once
///     conflict 409, api 5xx, timeout 408 and 504,
///     overloaded 529, cut, stalled, malformed              again, then the next model
///     rate_limit 429                                       again, or the next model if the wait
///                                                          is long
///     unreachable                                          again, then give up: the next model
///                                                          is at the same place
///
/// The provider's `x-should-retry` overrides the table, except where trying again is of no use by
/// our own judgement. Waits double from `waitMilliseconds` up to `waitMillisecondsMax`, less a
/// quarter of jitter, as the provider's own clients do; `retry-after` is honoured up to
/// `retryAfterMillisecondsMax`, with jitter added.
public struct RetryPolicy: Equatable, Sendable {
  /// Attempts on one model after the first.
  public var retriesMax = 2
  /// The first wait, and the longest, in milliseconds.
  public var waitMilliseconds: Int64 = 500
  public var waitMillisecondsMax: Int64 = 8000
  /// Longer waits that the provider asks for are not honoured: our own are taken.
  public var retryAfterMillisecondsMax: Int64 = 60_000
  /// Under a rate limit, the wait in milliseconds beyond which the next model is asked instead.
  public var patienceMilliseconds: Int64 = 2000

  /// Makes the policy that the provider's own clients have.
  public init() {}

  /// What comes next.
  public enum Step: Equatable, Sendable {
    /// The same model once more, after so many milliseconds.
    case again(after: Int64)
    /// The next model, at once.
    case nextModel
    /// There will be no answer.
    case giveUp
  }

  /// What a kind of failure allows.
  enum Class {
    case hopeless
    case otherModel
    case passing
    /// Passing, but the same for all models.
    case place
  }

  static func classify(_ kind: ClaudeFailure.Kind) -> Class {
    switch kind {
    case .permission, .notFound: return .otherModel
    case .conflict, .api, .timeout, .overloaded, .rateLimit, .cut, .stalled, .malformed:
      return .passing
    case .unreachable: return .place
    default: return .hopeless
    }
  }

  /// The next step.
  ///
  /// - Parameters:
  ///   - failure: of the last attempt.
  ///   - retries: attempts on this model after the first, so far.
  ///   - hasNext: whether there is another model that can be asked.
  ///   - milliseconds: how long the answer can still be waited for.
  ///   - random: in 0..<1, for jitter.
  public func step(
    after failure: ClaudeFailure, retries: Int, hasNext: Bool, left milliseconds: Int64,
    random: Double
  ) -> Step {
    var kind = Self.classify(failure.kind)
    switch (failure.shouldRetry, kind) {
    case (false, .passing): kind = .otherModel
    case (false, .place): kind = .hopeless
    case (true, .otherModel): kind = .passing
    default: break
    }
    switch kind {
    case .hopeless: return .giveUp
    case .otherModel: return hasNext ? .nextModel : .giveUp
    case .passing, .place: break
    }
    let fallback: Step = hasNext && kind == .passing ? .nextModel : .giveUp
    guard retries < retriesMax else { return fallback }
    let wait = self.wait(for: failure, retries: retries, random: random)
    // Who waits longer than anybody listens has not tried again.
    guard wait < milliseconds else { return fallback }
    if failure.kind == .rateLimit, wait > patienceMilliseconds, hasNext { return .nextModel }
    return .again(after: wait)
  }

  /// How long to wait before the next attempt, in milliseconds.
  func wait(for failure: ClaudeFailure, retries: Int, random: Double) -> Int64 {
    let random = min(max(random, 0), 1)
    if let asked = failure.retryAfterMilliseconds, asked > 0, asked <= retryAfterMillisecondsMax {
      // Whoever was told the same should not come back at the same moment.
      return asked + Int64(Double(asked) * 0.1 * random)
    }
    let doubled = waitMilliseconds << Int64(min(max(retries, 0), 20))
    let wait = min(doubled, waitMillisecondsMax)
    return wait - Int64(Double(wait) * 0.25 * random)
  }
}
