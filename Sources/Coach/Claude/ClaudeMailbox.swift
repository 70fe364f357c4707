internal import CCurl
internal import Platform

/// What is asked of the engine from other threads, and what it tells them.
final class ClaudeMailbox: Sendable {
  enum Order {
    case start(Asking)
    case cancel(UInt64)
  }

  struct Asking {
    let id: UInt64
    let request: ClaudeRequest
    let models: [Model]
    let wantsText: Bool
    let started: UInt64
    let deadline: UInt64
    let handler: @Sendable (ClaudeEvent) -> Void
  }

  private struct Contents {
    var orders: [Order] = []
    var isStopping = false
    var lastID: UInt64 = 0
    var statistics = ClaudeStatistics()
    // Not nil while the engine may be woken.
    var multi: OpaquePointer?

    func wake() { if let multi { cc_multi_wake(multi) } }
  }

  private let contents: Guarded<Contents>
  private let openMax: Int

  /// - Parameter multi: what to wake; `close` has to be called before it is destroyed.
  init(multi: Address, openMax: Int) {
    self.openMax = openMax
    var contents = Contents()
    contents.multi = multi.pointer
    self.contents = Guarded(contents)
  }

  /// A pointer that goes to another thread.
  struct Address: @unchecked Sendable {
    // Sendable: what it points to is used by the engine's thread alone; only waking is for all.
    let pointer: OpaquePointer
  }

  /// Adds a call, or says why not.
  func start(_ make: (UInt64) -> Asking) throws(ClaudeFailure) -> UInt64 {
    let result: Result<UInt64, ClaudeFailure> = contents.withLock { contents in
      guard !contents.isStopping else {
        return .failure(ClaudeFailure(.stopped, "the server is stopping"))
      }
      guard contents.statistics.open < openMax else {
        contents.statistics.refused += 1
        return .failure(ClaudeFailure(.busy, "\(openMax) calls are open already"))
      }
      contents.statistics.open += 1
      contents.statistics.calls += 1
      contents.lastID += 1
      contents.orders.append(.start(make(contents.lastID)))
      contents.wake()
      return .success(contents.lastID)
    }
    return try result.get()
  }

  func cancel(_ id: UInt64) {
    contents.withLock { contents in
      contents.orders.append(.cancel(id))
      contents.wake()
    }
  }

  func stop() {
    contents.withLock { contents in
      contents.isStopping = true
      contents.wake()
    }
  }

  func wake() { contents.withLock { $0.wake() } }

  /// Everything that was asked since the last time.
  func take() -> (orders: [Order], isStopping: Bool) {
    contents.withLock { contents in
      defer { contents.orders = [] }
      return (contents.orders, contents.isStopping)
    }
  }

  /// After this nobody wakes the engine any more.
  func close() { contents.withLock { $0.multi = nil } }

  func count(_ change: (inout ClaudeStatistics) -> Void) {
    contents.withLock { change(&$0.statistics) }
  }

  var statistics: ClaudeStatistics { contents.withLock { $0.statistics } }
}

/// What a client has done since it was made.
public struct ClaudeStatistics: Equatable, Sendable {
  /// Calls that were asked for, and those among them that joined an equal one.
  public var calls = 0
  public var shared = 0
  /// Calls that were refused because too many were open.
  public var refused = 0
  /// Requests sent; those among them that tried the same model again, and another one.
  public var attempts = 0
  public var retries = 0
  public var fallbacks = 0
  /// Connections made.
  public var connections = 0
  /// Calls that ended with an answer, and without one by reason.
  public var answers = 0
  public var failures: [ClaudeFailure.Kind: Int] = [:]
  /// What was used and what that cost.
  public var usage = Usage()
  public var cost = Money.zero
  /// Calls that are open, and those among them that are being made.
  public var open = 0
  public var flying = 0

  public init() {}
}
