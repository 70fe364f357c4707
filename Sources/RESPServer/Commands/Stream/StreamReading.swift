internal import Bytes
internal import CacheCore
internal import RESP

/// What XREAD and XREADGROUP share: the options, and reading several streams.
///
/// A stream's ID is looked at twice, before anything is written and when it is served, so that
/// nothing has to be kept between: one lookup more, but no memory.
struct StreamReading {
  private let isForGroup: Bool
  /// nil: do not wait.
  private var timeoutMilliseconds: Int64?
  private var countMax = 0
  private var group = ByteView.empty
  private var consumer = ByteView.empty
  private var acknowledges = false
  private var firstKey = 0
  private var streamCount = 0

  // MARK: Options

  init(_ context: borrowing CommandContext, isForGroup: Bool) throws(CommandError) {
    self.isForGroup = isForGroup
    var hasGroup = false
    var index = 1
    while index < context.count, firstKey == 0 {
      let left = context.count - index - 1
      if context.argument(at: index, is: "BLOCK"), left > 0 {
        timeoutMilliseconds = try context.timeoutWholeMilliseconds(at: index + 1)
        index += 2
      } else if context.argument(at: index, is: "COUNT"), left > 0 {
        countMax = Int(max(0, try context.integer(at: index + 1)))
        index += 2
      } else if context.argument(at: index, is: "STREAMS"), left > 0 {
        guard left % 2 == 0 else { throw .fixed(Self.unbalanced) }
        firstKey = index + 1
        streamCount = left / 2
      } else if context.argument(at: index, is: "GROUP"), left > 1 {
        guard isForGroup else { throw .fixed(Self.groupOfXRead) }
        hasGroup = true
        group = context[index + 1]
        consumer = context[index + 2]
        index += 3
      } else if context.argument(at: index, is: "NOACK") {
        guard isForGroup else { throw .fixed(Self.noAckOfXRead) }
        acknowledges = true
        index += 1
      } else {
        throw .syntax
      }
    }
    guard firstKey > 0 else { throw .syntax }
    if isForGroup, !hasGroup { throw .fixed("ERR Missing GROUP option for XREADGROUP") }
    try checkKeys(context)
  }

  /// The key positions are found by the first STREAMS behind where it may stand: a group of that
  /// name behind other options leads astray, so that the wrong shards are locked.
  private func checkKeys(_ context: borrowing CommandContext) throws(CommandError) {
    guard context.keyCount == streamCount,
      context.key.bytes.base == context[firstKey].base
    else { throw .syntax }
  }

  private static let unbalanced: StaticString = """
    ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.
    """
  private static let groupOfXRead: StaticString = """
    ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.
    """
  private static let noAckOfXRead: StaticString = """
    ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.
    """

  // MARK: Streams

  /// One of the streams, and what is wanted of it.
  private struct Target {
    var stream: StreamObject?
    var group: StreamGroup?
    /// Entries behind this ID are wanted.
    var after = StreamID.zero
    /// Those that the consumer has got already.
    var isHistory = false
    /// Whether there is something to answer.
    var isReady = false
  }

  /// Looks at the stream at `index` for the first time.
  private func target(
    _ index: Int, _ context: borrowing CommandContext
  ) throws(CommandError) -> Target {
    let key = context[key: index]
    var target = Target()
    target.stream = try context.stream(key)
    if isForGroup {
      target.group = target.stream?.group(group)
      guard target.group != nil else {
        throw .made(
          "NOGROUP No such key '\(key.bytes.string)' or consumer group '\(group.string)' "
            + "in XREADGROUP with GROUP option")
      }
    }
    try resolveID(at: firstKey + streamCount + index, of: &target, context)
    return target
  }

  /// Looks at it again: there is nothing wrong with it.
  private func targetAgain(_ index: Int, _ context: borrowing CommandContext) -> Target? {
    guard let entry = context.peek(context[key: index]) else { return nil }
    var target = Target()
    let stream = StreamObject(context.keyspace.object(of: entry, context[key: index]))
    target.stream = stream
    if isForGroup { target.group = stream.group(group) }
    do throws(CommandError) {
      try resolveID(at: firstKey + streamCount + index, of: &target, context)
    } catch {
      return nil
    }
    return target
  }

  private func resolveID(
    at position: Int, of target: inout Target, _ context: borrowing CommandContext
  ) throws(CommandError) {
    let text = context[position]
    if text == "$" {
      guard !isForGroup else { throw .fixed(Self.meaninglessLast) }
      target.after = target.stream?.lastID ?? .zero
    } else if text == "+" {
      guard !isForGroup else { throw .fixed(Self.meaninglessNewest) }
      target.after = target.stream?.lastEntryID?.predecessor ?? target.stream?.lastID ?? .zero
    } else if text == ">" {
      guard isForGroup else { throw .fixed(Self.newOfXRead) }
      target.after = .max
    } else {
      target.after = try context.streamID(at: position)
    }
    if let group = target.group {
      target.isHistory = target.after != .max
      if target.isHistory {
        target.isReady = true
        return
      }
      target.after = group.lastID
    }
    if let last = target.stream?.lastEntryID { target.isReady = last > target.after }
  }

  private static let meaninglessLast: StaticString = """
    ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of \
    this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would \
    just return an empty result set.
    """
  private static let meaninglessNewest: StaticString = """
    ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of \
    this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would \
    just return an empty result set.
    """
  private static let newOfXRead: StaticString = """
    ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> \
    option.
    """

  // MARK: Serving

  /// Answers, or lets the client wait.
  func run(_ context: inout CommandContext) throws(CommandError) {
    var readyCount = 0
    for index in 0..<streamCount where try target(index, context).isReady { readyCount += 1 }
    if isForGroup { makeConsumers(context) }
    guard readyCount > 0 else {
      guard let timeoutMilliseconds else { return context.reply.nullArray() }
      return context.waitForKeys(
        timeoutMilliseconds: timeoutMilliseconds, arguments: resolvedArguments(context),
        wakesOnAnyChange: isForGroup)
    }
    let isMap = context.reply.version == .resp3
    if isMap { context.reply.map(readyCount) } else { context.reply.array(readyCount) }
    for index in 0..<streamCount {
      guard let target = targetAgain(index, context), target.isReady else { continue }
      if !isMap { context.reply.array(2) }
      context.reply.bulk(context[key: index].bytes)
      serve(target, context[key: index], &context)
    }
  }

  private func makeConsumers(_ context: borrowing CommandContext) {
    for index in 0..<streamCount {
      guard let target = targetAgain(index, context), let group = target.group else { continue }
      _ = context.consumer(consumer, of: group, at: context[key: index])
    }
  }

  private func serve(_ target: Target, _ key: HashedKey, _ context: inout CommandContext) {
    guard let stream = target.stream else { return context.reply.array(0) }
    // Behind the greatest ID comes nothing; Redis goes on at 0-0, and so do histories.
    let start = target.after.successor ?? .zero
    guard let group = target.group, let consumer = group.consumer(consumer) else {
      return context.reply.streamRange(
        stream.cursor(from: start, through: .max), countMax: countMax)
    }
    if target.isHistory {
      replyHistory(stream, group, consumer, from: start, &context)
    } else {
      deliver(stream, group, consumer, from: start, &context)
    }
    context.changedAround(key)
  }

  /// Gives new entries to the consumer.
  private func deliver(
    _ stream: StreamObject, _ group: StreamGroup, _ consumer: StreamConsumer,
    from start: StreamID, _ context: inout CommandContext
  ) {
    let now = context.unixTime
    let array = context.reply.beginArray()
    var count = 0
    var cursor = stream.cursor(from: start, through: .max)
    while let entry = cursor.next() {
      stream.noteDelivery(of: entry.id, to: group)
      context.reply.streamEntry(entry)
      if !acknowledges {
        group.setPending(entry.id, of: consumer, time: now, count: 1)
        consumer.activeTime = now
      }
      count += 1
      if count == countMax { break }
    }
    context.reply.endArray(array, count: count)
  }

  /// Answers with what is pending with the consumer, which counts as another delivery.
  private func replyHistory(
    _ stream: StreamObject, _ group: StreamGroup, _ consumer: StreamConsumer,
    from start: StreamID, _ context: inout CommandContext
  ) {
    let now = context.unixTime
    let array = context.reply.beginArray()
    var count = 0
    var next: StreamID? = start
    while let from = next, countMax == 0 || count < countMax,
      let id = group.firstPendingID(of: consumer, from: from)
    {
      if let entry = stream.entry(id) {
        context.reply.streamEntry(entry)
        let deliveries = group.pending(id)?.deliveryCount ?? 0
        group.setPending(id, of: consumer, time: now, count: deliveries &+ 1)
      } else {
        // Deleted since.
        context.reply.array(2)
        context.reply.bulk(id)
        context.reply.nullArray()
      }
      count += 1
      next = id.successor
    }
    context.reply.endArray(array, count: count)
  }

  /// The arguments with "$" replaced by what it meant when the wait began; nil: nothing to replace.
  private func resolvedArguments(_ context: borrowing CommandContext) -> [[UInt8]]? {
    guard !isForGroup else { return nil }
    let idPosition = firstKey + streamCount
    var hasLast = false
    for index in idPosition..<context.count where context[index] == "$" { hasLast = true }
    guard hasLast else { return nil }
    var arguments: [[UInt8]] = []
    for index in 0..<context.count {
      if index >= idPosition, context[index] == "$" {
        let last = targetAgain(index - idPosition, context)?.after ?? .zero
        arguments.append(Array(last.description.utf8))
      } else {
        arguments.append(context[index].array)
      }
    }
    return arguments
  }
}
