internal import Bytes
internal import CacheCore
internal import RESP

/// XCLAIM: takes pending entries over.
enum XClaimCommand: Command {
  static let spec = CommandSpec(
    "XCLAIM", since: "5.0.0", group: .stream, arity: -6,
    flags: [.write, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Makes pending entries a consumer's, as if they had been delivered to it.",
    complexity: "O(log N) for each entry with N the number of pending entries",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec("consumer", .string),
      ArgumentSpec("min-idle-time", .string),
      ArgumentSpec("ID", .string, multiple: true),
      ArgumentSpec("ms", .integer, token: "IDLE", optional: true),
      ArgumentSpec("unix-time-milliseconds", .unixTime, token: "TIME", optional: true),
      ArgumentSpec("count", .integer, token: "RETRYCOUNT", optional: true),
      ArgumentSpec("force", .pureToken, token: "FORCE", optional: true),
      ArgumentSpec("justid", .pureToken, token: "JUSTID", optional: true),
      ArgumentSpec("lastid", .string, token: "LASTID", optional: true),
    ],
    tips: ["nondeterministic_output"],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XCLAIM jobs workers ann 0 1-1 FORCE JUSTID
      1) "1-1"
      > XCLAIM jobs workers bob 0 1-1
      1) 1) "1-1"
         2) 1) "task"
            2) "wash"
      """)

  private struct Options {
    var minIdle: Int64 = 0
    /// Behind the last ID.
    var idEnd = firstID
    var deliveryTime: Int64?
    var retryCount: Int64?
    var isForced = false
    var wantsIDsOnly = false
    var lastID = StreamID.zero
  }

  private static let firstID = 5

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (stream, group) = try context.streamAndGroup(context[2])
    let options = try parse(context)
    if options.lastID > group.lastID { group.lastID = options.lastID }
    let now = context.unixTime
    var time = options.deliveryTime ?? now
    // A time that cannot be: what clients compute may be a bit off.
    if time < 0 || time > now { time = now }
    let consumer = context.consumer(context[3], of: group, at: context.key)
    let array = context.reply.beginArray()
    var count = 0
    for index in firstID..<options.idEnd {
      guard let id = StreamID(context[index], missingSequence: 0) else { continue }
      let pending = group.pending(id)
      guard let entry = stream.entry(id) else {
        // Deleted since it was delivered.
        if pending != nil { group.acknowledge(id) }
        continue
      }
      guard pending != nil || options.isForced else { continue }
      if let pending, options.minIdle > 0, now &- pending.deliveryTime < options.minIdle {
        continue
      }
      var deliveries = pending?.deliveryCount ?? 1
      if let given = options.retryCount {
        deliveries = given
      } else if !options.wantsIDsOnly {
        deliveries &+= 1
      }
      group.setPending(id, of: consumer, time: time, count: deliveries)
      consumer.activeTime = now
      if options.wantsIDsOnly { context.reply.bulk(id) } else { context.reply.streamEntry(entry) }
      count += 1
    }
    context.reply.endArray(array, count: count)
    context.changedAround(context.key)
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> Options {
    var options = Options()
    options.minIdle = max(
      0, try number(4, "ERR Invalid min-idle-time argument for XCLAIM", context))
    // The first argument that is no ID begins the options.
    while options.idEnd < context.count,
      StreamID(context[options.idEnd], missingSequence: 0) != nil
    {
      options.idEnd += 1
    }
    var index = options.idEnd
    while index < context.count {
      let isLast = index + 1 == context.count
      if context.argument(at: index, is: "FORCE") {
        options.isForced = true
      } else if context.argument(at: index, is: "JUSTID") {
        options.wantsIDsOnly = true
      } else if context.argument(at: index, is: "IDLE"), !isLast {
        index += 1
        let idle = try number(index, "ERR Invalid IDLE option argument for XCLAIM", context)
        options.deliveryTime = context.unixTime &- idle
      } else if context.argument(at: index, is: "TIME"), !isLast {
        index += 1
        options.deliveryTime = try number(
          index, "ERR Invalid TIME option argument for XCLAIM", context)
      } else if context.argument(at: index, is: "RETRYCOUNT"), !isLast {
        index += 1
        let count = try number(
          index, "ERR Invalid RETRYCOUNT option argument for XCLAIM", context)
        options.retryCount = count >= 0 ? count : nil
      } else if context.argument(at: index, is: "LASTID"), !isLast {
        index += 1
        options.lastID = try context.streamID(at: index)
      } else {
        throw .made("ERR Unrecognized XCLAIM option '\(context[index].string)'")
      }
      index += 1
    }
    return options
  }

  private static func number(
    _ index: Int, _ error: StaticString, _ context: borrowing CommandContext
  ) throws(CommandError) -> Int64 {
    try context.integer(at: index, in: .min ... .max, orThrow: .fixed(error))
  }
}
