internal import Bytes
internal import CacheCore
internal import RESP

/// XACK: ends entries' being pending.
enum XAckCommand: Command {
  static let spec = CommandSpec(
    "XACK", since: "5.0.0", group: .stream, arity: -4,
    flags: [.write, .fast],
    categories: [.stream],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Acknowledges entries delivered to a consumer group, which are pending no more.",
    complexity: "O(log N) for each entry with N the number of pending entries",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
      ArgumentSpec("ID", .string, multiple: true),
    ],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XCLAIM jobs workers ann 0 1-1 FORCE JUSTID
      1) "1-1"
      > XACK jobs workers 1-1 2-1
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let group = try context.stream(context.key)?.group(context[2]) else {
      return context.reply.integer(0)
    }
    // All are read before the first is acknowledged.
    for index in 3..<context.count { _ = try context.streamID(at: index) }
    var count = 0
    for index in 3..<context.count {
      if group.acknowledge(try context.streamID(at: index)) { count += 1 }
    }
    if count > 0 { context.changedAround(context.key) }
    context.reply.integer(count)
  }
}
