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
}
