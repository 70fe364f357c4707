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
      "COACH.APPEND <conversation> <role> <text> [USER <user>]",
      "    Add a message to a conversation.",
      "COACH.BUDGET GET | SET | DEL | RESERVE | SETTLE | RELEASE",
      "    Limit what is spent; put money aside for calls and book them. See COACH.BUDGET HELP.",
      "COACH.CLASSIFY <text> [AFTER <turn>] [EXPLAIN]",
      "    Say what a message to the coach is: greeting, confirmation, small_talk,",
      "    coaching_request, assessment, or uncertain.",
      "COACH.APPEND <conversation> <role> <text> [USER <user>]",
      "    Add a message to a conversation, without its personal data.",
      "COACH.CONTEXT <conversation> [BUDGET <tokens>] [RECENT <messages>] [AS MESSAGES|TEXT]",
      "    Give the conversation as it is to be sent, compacted where that is due.",
      "COACH.COMPRESS <conversation> [RATIO <ratio>] [VIA LOCAL|CLAUDE]",
      "    Summarise all but the recent messages now.",
      "COACH.FACTS <conversation>",
      "    Count the facts of the messages that the summary covers, and those it has kept.",
      "COACH.FORGET CONV <conversation> | USER <user>",
      "    Erase a conversation, or everything of a user's, and leave a receipt.",
      "COACH.LEARN <label> <text>",
      "    Teach what a message is, from now on and after a restart.",
      "COACH.LEARN LIST | UNDO <number>",
      "    Show what was taught, or take it back.",
      "COACH.REDACT <text>",
      "    Replace personal data by typed placeholders, and say what was found.",
      "COACH.PIN <conversation> <fact>",
      "    Pin a fact to the conversation: it is sent always.",
      "COACH.PINS <conversation>",
      "    Show the pinned facts and their IDs.",
      "COACH.RULES LIST | RELOAD",
      "    Show the rules in force, or read their file again.",
      "COACH.SUMMARIZE TEXT <text> | CONV <conversation> | KEY <key>",
      "               [RATIO <ratio> | SENTENCES <count> | TOKENS <count>] [VIA LOCAL|CLAUDE]",
      "    Summarise it and leave it as it is.",
      "COACH.UNPIN <conversation> <id>",
      "    Take a pinned fact off.",
      "COACH.TOKENS <text> [BARE] [FAMILY v5 | v4.7]",
      "    Count the tokens of a text as one user message, without its frame with BARE.",
    ])
  }
}
