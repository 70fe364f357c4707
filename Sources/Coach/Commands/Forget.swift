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
    complexity: "O(1); a long conversation is freed in the background",
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
    let removed = context.withLocks(on: names) { keys in
      keys.reduce(0) { $0 + (context.remove($1, event: "del") ? 1 : 0) }
    }
    AnswerCache.shared.forget(conversation: names[0])
    var crises = 0
    if removed > 0 {
      let conversation = names[0].withByteView { CommandContext.conversationID($0).array }
      var next: StreamID? = .zero
      // Bounded by the stream's length, `coach-safety-entries-max`.
      while next != nil { crises += context.forgetCrises(of: [conversation], from: &next) }
    }
    let receipt = Receipt(
      kind: "conversation", keys: removed, conversations: min(1, removed), crises: crises)
    receipt.store(context)
    receipt.write(&context.reply)
  }
}

/// COACH.FORGET USER: erases everything of a user's.
enum ForgetUser: Command {
  static let spec = CommandSpec(
    "COACH.FORGET|USER", since: "1.0.0", group: .coach, arity: 3,
    flags: [.write, .noScript, .noMulti, .touchesArbitraryKeys], categories: [.dangerous],
    access: .selfLocking,
    summary: "Erases everything of a user's, in all databases, and leaves a receipt.",
    complexity: "O(N) with N the keys of all databases, looked at in slices between other commands",
    arguments: [ArgumentSpec("user", .string)],
    example: """
      > COACH.FORGET USER ""
      (error) ERR a user's ID has 1 to 512 bytes
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let user = context[2]
    guard !user.isEmpty, user.count <= KeyTemplate.argumentBytesMax else {
      throw .fixed("ERR a user's ID has 1 to 512 bytes")
    }
    try Receipt.check(context)
    try context.run(
      ErasureJob(user.array, CoachState.memorySettings, home: context.database))
  }
}

extension ConversationKeys {
  /// The names of both keys of the conversation that an argument names; nil when it is no ID.
  static func names(of argument: ByteView) -> [[UInt8]]? {
    guard stream.accepts(argument) else { return nil }
    return [stream.name(for: argument), state.name(for: argument)]
  }
}
