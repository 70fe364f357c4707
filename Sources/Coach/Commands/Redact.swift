internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.REDACT: a text without its personal data.
enum Redact: Command {
  static let spec = CommandSpec(
    "COACH.REDACT", since: "1.0.0", group: .coach, arity: -2,
    summary: "Replaces personal data in a text by typed placeholders.",
    complexity: "O(N) with N the bytes of the text; long ones are read off the loop",
    arguments: [
      ArgumentSpec("text", .string),
      ArgumentSpec(
        "names", .oneOf, token: "NAMES", optional: true,
        parts: [
          ArgumentSpec("introduced", .pureToken, token: "INTRODUCED"),
          ArgumentSpec("all", .pureToken, token: "ALL"),
        ]),
    ],
    example: """
      > COACH.REDACT "Write to ada@example.org."
      1) "text"
      2) "Write to [EMAIL_1]."
      3) "found"
      4) 1) 1) "type"
            2) "email"
            3) "placeholder"
            4) "[EMAIL_1]"
            5) "offset"
            6) (integer) 9
            7) "length"
            8) (integer) 15
      > COACH.REDACT "Peter loves it." NAMES all
      1) "text"
      2) "[NAME_1] loves it."
      3) "found"
      4) 1) 1) "type"
            2) "name"
            3) "placeholder"
            4) "[NAME_1]"
            5) "offset"
            6) (integer) 0
            7) "length"
            8) (integer) 5
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let redactor = Redactor(level: try level(context))
    if context[1].count > redactor.inlineBytesMax(LongText.inlineBytesMax) {
      // The tagger takes four times as long as making a summary, at most.
      let readers = redactor.level == .all ? 64 : 1
      return try context.run(
        LongText(context[1].array, readers: readers) { text in
          let result = redactor.redact(text)
          return (nil, { write(result, &$0) })
        })
    }
    write(redactor.redact(context[1]), &context.reply)
  }

  /// Which names are taken: as the command says, else as on the write path.
  private static func level(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Redactor.Level {
    guard context.count > 2 else { return Redactor.forWriting.level }
    guard context.count == 4, context.argument(at: 2, is: "NAMES") else { throw .syntax }
    if context.argument(at: 3, is: "ALL") { return .all }
    guard context.argument(at: 3, is: "INTRODUCED") else { throw .syntax }
    return .introduced
  }

  private static func write(_ result: RedactedText, _ reply: inout ReplyWriter) {
    reply.map(2)
    reply.bulk("text")
    reply.bulk(result.bytes)
    reply.bulk("found")
    // The values themselves are not repeated: replies are logged and cached.
    reply.array(result.findings.count)
    for finding in result.findings {
      let label = "\(finding.kind.label)"
      reply.map(4)
      reply.bulk("type")
      reply.bulk(label.lowercased())
      reply.bulk("placeholder")
      reply.bulk("[\(label)_\(finding.number)]")
      reply.bulk("offset")
      reply.integer(finding.start)
      reply.bulk("length")
      reply.integer(finding.end - finding.start)
    }
  }
}
