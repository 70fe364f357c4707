internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// COACH.APPEND: adds a message to a conversation.
enum Append: Command {
  static let spec = CommandSpec(
    "COACH.APPEND", since: "1.0.0", group: .coach, arity: -4, flags: [.write, .denyOOM],
    keys: ConversationKeys.specs(
      stream: [.readWrite, .access, .insert], state: [.readWrite, .update]),
    summary: "Adds a message to a conversation, without its personal data.",
    complexity: "O(N) with N the bytes of the message; long ones are read off the loop",
    arguments: [
      ArgumentSpec("conversation", .string),
      ArgumentSpec("role", .string),
      ArgumentSpec("text", .string),
      ArgumentSpec("user", .string, token: "USER", optional: true),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > COACH.APPEND 42 wizard "Abracadabra"
      (error) ERR unknown role 'wizard': user, assistant or system
      > COACH.APPEND 42 user " "
      (error) ERR a message needs text
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    guard let kind = EntryKind(role: context[2]) else {
      let shown = context[2][0..<min(context[2].count, 64)].string
      throw .made("ERR unknown role '\(shown)': user, assistant or system")
    }
    var user: [UInt8] = []
    if context.count > 4 {
      guard context.count == 6, context.argument(at: 4, is: "USER") else { throw .syntax }
      user = context[5].array
      guard user.count <= KeyTemplate.argumentBytesMax else {
        throw .fixed("ERR a user's ID has 512 bytes at most")
      }
    }
    let text = context[3]
    let settings = CoachState.memorySettings
    guard text.count <= settings.messageBytesMax else {
      throw .made("ERR a message has \(settings.messageBytesMax) bytes at most")
    }
    guard !PreparedText.isBlank(text) else { throw .fixed("ERR a message needs text") }
    if text.count <= AppendJob.inlineBytesMax {
      let prepared = PreparedText(
        kind, text, redacts: context.redactsConversation, settings.counter)
      let result = try AppendJob.append(prepared, user: user, &context)
      result.write(&context.reply)
    } else {
      try context.run(AppendJob(kind, text.array, user: user, settings))
    }
  }
}

/// A message that takes too long to be read on the loop.
final class AppendJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Messages up to this length are read on the loop: some 100 µs.
  static var inlineBytesMax: Int { 4 << 10 }

  /// What is answered.
  struct Outcome: Sendable {
    var id = StreamID.zero
    var tokens = 0
    var label: StaticString = ""
    var findings = 0
    var messages: Int?
    var safety = SafetyLevel.none

    func write(_ reply: inout ReplyWriter) {
      reply.map(6)
      reply.bulk("id")
      reply.bulk(id)
      reply.bulk("tokens")
      reply.integer(tokens)
      reply.bulk("label")
      if label.utf8CodeUnitCount > 0 { reply.bulk(label) } else { reply.null() }
      reply.bulk("redacted")
      reply.integer(findings)
      reply.bulk("messages")
      if let messages { reply.integer(messages) } else { reply.null() }
      reply.bulk("safety")
      reply.bulk(safety.name)
    }
  }

  private let kind: EntryKind
  private var text: [UInt8]
  private let user: [UInt8]
  private let settings: MemorySettings
  private var prepared: PreparedText?
  private var redacts = true
  private var outcome = Outcome()

  init(_ kind: EntryKind, _ text: [UInt8], user: [UInt8], _ settings: MemorySettings) {
    self.kind = kind
    self.text = text
    self.user = user
    self.settings = settings
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    guard let prepared else {
      // What is wrong with the keys is said at once.
      _ = try context.streamForWriting(context[key: 0])
      _ = try context.hashForWriting(context[key: 1])
      redacts = context.redactsConversation
      return .work
    }
    outcome = try Self.append(prepared, user: user, &context)
    return .done
  }

  func work() {
    prepared = text.withByteView {
      PreparedText(kind, $0, redacts: redacts, settings.counter)
    }
    text = []
  }

  /// Reading is some eight times as fast as summarising.
  var workBytes: Int { text.count / 8 }

  func write(_ reply: inout ReplyWriter) { outcome.write(&reply) }

  /// Stores a message; a user's is labelled, given what the assistant said before it.
  static func append(
    _ prepared: PreparedText, user: [UInt8], _ context: inout CommandContext
  ) throws(CommandError) -> Outcome {
    var label: StaticString = ""
    if prepared.kind == .user {
      var turn: [UInt8]?
      if let last = try context.streamForWriting(context[key: 0])?.lastEntry,
        last.kind == .assistant
      {
        turn = last.textArray
      }
      var reader = MessageReader.ofThisThread
      label = prepared.text.withByteView { text in
        guard let turn else {
          return context.classifier.pointee.classify(text, reader: &reader).label.name
        }
        return turn.withByteView {
          context.classifier.pointee.classify(text, after: $0, reader: &reader).label.name
        }
      }
    }
    let added = try context.append(prepared, label: label, user: user)
    var safety = SafetyVerdict()
    if prepared.kind == .user {
      prepared.text.withByteView { text in
        safety = SafetyDetector.verdict(on: text)
        guard safety.isCrisis else { return }
        let name = context[key: 0].bytes
        context.noteCrisis(safety, in: text, conversation: name, from: "append")
      }
    }
    return Outcome(
      id: added.id, tokens: prepared.tokens, label: label, findings: prepared.findings,
      messages: added.messages, safety: safety.level)
  }
}
