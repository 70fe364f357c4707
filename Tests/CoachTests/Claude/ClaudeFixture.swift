import ClaudeStandIn
import Coach
import Dispatch
import Synchronization

/// A stand-in, a client that talks to it, and a clock that the test sets.
final class ClaudeFixture: Sendable {
  let standIn: StandIn
  let client: ClaudeClient
  let clock: TestClock

  struct NoKey: Error {}

  static let secret = "sk-test-0123456789abcdef"

  /// - Parameters:
  ///   - isClockReal: whether time goes by; otherwise it stands still until `clock.advance`.
  ///   - change: of the settings.
  init(
    isClockReal: Bool = true, health: any ModelHealth = NoHealthKnown(),
    change: (inout ClaudeSettings) -> Void = { _ in }
  ) throws {
    standIn = try StandIn(key: Self.secret)
    guard let key = APIKey(Self.secret) else { throw NoKey() }
    var settings = try ClaudeSettings(key: key, baseURL: standIn.url)
    settings.retries.waitMilliseconds = 1
    let clock = TestClock()
    self.clock = clock
    if !isClockReal { settings.clock.now = { clock.now } }
    settings.clock.random = { clock.random() }
    change(&settings)
    client = try ClaudeClient(settings, health: health)
    clock.onAdvance = { [weak client] in client?.nudge() }
  }

  deinit {
    client.stop()
    standIn.stop()
  }

  static let haiku = Model(name: "claude-haiku-5-5")
  static let chain = ModelCatalog.builtIn.chain(of: .premium)

  /// A request with one message.
  static func request(_ text: String) -> ClaudeRequest {
    ClaudeRequest(messages: [.init(.user, text)], outputTokensMax: 1000)
  }

  /// Asks and waits for the end.
  func ask(
    _ request: ClaudeRequest = ClaudeFixture.request("I am nervous about tomorrow."),
    models: [Model] = [ClaudeFixture.haiku], wantsText: Bool = true
  ) throws -> (outcome: ClaudeOutcome, pieces: [String]) {
    let waiting = Waiting()
    _ = try client.start(request, models: models, wantsText: wantsText, handler: waiting.take)
    return waiting.end()
  }
}

/// What a handler was told.
final class Waiting: Sendable {
  private struct State {
    var pieces: [String] = []
    var outcomes: [ClaudeOutcome] = []
  }

  private let state = Mutex(State())
  private let ended = DispatchSemaphore(value: 0)
  private let spoke = DispatchSemaphore(value: 0)

  /// The handler.
  func take(_ event: ClaudeEvent) {
    switch event {
    case .text(let text):
      state.withLock { $0.pieces.append(text) }
      spoke.signal()
    case .finished(let outcome):
      state.withLock { $0.outcomes.append(outcome) }
      ended.signal()
    }
  }

  /// Waits for a piece of text.
  func waitForText() { precondition(spoke.wait(timeout: .now() + 30) == .success, "no text") }

  /// Waits for the end.
  func end() -> (outcome: ClaudeOutcome, pieces: [String]) {
    precondition(ended.wait(timeout: .now() + 30) == .success, "a call did not end")
    return state.withLock { ($0.outcomes[0], $0.pieces) }
  }

  var endings: Int { state.withLock { $0.outcomes.count } }
}

/// A clock that the test sets.
final class TestClock: Sendable {
  private struct State: Sendable {
    var now: UInt64 = 1_000_000_000_000
    var onAdvance: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())
  private let asked = DispatchSemaphore(value: 0)

  var now: UInt64 { state.withLock { $0.now } }

  var onAdvance: @Sendable () -> Void {
    get { state.withLock { $0.onAdvance } }
    set { state.withLock { $0.onAdvance = newValue } }
  }

  /// Chance, which a client asks for when it decides what comes after a failure.
  func random() -> Double {
    asked.signal()
    return 0
  }

  /// Waits until a client has decided once more.
  func waitForDecision() {
    precondition(asked.wait(timeout: .now() + 30) == .success, "no decision")
  }

  /// The same for a short while; false when it has not.
  func waitForDecision(milliseconds: Int) -> Bool {
    asked.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
  }

  func advance(milliseconds: UInt64) {
    state.withLock { $0.now += milliseconds * 1_000_000 }
    onAdvance()
  }
}

extension ClaudeOutcome {
  /// The failure; nil for an answer.
  var failure: ClaudeFailure? {
    if case .failure(let failure) = result { return failure }
    return nil
  }

  /// The answer; nil for a failure.
  var answer: ClaudeAnswer? { try? result.get() }
}
