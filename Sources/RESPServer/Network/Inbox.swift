internal import Platform
internal import Synchronization

/// Something that another thread wants a loop to do.
enum InboxMessage: Sendable {
  /// Take over an accepted connection.
  case connection(FileDescriptor, isUnixSocket: Bool)

  /// Send a message to clients of this loop; those that are gone are skipped.
  case deliver(PushMessage, to: [Int64])

  /// Tell clients of keys that have changed; the clients that receive it are of this loop.
  case invalidate(PushMessage, [TrackingClient])

  /// Run something on the loop's thread, between batches.
  case task(@Sendable (EventLoop) -> Void)

  /// Close what is marked, look at the timers, stop if asked to.
  case attend

  /// Whether it is a message for clients.
  var isDelivery: Bool {
    if case .deliver = self { true } else { false }
  }

  /// Whether it touches the loop's own state alone, so that it need not wait for a slow script.
  var isAlwaysHandled: Bool {
    switch self {
    case .connection, .deliver, .invalidate: true
    case .task, .attend: false
    }
  }
}

/// A message for clients that no command of theirs asked for, in both protocols.
final class PushMessage: Sendable {
  let resp2: [UInt8]
  let resp3: [UInt8]
  /// What its receivers are subscribed to; nil for what monitors get.
  let source: Source?

  /// A channel or pattern, and when it was published on.
  struct Source {
    let name: [UInt8]
    let kind: PubSubHub.Kind
    /// Number of the message, see `PubSubHub.publish`.
    let sequence: UInt64
  }

  init(resp2: [UInt8], resp3: [UInt8], source: Source?) {
    self.resp2 = resp2
    self.resp3 = resp3
    self.source = source
  }
}

/// Says that a letter box has something that cannot wait for the loop's next turn.
struct UrgentFlag: ~Copyable {
  private let raised = Atomic<Bool>(false)

  var isRaised: Bool { raised.load(ordering: .acquiring) }

  func raise() { raised.store(true, ordering: .releasing) }

  func lower() { raised.store(false, ordering: .releasing) }
}

/// A loop's letter box: any thread puts in, the loop takes everything out at its next turn.
///
/// Messages of one sender arrive in their order. The eventfd is written only by who finds the box
/// empty, so a burst costs one wake-up.
final class Inbox: @unchecked Sendable {
  // Sendable: the flag is atomic.

  private let messages = Guarded<[InboxMessage]>([])
  let counter: EventCounter
  /// Raised while there is an invalidation among the messages, which must be seen before requests
  /// that arrived later are executed. Lives as long as the process, as the box does.
  let urgent: UnsafeMutablePointer<UrgentFlag>

  init() throws(Errno) {
    counter = try EventCounter()
    urgent = .allocate(capacity: 1)
    urgent.initialize(to: UrgentFlag())
  }

  /// Puts a message in and sees to it that the loop wakes.
  func post(_ message: InboxMessage) {
    let wasEmpty = messages.withLock { messages in
      messages.append(message)
      if case .invalidate = message { urgent.pointee.raise() }
      return messages.count == 1
    }
    if wasEmpty { counter.signal() }
  }

  /// Takes all messages out.
  func take() -> [InboxMessage] {
    messages.withLock { messages in
      let all = messages
      messages = []
      urgent.pointee.lower()
      return all
    }
  }

  /// Takes out the messages for clients, which may overtake all else.
  ///
  /// - Complexity: O(messages)
  func takeDeliveries() -> [InboxMessage] {
    messages.withLock { messages in
      let deliveries = messages.filter(\.isDelivery)
      if !deliveries.isEmpty { messages.removeAll(where: \.isDelivery) }
      return deliveries
    }
  }

  /// Wakes the loop without a message, for it to look at its timers again.
  func wake() { counter.signal() }
}
