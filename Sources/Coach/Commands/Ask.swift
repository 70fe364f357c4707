internal import Bytes
internal import RESPServer

/// COACH.ASK: has a message answered.
enum Ask: Command {
  static let spec = CommandSpec(
    "COACH.ASK", since: "1.0.0", group: .coach, arity: -3,
    flags: [.write, .denyOOM, .blocking, .noScript],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access, .insert], state: [.readWrite, .access, .update, .insert]),
    summary: "Answers a message of a conversation: routed, in its context, within the budget.",
    complexity: "O(N) with N the bytes sent; the provider takes seconds, the client is blocked",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec("text", .string),
      ArgumentSpec("user", .string, token: "USER", optional: true),
      ArgumentSpec("tokens", .integer, token: "MAXTOKENS", optional: true),
      ArgumentSpec("stream", .pureToken, token: "STREAM", optional: true),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > COACH.ASK 42 " "
      (error) ERR a message needs text
      > COACH.ASK 42 "What shall I say to her?" MAXTOKENS 0
      (error) ERR MAXTOKENS must be between 1 and 1000000
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let text = context[2]
    let settings = CoachState.memorySettings
    guard text.count <= settings.messageBytesMax else {
      throw .made("ERR a message has \(settings.messageBytesMax) bytes at most")
    }
    guard !PreparedText.isBlank(text) else { throw .fixed("ERR a message needs text") }
    var user = ""
    var outputTokens: Int?
    var channel: [UInt8]?
    var index = 3
    while index < context.count {
      if context.argument(at: index, is: "STREAM") {
        channel = Array((context.setting(AskSettings.channel)?.text ?? "").utf8) + context[1].array
        index += 1
        continue
      }
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "USER") {
        user = try context.user(at: index + 1)
      } else if context.argument(at: index, is: "MAXTOKENS") {
        outputTokens = Int(
          try context.integer(
            at: index + 1, in: 1...1_000_000,
            orThrow: .fixed("ERR MAXTOKENS must be between 1 and 1000000")))
      } else {
        throw .syntax
      }
      index += 2
    }
    guard let api = AskState.client else { throw .made("ERR " + AskState.missing) }
    guard context.mayWait else {
      throw .fixed("ERR COACH.ASK waits for an answer, which is not possible inside MULTI")
    }
    let job = AskJob(
      conversation: context[1].array, text: text.array, user: user, outputTokens: outputTokens,
      settings, AskState.cacheSettings(context))
    let step = try job.step(&context)
    let seconds = context.setting(AskSettings.seconds)?.integer ?? 60
    AskCall(job, api, context, seconds: seconds, channel: channel).begin(step, context)
  }
}
