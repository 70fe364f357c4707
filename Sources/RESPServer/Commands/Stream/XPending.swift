internal import Bytes
internal import CacheCore
internal import RESP

/// XPENDING: tells what was delivered and not acknowledged.
enum XPendingCommand: Command {
  static let spec = CommandSpec(
    "XPENDING", since: "5.0.0", group: .stream, arity: -3,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Tells which entries of a consumer group are pending, since when, and with whom.",
    complexity: """
      O(N) with N the number of consumers, or of the entries that are looked at
      """,
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec(
        "filters", .block, optional: true,
        parts: [
          ArgumentSpec(
            "min-idle-time", .integer, token: "IDLE", since: "6.2.0", optional: true),
          ArgumentSpec("start", .string),
          ArgumentSpec("end", .string),
          ArgumentSpec("count", .integer),
          ArgumentSpec("consumer", .string, optional: true),
        ]),
    ],
    tips: ["nondeterministic_output"],
    history: [("6.2.0", "Takes IDLE, and IDs behind \"(\" that are not part of the range.")],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XCLAIM jobs workers ann 0 1-1 FORCE JUSTID
      1) "1-1"
      > XPENDING jobs workers
      1) (integer) 1
      2) "1-1"
      3) "1-1"
      4) 1) 1) "ann"
            2) "1"
      """)

  private struct Filter {
    var minIdle: Int64 = 0
    var start = StreamID.zero
    var end = StreamID.max
    var countMax: Int64 = 0
    var consumer: ByteView?
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard context.count == 3 || (6...9).contains(context.count) else { throw .syntax }
    let filter = context.count == 3 ? nil : try parse(context)
    let group = try context.streamAndGroup(context[2]).group
    guard let filter else { return replySummary(of: group, &context) }
    var consumer: StreamConsumer?
    if let name = filter.consumer {
      consumer = group.consumer(name)
      if consumer == nil { return context.reply.array(0) }
    }
    replyEntries(of: group, consumer, filter, &context)
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Filter {
    var filter = Filter()
    var index = 3
    if context.argument(at: 3, is: "IDLE") {
      filter.minIdle = try context.integer(at: 4)
      guard context.count >= 8 else { throw .syntax }
      index += 2
    }
    filter.countMax = max(0, try context.integer(at: index + 2))
    filter.start = try context.streamRangeStart(at: index)
    filter.end = try context.streamRangeEnd(at: index + 1)
    if index + 3 < context.count { filter.consumer = context[index + 3] }
    return filter
  }

  private static func replySummary(of group: StreamGroup, _ context: inout CommandContext) {
    context.reply.array(4)
    context.reply.integer(group.pendingCount)
    guard let first = group.firstPending(), let last = group.lastPending else {
      context.reply.null()
      context.reply.null()
      return context.reply.nullArray()
    }
    context.reply.bulk(first.id)
    context.reply.bulk(last.id)
    let array = context.reply.beginArray()
    var count = 0
    for index in 0..<group.consumerCount {
      let consumer = group.consumer(at: index)
      guard consumer.pendingCount > 0 else { continue }
      context.reply.array(2)
      context.reply.bulk(consumer.name)
      context.reply.bulk(Int64(consumer.pendingCount))
      count += 1
    }
    context.reply.endArray(array, count: count)
  }

  private static func replyEntries(
    of group: StreamGroup, _ consumer: StreamConsumer?, _ filter: Filter,
    _ context: inout CommandContext
  ) {
    let now = context.unixTime
    let array = context.reply.beginArray()
    var count: Int64 = 0
    if filter.countMax > 0 {
      let loop = context.loop
      group.forEachPending(from: filter.start, through: filter.end, of: consumer) { pending in
        if filter.minIdle != 0, now &- pending.deliveryTime < filter.minIdle { return true }
        loop.state.pointee.writer.array(4)
        loop.state.pointee.writer.bulk(pending.id)
        loop.state.pointee.writer.bulk(pending.consumer.name)
        loop.state.pointee.writer.integer(max(0, now &- pending.deliveryTime))
        loop.state.pointee.writer.integer(pending.deliveryCount)
        count += 1
        return count < filter.countMax
      }
    }
    context.reply.endArray(array, count: Int(count))
  }
}
