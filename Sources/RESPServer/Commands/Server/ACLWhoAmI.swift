internal import Bytes
internal import CacheCore
internal import RESP

/// ACL: users and what they may do.
enum ACLCommand: Command {
  static let spec = CommandSpec(
    "ACL", since: "6.0.0", group: .server, arity: -2,
    summary: "Holds the commands about users and their rights.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("acl")
  }
}

/// ACL WHOAMI: the connection's user.
enum ACLWhoAmICommand: Command {
  static let spec = CommandSpec(
    "ACL|WHOAMI", since: "6.0.0", group: .server, arity: 2,
    flags: [.noScript, .loading, .stale],
    summary: "Tells which user the connection is authenticated as.",
    complexity: "O(1)",
    example: """
      > ACL WHOAMI
      "default"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.reply.bulk(context.connection.existingSession?.user ?? "default")
  }
}
