internal import Bytes
internal import CacheCore
internal import RESP

/// PUBSUB: who is subscribed to what.
enum PubSubCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB", since: "2.8.0", group: .pubsub, arity: -2,
    summary: "Holds the commands that look at subscriptions.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("pubsub")
  }
}

/// PUBSUB CHANNELS: channels that somebody is subscribed to.
enum PubSubChannelsCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|CHANNELS", since: "2.8.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .loading, .stale],
    summary: "Lists the channels that have subscribers, all or those that match a pattern.",
    complexity: "O(N) with N the number of channels that have subscribers",
    arguments: [ArgumentSpec("pattern", .pattern, optional: true)],
    example: """
      > PUBSUB CHANNELS
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyNames(.channel)
  }
}

/// PUBSUB SHARDCHANNELS: the same of shard channels.
enum PubSubShardChannelsCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|SHARDCHANNELS", since: "7.0.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .loading, .stale],
    summary: "Lists the shard channels that have subscribers, all or those that match a pattern.",
    complexity: "O(N) with N the number of shard channels that have subscribers",
    arguments: [ArgumentSpec("pattern", .pattern, optional: true)],
    example: """
      > PUBSUB SHARDCHANNELS
      (empty array)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyNames(.shardChannel)
  }
}

/// PUBSUB NUMSUB: how many clients are subscribed to channels.
enum PubSubNumSubCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|NUMSUB", since: "2.8.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .loading, .stale],
    summary: "Counts the subscribers of channels; patterns are not counted.",
    complexity: "O(N) with N the number of channels asked for",
    arguments: [ArgumentSpec("channel", .string, optional: true, multiple: true)],
    example: """
      > PUBSUB NUMSUB news
      1) "news"
      2) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replySubscriberCounts(.channel)
  }
}

/// PUBSUB SHARDNUMSUB: the same of shard channels.
enum PubSubShardNumSubCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|SHARDNUMSUB", since: "7.0.0", group: .pubsub, arity: -2,
    flags: [.pubsub, .loading, .stale],
    summary: "Counts the subscribers of shard channels.",
    complexity: "O(N) with N the number of shard channels asked for",
    arguments: [ArgumentSpec("shardchannel", .string, optional: true, multiple: true)],
    example: """
      > PUBSUB SHARDNUMSUB orders
      1) "orders"
      2) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replySubscriberCounts(.shardChannel)
  }
}

/// PUBSUB NUMPAT: how many patterns there are.
enum PubSubNumPatCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|NUMPAT", since: "2.8.0", group: .pubsub, arity: 2,
    flags: [.pubsub, .loading, .stale],
    summary: "Counts the different patterns that clients are subscribed to.",
    complexity: "O(1)",
    example: """
      > PUBSUB NUMPAT
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(context.server.state.pointee.hub.patternCount)
  }
}

/// PUBSUB HELP.
enum PubSubHelpCommand: Command {
  static let spec = CommandSpec(
    "PUBSUB|HELP", since: "6.2.0", group: .pubsub, arity: 2,
    flags: [.loading, .stale],
    summary: "Lists the subcommands.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CHANNELS [<pattern>]",
      "    List channels with subscribers, of those that match <pattern> if given.",
      "NUMPAT",
      "    Count the patterns that clients are subscribed to.",
      "NUMSUB [<channel> ...]",
      "    Count each channel's subscribers, without those of patterns.",
      "SHARDCHANNELS [<pattern>]",
      "    List shard channels with subscribers, of those that match <pattern> if given.",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Count each shard channel's subscribers.",
    ])
  }
}

extension CommandContext {
  fileprivate func replyNames(_ kind: PubSubHub.Kind) throws(CommandError) {
    guard count <= 3 else {
      throw .made(
        "ERR unknown subcommand or wrong number of arguments for '\(arguments[1].string)'. "
          + "Try PUBSUB HELP.")
    }
    let names = server.state.pointee.hub.names(kind, matching: count == 3 ? arguments[2] : nil)
    reply.array(names.count)
    for name in names { reply.bulk(name) }
  }

  fileprivate func replySubscriberCounts(_ kind: PubSubHub.Kind) {
    reply.array((count - 2) * 2)
    for index in 2..<count {
      reply.bulk(arguments[index])
      reply.integer(
        server.state.pointee.hub.subscriberCount(of: arguments[index].array, kind))
    }
  }
}
