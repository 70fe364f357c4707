internal import RESPServer

/// COACH.CONTEXT: a conversation as it is to be sent.
enum Context: Command {
  static let spec = CommandSpec(
    "COACH.CONTEXT", since: "1.0.0", group: .coach, arity: -2, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access], state: [.readWrite, .access, .update]),
    summary: "Gives a conversation within a budget of tokens, compacting it where that is due.",
    complexity: "O(N) with N the bytes sent; a compaction reads what it covers, off the loop",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec("tokens", .integer, token: "BUDGET", optional: true),
      ArgumentSpec("messages", .integer, token: "RECENT", optional: true),
      ArgumentSpec(
        "format", .oneOf, token: "AS", optional: true,
        parts: [
          ArgumentSpec("messages", .pureToken, token: "MESSAGES"),
          ArgumentSpec("text", .pureToken, token: "TEXT"),
        ]),
    ],
    example: """
      > COACH.APPEND 42 MESSAGES system "You are a coach." user "I met Anna." assistant "Where?"
       1) "first"
       2) "<milliseconds>-<sequence>"
       3) "last"
       4) "<milliseconds>-<sequence>"
       5) "appended"
       6) (integer) 3
       7) "tokens"
       8) (integer) <number>
       9) "labels"
      10) 1) (nil)
          2) "<label>"
          3) (nil)
      11) "redacted"
      12) (integer) 0
      13) "messages"
      14) (integer) 2
      15) "safety"
      16) "none"
      > COACH.CONTEXT 42 BUDGET 500 AS TEXT
       1) "text"
       2) "User: I met Anna.\\n\\nAssistant: Where?"
       3) "system"
       4) "You are a coach."
       5) "version"
       6) (integer) 0
       7) "covered"
       8) (nil)
       9) "recent"
      10) (integer) 2
      11) "recent_summarised"
      12) (integer) 0
      13) "tokens_full"
      14) (integer) <number>
      15) "tokens_sent"
      16) (integer) <number>
      17) "ratio"
      18) "<number>"
      19) "budget"
      20) (integer) 500
      21) "counted"
      22) "estimate"
      23) "breakpoint"
      24) (nil)
      25) "model"
      26) "claude-sonnet-5-5"
      27) "cost"
      28) 1) "full"
          2) "<dollars>"
          3) "sent"
          4) "<dollars>"
      29) "compacted"
      30) (integer) 0
      31) "reason"
      32) "2 messages, compacted from 31 on"
      > COACH.CONTEXT 42 BUDGET 0
      (error) ERR BUDGET must be between 1 and 10000000 tokens
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let settings = CoachState.memorySettings
    let request = try ContextRequest(context: context, from: 2, settings)
    try context.run(ContextJob(request, settings))
  }
}

/// COACH.COMPRESS: summarises all but the recent messages, now.
enum Compress: Command {
  static let spec = CommandSpec(
    "COACH.COMPRESS", since: "1.0.0", group: .coach, arity: -2, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access], state: [.readWrite, .access, .update]),
    summary: "Summarises all but the recent messages of a conversation.",
    complexity: "O(N log N) with N the bytes of the messages covered, off the loop",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec("ratio", .double, token: "RATIO", optional: true),
      ArgumentSpec("source", .oneOf, token: "VIA", optional: true, parts: .summarySources),
    ],
    example: """
      > COACH.COMPRESS 42 RATIO 2
      (error) ERR RATIO must be above 0 and at most 1
      > COACH.COMPRESS 42
       1) "version"
       2) (integer) 0
       3) "covered"
       4) (nil)
       5) "recent"
       6) (integer) 0
       7) "tokens_before"
       8) (integer) 0
       9) "tokens_after"
      10) (integer) 0
      11) "summary_tokens"
      12) (integer) 0
      13) "compacted"
      14) (integer) 0
      15) "reason"
      16) "there are no messages"
      17) "via"
      18) "local"
      19) "fallback"
      20) (nil)
      21) "cost"
      22) "0.00"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let settings = CoachState.memorySettings
    let request = try ContextRequest(compressing: context, from: 2, settings)
    try context.run(ContextJob(request, settings))
  }
}

extension [ArgumentSpec] {
  /// Who summarises.
  static let summarySources = [
    ArgumentSpec("local", .pureToken, token: "LOCAL"),
    ArgumentSpec("claude", .pureToken, token: "CLAUDE"),
  ]
}
