internal import Bytes

/// Error texts about rights. Their wording is Redis 7.0's, by which Redis's own test suite goes;
/// 7.2 says the same in other words, and clients tell by NOPERM.
enum ACLTexts {
  /// The error of a command that was refused.
  static func refused(_ denial: ACLDenial, command: ByteView) -> CommandError {
    switch denial {
    case .command:
      .made("NOPERM this user has no permissions to run the '\(command.string)' command")
    case .key:
      .fixed(
        "NOPERM this user has no permissions to access one of the keys used as arguments")
    case .channel:
      .fixed(
        "NOPERM this user has no permissions to access one of the channels used as arguments")
    }
  }

  /// The error of a queued command that is no longer allowed when EXEC comes.
  static func refusedByExec(_ denial: ACLDenial) -> CommandError {
    let reason =
      switch denial {
      case .command: "no permission to execute the command or subcommand"
      case .key: "no permission to touch the specified keys"
      case .channel:
        "no permission to access one of the channels used as arguments to the command"
      }
    return .made(
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
        + "call. This command is no longer allowed for the following reason: \(reason)")
  }

  /// What ACL DRYRUN answers.
  ///
  /// - Parameter argument: the key or channel.
  static func dryRun(_ denial: ACLDenial, command: ByteView, argument: ByteView) -> [UInt8] {
    let start = "This user has no permissions to "
    switch denial {
    case .command: return Array("\(start)run the '\(command.string)' command".utf8)
    case .key:
      return Array("\(start)access the '".utf8) + argument.array + Array("' key".utf8)
    case .channel:
      return Array("\(start)access the '".utf8) + argument.array + Array("' channel".utf8)
    }
  }

  static let wrongPassword = CommandError.fixed(
    "WRONGPASS invalid username-password pair or user is disabled.")

  static let noFile: StaticString = """
    ERR This Redis instance is not configured to use an ACL file. You may want to specify users \
    via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis \
    configuration file set) in order to store users in the Redis configuration.
    """

  static let fileAndUsers = """
    Configuring Redis with users defined in redis.conf and at the same setting an ACL file path \
    is invalid. This setup is very likely to lead to configuration errors and security holes, \
    please define either an ACL file or declare users directly in your redis.conf, but not both.
    """
}
