internal import Bytes
internal import CacheCore
internal import RESP

/// SUBSCRIBE: messages of channels from now on.
enum SubscribeCommand: Command {
  static let spec = CommandSpec(
    "SUBSCRIBE", since: "2.0.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .noScript, .loading, .stale],
    summary: "Lets the client receive what is published on channels.",
    complexity: "O(N) with N the number of channels",
    arguments: [ArgumentSpec("channel", .string, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.subscribe(to: .channel)
  }
}

/// PSUBSCRIBE: messages of all channels whose names match.
enum PSubscribeCommand: Command {
  static let spec = CommandSpec(
    "PSUBSCRIBE", since: "2.0.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .noScript, .loading, .stale],
    summary: "Lets the client receive what is published on channels that match patterns.",
    complexity: "O(N) with N the number of patterns",
    arguments: [ArgumentSpec("pattern", .pattern, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.subscribe(to: .pattern)
  }
}

/// SSUBSCRIBE: messages of shard channels, which are channels of their own.
enum SSubscribeCommand: Command {
  static let spec = CommandSpec(
    "SSUBSCRIBE", since: "7.0.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .noScript, .loading, .stale],
    keys: [.range(from: 1, to: -1, [.notKey])],
    access: KeyspaceAccess.none,
    summary: "Lets the client receive what is published on shard channels.",
    complexity: "O(N) with N the number of shard channels",
    arguments: [ArgumentSpec("shardchannel", .string, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.subscribe(to: .shardChannel)
  }
}

/// UNSUBSCRIBE: no more messages of some channels, or of any.
enum UnsubscribeCommand: Command {
  static let spec = CommandSpec(
    "UNSUBSCRIBE", since: "2.0.0", group: .pubsub, arity: -1,
    flags: [.pubsub, .noScript, .loading, .stale],
    summary: "Ends subscriptions to the channels given, or to all channels.",
    complexity: "O(N) with N the number of channels",
    arguments: [ArgumentSpec("channel", .string, optional: true, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.unsubscribe(from: .channel)
  }
}

/// PUNSUBSCRIBE: the same of patterns.
enum PUnsubscribeCommand: Command {
  static let spec = CommandSpec(
    "PUNSUBSCRIBE", since: "2.0.0", group: .pubsub, arity: -1,
    flags: [.pubsub, .noScript, .loading, .stale],
    summary: "Ends subscriptions to the patterns given, or to all patterns.",
    complexity: "O(N) with N the number of patterns",
    arguments: [ArgumentSpec("pattern", .pattern, optional: true, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.unsubscribe(from: .pattern)
  }
}

/// SUNSUBSCRIBE: the same of shard channels.
enum SUnsubscribeCommand: Command {
  static let spec = CommandSpec(
    "SUNSUBSCRIBE", since: "7.0.0", group: .pubsub, arity: -1,
    flags: [.pubsub, .noScript, .loading, .stale],
    keys: [.range(from: 1, to: -1, [.notKey])],
    access: KeyspaceAccess.none,
    summary: "Ends subscriptions to the shard channels given, or to all shard channels.",
    complexity: "O(N) with N the number of shard channels",
    arguments: [ArgumentSpec("shardchannel", .string, optional: true, multiple: true)])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.unsubscribe(from: .shardChannel)
  }
}

extension PubSubHub.Kind {
  fileprivate var subscribed: StaticString {
    switch self {
    case .channel: "subscribe"
    case .pattern: "psubscribe"
    case .shardChannel: "ssubscribe"
    }
  }

  fileprivate var unsubscribed: StaticString {
    switch self {
    case .channel: "unsubscribe"
    case .pattern: "punsubscribe"
    case .shardChannel: "sunsubscribe"
    }
  }
}

/// Subscribing answers with a message for each name instead of one reply. Being messages, they are
/// sent even where CLIENT REPLY has turned replies off.
extension CommandContext {
  fileprivate func subscribe(to kind: PubSubHub.Kind) {
    let session = connection.session
    let subscriber = Subscriber(loop: loop.index, client: clientID)
    for index in 1..<count {
      let name = arguments[index].array
      if session.subscriptions[kind].insert(name).inserted {
        server.state.pointee.hub.add(subscriber, to: name, kind)
        session.nameBytes += name.count + Session.nameOverheadBytes
      }
      confirm(kind.subscribed, name, session.subscriptions.count(beside: kind))
    }
    connection.flags.insert(.subscribed)
    loop.accountMemory(of: connection)
    loop.keepReply()
  }

  fileprivate func unsubscribe(from kind: PubSubHub.Kind) {
    if connection.isSubscriber { loop.deliverWaiting(before: connection) }
    let existing = connection.existingSession
    var names: [[UInt8]] = []
    if count > 1 {
      for index in 1..<count { names.append(arguments[index].array) }
    } else {
      names = Array(existing?.subscriptions[kind] ?? [])
      if names.isEmpty {
        confirm(kind.unsubscribed, nil, existing?.subscriptions.count(beside: kind) ?? 0)
      }
    }
    let subscriber = Subscriber(loop: loop.index, client: clientID)
    for name in names {
      if let existing, existing.subscriptions[kind].remove(name) != nil {
        existing.unsubscribedAt = server.state.pointee.hub.remove(subscriber, from: name, kind)
        existing.nameBytes -= name.count + Session.nameOverheadBytes
      }
      confirm(kind.unsubscribed, name, existing?.subscriptions.count(beside: kind) ?? 0)
    }
    if !connection.isSubscriber { connection.flags.remove(.subscribed) }
    loop.accountMemory(of: connection)
    loop.keepReply()
  }

  private func confirm(_ what: StaticString, _ name: [UInt8]?, _ subscriptionCount: Int) {
    reply.push(3)
    reply.bulk(what)
    if let name { reply.bulk(name) } else { reply.null() }
    reply.integer(subscriptionCount)
  }
}
