internal import Bytes
internal import Platform
internal import RESP
internal import RESPServer

/// COACH.LEARN: teaches the classifier, lists what was taught, takes it back.
enum Learn: Command {
  static let spec = CommandSpec(
    "COACH.LEARN", since: "1.0.0", group: .coach, arity: -2, flags: [.admin, .noScript],
    access: .exclusive,
    summary: "Teaches what a message is; lists what was taught; takes it back.",
    complexity: "O(N+M) with N the bytes of the message and M the corrections",
    arguments: [
      ArgumentSpec(
        "action", .oneOf,
        parts: [
          ArgumentSpec(
            "correction", .block,
            parts: [ArgumentSpec("label", .string), ArgumentSpec("text", .string)]),
          ArgumentSpec("list", .pureToken, token: "LIST"),
          ArgumentSpec("number", .integer, token: "UNDO"),
        ])
    ])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 2, context.argument(at: 1, is: "LIST") { return list(&context) }
    guard context.count == 3 else { throw .syntax }
    var reader = MessageReader.ofThisThread
    let classifier = context.classifier
    if context.argument(at: 1, is: "UNDO") {
      let number = Int(try context.integer(at: 2))
      guard classifier.pointee.undo(number, reader: &reader) else {
        throw .fixed("ERR there is no such correction")
      }
      return store(CorrectionLog.undone(number), number, &context)
    }
    guard context[1].count <= 64, let label = MessageLabel(named: context[1].string.lowercased())
    else {
      throw .fixed(
        """
        ERR unknown label, it is one of greeting, confirmation, small_talk, coaching_request, \
        assessment, uncertain
        """)
    }
    // What is learnt is kept, and so is redacted first.
    let given = readPart(of: context[2])
    let text =
      CoachState.safetySettings.redactsCorrections
      ? given.withByteView { Redactor.forWriting.redact($0).bytes } : given
    let learnt = text.withByteView { classifier.pointee.learn(label, $0, reader: &reader) }
    guard let number = learnt else {
      throw .fixed("ERR nothing to learn from this text, or too many corrections")
    }
    let kept = classifier.pointee.learnt.last?.text ?? []
    store(CorrectionLog.learnt(number, label, text: kept), number, &context)
  }

  /// Beginning and end of a long text, of which the classifier reads the same: everybody waits.
  private static func readPart(of text: ByteView) -> [UInt8] {
    let part = 2 * MessageReader.bytesMax
    guard text.count > 2 * part else { return text.array }
    return text[0..<part].array + text.dropFirst(text.count - part).array
  }

  /// Writes a line to the file; the client is answered with the correction's number.
  private static func store(
    _ line: [UInt8], _ number: Int, _ context: inout CommandContext
  ) {
    guard let store = CoachState.corrections else { return context.reply.integer(number) }
    guard context.mayWait else {
      answer(number, store.appendNow(line), &context.reply)
      return
    }
    let client = context.block()
    store.append(line) { failure in
      client.complete { reply in answer(number, failure, &reply) }
    }
  }

  private static func answer(
    _ number: Int, _ failure: FileError?, _ reply: inout ReplyWriter
  ) {
    guard let failure else { return reply.integer(number) }
    reply.error(
      "ERR it holds until the server stops, for \(failure.path) cannot be written: "
        + failure.message)
  }

  private static func list(_ context: inout CommandContext) {
    let learnt = context.classifier.pointee.learnt
    context.reply.array(learnt.count)
    for correction in learnt {
      context.reply.array(3)
      context.reply.integer(correction.number)
      context.reply.bulk(correction.label.name)
      context.reply.bulk(correction.text)
    }
  }
}
