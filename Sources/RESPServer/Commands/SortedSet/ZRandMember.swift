internal import Bytes
internal import CacheCore
internal import RESP

/// ZRANDMEMBER: members drawn at random.
enum ZRandMemberCommand: Command {
  static let spec = CommandSpec(
    "ZRANDMEMBER", since: "6.2.0", group: .sortedSet, arity: -2,
    flags: [.readonly],
    categories: [.sortedSet],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns random members: distinct ones, or with a negative count any.",
    complexity: "O(M*log(N)) with N the number of members and M of those returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "options", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer),
          ArgumentSpec("withscores", .pureToken, token: "WITHSCORES", optional: true),
        ]),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > ZADD scores 1 ann
      (integer) 1
      > ZRANDMEMBER scores
      "ann"
      > ZRANDMEMBER scores -2
      1) "ann"
      2) "ann"
      """)

  /// More repeated members than this are refused: the reply must be held in memory.
  private static let repeatedCountMax = 50_000_000

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.count == 2 {
      guard let set = try context.sortedSet(context.key) else { return context.reply.null() }
      var cursor = set.cursor(over: oneRank(of: set))
      if let element = cursor.next() { context.reply.bulk(element.member) }
      return
    }
    let count = try context.integer(
      at: 2, in: -Int64.max...Int64.max,
      orThrow: IntegerText.parseInt64(context[2]) == nil
        ? .notInteger
        : .made(
          "ERR value is out of range, value must between \(-Int64.max) and \(Int64.max)"))
    guard context.count <= 4 else { throw .syntax }
    let withScores = context.count == 4
    if withScores {
      guard context.argument(at: 3, is: "WITHSCORES") else { throw .syntax }
      guard count.magnitude <= UInt64(Int64.max / 2) else {
        throw .fixed("ERR value is out of range")
      }
    }
    guard let set = try context.sortedSet(context.key), count != 0 else {
      return context.reply.array(0)
    }
    if count < 0 {
      guard count >= -Int64(repeatedCountMax) else { throw .fixed("ERR value is out of range") }
      replyRepeated(&context, set, Int(-count), withScores)
    } else if count >= set.count {
      context.reply(set, 0..<set.count, withScores: withScores)
    } else {
      replyDistinct(&context, set, Int(count), withScores)
    }
  }

  private static func oneRank(of set: SortedSet) -> Range<Int> {
    let rank = Int.random(in: 0..<set.count)
    return rank..<rank + 1
  }

  private static func begin(_ context: inout CommandContext, _ count: Int, _ withScores: Bool) {
    context.reply.array(withScores && context.reply.version == .resp2 ? count * 2 : count)
  }

  private static func reply(
    _ context: inout CommandContext, _ element: SortedSetCursor.Element, _ withScores: Bool
  ) {
    if withScores, context.reply.version == .resp3 { context.reply.array(2) }
    context.reply.bulk(element.member)
    if withScores { context.reply.double(element.score) }
  }

  private static func replyRepeated(
    _ context: inout CommandContext, _ set: SortedSet, _ count: Int, _ withScores: Bool
  ) {
    begin(&context, count, withScores)
    for _ in 0..<count {
      var cursor = set.cursor(over: oneRank(of: set))
      if let element = cursor.next() { reply(&context, element, withScores) }
    }
  }

  /// Every choice of `count` members is equally likely.
  private static func replyDistinct(
    _ context: inout CommandContext, _ set: SortedSet, _ count: Int, _ withScores: Bool
  ) {
    begin(&context, count, withScores)
    if count > set.count / 8 {
      // One walk, each member taken with the chance that is left to it (Knuth vol. 2, 3.4.2, S).
      var wanted = count
      var left = set.count
      var cursor = set.cursor()
      while wanted > 0, let element = cursor.next() {
        if Int.random(in: 0..<left) < wanted {
          reply(&context, element, withScores)
          wanted -= 1
        }
        left -= 1
      }
      return
    }
    // Robert Floyd's way: as many draws as members, none twice.
    var chosen: Set<Int> = []
    for last in set.count - count..<set.count {
      let drawn = Int.random(in: 0...last)
      let rank = chosen.contains(drawn) ? last : drawn
      chosen.insert(rank)
      var cursor = set.cursor(over: rank..<rank + 1)
      if let element = cursor.next() { reply(&context, element, withScores) }
    }
  }
}
