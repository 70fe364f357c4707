internal import Bytes
internal import CacheCore
internal import RESP

/// QUIT: says goodbye; what was sent behind it is not executed.
enum QuitCommand: Command {
  static let spec = CommandSpec(
    "QUIT", since: "1.0.0", group: .connection, arity: -1,
    flags: [.allowBusy, .noScript, .loading, .stale, .fast, .noAuth],
    categories: [.connection],
    summary: "Closes the connection once everything is answered.",
    complexity: "O(1)",
    deprecatedSince: "7.2.0", replacement: "just closing the connection",
    example: """
      > QUIT
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.ok()
    context.connection.flags.insert(.closesAfterReply)
  }
}

/// RESET: makes the connection as good as new.
enum ResetCommand: Command {
  static let spec = CommandSpec(
    "RESET", since: "6.2.0", group: .connection, arity: 1,
    flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
    categories: [.connection],
    summary: "Brings the connection back to the state it was opened in.",
    complexity: "O(N) with N the number of subscriptions and watched keys",
    example: """
      > MULTI
      OK
      > RESET
      RESET
      > EXEC
      (error) ERR EXEC without MULTI
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let connection = context.connection
    context.loop.discardTransaction(of: connection)
    if connection.isSubscriber { context.loop.deliverWaiting(before: connection) }
    context.server.state.pointee.hub.removeAll(of: connection, on: context.loop)
    context.loop.stopMonitoring(connection)
    if connection.existingSession?.tracking?.isOn == true {
      context.loop.runExclusively { context.loop.stopTracking(connection) }
    }
    connection.flags.subtract([
      .subscribed, .replyOff, .replySkip, .replySkipNext, .noTouch, .noEvict,
    ])
    connection.database = DatabaseIndex(rawValue: 0)
    connection.state.pointee.version = .resp2
    context.reply.version = .resp2
    connection.existingSession?.name = []
    let registry = context.server.state.pointee.acl
    connection.setUser(nil, in: registry)
    if registry.needsAuthentication {
      connection.flags.insert(.unauthenticated)
    } else {
      connection.flags.remove(.unauthenticated)
    }
    context.reply.simple("RESET")
  }
}
