internal import Bytes
internal import CacheCore
internal import RESP

/// HRANDFIELD: random fields.
enum HRandFieldCommand: Command {
  static let spec = CommandSpec(
    "HRANDFIELD", since: "6.2.0", group: .hash, arity: -2,
    flags: [.readonly],
    categories: [.hash],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Gives random fields of a hash: different ones, or with a negative count any.",
    complexity: "O(N) for N fields given",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "options", .block, optional: true,
        parts: [
          ArgumentSpec("count", .integer),
          ArgumentSpec("withvalues", .pureToken, token: "WITHVALUES", optional: true),
        ]),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > HSET coin side heads
      (integer) 1
      > HRANDFIELD coin
      "side"
      > HRANDFIELD coin -3
      1) "side"
      2) "side"
      3) "side"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count > 2 else { return try replyOne(&context) }
    let count = try context.drawCount(at: 2)
    let withValues = context.count == 4 && context.argument(at: 3, is: "WITHVALUES")
    guard context.count == 3 || withValues else { throw .syntax }
    if withValues, count < -Int.max / 2 || count > Int.max / 2 {
      throw .fixed("ERR value is out of range")
    }
    guard let hash = try context.hashForReading(context.key) else {
      return context.reply.array(0)
    }
    try context.checkDraws(count)
    context.removeDueMembers(of: context.key)
    let isPaired = withValues && context.reply.version == .resp3
    let total = count < 0 ? -count : min(count, hash.count)
    context.reply.array(withValues && !isPaired ? total * 2 : total)
    let seed = context.randomSeed
    if count < 0 {
      hash.drawFields(total, seed: seed) { field, value in
        if isPaired { context.reply.array(2) }
        context.reply.bulk(field)
        if withValues { context.reply.bulk(value) }
        return true
      }
    } else {
      hash.sampleFields(total, seed: seed) { field, value in
        if isPaired { context.reply.array(2) }
        context.reply.bulk(field)
        if withValues { context.reply.bulk(value) }
      }
    }
  }

  private static func replyOne(_ context: inout CommandContext) throws(CommandError) {
    guard let hash = try context.hashForReading(context.key) else { return context.reply.null() }
    context.removeDueMembers(of: context.key)
    hash.drawFields(1, seed: context.randomSeed) { field, _ in
      context.reply.bulk(field)
      return true
    }
  }
}

extension CommandContext {
  /// The number of draws at `index`; negative: one element may come more than once.
  func drawCount(at index: Int) throws(CommandError) -> Int {
    let count = try integer(at: index)
    guard count > .min else {
      throw .fixed(
        """
        ERR value is out of range, value must between \
        -9223372036854775807 and 9223372036854775807
        """)
    }
    return Int(count)
  }

  /// The most draws with repetition: their reply is bounded by nothing else, and even the shortest
  /// elements make it some hundred megabytes.
  private static var drawsMax: Int { 1 << 26 }

  /// Refuses to draw so often that the reply could not be held.
  func checkDraws(_ count: Int) throws(CommandError) {
    guard count >= -Self.drawsMax else { throw .fixed("ERR value is out of range") }
  }
}
