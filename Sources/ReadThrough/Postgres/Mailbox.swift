internal import Platform

/// What is asked of the database's thread from others.
final class Mailbox: Sendable {
  enum Order: Sendable {
    /// Ask the database.
    case load(Flight)
    /// Other classes.
    case table(ClassTable)
    /// Other settings.
    case settings(LoadSettings)
  }

  private struct Contents {
    var orders: [Order] = []
    var isStopping = false
  }

  private let contents = Guarded(Contents())
  /// What the thread waits on beside its sockets.
  let counter: EventCounter

  init() throws(Errno) { counter = try EventCounter() }

  /// Adds an order.
  func post(_ order: Order) {
    let wasEmpty = contents.withLock { contents in
      contents.orders.append(order)
      return contents.orders.count == 1
    }
    if wasEmpty { counter.signal() }
  }

  /// Ends the thread.
  func stop() {
    contents.withLock { $0.isStopping = true }
    counter.signal()
  }

  /// Takes out all orders.
  func take() -> (orders: [Order], isStopping: Bool) {
    contents.withLock { contents in
      defer { contents.orders = [] }
      return (contents.orders, contents.isStopping)
    }
  }
}
