internal import Bytes
internal import Platform
internal import RESP
internal import Synchronization

/// What one client is subscribed to.
struct Subscriptions {
  var channels: Set<[UInt8]> = []
  var patterns: Set<[UInt8]> = []
  var shardChannels: Set<[UInt8]> = []

  /// Channels and patterns together, as the replies of SUBSCRIBE count them.
  var count: Int { channels.count + patterns.count }

  var isEmpty: Bool { channels.isEmpty && patterns.isEmpty && shardChannels.isEmpty }

  /// The names of one kind.
  subscript(kind: PubSubHub.Kind) -> Set<[UInt8]> {
    get {
      switch kind {
      case .channel: channels
      case .pattern: patterns
      case .shardChannel: shardChannels
      }
    }
    _modify {
      switch kind {
      case .channel: yield &channels
      case .pattern: yield &patterns
      case .shardChannel: yield &shardChannels
      }
    }
  }

  /// The count that the replies of subscribing and unsubscribing show.
  func count(beside kind: PubSubHub.Kind) -> Int {
    kind == .shardChannel ? shardChannels.count : count
  }
}

/// A client that wants messages, and the loop it lives on.
struct Subscriber: Hashable {
  let loop: Int
  let client: Int64
}

/// Who is subscribed to what, for all loops; and the way from a publisher to them.
///
///     PUBLISH → (lock) subscribers by loop → message encoded once a protocol → letter boxes
///
/// One lock guards the tables. It is taken last, after any shard's, and nothing is called under it.
/// Delivery is asynchronous even to clients of the publisher's own loop, so a client that publishes
/// to itself gets its reply first. Messages of one publisher arrive in their order.
final class PubSubHub: Sendable {
  private struct Tables {
    var channels: [[UInt8]: Set<Subscriber>] = [:]
    var patterns: [[UInt8]: Set<Subscriber>] = [:]
    var shardChannels: [[UInt8]: Set<Subscriber>] = [:]
    /// Number of the last message. Messages are numbered so that one published before its receiver
    /// unsubscribed, and delivered afterwards, can be told.
    var sequence: UInt64 = 0
  }

  /// Which table a name belongs to.
  enum Kind {
    case channel, pattern, shardChannel
  }

  private let tables = Guarded(Tables())
  private let inboxes: [Inbox]
  /// Number of names in all tables: publishing to nobody takes no lock.
  private let nameCount = Atomic<Int>(0)

  init(inboxes: [Inbox]) { self.inboxes = inboxes }

  /// Whether anybody is subscribed to anything.
  var hasSubscribers: Bool { nameCount.load(ordering: .relaxed) > 0 }

  private static func table(_ kind: Kind) -> WritableKeyPath<Tables, [[UInt8]: Set<Subscriber>]> {
    switch kind {
    case .channel: \.channels
    case .pattern: \.patterns
    case .shardChannel: \.shardChannels
    }
  }

  func add(_ subscriber: Subscriber, to name: [UInt8], _ kind: Kind) {
    tables.withLock { tables in
      let isNew = tables[keyPath: Self.table(kind)][name, default: []].isEmpty
      tables[keyPath: Self.table(kind)][name, default: []].insert(subscriber)
      if isNew { nameCount.wrappingAdd(1, ordering: .relaxed) }
    }
  }

  /// - Returns: the number of the last message that may still be on its way to the subscriber.
  @discardableResult
  func remove(_ subscriber: Subscriber, from name: [UInt8], _ kind: Kind) -> UInt64 {
    tables.withLock { tables in
      guard tables[keyPath: Self.table(kind)][name]?.remove(subscriber) != nil else {
        return tables.sequence
      }
      if tables[keyPath: Self.table(kind)][name]?.isEmpty == true {
        tables[keyPath: Self.table(kind)][name] = nil
        nameCount.wrappingSubtract(1, ordering: .relaxed)
      }
      return tables.sequence
    }
  }

  /// Withdraws a client from everything it is subscribed to.
  func removeAll(of connection: Connection, on loop: EventLoop) {
    guard let session = connection.existingSession, !session.subscriptions.isEmpty else { return }
    let subscriber = Subscriber(loop: loop.index, client: connection.id)
    for kind in [Kind.channel, .pattern, .shardChannel] {
      for name in session.subscriptions[kind] {
        session.unsubscribedAt = remove(subscriber, from: name, kind)
        session.nameBytes -= name.count + Session.nameOverheadBytes
      }
    }
    session.subscriptions = Subscriptions()
  }

  /// Sends a message to a channel's subscribers and to those of matching patterns.
  ///
  /// - Returns: the number of clients it goes to, once for each subscription that matches.
  /// - Complexity: O(subscribers + patterns)
  @discardableResult
  func publish(_ message: ByteView, to channel: ByteView, sharded: Bool = false) -> Int {
    guard hasSubscribers else { return 0 }
    let name = channel.array
    var deliveries: [(Set<Subscriber>, pattern: [UInt8]?)] = []
    let sequence = tables.withLock { tables in
      tables.sequence &+= 1
      if sharded {
        if let found = tables.shardChannels[name] { deliveries.append((found, nil)) }
        return tables.sequence
      }
      if let found = tables.channels[name] { deliveries.append((found, nil)) }
      for (pattern, subscribers) in tables.patterns
      where pattern.withByteView({ Glob.matches($0, channel) }) {
        deliveries.append((subscribers, pattern))
      }
      return tables.sequence
    }
    var total = 0
    for (subscribers, pattern) in deliveries {
      let kind: Kind = pattern != nil ? .pattern : sharded ? .shardChannel : .channel
      let source = PushMessage.Source(
        name: pattern ?? name, kind: kind, sequence: sequence)
      let push = Self.encode(message, channel: channel, from: source)
      post(push, to: subscribers)
      total += subscribers.count
    }
    return total
  }

  private func post(_ push: PushMessage, to subscribers: Set<Subscriber>) {
    var byLoop: [Int: [Int64]] = [:]
    for subscriber in subscribers { byLoop[subscriber.loop, default: []].append(subscriber.client) }
    for (loop, clients) in byLoop { inboxes[loop].post(.deliver(push, to: clients)) }
  }

  private static func encode(
    _ message: ByteView, channel: ByteView, from source: PushMessage.Source
  ) -> PushMessage {
    PushMessage.encoded(from: source) { writer in
      writer.push(source.kind == .pattern ? 4 : 3)
      switch source.kind {
      case .channel: writer.bulk("message")
      case .shardChannel: writer.bulk("smessage")
      case .pattern:
        writer.bulk("pmessage")
        writer.bulk(source.name)
      }
      writer.bulk(channel)
      writer.bulk(message)
    }
  }

  /// Names with at least one subscriber, of those that match `pattern`.
  func names(_ kind: Kind, matching pattern: ByteView?) -> [[UInt8]] {
    tables.withLock { tables in
      tables[keyPath: Self.table(kind)].keys.filter { name in
        guard let pattern else { return true }
        return name.withByteView { Glob.matches(pattern, $0) }
      }
    }
  }

  /// Number of clients subscribed to `name`.
  func subscriberCount(of name: [UInt8], _ kind: Kind) -> Int {
    tables.withLock { $0[keyPath: Self.table(kind)][name]?.count ?? 0 }
  }

  /// Number of different patterns.
  var patternCount: Int { tables.withLock { $0.patterns.count } }

  /// Number of different channels.
  var channelCount: Int { tables.withLock { $0.channels.count } }

  /// Number of different shard channels.
  var shardChannelCount: Int { tables.withLock { $0.shardChannels.count } }
}

extension PushMessage {
  /// Encodes a message in both protocols.
  static func encoded(
    from source: Source? = nil, _ write: (inout ReplyWriter) -> Void
  ) -> PushMessage {
    func encode(_ version: ProtocolVersion) -> [UInt8] {
      var writer = ReplyWriter(capacity: 256)
      writer.version = version
      write(&writer)
      return writer.output.bytes.array
    }
    return PushMessage(resp2: encode(.resp2), resp3: encode(.resp3), source: source)
  }
}
