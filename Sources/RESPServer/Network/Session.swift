internal import Synchronization

/// What only some connections have: a name, a transaction, subscriptions, a command that blocks.
///
/// Like the connection, it belongs to one loop, or to whoever has the gate.
final class Session {
  /// CLIENT SETNAME, CLIENT SETINFO.
  var name: [UInt8] = []
  var libraryName: [UInt8] = []
  var libraryVersion: [UInt8] = []

  /// Commands queued since MULTI.
  var transaction = TransactionQueue()

  /// Raised by whoever changes a watched key; nil: nothing is watched.
  var watch: WatchFlag?
  var watchedKeys: Set<WatchedKey> = []

  /// What it is subscribed to.
  var subscriptions = Subscriptions()
  /// Number of the last message that was published before it last unsubscribed from something.
  var unsubscribedAt: UInt64 = 0

  /// Bytes of the names it is subscribed to and of the keys it watches, with what keeps them.
  var nameBytes = 0

  /// What a subscription or watched key takes beside its name, roughly.
  static let nameOverheadBytes = 64

  /// CLIENT TRACKING; nil: it was never turned on.
  var tracking: TrackingClient?

  /// What it waits for.
  var blocked: BlockedClient?
}

/// Tells a transaction that a key it watches has changed. Raised under the key's shard lock.
final class WatchFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  var isRaised: Bool { raised.load(ordering: .acquiring) }

  func raise() { raised.store(true, ordering: .releasing) }
}
