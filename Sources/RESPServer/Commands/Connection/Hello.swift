internal import Bytes
internal import CacheCore
internal import RESP

/// HELLO: chooses the protocol, authenticates and names the connection, and tells about the server.
///
/// The server calls itself "redis", of the version whose commands it has: clients decide by both
/// what they may use. INFO tells what it really is.
enum HelloCommand: Command {
  static let spec = CommandSpec(
    "HELLO", since: "6.0.0", group: .connection, arity: -1,
    flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
    categories: [.connection],
    summary: "Greets the server and agrees on a protocol with it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec(
        "arguments", .block, optional: true,
        parts: [
          ArgumentSpec("protover", .integer),
          ArgumentSpec(
            "auth", .block, token: "AUTH", optional: true,
            parts: [ArgumentSpec("username", .string), ArgumentSpec("password", .string)]),
          ArgumentSpec("clientname", .string, token: "SETNAME", optional: true),
        ])
    ],
    history: [("6.2.0", "The protocol's version may be left out.")],
    example: """
      > HELLO 4
      (error) NOPROTO unsupported protocol version
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var version: ProtocolVersion?
    if context.count > 1 {
      guard let number = IntegerText.parseInt64(context[1]) else {
        throw .fixed("ERR Protocol version is not an integer or out of range")
      }
      guard number == 2 || number == 3 else {
        throw .fixed("NOPROTO unsupported protocol version")
      }
      version = number == 3 ? .resp3 : .resp2
    }
    let name = try applyOptions(context)
    guard !context.connection.needsAuthentication(in: context.server.state.pointee.acl) else {
      throw .fixed(
        """
        NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
        <proto> AUTH <user> <pass> option can be used to authenticate the client and select the \
        RESP protocol version at the same time
        """)
    }
    if let name { context.connection.session.name = name }
    if let version {
      context.connection.state.pointee.version = version
      context.reply.version = version
    }
    describeServer(context)
  }

  /// Reads the options behind the version, and authenticates where they say so.
  ///
  /// - Returns: the connection's new name.
  private static func applyOptions(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> [UInt8]? {
    var name: [UInt8]?
    var index = 2
    while index < context.count {
      let following = context.count - index - 1
      if context.argument(at: index, is: "AUTH"), following >= 2 {
        try context.authenticate(user: context[index + 1], password: context[index + 2])
        index += 3
      } else if context.argument(at: index, is: "SETNAME"), following >= 1 {
        name = try context.clientText(at: index + 1, orThrow: .badClientName)
        index += 2
      } else {
        throw .made("ERR Syntax error in HELLO option '\(context[index].string)'")
      }
    }
    return name
  }

  private static func describeServer(_ context: borrowing CommandContext) {
    context.reply.map(7)
    context.reply.bulk("server")
    context.reply.bulk("redis")
    context.reply.bulk("version")
    context.reply.bulk(Version.redis)
    context.reply.bulk("proto")
    context.reply.integer(context.connection.state.pointee.version.rawValue)
    context.reply.bulk("id")
    context.reply.integer(context.clientID)
    context.reply.bulk("mode")
    context.reply.bulk("standalone")
    context.reply.bulk("role")
    context.reply.bulk("master")
    context.reply.bulk("modules")
    context.reply.array(0)
  }
}
