internal import Bytes
internal import CacheCore
internal import RESP

/// XINFO: tells about streams, groups and consumers.
enum XInfoCommand: Command {
  static let spec = CommandSpec(
    "XINFO", since: "5.0.0", group: .stream, arity: -2,
    summary: "Holds the commands that tell about streams, groups and consumers.",
    complexity: "Depends on the subcommand")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    throw .wrongArity("xinfo")
  }
}

extension CommandContext {
  /// The stream that an XINFO subcommand is about.
  fileprivate func describedStream() throws(CommandError) -> StreamObject {
    guard let stream = try stream(key) else { throw .noSuchKey }
    return stream
  }
}

extension ReplyWriter {
  /// A number, or null where it is not known.
  fileprivate mutating func integerOrNull(_ value: Int?) {
    if let value { integer(value) } else { null() }
  }
}

/// XINFO GROUPS: lists a stream's groups.
enum XInfoGroupsCommand: Command {
  static let spec = CommandSpec(
    "XINFO|GROUPS", since: "5.0.0", group: .stream, arity: 3,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 2, [.readOnly, .access])],
    summary: "Lists the consumer groups of a stream with what they have read.",
    complexity: "O(N) with N the number of groups",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    history: [("7.0.0", "Tells entries-read and lag.")],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XGROUP CREATE jobs workers 0
      OK
      > XINFO GROUPS jobs
      1)  1) "name"
          2) "workers"
          3) "consumers"
          4) (integer) 0
          5) "pending"
          6) (integer) 0
          7) "last-delivered-id"
          8) "0-0"
          9) "entries-read"
         10) (nil)
         11) "lag"
         12) (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let stream = try context.describedStream()
    context.reply.array(stream.groupCount)
    for index in 0..<stream.groupCount {
      let group = stream.group(at: index)
      context.reply.map(6)
      context.reply.bulk("name")
      context.reply.bulk(group.name)
      context.reply.bulk("consumers")
      context.reply.integer(group.consumerCount)
      context.reply.bulk("pending")
      context.reply.integer(group.pendingCount)
      context.reply.bulk("last-delivered-id")
      context.reply.bulk(group.lastID)
      context.reply.bulk("entries-read")
      context.reply.integerOrNull(group.entriesRead)
      context.reply.bulk("lag")
      context.reply.integerOrNull(stream.lag(of: group))
    }
  }
}

/// XINFO CONSUMERS: lists a group's consumers.
enum XInfoConsumersCommand: Command {
  static let spec = CommandSpec(
    "XINFO|CONSUMERS", since: "5.0.0", group: .stream, arity: 4,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 2, [.readOnly, .access])],
    summary: "Lists the consumers of a group with how many entries are pending with them.",
    complexity: "O(N) with N the number of consumers",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("group", .string),
    ],
    tips: ["nondeterministic_output"],
    history: [("7.2.0", "Tells since when a consumer is inactive.")])

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let stream = try context.describedStream()
    guard let group = stream.group(context[3]) else {
      throw .made(
        "NOGROUP No such consumer group '\(context[3].string)' "
          + "for key name '\(context.key.bytes.string)'")
    }
    let now = context.unixTime
    context.reply.array(group.consumerCount)
    for index in 0..<group.consumerCount {
      let consumer = group.consumer(at: index)
      context.reply.map(4)
      context.reply.bulk("name")
      context.reply.bulk(consumer.name)
      context.reply.bulk("pending")
      context.reply.integer(consumer.pendingCount)
      context.reply.bulk("idle")
      context.reply.integer(max(0, now &- consumer.seenTime))
      context.reply.bulk("inactive")
      context.reply.integer(consumer.activeTime.map { max(0, now &- $0) } ?? -1)
    }
  }
}

/// XINFO STREAM: tells about a stream.
enum XInfoStreamCommand: Command {
  static let spec = CommandSpec(
    "XINFO|STREAM", since: "5.0.0", group: .stream, arity: -3,
    flags: [.readonly],
    categories: [.stream],
    keys: [.range(from: 2, [.readOnly, .access])],
    summary: "Tells about a stream; with FULL, everything about its groups as well.",
    complexity: "O(1), with FULL O(N) with N the number of entries shown",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "full-block", .block, optional: true,
        parts: [
          ArgumentSpec("full", .pureToken, token: "FULL"),
          ArgumentSpec("count", .integer, token: "COUNT", optional: true),
        ]),
    ],
    history: [
      ("6.0.0", "Takes FULL."),
      ("7.0.0", "Tells max-deleted-entry-id, entries-added, entries-read and lag."),
      ("7.2.0", "Tells when a consumer was last active."),
    ],
    example: """
      > XADD jobs 1-1 task wash
      "1-1"
      > XINFO STREAM jobs
       1) "length"
       2) (integer) 1
       3) "radix-tree-keys"
       4) (integer) 1
       5) "radix-tree-nodes"
       6) (integer) 2
       7) "last-generated-id"
       8) "1-1"
       9) "max-deleted-entry-id"
      10) "0-0"
      11) "entries-added"
      12) (integer) 1
      13) "recorded-first-entry-id"
      14) "1-1"
      15) "groups"
      16) (integer) 0
      17) "first-entry"
      18) 1) "1-1"
          2) 1) "task"
             2) "wash"
      19) "last-entry"
      20) 1) "1-1"
          2) 1) "task"
             2) "wash"
      """)

  /// How many entries FULL shows of each list, unless told otherwise.
  private static let shownMax = 10

  static func run(_ context: inout CommandContext) throws(CommandError) {
    // Redis looks the key up before it reads the options.
    let stream = try context.describedStream()
    guard context.count > 3 else { return replySummary(of: stream, &context) }
    guard context.count == 4 || context.count == 6, context.argument(at: 3, is: "FULL"),
      context.count == 4 || context.argument(at: 4, is: "COUNT")
    else { throw context.unknownSubcommand() }
    var countMax = shownMax
    if context.count == 6 {
      let given = try context.integer(at: 5)
      if given >= 0 { countMax = Int(given) }
    }
    replyAll(of: stream, countMax: countMax, &context)
  }

  private static func replyFacts(of stream: StreamObject, _ context: inout CommandContext) {
    context.reply.bulk("length")
    context.reply.integer(stream.count)
    context.reply.bulk("radix-tree-keys")
    context.reply.integer(stream.nodeCount)
    // There is no radix tree; this is what a small one has.
    context.reply.bulk("radix-tree-nodes")
    context.reply.integer(stream.nodeCount + 1)
    context.reply.bulk("last-generated-id")
    context.reply.bulk(stream.lastID)
    context.reply.bulk("max-deleted-entry-id")
    context.reply.bulk(stream.maxDeletedID)
    context.reply.bulk("entries-added")
    context.reply.integer(stream.entriesAdded)
    context.reply.bulk("recorded-first-entry-id")
    context.reply.bulk(stream.firstID)
  }

  private static func replySummary(of stream: StreamObject, _ context: inout CommandContext) {
    context.reply.map(10)
    replyFacts(of: stream, &context)
    context.reply.bulk("groups")
    context.reply.integer(stream.groupCount)
    for isReversed in [false, true] {
      if isReversed { context.reply.bulk("last-entry") } else { context.reply.bulk("first-entry") }
      var cursor = stream.cursor(from: .zero, through: .max, isReversed: isReversed)
      if let entry = cursor.next() {
        context.reply.streamEntry(entry)
      } else {
        context.reply.null()
      }
    }
  }

  private static func replyAll(
    of stream: StreamObject, countMax: Int, _ context: inout CommandContext
  ) {
    context.reply.map(9)
    replyFacts(of: stream, &context)
    context.reply.bulk("entries")
    context.reply.streamRange(
      stream.cursor(from: .zero, through: .max), countMax: countMax)
    context.reply.bulk("groups")
    context.reply.array(stream.groupCount)
    for index in 0..<stream.groupCount {
      let group = stream.group(at: index)
      context.reply.map(7)
      context.reply.bulk("name")
      context.reply.bulk(group.name)
      context.reply.bulk("last-delivered-id")
      context.reply.bulk(group.lastID)
      context.reply.bulk("entries-read")
      context.reply.integerOrNull(group.entriesRead)
      context.reply.bulk("lag")
      context.reply.integerOrNull(stream.lag(of: group))
      context.reply.bulk("pel-count")
      context.reply.integer(group.pendingCount)
      context.reply.bulk("pending")
      replyPending(of: group, nil, countMax: countMax, &context)
      context.reply.bulk("consumers")
      context.reply.array(group.consumerCount)
      for index in 0..<group.consumerCount {
        replyConsumer(group.consumer(at: index), of: group, countMax: countMax, &context)
      }
    }
  }

  private static func replyConsumer(
    _ consumer: StreamConsumer, of group: StreamGroup, countMax: Int,
    _ context: inout CommandContext
  ) {
    context.reply.map(5)
    context.reply.bulk("name")
    context.reply.bulk(consumer.name)
    context.reply.bulk("seen-time")
    context.reply.integer(consumer.seenTime)
    context.reply.bulk("active-time")
    context.reply.integer(consumer.activeTime ?? -1)
    context.reply.bulk("pel-count")
    context.reply.integer(consumer.pendingCount)
    context.reply.bulk("pending")
    replyPending(of: group, consumer, countMax: countMax, &context)
  }

  /// Pending entries, with the consumer's name where they are all consumers'.
  private static func replyPending(
    of group: StreamGroup, _ consumer: StreamConsumer?, countMax: Int,
    _ context: inout CommandContext
  ) {
    let loop = context.loop
    let array = context.reply.beginArray()
    var count = 0
    group.forEachPending(of: consumer) { pending in
      loop.state.pointee.writer.array(consumer == nil ? 4 : 3)
      loop.state.pointee.writer.bulk(pending.id)
      if consumer == nil { loop.state.pointee.writer.bulk(pending.consumer.name) }
      loop.state.pointee.writer.integer(pending.deliveryTime)
      loop.state.pointee.writer.integer(pending.deliveryCount)
      count += 1
      return count != countMax
    }
    context.reply.endArray(array, count: count)
  }
}

/// XINFO HELP: what XINFO can tell.
enum XInfoHelpCommand: Command {
  static let spec = CommandSpec(
    "XINFO|HELP", since: "5.0.0", group: .stream, arity: 2,
    flags: [.loading, .stale],
    categories: [.stream],
    summary: "Lists the subcommands of XINFO.",
    complexity: "O(1)")

  static func run(_ context: inout CommandContext) throws(CommandError) {
    context.replyHelp([
      "CONSUMERS <key> <groupname>",
      "    Tell about the consumers of a group.",
      "GROUPS <key>",
      "    Tell about the groups of a stream.",
      "STREAM <key> [FULL [COUNT <count>]",
      "    Tell about a stream.",
    ])
  }
}
