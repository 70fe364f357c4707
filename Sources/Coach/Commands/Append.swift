internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// COACH.APPEND: adds messages to a conversation.
enum Append: Command {
  /// Most messages of one command: what is done with them on the loop takes less than a
  /// millisecond.
  static var messagesMax: Int { 256 }

  static let spec = CommandSpec(
    "COACH.APPEND", since: "1.0.0", group: .coach, arity: -4, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access, .insert], state: [.readWrite, .update]),
    summary: "Adds messages to a conversation, without their personal data.",
    complexity: "O(N) with N the bytes of the messages; many are read off the loop",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec(
        "messages", .oneOf,
        parts: [
          ArgumentSpec(
            "one", .block,
            parts: [
              ArgumentSpec("role", .string), ArgumentSpec("text", .string),
              ArgumentSpec("user", .string, token: "USER", optional: true),
            ]),
          ArgumentSpec(
            "several", .block,
            parts: [
              ArgumentSpec("user", .string, token: "USER", optional: true),
              ArgumentSpec(
                "message", .block, token: "MESSAGES", multiple: true,
                parts: [ArgumentSpec("role", .string), ArgumentSpec("text", .string)]),
            ]),
        ]),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > COACH.APPEND 42 user "hello, mail me: max@example.org" USER u7
       1) "id"
       2) "<milliseconds>-0"
       3) "tokens"
       4) (integer) <number>
       5) "label"
       6) "<label>"
       7) "redacted"
       8) (integer) 1
       9) "messages"
      10) (integer) 1
      11) "safety"
      12) "none"
      > COACH.APPEND 42 MESSAGES assistant "How did it go?" user "How do I ask her out?"
       1) "first"
       2) "<milliseconds>-<sequence>"
       3) "last"
       4) "<milliseconds>-<sequence>"
       5) "appended"
       6) (integer) 2
       7) "tokens"
       8) (integer) <number>
       9) "labels"
      10) 1) (nil)
          2) "coaching_request"
      11) "redacted"
      12) (integer) 0
      13) "messages"
      14) (integer) 3
      15) "safety"
      16) "none"
      > COACH.APPEND 42 wizard "Abracadabra"
      (error) ERR unknown role 'wizard': user, assistant or system
      > COACH.APPEND 42 user "hello" USER u8
      (error) ERR the conversation belongs to another user
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    let first = try firstOfSeveral(context)
    let user = try user(context, at: first == nil ? 4 : 2, isThere: first != 3)
    let settings = CoachState.memorySettings
    guard let first else {
      let kind = try checked(context[2], context[3], settings)
      guard context[3].count <= AppendJob.inlineBytesMax else {
        return try context.run(
          AppendJob([.init(kind, context[3].array)], user, settings, isOne: true))
      }
      let message = ReadMessage(
        kind, context[3], redacts: context.redactsConversation, settings.counter)
      var outcome = AppendJob.Outcome(isOne: true)
      try withUnsafePointer(to: message) { (message) throws(CommandError) in
        let messages = UnsafeBufferPointer(start: message, count: 1)
        try AppendJob.append(messages, user: user, &context, &outcome)
      }
      return outcome.write(&context.reply)
    }
    guard context.count > first, (context.count - first) % 2 == 0 else {
      throw .fixed("ERR messages are roles and texts in turn")
    }
    guard context.count - first <= 2 * messagesMax else {
      throw .made("ERR one command adds \(messagesMax) messages at most")
    }
    var drafts: [AppendJob.Draft] = []
    drafts.reserveCapacity((context.count - first) / 2)
    var bytes = 0
    for index in stride(from: first, to: context.count, by: 2) {
      // All are looked at before one is stored.
      let kind = try checked(context[index], context[index + 1], settings)
      bytes += context[index + 1].count
      guard bytes <= settings.messageBytesMax else {
        throw .made("ERR the messages have \(settings.messageBytesMax) bytes at most together")
      }
      drafts.append(.init(kind, context[index + 1].array))
    }
    let job = AppendJob(drafts, user, settings, isOne: false)
    try context.run(job)
  }

  /// Where the messages begin in the form for several: `[USER user] MESSAGES role text …`; nil for
  /// the form for one.
  private static func firstOfSeveral(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Int? {
    if context.argument(at: 2, is: "MESSAGES") { return 3 }
    guard context.count > 5, context.argument(at: 2, is: "USER"),
      context.argument(at: 4, is: "MESSAGES"), context.count % 2 == 1
    else { return nil }
    return 5
  }

  /// The user that is named at `index`; nobody's messages are the empty name's.
  private static func user(
    _ context: borrowing CommandContext, at index: Int, isThere: Bool
  ) throws(CommandError) -> [UInt8] {
    guard isThere, index < context.count else { return [] }
    guard context.argument(at: index, is: "USER"), index == 2 || context.count == 6 else {
      throw .syntax
    }
    return try context.userID(at: index + 1)
  }

  /// What a message is, if it can be stored at all.
  private static func checked(
    _ role: ByteView, _ text: ByteView, _ settings: MemorySettings
  ) throws(CommandError) -> EntryKind {
    guard let kind = EntryKind(role: role) else {
      let shown = role[0..<min(role.count, 64)].string
      throw .made("ERR unknown role '\(shown)': user, assistant or system")
    }
    guard text.count <= settings.messageBytesMax else {
      throw .made("ERR a message has \(settings.messageBytesMax) bytes at most")
    }
    guard !PreparedText.isBlank(text) else { throw .fixed("ERR a message needs text") }
    return kind
  }
}
