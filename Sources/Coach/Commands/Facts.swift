internal import Bytes
internal import CacheCore
internal import RESP
internal import RESPServer

/// COACH.FACTS: what a summary has kept.
enum Facts: Command {
  static let spec = CommandSpec(
    "COACH.FACTS", since: "1.0.0", group: .coach, arity: 2, flags: [.readonly],
    keys: ConversationKeys.specs(stream: [.readOnly, .access], state: [.readOnly, .access]),
    summary: "Counts the facts of the messages that a summary covers, and those it has kept.",
    complexity: "O(N) with N the bytes of the messages covered, off the loop",
    arguments: [ArgumentSpec("conversation", .string)],
    example: """
      > COACH.FACTS 42
      (error) ERR no such conversation
      > COACH.PIN 42 "Goal: ask her out by 14 March"
      "<milliseconds>-0"
      > COACH.FACTS 42
       1) "covered"
       2) (integer) 0
       3) "names"
       4) 1) "total"
          2) (integer) 0
          3) "kept"
          4) (integer) 0
       5) "numbers"
       6) 1) "total"
          2) (integer) 0
          3) "kept"
          4) (integer) 0
       7) "dates"
       8) 1) "total"
          2) (integer) 0
          3) "kept"
          4) (integer) 0
       9) "commitments"
      10) 1) "total"
          2) (integer) 0
          3) "kept"
          4) (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.keyCount == 2 else { throw ConversationKeys.invalidID }
    try context.run(FactsJob())
  }
}

/// Reads what a summary covers, and compares.
private final class FactsJob: LongWork, @unchecked Sendable {
  // Sendable: see `LongWork`.

  private var gatherer: MessageGatherer?
  private var summary: [UInt8] = []
  private var covered = 0
  private var retention: FactRetention?

  func step(_ context: inout CommandContext) throws(CommandError) -> LongStep {
    if retention != nil { return .done }
    guard let stream = try context.stream(context[key: 0]) else {
      throw .fixed("ERR no such conversation")
    }
    if gatherer == nil {
      let state = ConversationState(try context.hashForReading(context[key: 1]))
      summary = state.summary + [0x0A] + PinBlock(stream, state.pins).text
      covered = state.covered
      gatherer = MessageGatherer(through: state.through)
    }
    guard gatherer?.read(stream) ?? true else { return .again }
    if (gatherer?.bytes ?? 0) > 16 << 10 { return .work }
    work()
    return .done
  }

  func work() {
    let transcript = gatherer?.transcript() ?? Transcript(turns: [])
    gatherer = nil
    retention = FactRetention(of: transcript, in: summary)
  }

  func write(_ reply: inout ReplyWriter) {
    guard let retention else { return reply.null() }
    reply.map(5)
    reply.bulk("covered")
    reply.integer(covered)
    for (name, count) in retention.all {
      reply.bulk(name)
      reply.map(2)
      reply.bulk("total")
      reply.integer(count.total)
      reply.bulk("kept")
      reply.integer(count.kept)
    }
  }
}
