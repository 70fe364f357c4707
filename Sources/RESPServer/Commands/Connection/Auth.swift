internal import Bytes
internal import CacheCore
internal import RESP

/// AUTH: proves who the client is.
enum AuthCommand: Command {
  static let spec = CommandSpec(
    "AUTH", since: "1.0.0", group: .connection, arity: -2,
    flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
    categories: [.connection],
    summary: "Authenticates the connection.",
    complexity: "O(N) with N the length of the password",
    arguments: [
      ArgumentSpec("username", .string, since: "6.0.0", optional: true),
      ArgumentSpec("password", .string),
    ],
    history: [("6.0.0", "Takes a user's name.")],
    example: """
      > AUTH default anything
      OK
      > AUTH nobody anything
      (error) WRONGPASS invalid username-password pair or user is disabled.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count <= 3 else { throw .syntax }
    if context.count == 2 {
      let registry = context.server.state.pointee.acl
      guard !registry.defaultUser.rules.needsNoPassword else {
        throw .fixed(
          """
          ERR AUTH <password> called without any password configured for the default user. Are \
          you sure your configuration is correct?
          """)
      }
      try context.authenticate(user: ByteView("default"), password: context[1])
    } else {
      try context.authenticate(user: context[1], password: context[2])
    }
    context.reply.ok()
  }
}

extension CommandContext {
  /// Makes the connection that of `user`.
  ///
  /// - Throws: WRONGPASS.
  /// - Complexity: O(length of the password + number of the user's passwords)
  func authenticate(user name: ByteView, password: ByteView) throws(CommandError) {
    let registry = server.state.pointee.acl
    guard let user = registry.user(name), user.accepts(password) else {
      loop.noteFailedAuthentication(name, entry, arguments, of: connection)
      throw ACLTexts.wrongPassword
    }
    connection.flags.remove(.unauthenticated)
    connection.setUser(user, in: registry)
  }
}
