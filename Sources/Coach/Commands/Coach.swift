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
    context.replyHelp([
      "COACH.CLASSIFY <text> [AFTER <turn>] [EXPLAIN]",
      "    Say what a message to the coach is: greeting, confirmation, small_talk,",
      "    coaching_request, assessment, or uncertain.",
      "COACH.LEARN <label> <text>",
      "    Teach what a message is, from now on and after a restart.",
      "COACH.LEARN LIST | UNDO <number>",
      "    Show what was taught, or take it back.",
      "COACH.REDACT <text>",
      "    Replace personal data by typed placeholders, and say what was found.",
      "COACH.RULES LIST | RELOAD",
      "    Show the rules in force, or read their file again.",
      "COACH.TOKENS <text> [BARE] [FAMILY v5 | v4.7]",
      "    Count the tokens of a text as one user message, without its frame with BARE.",
    ])
  }
}
