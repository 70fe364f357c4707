internal import Bytes
internal import RESP
internal import RESPServer

/// COACH.SAFETY: whether a message signals a crisis.
enum Safety: Command {
  static let spec = CommandSpec(
    "COACH.SAFETY", since: "1.0.0", group: .coach, arity: -2, flags: [.noMandatoryKeys],
    keys: [
      .made(behind: "CONV", from: 2, ConversationKeys.stream, [.readOnly, .access]),
      .made(behind: "CONV", from: 2, ConversationKeys.state, [.readOnly, .access]),
    ],
    summary: "Says whether a message signals self-harm, violence or coercion.",
    complexity: "O(N) with N the bytes of the text; long ones are read off the loop",
    arguments: [
      ArgumentSpec("text", .string),
      ArgumentSpec("conversation", .string, token: "CONV", optional: true),
    ],
    example: """
      > COACH.SAFETY "I could kill for a coffee"
      1) "crisis"
      2) (integer) 0
      3) "level"
      4) "none"
      5) "category"
      6) (nil)
      7) "levels"
      8) 1) "self-harm"
         2) "none"
         3) "violence"
         4) "none"
         5) "coercion"
         6) "none"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var conversation: ByteView?
    if context.count > 2 {
      guard context.count == 4, context.argument(at: 2, is: "CONV") else { throw .syntax }
      guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
      conversation = context[3]
    }
    if context[1].count > LongText.inlineBytesMax {
      return try context.run(
        LongText(context[1].array, conversation: conversation?.array) { text in
          let verdict = SafetyDetector.verdict(on: text)
          return (verdict, { write(verdict, &$0) })
        })
    }
    let verdict = SafetyDetector.verdict(on: context[1])
    if let conversation {
      context.noteCrisis(verdict, in: context[1], conversation: conversation, from: "safety")
    }
    write(verdict, &context.reply)
  }

  private static func write(_ verdict: SafetyVerdict, _ reply: inout ReplyWriter) {
    reply.map(4)
    reply.bulk("crisis")
    reply.boolean(verdict.isCrisis)
    reply.bulk("level")
    reply.bulk(verdict.level.name)
    reply.bulk("category")
    if let category = verdict.category { reply.bulk(category.name) } else { reply.null() }
    reply.bulk("levels")
    reply.map(SafetyCategory.allCases.count)
    for category in SafetyCategory.allCases {
      reply.bulk(category.name)
      reply.bulk(verdict.level(category).name)
    }
  }
}

/// A text that takes too long to be read on the loop: it is looked at off the loop, its client
/// blocked meanwhile.
final class LongText: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  /// Texts up to this length are read on the loop: about a millisecond at 60 MB/s.
  static var inlineBytesMax: Int { 64 << 10 }

  /// Looks at the text; returns what it signals, where that was asked for, and what is answered.
  typealias Look = @Sendable (ByteView) -> (SafetyVerdict?, (inout ReplyWriter) -> Void)

  private let text: [UInt8]
  private let conversation: [UInt8]?
  private let look: Look
  /// How many readers' time it takes.
  private let readers: Int
  private var verdict: SafetyVerdict?
  private var answer: ((inout ReplyWriter) -> Void)?

  /// - Parameter readers: how many readers' time the look takes.
  init(_ text: [UInt8], conversation: [UInt8]? = nil, readers: Int = 1, _ look: @escaping Look) {
    self.text = text
    self.readers = readers
    self.conversation = conversation
    self.look = look
  }

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if answer == nil { return .work }
    if let verdict, let conversation {
      text.withByteView { text in
        conversation.withByteView {
          context.noteCrisis(verdict, in: text, conversation: $0, from: "safety")
        }
      }
    }
    return .done
  }

  func work() {
    (verdict, answer) = text.withByteView(look)
  }

  /// One reader is sixteen times as fast as summarising.
  var workBytes: Int { readers * text.count / 16 }

  func write(_ reply: inout ReplyWriter) { answer?(&reply) }
}
