internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.SUMMARIZE: the container of the commands below.
enum Summarize: Command {
  static let spec = CommandSpec(
    "COACH.SUMMARIZE", since: "1.0.0", group: .coach, arity: -2,
    summary: "Summarises a text, a conversation, or what a key holds.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR wrong number of arguments for 'coach.summarize' command")
  }

  /// What all of them take.
  static func arguments(_ subject: ArgumentSpec) -> [ArgumentSpec] {
    [
      subject,
      ArgumentSpec(
        "length", .oneOf, optional: true,
        parts: [
          ArgumentSpec("ratio", .double, token: "RATIO"),
          ArgumentSpec("sentences", .integer, token: "SENTENCES"),
          ArgumentSpec("tokens", .integer, token: "TOKENS"),
        ]),
      ArgumentSpec("source", .oneOf, token: "VIA", optional: true, parts: .summarySources),
      ArgumentSpec("user", .string, token: "USER", optional: true),
    ]
  }
}

/// COACH.SUMMARIZE TEXT.
enum SummarizeText: Command {
  static let spec = CommandSpec(
    "COACH.SUMMARIZE|TEXT", since: "1.0.0", group: .coach, arity: -3,
    summary: "Summarises a text; lines of \"Speaker: text\" are read as a dialogue.",
    complexity: "O(N log N) with N the bytes of the text; long ones off the loop",
    arguments: Summarize.arguments(ArgumentSpec("text", .string)),
    example: """
      > COACH.SUMMARIZE TEXT "I met Anna on Tuesday. It was so so. She likes jazz." SENTENCES 1
       1) "summary"
       2) "I met Anna on Tuesday."
       3) "tokens"
       4) (integer) <number>
       5) "tokens_source"
       6) (integer) <number>
       7) "sentences"
       8) (integer) 1
       9) "sentences_source"
      10) (integer) 3
      11) "redacted"
      12) (integer) 0
      13) "via"
      14) "local"
      15) "fallback"
      16) (nil)
      17) "cost"
      18) "0.00"
      > COACH.SUMMARIZE TEXT "I met Anna. She likes jazz." SENTENCES 0
      (error) ERR SENTENCES must be between 1 and 1000000
      > COACH.SUMMARIZE TEXT ""
       1) "summary"
       2) ""
       3) "tokens"
       4) (integer) 0
       5) "tokens_source"
       6) (integer) 0
       7) "sentences"
       8) (integer) 0
       9) "sentences_source"
      10) (integer) 0
      11) "redacted"
      12) (integer) 0
      13) "via"
      14) "local"
      15) "fallback"
      16) (nil)
      17) "cost"
      18) "0.00"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let request = try SummaryRequest(context, from: 3)
    let settings = CoachState.memorySettings
    try context.run(SummaryJob(.text(context[2].array), request, settings))
  }
}

/// COACH.SUMMARIZE CONV.
enum SummarizeConversation: Command {
  static let spec = CommandSpec(
    "COACH.SUMMARIZE|CONV", since: "1.0.0", group: .coach, arity: -3, flags: [.readonly],
    keys: [.made(from: 2, ConversationKeys.stream, [.readOnly, .access])],
    summary: "Summarises a conversation, and leaves it as it is.",
    complexity: "O(N log N) with N the bytes of the conversation, off the loop",
    arguments: Summarize.arguments(ArgumentSpec("conversation", .string)),
    example: """
      > COACH.SUMMARIZE CONV 42
      (error) ERR no such conversation
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 1 else { throw ConversationKeys.invalidID }
    let request = try SummaryRequest(context, from: 3)
    try context.run(SummaryJob(.conversation, request, CoachState.memorySettings))
  }
}

/// COACH.SUMMARIZE KEY.
enum SummarizeKey: Command {
  static let spec = CommandSpec(
    "COACH.SUMMARIZE|KEY", since: "1.0.0", group: .coach, arity: -3, flags: [.readonly],
    keys: [.range(from: 2, [.readOnly, .access])],
    summary: "Summarises the string or the conversation that a key holds.",
    complexity: "O(N log N) with N the bytes of the value; long ones off the loop",
    arguments: Summarize.arguments(ArgumentSpec("key", .key, key: 0)),
    example: """
      > COACH.SUMMARIZE KEY notes
      (error) ERR no such key
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let request = try SummaryRequest(context, from: 3)
    try context.run(SummaryJob(.key, request, CoachState.memorySettings))
  }
}

/// What COACH.SUMMARIZE was asked for.
struct SummaryRequest: Sendable {
  var length: SummaryLength
  /// Whether the provider is to summarise, and who is charged.
  var asksClaude = false
  var user = ""

  /// Reads the options from the argument at `start` on.
  init(_ context: borrowing CommandContext, from start: Int) throws(CommandError) {
    var length: SummaryLength?
    var index = start
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "VIA") {
        asksClaude = try context.asksClaude(at: index + 1)
      } else if context.argument(at: index, is: "USER") {
        user = try context.user(at: index + 1)
      } else {
        guard length == nil else { throw .syntax }
        length = try SummaryLength.read(context, at: index)
      }
      index += 2
    }
    self.length = length ?? .ratio(Double(CoachState.memorySettings.ratioPercent) / 100)
  }
}

/// How long a summary is to be.
enum SummaryLength: Sendable {
  case ratio(Double)
  case sentences(Int)
  case tokens(Int)

  /// Reads the option at `index`.
  static func read(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> SummaryLength {
    if context.argument(at: index, is: "RATIO") { return .ratio(try context.ratio(at: index + 1)) }
    if context.argument(at: index, is: "SENTENCES") {
      return .sentences(
        Int(
          try context.integer(
            at: index + 1, in: 1...1_000_000,
            orThrow: .fixed("ERR SENTENCES must be between 1 and 1000000"))))
    }
    guard context.argument(at: index, is: "TOKENS") else { throw .syntax }
    return .tokens(
      Int(
        try context.integer(
          at: index + 1, in: 1...10_000_000,
          orThrow: .fixed("ERR TOKENS must be between 1 and 10000000"))))
  }
}

/// COACH.SUMMARIZE HELP.
enum SummarizeHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH.SUMMARIZE|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the subcommands of COACH.SUMMARIZE.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CONV <conversation> [RATIO <r>|SENTENCES <n>|TOKENS <n>] [VIA <LOCAL|CLAUDE>]",
      "    Summarise a conversation.",
      "KEY <key> [...]",
      "    Summarise the string or the conversation that a key holds.",
      "TEXT <text> [...]",
      "    Summarise a text; lines of \"Speaker: text\" are read as a dialogue.",
    ])
  }
}
