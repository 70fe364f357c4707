internal import Bytes

/// Replies of the dispatcher itself, word for word as Redis gives them.
enum CommandTexts {
  /// Bytes of a name and of arguments that an error repeats.
  private static let echoBytesMax = 128

  static func unknownCommand(_ arguments: Arguments) -> String {
    var text = "ERR unknown command '\(clipped(arguments[0]))', with args beginning with: "
    var length = 0
    for index in 1..<max(1, arguments.count) {
      guard length < echoBytesMax else { break }
      let argument = arguments[index]
      let shown = argument[0..<min(argument.count, echoBytesMax - length)]
      text += "'\(shown.string)' "
      length += shown.count + 3
    }
    return text
  }

  static func unknownSubcommand(_ name: ByteView, of container: ByteView) -> String {
    "ERR unknown subcommand '\(clipped(name))'. Try \(container.string.uppercased()) HELP."
  }

  static func wrongArity(_ name: ByteView) -> String {
    "ERR wrong number of arguments for '\(name.string)' command"
  }

  static func notWhileSubscribed(_ name: ByteView) -> String {
    "ERR Can't execute '\(name.string)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
      + "RESET are allowed in this context"
  }

  /// EXEC's error when it was refused itself.
  static func transactionAborted(_ error: CommandError) -> String {
    let reason =
      switch error {
      case .fixed(let text): "\(text)"
      case .made(let text): text
      }
    // As in Redis, the general code is left out, any other is named.
    let text = reason.hasPrefix("ERR ") ? String(reason.dropFirst(4)) : reason
    return "EXECABORT Transaction discarded because of: \(text)"
  }

  static let moduleNotAllowed: StaticString = """
    ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can \
    run it from a local connection, otherwise you need to set this option in the configuration \
    file, and then restart the server.
    """

  static let debugNotAllowed: StaticString = """
    ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can \
    run it from a local connection, otherwise you need to set this option in the configuration \
    file, and then restart the server.
    """

  private static func clipped(_ text: ByteView) -> String {
    text[0..<min(text.count, echoBytesMax)].string
  }
}
