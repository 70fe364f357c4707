internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP
internal import RESPServer

/// A message that was read: without its personal data, counted, and a user's judged for crises.
struct ReadMessage: Sendable {
  let prepared: PreparedText
  let safety: SafetyVerdict

  /// - Complexity: O(n)
  init(_ kind: EntryKind, _ text: ByteView, redacts: Bool, _ counter: TokenCounter) {
    var questions: MessageSurvey.Questions = []
    if redacts { questions.insert(.personalData) }
    if !counter.isExact { questions.insert(.tokens) }
    if kind == .user { questions.insert(.crisis) }
    // The walk knows introduced names alone.
    let isWalked = !redacts || Redactor.forWriting.level == .introduced
    guard isWalked, let survey = MessageSurvey(text, questions, counter.family) else {
      prepared = PreparedText(kind, text, redacts: redacts, counter)
      safety =
        kind == .user
        ? prepared.text.withByteView { SafetyDetector.verdict(on: $0) } : SafetyVerdict()
      return
    }
    let tokens = counter.isExact ? counter.contentTokens(text) : survey.tokens
    prepared = PreparedText(kind, unchanged: text, tokens: tokens)
    safety =
      kind == .user && !survey.isQuiet ? SafetyDetector.fullVerdict(on: text) : SafetyVerdict()
  }
}

/// Several messages, or one that takes too long to be read on the loop.
///
/// All of them are stored in one step, or none is. Reading needs no keys, so what does not come to
/// an end on the loop soon is done elsewhere; what follows, labels among it because corrections may
/// change them, takes some 2 µs a message.
final class AppendJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Bytes of a message that is read on the loop: some 20 µs, ten times as much when it is all
  /// words that were never met.
  static var inlineBytesMax: Int { Redactor.forWriting.inlineBytesMax(4 << 10) }

  /// How long messages are read on the loop.
  private static var inlineNanosecondsMax: UInt64 { 250_000 }

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
    /// Of the last message, and of each where there may be several; empty for those that have none.
    private var label: StaticString = ""
    private var labels: [StaticString] = []
    var findings = 0
    var messages: Int?
    var safety = SafetyLevel.none

    init(isOne: Bool) { self.isOne = isOne }

    /// Counts a message in.
    mutating func note(_ message: ReadMessage, _ label: StaticString) {
      self.label = label
      if !isOne { labels.append(label) }
      findings += message.prepared.findings
      safety = max(safety, message.safety.level)
    }

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
      func write(_ label: StaticString) {
        if label.utf8CodeUnitCount > 0 { reply.bulk(label) } else { reply.null() }
      }
      if isOne {
        write(label)
      } else {
        reply.array(labels.count)
        for label in labels { write(label) }
      }
      reply.bulk("redacted")
      reply.integer(findings)
      reply.bulk("messages")
      if let messages { reply.integer(messages) } else { reply.null() }
      reply.bulk("safety")
      reply.bulk(safety.name)
    }
  }

  private let drafts: [Draft]
  private let user: [UInt8]
  private let settings: MemorySettings
  private let bytes: Int
  private var read: [ReadMessage] = []
  private var isBegun = false
  private var redacts = true
  private var outcome: Outcome

  init(_ drafts: [Draft], _ user: [UInt8], _ settings: MemorySettings, isOne: Bool) {
    self.drafts = drafts
    self.user = user
    self.settings = settings
    bytes = drafts.reduce(0) { $0 + $1.text.count }
    outcome = Outcome(isOne: isOne)
    read.reserveCapacity(drafts.count)
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if !isBegun {
      isBegun = true
      // What is wrong with the keys, or whose they are, is said at once.
      _ = try context.newOwner(user, of: context.conversationForWriting())
      redacts = context.redactsConversation
      if context.mayWait { readShortOnes() }
    }
    if read.count < drafts.count { return .work }
    let (read, user) = (read, user)
    try read.withUnsafeBufferPointer { (messages) throws(CommandError) in
      try Self.append(messages, user: user, &context, &outcome)
    }
    return .done
  }

  /// Reads messages on the loop until one is long or the time is up: words that were met before
  /// take a tenth of the time of others, so bytes say little.
  private func readShortOnes() {
    let start = Clock.monotonicNanoseconds
    while read.count < drafts.count, drafts[read.count].text.count <= Self.inlineBytesMax,
      Clock.monotonicNanoseconds &- start < Self.inlineNanosecondsMax
    {
      readNext()
    }
  }

  private func readNext() {
    let draft = drafts[read.count]
    let message = draft.text.withByteView {
      ReadMessage(draft.kind, $0, redacts: redacts, settings.counter)
    }
    read.append(message)
  }

  func work() {
    while read.count < drafts.count { readNext() }
  }

  /// Reading words that were never seen before is some two to three times as fast as summarising;
  /// others are read faster still. Finding all names takes as long again.
  var workBytes: Int { Redactor.forWriting.level == .all ? 4 * bytes : bytes / 2 }

  func write(_ reply: inout ReplyWriter) { outcome.write(&reply) }

  /// Stores messages; a user's is labelled, given what the assistant said before it.
  static func append(
    _ messages: UnsafeBufferPointer<ReadMessage>, user: [UInt8], _ context: inout CommandContext,
    _ outcome: inout Outcome
  ) throws(CommandError) {
    let found = try context.conversationForWriting()
    let added = try context.append(count: messages.count, to: found, user: user) { index in
      let message = messages[index]
      let label = Self.label(messages, index, found.stream, context)
      outcome.note(message, label)
      return (message.prepared, label)
    }
    for message in messages where message.safety.isCrisis {
      message.prepared.text.withByteView { text in
        let name = context[key: 0].bytes
        context.noteCrisis(
          message.safety, in: text, conversation: name, user: user, from: "append")
      }
    }
    outcome.first = added.first
    outcome.last = added.last
    outcome.tokens = added.tokens
    outcome.messages = added.messages
  }

  /// The label of a message; empty for what is no user's.
  ///
  /// - Parameter stream: the messages before the first.
  @inline(__always)
  private static func label(
    _ messages: UnsafeBufferPointer<ReadMessage>, _ index: Int, _ stream: StreamObject?,
    _ context: borrowing CommandContext
  ) -> StaticString {
    guard messages[index].prepared.kind == .user else { return "" }
    if index > 0 {
      guard messages[index - 1].prepared.kind == .assistant else {
        return label(messages[index], after: nil, context)
      }
      return messages[index - 1].prepared.text.withByteView {
        label(messages[index], after: $0, context)
      }
    }
    guard let last = stream?.lastEntry, last.kind == .assistant else {
      return label(messages[index], after: nil, context)
    }
    return last.text.withText { label(messages[index], after: $0, context) }
  }

  private static func label(
    _ message: ReadMessage, after turn: ByteView?, _ context: borrowing CommandContext
  ) -> StaticString {
    var reader = MessageReader.ofThisThread
    let classifier = context.classifier
    return message.prepared.text.withByteView {
      classifier.pointee.classify($0, after: turn, reader: &reader).label.name
    }
  }
}
