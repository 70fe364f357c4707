internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// COACH.FORGET: the container of the commands below.
enum Forget: Command {
  static let spec = CommandSpec(
    "COACH.FORGET", since: "1.0.0", group: .coach, arity: -2,
    summary: "Erases a conversation, or everything of a user's.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .fixed("ERR wrong number of arguments for 'coach.forget' command")
  }
}

/// COACH.FORGET CONV: erases a conversation.
enum ForgetConversation: Command {
  static let spec = CommandSpec(
    "COACH.FORGET|CONV", since: "1.0.0", group: .coach, arity: 3, flags: [.write, .noScript],
    categories: [.dangerous],
    keys: [
      .made(from: 2, ConversationKeys.stream, [.removing, .delete]),
      .made(from: 2, ConversationKeys.state, [.removing, .delete]),
    ], access: .selfLocking,
    summary: "Erases a conversation and leaves a receipt.",
    complexity: """
      O(N) with N the entries of the stream of crises, looked at in slices between other commands; \
      a long conversation is freed in the background
      """,
    arguments: [ArgumentSpec("conversation", .string)],
    example: """
      > COACH.FORGET CONV 42
      1) "receipt"
      2) "<number>"
      3) "keys"
      4) (integer) 0
      5) "conversations"
      6) (integer) 0
      7) "crises"
      8) (integer) 0
      > COACH.FORGET CONV a{b
      (error) ERR invalid conversation ID: 1 to 512 bytes without braces
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let names = ConversationKeys.names(of: context[2]) else {
      throw ConversationKeys.invalidID
    }
    try Receipt.check(context)
    try context.run(ConversationErasure(names))
  }
}

/// Erases a conversation: its keys at once, then what the stream of crises says of it, in slices.
private final class ConversationErasure: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  private let names: [[UInt8]]
  private let subject: CrisisSubject
  private var isBegun = false
  private var keys = 0
  private var crises = 0
  private var position: StreamID? = .zero
  private var receipt: Receipt?

  init(_ names: [[UInt8]]) {
    self.names = names
    subject = CrisisSubject(
      conversations: [names[0].withByteView { CommandContext.conversationID($0).array }])
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if !isBegun {
      isBegun = true
      keys = context.withLocks(on: names) { keys in
        keys.reduce(0) { $0 + (context.remove($1, event: "del") ? 1 : 0) }
      }
      AnswerCache.shared.forget(conversation: names[0])
      crises = context.dropCrises(of: subject)
    }
    repeat {
      crises += context.forgetCrises(of: subject, from: &position)
      // Where nothing may wait, all is done at once: the stream's length is bounded.
    } while position != nil && !context.mayWait
    if position != nil { return .again }
    let made = Receipt(
      kind: "conversation", keys: keys, conversations: min(1, keys), crises: crises)
    made.store(context)
    receipt = made
    return .done
  }

  func work() {}

  func write(_ reply: inout ReplyWriter) { receipt?.write(&reply) }
}

/// COACH.FORGET USER: erases everything of a user's.
enum ForgetUser: Command {
  static let spec = CommandSpec(
    "COACH.FORGET|USER", since: "1.0.0", group: .coach, arity: 3,
    flags: [.write, .noScript, .noMulti, .touchesArbitraryKeys, .writesEveryKey],
    categories: [.dangerous],
    access: .selfLocking,
    summary: "Erases everything of a user's, in all databases, and leaves a receipt.",
    complexity: """
      O(N+M) with N the keys of all databases and M the entries of all conversations, looked at in \
      slices between other commands
      """,
    arguments: [ArgumentSpec("user", .string)],
    example: """
      > COACH.FORGET USER ""
      (error) ERR a user's ID has 1 to 512 bytes
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let user = try context.userID(at: 2)
    try Receipt.check(context)
    try context.run(ErasureJob(user, CoachState.memorySettings, home: context.database))
  }
}

extension CommandContext {
  /// The argument at `index` as the ID of a user.
  func userID(at index: Int) throws(CommandError) -> [UInt8] {
    let user = self[index]
    guard !user.isEmpty, user.count <= KeyTemplate.argumentBytesMax else {
      throw .fixed("ERR a user's ID has 1 to 512 bytes")
    }
    return user.array
  }
}

/// COACH.FORGET HELP.
enum ForgetHelpCommand: Command {
  static let spec = CommandSpec(
    "COACH.FORGET|HELP", since: "1.0.0", group: .coach, arity: 2, flags: [.loading, .stale],
    summary: "Lists the subcommands of COACH.FORGET.", complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CONV <conversation>",
      "    Erase a conversation, with what staff were told of it, and leave a receipt.",
      "USER <user>",
      "    Erase all conversations, spending and limits of a user's, and leave a receipt.",
    ])
  }
}
