internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.REDACT: a text without its personal data.
enum Redact: Command {
  static let spec = CommandSpec(
    "COACH.REDACT", since: "1.0.0", group: .coach, arity: 2, flags: [.fast],
    summary: "Replaces personal data in a text by typed placeholders.",
    complexity: "O(N) with N the bytes of the text",
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
    let result = Redactor().redact(context[1])
    context.reply.map(2)
    context.reply.bulk("text")
    context.reply.bulk(result.bytes)
    context.reply.bulk("found")
    // The values themselves are not repeated: replies are logged and cached.
    context.reply.array(result.findings.count)
    for finding in result.findings {
      let label = "\(finding.kind.label)"
      context.reply.map(4)
      context.reply.bulk("type")
      context.reply.bulk(label.lowercased())
      context.reply.bulk("placeholder")
      context.reply.bulk("[\(label)_\(finding.number)]")
      context.reply.bulk("offset")
      context.reply.integer(finding.start)
      context.reply.bulk("length")
      context.reply.integer(finding.end - finding.start)
    }
  }
}
