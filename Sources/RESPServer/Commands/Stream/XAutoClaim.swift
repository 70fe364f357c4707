internal import Bytes
internal import CacheCore
internal import RESP

/// XAUTOCLAIM: takes over what others have left pending.
enum XAutoClaimCommand: Command {
  static let spec = CommandSpec(
    "XAUTOCLAIM", since: "6.2.0", group: .stream, arity: -6,
    flags: [.write, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Makes entries that have been pending for a while a consumer's, page by page.",
    complexity: "O(N) with N the number of entries looked at, ten times COUNT at most",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec("consumer", .string),
      ArgumentSpec("min-idle-time", .string),
      ArgumentSpec("start", .string),
      ArgumentSpec("count", .integer, token: "COUNT", optional: true),
      ArgumentSpec("justid", .pureToken, token: "JUSTID", optional: true),
    ],
    tips: ["nondeterministic_output"],
    history: [
      ("7.0.0", "The IDs of deleted entries, pending no more, are a third part of the reply.")
    ],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XCLAIM jobs workers ann 0 1-1 FORCE JUSTID
      1) "1-1"
      > XAUTOCLAIM jobs workers bob 0 0 COUNT 10
      1) "0-0"
      2) 1) 1) "1-1"
            2) 1) "task"
               2) "wash"
      3) (empty array)
      """)

  private struct Options {
    var minIdle: Int64 = 0
    var start = StreamID.zero
    var countMax: Int64 = 100
    var wantsIDsOnly = false
  }

  /// Entries looked at for each that may be answered.
  private static let attemptsFactor: Int64 = 10

  /// "$41 ID CR LF" and "*N CR LF", with CR LF behind the 41 digits.
  private static let gapLength = 5 + 41 + 2 + 24

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try parse(context)
    let (stream, group) = try context.streamAndGroup(context[2])
    let consumer = context.consumer(context[3], of: group, at: context.key)
    let now = context.unixTime
    context.reply.array(3)
    let gap = context.reply.beginGap(length: gapLength)
    var count = 0
    var deleted: [StreamID] = []
    var left = options.countMax
    var attemptsLeft = options.countMax * attemptsFactor
    var next: StreamID? = group.firstPending(from: options.start)?.id
    while let id = next, let pending = group.pending(id), attemptsLeft > 0, left > 0 {
      attemptsLeft -= 1
      next = id.successor.flatMap { group.firstPending(from: $0)?.id }
      guard let entry = stream.entry(id) else {
        group.acknowledge(id)
        deleted.append(id)
        left -= 1
        continue
      }
      if options.minIdle > 0, now &- pending.deliveryTime < options.minIdle { continue }
      let deliveries = pending.deliveryCount &+ (options.wantsIDsOnly ? 0 : 1)
      group.setPending(id, of: consumer, time: now, count: deliveries)
      consumer.activeTime = now
      if options.wantsIDsOnly { context.reply.bulk(id) } else { context.reply.streamEntry(entry) }
      count += 1
      left -= 1
    }
    fill(gap, next: next ?? .zero, count: count, &context)
    context.reply.array(deleted.count)
    for id in deleted { context.reply.bulk(id) }
    if count + deleted.count > 0 { context.changedAround(context.key) }
  }

  /// Writes what was not known when it was due: where to go on, and how many entries follow.
  private static func fill(
    _ gap: Int, next: StreamID, count: Int, _ context: inout CommandContext
  ) {
    context.reply.fillGap(gap, length: gapLength) { place in
      func end(_ position: Int) -> Int {
        place[position] = 0x0D
        place[position + 1] = 0x0A
        return position + 2
      }
      let text = next.description.utf8
      place[0] = UInt8(ascii: "$")
      var position = end(1 + IntegerText.write(Int64(text.count), to: place + 1))
      for byte in text {
        place[position] = byte
        position += 1
      }
      position = end(position)
      place[position] = UInt8(ascii: "*")
      position += 1
      return end(position + IntegerText.write(Int64(count), to: place + position))
    }
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    options.minIdle = max(
      0,
      try context.integer(
        at: 4, in: .min ... .max,
        orThrow: .fixed("ERR Invalid min-idle-time argument for XAUTOCLAIM")))
    options.start = try context.streamRangeStart(at: 5)
    var index = 6
    while index < context.count {
      if context.argument(at: index, is: "COUNT"), index + 1 < context.count {
        index += 1
        options.countMax = try context.integer(
          at: index, in: 1...Int64.max / 16, orThrow: .fixed("ERR COUNT must be > 0"))
      } else if context.argument(at: index, is: "JUSTID") {
        options.wantsIDsOnly = true
      } else {
        throw .syntax
      }
      index += 1
    }
    return options
  }
}
