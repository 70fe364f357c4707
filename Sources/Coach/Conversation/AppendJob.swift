internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// A message that was read: without its personal data, counted, and a user's judged for crises.
struct ReadMessage: Sendable {
  let prepared: PreparedText
  let safety: SafetyVerdict

  /// - Complexity: O(n)
  init(_ kind: EntryKind, _ text: ByteView, redacts: Bool, _ counter: TokenCounter) {
    let prepared = PreparedText(kind, text, redacts: redacts, counter)
    self.prepared = prepared
    safety =
      kind == .user
      ? prepared.text.withByteView { SafetyDetector.verdict(on: $0) } : SafetyVerdict()
  }
}

/// Messages that take too long to be read on the loop.
///
/// All of them are stored in one step, or none is. Reading needs no keys, so it is done elsewhere;
/// what follows, labels among it because corrections may change them, takes some 3 µs a message.
final class AppendJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Bytes that are read on the loop: some 20 µs.
  static var inlineBytesMax: Int { 4 << 10 }

  /// A message as it came.
  struct Draft {
    let kind: EntryKind
    let text: [UInt8]

    init(_ kind: EntryKind, _ text: [UInt8]) {
      self.kind = kind
      self.text = text
    }
  }

  /// What is answered.
  struct Outcome: Sendable {
    /// The form for one message was used.
    let isOne: Bool
    var first = StreamID.zero
    var last = StreamID.zero
    var tokens = 0
    /// Of each message; empty for those that have none.
    var labels: [StaticString] = []
    var findings = 0
    var messages: Int?
    var safety = SafetyLevel.none

    init(isOne: Bool) { self.isOne = isOne }

    func write(_ reply: inout ReplyWriter) {
      reply.map(isOne ? 6 : 8)
      if isOne {
        reply.bulk("id")
        reply.bulk(last)
      } else {
        reply.bulk("first")
        reply.bulk(first)
        reply.bulk("last")
        reply.bulk(last)
        reply.bulk("appended")
        reply.integer(labels.count)
      }
      reply.bulk("tokens")
      reply.integer(tokens)
      reply.bulk(isOne ? "label" : "labels")
      if !isOne { reply.array(labels.count) }
      for label in labels {
        if label.utf8CodeUnitCount > 0 { reply.bulk(label) } else { reply.null() }
      }
      reply.bulk("redacted")
      reply.integer(findings)
      reply.bulk("messages")
      if let messages { reply.integer(messages) } else { reply.null() }
      reply.bulk("safety")
      reply.bulk(safety.name)
    }
  }

  private var drafts: [Draft]
  private let user: [UInt8]
  private let settings: MemorySettings
  private let bytes: Int
  private var read: [ReadMessage] = []
  private var redacts = true
  private var outcome: Outcome

  init(_ drafts: [Draft], _ user: [UInt8], _ settings: MemorySettings, isOne: Bool) {
    self.drafts = drafts
    self.user = user
    self.settings = settings
    bytes = drafts.reduce(0) { $0 + $1.text.count }
    outcome = Outcome(isOne: isOne)
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if read.isEmpty {
      // What is wrong with the keys is said at once.
      _ = try context.streamForWriting(context[key: 0])
      _ = try context.hashForWriting(context[key: 1])
      redacts = context.redactsConversation
      if bytes > Self.inlineBytesMax { return .work }
      work()
    }
    try Self.append(read, user: user, &context, &outcome)
    return .done
  }

  func work() {
    read = drafts.map { draft in
      draft.text.withByteView {
        ReadMessage(draft.kind, $0, redacts: redacts, settings.counter)
      }
    }
    drafts = []
  }

  /// Reading words that were never seen before is some two to three times as fast as summarising;
  /// others are read faster still.
  var workBytes: Int { bytes / 2 }

  func write(_ reply: inout ReplyWriter) { outcome.write(&reply) }

  /// Stores messages; a user's is labelled, given what the assistant said before it.
  static func append(
    _ messages: [ReadMessage], user: [UInt8], _ context: inout CommandContext,
    _ outcome: inout Outcome
  ) throws(CommandError) {
    var labels: [StaticString] = []
    labels.reserveCapacity(messages.count)
    for (index, message) in messages.enumerated() {
      guard message.prepared.kind == .user else {
        labels.append("")
        continue
      }
      if index > 0 {
        let before = messages[index - 1].prepared
        labels.append(label(message, after: before.kind == .assistant ? before.text : nil, context))
      } else {
        let last = try context.streamForWriting(context[key: 0])?.lastEntry
        let turn = last?.kind == .assistant ? last?.textArray : nil
        labels.append(label(message, after: turn, context))
      }
    }
    let added = try context.append(messages, labels, user: user)
    for message in messages {
      outcome.tokens += message.prepared.tokens
      outcome.findings += message.prepared.findings
      outcome.safety = max(outcome.safety, message.safety.level)
      guard message.safety.isCrisis else { continue }
      message.prepared.text.withByteView { text in
        let name = context[key: 0].bytes
        context.noteCrisis(message.safety, in: text, conversation: name, from: "append")
      }
    }
    outcome.first = added.first
    outcome.last = added.last
    outcome.messages = added.messages
    outcome.labels = labels
  }

  private static func label(
    _ message: ReadMessage, after turn: [UInt8]?, _ context: borrowing CommandContext
  ) -> StaticString {
    var reader = MessageReader.ofThisThread
    let classifier = context.classifier
    return message.prepared.text.withByteView { text in
      guard let turn else { return classifier.pointee.classify(text, reader: &reader).label.name }
      return turn.withByteView {
        classifier.pointee.classify(text, after: $0, reader: &reader).label.name
      }
    }
  }
}
