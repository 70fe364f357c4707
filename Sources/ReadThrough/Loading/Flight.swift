internal import RESPServer
internal import Synchronization

/// A load under way: one query for one key, whoever waits for it.
final class Flight: @unchecked Sendable {
  // Sendable: what changes is touched under the book's lock alone.

  /// How a load ends.
  enum Outcome: Sendable {
    /// There is a value, as it is stored.
    case value([UInt8])
    /// There is no such row.
    case nothing
    /// An error reply, its code first.
    case failure(String)
  }

  let key: [UInt8]
  let keyClass: KeyClass
  /// The query's parameters in their order.
  let parameters: [[UInt8]]
  /// Nanoseconds of the monotonic clock at which waiting ends.
  let deadline: UInt64

  /// Who waits.
  var waiters: [LoadWait] = []
  /// Whether the row has changed since the query was sent: its answer must not be stored.
  var isDirty = false
  /// How often it was begun anew for that reason.
  var restarts = 0
  /// How often it was asked anew because a connection broke; the database's thread alone counts.
  var retries = 0
  private let over = Atomic<Bool>(false)

  /// Whether it has ended; set under the lock, read by anybody.
  var isOver: Bool {
    get { over.load(ordering: .acquiring) }
    set { over.store(newValue, ordering: .releasing) }
  }

  init(key: [UInt8], keyClass: KeyClass, parameters: [[UInt8]], deadline: UInt64) {
    self.key = key
    self.keyClass = keyClass
    self.parameters = parameters
    self.deadline = deadline
  }
}

/// A client that waits for loads, one or many.
final class LoadWait: Sendable {
  /// How it goes on once all loads have ended; given the error of one that failed.
  private let finish: @Sendable (_ failure: String?) -> Void
  /// Loads that have not ended, and one for whoever makes it.
  private let pending = Atomic<Int>(1)
  private let failure = FirstText()

  init(_ finish: @escaping @Sendable (_ failure: String?) -> Void) { self.finish = finish }

  /// One more to wait for.
  func add() { pending.wrappingAdd(1, ordering: .relaxed) }

  /// One has ended, or no more are added.
  func end(_ text: String? = nil) {
    if let text { failure.set(text) }
    if pending.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      finish(failure.text)
    }
  }
}
