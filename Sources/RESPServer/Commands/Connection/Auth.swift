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
      guard !context.server.configuration.requirePassword.isEmpty else {
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
  /// Makes the connection that of `user`. There is one user so far, "default", whose password is
  /// `requirepass`; without a password, any will do.
  ///
  /// - Throws: WRONGPASS.
  func authenticate(user: ByteView, password: ByteView) throws(CommandError) {
    let expected = server.configuration.requirePassword
    guard user == "default", expected.isEmpty || Self.matches(password, expected) else {
      loop.state.pointee.counters.authenticationErrors &+= 1
      throw .fixed("WRONGPASS invalid username-password pair or user is disabled.")
    }
    connection.flags.remove(.unauthenticated)
    connection.existingSession?.user = "default"
  }

  /// Compares in a time that tells nothing about where the two differ.
  private static func matches(_ given: ByteView, _ expected: String) -> Bool {
    var expected = expected
    return expected.withUTF8 { expected in
      var difference = given.count ^ expected.count
      for index in 0..<given.count {
        let other = expected.isEmpty ? 0 : expected[index % expected.count]
        difference |= Int(given[index] ^ other)
      }
      return difference == 0
    }
  }
}
