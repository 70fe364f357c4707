internal import Bytes
internal import RESP

extension CommandContext {
  /// Answers a HELP subcommand in Redis's form: a heading, the lines given, and HELP itself, each a
  /// simple string.
  ///
  /// - Parameter lines: for each subcommand a line with its name and arguments, then lines indented
  ///   by four spaces that say what it does.
  public func replyHelp(_ lines: [StaticString]) {
    reply.array(lines.count + 3)
    let name = arguments[0].string.uppercased()
    Array("\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:".utf8)
      .withByteView { reply.simple($0) }
    for line in lines { reply.simple(line) }
    reply.simple("HELP")
    reply.simple("    Print this help.")
  }

  /// The same with lines made at run time.
  public func replyHelp(lines: [String]) {
    reply.array(lines.count + 3)
    let name = arguments[0].string.uppercased()
    replyLine("\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
    for line in lines { replyLine(line) }
    replyLine("HELP")
    replyLine("    Print this help.")
  }

  /// A status line made at run time.
  func replyLine(_ text: String) {
    Array(text.utf8).withByteView { reply.simple($0) }
  }

  /// The error of a command that tells its subcommands apart by itself (DEBUG).
  func unknownSubcommand() -> CommandError {
    let shown = self[1][0..<min(self[1].count, 128)].string
    return .made(
      "ERR unknown subcommand or wrong number of arguments for '\(shown)'. "
        + "Try \(self[0].string.uppercased()) HELP.")
  }
}
