internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.CLASSIFY: what a message is.
enum Classify: Command {
  static let spec = CommandSpec(
    "COACH.CLASSIFY", since: "1.0.0", group: .coach, arity: -2, flags: [.fast],
    summary: "Says what a message to the coach is, and how sure that is.",
    complexity: "O(N) with N the bytes of the message, of which 512 are looked at",
    arguments: [
      ArgumentSpec("text", .string),
      ArgumentSpec("turn", .string, token: "AFTER", optional: true),
      ArgumentSpec("explain", .pureToken, token: "EXPLAIN", optional: true),
    ],
    example: """
      > COACH.CLASSIFY "how do I ask her out"
      1) "label"
      2) "coaching_request"
      3) "confidence"
      4) "<share>"
      > COACH.CLASSIFY "" AFTER "Hello!"
      1) "label"
      2) "uncertain"
      3) "confidence"
      4) "0"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var turn: ByteView?
    var isExplained = false
    var index = 2
    while index < context.count {
      if context.argument(at: index, is: "AFTER"), index + 1 < context.count {
        turn = context[index + 1]
        index += 2
      } else if context.argument(at: index, is: "EXPLAIN") {
        isExplained = true
        index += 1
      } else {
        throw .syntax
      }
    }
    var reader = MessageReader.ofThisThread
    if isExplained {
      explain(
        context.classifier.pointee.explain(context[1], after: turn, reader: &reader), &context)
    } else {
      let result = context.classifier.pointee.classify(context[1], after: turn, reader: &reader)
      context.reply.map(2)
      head(result, &context)
    }
  }

  private static func head(_ result: Classification, _ context: inout CommandContext) {
    context.reply.bulk("label")
    context.reply.bulk(result.label.name)
    context.reply.bulk("confidence")
    context.reply.double(rounded(result.confidence))
  }

  private static func explain(_ explanation: Explanation, _ context: inout CommandContext) {
    let result = explanation.classification
    context.reply.map(8)
    head(result, &context)
    context.reply.bulk("reason")
    context.reply.bulk(result.reason.name)
    context.reply.bulk("tier")
    context.reply.bulk(result.isEconomical ? "economy" : "premium")
    context.reply.bulk("scores")
    context.reply.map(MessageLabel.learnableCount + 1)
    for column in 0...MessageLabel.learnableCount {
      if column == MessageLabel.learnableCount {
        context.reply.bulk("none")
      } else if let label = MessageLabel(rawValue: UInt8(column)) {
        context.reply.bulk(label.name)
      }
      context.reply.double(rounded(result.probabilities[column]))
    }
    context.reply.bulk("features")
    context.reply.array(explanation.parts.count)
    for part in explanation.parts {
      context.reply.array(2)
      context.reply.bulk(part.text)
      context.reply.double(rounded(part.points))
    }
    context.reply.bulk("rules")
    context.reply.array(explanation.rules.count)
    for rule in explanation.rules { context.reply.bulk(rule) }
    context.reply.bulk("text")
    context.reply.bulk(explanation.text)
  }

  /// To four places, which is more than anybody needs.
  private static func rounded(_ value: Float) -> Double {
    (Double(value) * 10_000).rounded() / 10_000
  }
}
