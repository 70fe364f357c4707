internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT REPLY: whether commands are answered.
enum ClientReplyCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|REPLY", since: "3.2.0", group: .connection, arity: 3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Turns replies on or off, or leaves out the next one.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "action", .oneOf,
        parts: [
          ArgumentSpec("on", .pureToken, token: "ON"),
          ArgumentSpec("off", .pureToken, token: "OFF"),
          ArgumentSpec("skip", .pureToken, token: "SKIP"),
        ])
    ],
    example: """
      > CLIENT REPLY ON
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let connection = context.connection
    if context.argument(at: 2, is: "ON") {
      connection.flags.subtract([.replyOff, .replySkip, .replySkipNext])
      context.reply.ok()
    } else if context.argument(at: 2, is: "OFF") {
      connection.flags.insert(.replyOff)
    } else if context.argument(at: 2, is: "SKIP") {
      if !connection.flags.contains(.replyOff) { connection.flags.insert(.replySkipNext) }
    } else {
      throw .syntax
    }
  }
}

/// CLIENT NO-EVICT: spares the connection when clients hold too much memory.
enum ClientNoEvictCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|NO-EVICT", since: "7.0.0", group: .connection, arity: 3,
    flags: [.admin, .noScript, .loading, .stale],
    categories: [.connection],
    summary: "Protects the connection from being closed for the memory it holds.",
    complexity: "O(1)",
    arguments: [.onOff],
    example: """
      > CLIENT NO-EVICT on
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if try context.switchArgument(at: 2) {
      context.connection.flags.insert(.noEvict)
    } else {
      context.connection.flags.remove(.noEvict)
      // It may be the one that is too large.
      context.loop.state.pointee.wantsClientEviction = true
    }
    context.reply.ok()
  }
}

/// CLIENT NO-TOUCH: reads without a trace.
enum ClientNoTouchCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|NO-TOUCH", since: "7.2.0", group: .connection, arity: 3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Lets the connection read keys without changing when they were last used.",
    complexity: "O(1)",
    arguments: [.onOff],
    example: """
      > CLIENT NO-TOUCH on
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if try context.switchArgument(at: 2) {
      context.connection.flags.insert(.noTouch)
    } else {
      context.connection.flags.remove(.noTouch)
    }
    context.reply.ok()
  }
}

/// CLIENT CAPA: what the client can do, as Valkey 8 has it. None of it is of use here: this server
/// sends nobody elsewhere.
enum ClientCapaCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|CAPA", since: "8.0.0", group: .connection, arity: -3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Takes a client's word for what it can do; of no effect here.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("capability", .string, multiple: true)],
    example: """
      > CLIENT CAPA redirect
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) { context.reply.ok() }
}

extension ArgumentSpec {
  /// ON or OFF.
  fileprivate static let onOff = ArgumentSpec(
    "enabled", .oneOf,
    parts: [
      ArgumentSpec("on", .pureToken, token: "ON"),
      ArgumentSpec("off", .pureToken, token: "OFF"),
    ])
}
