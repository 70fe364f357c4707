internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.REDACT: a text without its personal data.
enum Redact: Command {
  static let spec = CommandSpec(
    "COACH.REDACT", since: "1.0.0", group: .coach, arity: 2,
    summary: "Replaces personal data in a text by typed placeholders.",
    complexity: "O(N) with N the bytes of the text; long ones are read off the loop",
    arguments: [ArgumentSpec("text", .string)],
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
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context[1].count > LongText.inlineBytesMax {
      return try context.run(
        LongText(context[1].array) { text in
          let result = Redactor().redact(text)
          return (nil, { write(result, &$0) })
        })
    }
    write(Redactor().redact(context[1]), &context.reply)
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
