internal import Bytes
internal import CacheCore
internal import RESP

/// PUBLISH: a message for everybody who is subscribed to a channel.
///
/// A client that publishes on a channel it is subscribed to gets the reply first, then the message.
enum PublishCommand: Command {
  static let spec = CommandSpec(
    "PUBLISH", since: "2.0.0", group: .pubsub, arity: 3,
    flags: [.pubsub, .loading, .stale, .fast, .mayReplicate],
    summary: "Sends a message to a channel.",
    complexity: "O(N+M) with N the channel's subscribers and M the patterns of all clients",
    arguments: [ArgumentSpec("channel", .string), ArgumentSpec("message", .string)],
    example: """
      > PUBLISH news hello
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let receivers = context.server.state.pointee.hub.publish(context[2], to: context[1])
    context.reply.integer(receivers)
  }
}

/// SPUBLISH: the same for a shard channel.
enum SPublishCommand: Command {
  static let spec = CommandSpec(
    "SPUBLISH", since: "7.0.0", group: .pubsub, arity: 3,
    flags: [.pubsub, .loading, .stale, .fast, .mayReplicate],
    keys: [.range(from: 1, [.notKey])],
    access: KeyspaceAccess.none,
    summary: "Sends a message to a shard channel.",
    complexity: "O(N) with N the shard channel's subscribers",
    arguments: [ArgumentSpec("shardchannel", .string), ArgumentSpec("message", .string)],
    example: """
      > SPUBLISH orders hello
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let receivers = context.server.state.pointee.hub.publish(
      context[2], to: context[1], sharded: true)
    context.reply.integer(receivers)
  }
}
