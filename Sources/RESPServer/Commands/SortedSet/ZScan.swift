internal import Bytes
internal import CacheCore
internal import RESP

/// ZSCAN: all members and scores, some at a time.
enum ZScanCommand: Command {
  static let spec = CommandSpec(
    "ZSCAN", since: "2.8.0", group: .sortedSet, arity: -3,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Walks through members and scores in steps: each call returns the next cursor.",
    complexity: "O(COUNT) for a call, O(N) for a walk through N members",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("cursor", .integer),
      ArgumentSpec("pattern", .pattern, token: "MATCH", optional: true),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
      ArgumentSpec("noscores", .pureToken, token: "NOSCORES", optional: true),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > ZADD scores 1 ann 2 bob
      (integer) 2
      > ZSCAN scores 0 MATCH a*
      1) "0"
      2) 1) "ann"
         2) "1"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let cursor = IntegerText.parseCursor(context[2]) else {
      throw .fixed("ERR invalid cursor")
    }
    guard let set = try context.sortedSet(context.key) else {
      let page = context.reply.beginPage()
      return context.reply.endPage(page, cursor: 0, count: 0)
    }
    let (pattern, wanted) = try parse(context)
    let page = context.reply.beginPage()
    let isCompact = set.isCompact
    var count = 0
    let writer = context.loop.state
    let next = set.scan(cursor, count: wanted) { member, score in
      if let pattern, !member.withText({ Glob.matches(pattern, $0) }) { return }
      writer.pointee.writer.bulk(member)
      writer.pointee.writer.bulkScore(score, with17Digits: !isCompact)
      count += 2
    }
    context.reply.endPage(page, cursor: next, count: count)
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (pattern: ByteView?, count: Int) {
    var pattern: ByteView?
    var count = 10
    var index = 3
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "MATCH") {
        let given = context[index + 1]
        pattern = given == "*" ? nil : given
      } else if context.argument(at: index, is: "COUNT") {
        count = Int(try context.integer(at: index + 1))
        guard count >= 1 else { throw .syntax }
      } else {
        throw .syntax
      }
      index += 2
    }
    return (pattern, count)
  }
}

extension ReplyWriter {
  /// A score as a bulk string in any protocol. ZSCAN gives 17 digits where a set is no listpack, as
  /// in Redis.
  fileprivate mutating func bulkScore(_ score: Double, with17Digits: Bool) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.byteCountMax) { text in
      let place = text.baseAddress.unsafelyUnwrapped
      let length =
        with17Digits
        ? FloatText.write17Digits(score, to: place) : FloatText.write(score, to: place)
      bulk(ByteView(base: UnsafePointer(place), count: length))
    }
  }
}
