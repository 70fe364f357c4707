internal import RESPServer

/// COACH: the container of HELP; the coach's commands have names of their own.
enum CoachCommand: Command {
  static let spec = CommandSpec(
    "COACH", since: "1.0.0", group: .coach, arity: -2,
    summary: "Says what the coach can do.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR wrong number of arguments for 'coach' command")
  }
}

/// COACH HELP.
enum CoachHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the commands of the coach.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var lines: [String] = []
    let specs = CoachModule().commands.map { $0.spec }.sorted { $0.name < $1.name }
    for spec in specs {
      let isContainer = specs.contains { $0.subcommandName != nil && $0.containerName == spec.name }
      // What holds subcommands is no command by itself, unless it may be called alone.
      if spec.subcommandName == "HELP" || isContainer && spec.arity != -1 { continue }
      lines += [spec.usage, "    " + spec.summary]
    }
    context.replyHelp(lines: lines)
  }
}
