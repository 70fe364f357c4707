internal import Bytes
internal import CacheCore
internal import RESP

/// CLIENT TRACKING: invalidation messages for keys that the client has read. Turning it off works,
/// turning it on is refused: there are no such messages yet.
enum ClientTrackingCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|TRACKING", since: "6.0.0", group: .connection, arity: -3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Turns client-side caching on or off; it can only be off so far.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "status", .oneOf,
        parts: [
          ArgumentSpec("on", .pureToken, token: "ON"),
          ArgumentSpec("off", .pureToken, token: "OFF"),
        ]),
      ArgumentSpec("client-id", .integer, token: "REDIRECT", optional: true),
      ArgumentSpec(
        "prefix", .string, token: "PREFIX", optional: true, multiple: true, repeatsToken: true),
      ArgumentSpec("BCAST", .pureToken, token: "BCAST", optional: true),
      ArgumentSpec("OPTIN", .pureToken, token: "OPTIN", optional: true),
      ArgumentSpec("OPTOUT", .pureToken, token: "OPTOUT", optional: true),
      ArgumentSpec("NOLOOP", .pureToken, token: "NOLOOP", optional: true),
    ],
    example: """
      > CLIENT TRACKING OFF
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard try !context.switchArgument(at: 2) else {
      throw .fixed("ERR client-side caching is not supported: CLIENT TRACKING can only be OFF")
    }
    context.reply.ok()
  }
}

/// CLIENT TRACKINGINFO: how the connection is tracked.
enum ClientTrackingInfoCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|TRACKINGINFO", since: "6.2.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells whether and how the connection's reads are tracked.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.map(3)
    context.reply.bulk("flags")
    context.reply.set(1)
    context.reply.bulk("off")
    context.reply.bulk("redirect")
    context.reply.integer(-1)
    context.reply.bulk("prefixes")
    context.reply.array(0)
  }
}

/// CLIENT CACHING: whether the next command's keys are tracked.
enum ClientCachingCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|CACHING", since: "6.0.0", group: .connection, arity: 3,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Chooses whether the keys of the next command are tracked.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "mode", .oneOf,
        parts: [
          ArgumentSpec("yes", .pureToken, token: "YES"),
          ArgumentSpec("no", .pureToken, token: "NO"),
        ])
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed(
      """
      ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
      OPTOUT mode enabled
      """)
  }
}

/// CLIENT GETREDIR: who gets the connection's invalidations.
enum ClientGetRedirCommand: Command {
  static let spec = CommandSpec(
    "CLIENT|GETREDIR", since: "6.0.0", group: .connection, arity: 2,
    flags: [.noScript, .loading, .stale],
    categories: [.connection],
    summary: "Tells which client is sent the connection's invalidations; -1 without tracking.",
    complexity: "O(1)",
    example: """
      > CLIENT GETREDIR
      (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.integer(-1)
  }
}
