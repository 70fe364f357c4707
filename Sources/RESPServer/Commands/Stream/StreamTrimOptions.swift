internal import Bytes
internal import CacheCore

/// The options of XADD and XTRIM: what to trim, and XADD's ID.
struct StreamTrimOptions {
  var trimming: StreamTrimming?
  var isApproximate = false
  /// Entries removed at most, when approximate; 0: no limit.
  var limit = 0
  var makesNoStream = false
  /// XADD: the new entry's ID.
  var id = StreamIDChoice.automatic(milliseconds: 0)
  /// XADD: where the ID stands.
  var idPosition = 0

  private var limitIsGiven = false
  private let isAdding: Bool

  /// Reads the arguments from the third on.
  ///
  /// - Parameter isAdding: whether it is XADD.
  init(_ context: borrowing CommandContext, isAdding: Bool) throws(CommandError) {
    self.isAdding = isAdding
    var index = 2
    while index < context.count {
      let isLast = index + 1 == context.count
      if isAdding, context[index] == "*" {
        id = .automatic(milliseconds: UInt64(max(0, context.unixTime)))
        idPosition = index
        break
      } else if context.argument(at: index, is: "MAXLEN"), !isLast {
        index = try readThreshold(context, after: index)
        let most = try context.integer(at: index)
        guard most >= 0 else { throw .fixed("ERR The MAXLEN argument must be >= 0.") }
        trimming = .maxLength(Int(most))
      } else if context.argument(at: index, is: "MINID"), !isLast {
        index = try readThreshold(context, after: index)
        trimming = .minID(try context.streamID(at: index))
      } else if context.argument(at: index, is: "LIMIT"), !isLast {
        index += 1
        let most = try context.integer(at: index)
        guard most >= 0 else { throw .fixed("ERR The LIMIT argument must be >= 0.") }
        limit = Int(most)
        limitIsGiven = true
      } else if isAdding, context.argument(at: index, is: "NOMKSTREAM") {
        makesNoStream = true
      } else if isAdding {
        id = try Self.id(context, at: index)
        idPosition = index
        break
      } else {
        throw .syntax
      }
      index += 1
    }
    // Without an ID the arguments are too few as well.
    if isAdding, idPosition == 0 { idPosition = context.count }
    try checkLimit(nodeEntriesMax: context.streamLimits.nodeEntriesMax)
  }

  /// Reads the "~" or "=" behind MAXLEN or MINID.
  ///
  /// - Returns: where the threshold stands.
  private mutating func readThreshold(
    _ context: borrowing CommandContext, after index: Int
  ) throws(CommandError) -> Int {
    guard trimming == nil else {
      throw .fixed(
        "ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
    }
    isApproximate = false
    let hasMore = index + 2 < context.count
    if hasMore, context[index + 1] == "~" {
      isApproximate = true
      return index + 2
    }
    return hasMore && context[index + 1] == "=" ? index + 2 : index + 1
  }

  private static func id(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> StreamIDChoice {
    if let milliseconds = StreamID.millisecondsOfOpenID(context[index]) {
      return .openSequence(milliseconds: milliseconds)
    }
    return .exact(try context.streamID(at: index))
  }

  private mutating func checkLimit(nodeEntriesMax: Int) throws(CommandError) {
    if limit > 0, trimming == nil {
      throw .fixed(
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
    }
    if !isAdding, trimming == nil {
      throw .fixed("ERR syntax error, XTRIM must be called with a trimming strategy")
    }
    if limitIsGiven, !isApproximate {
      throw .fixed("ERR syntax error, LIMIT cannot be used without the special ~ option")
    }
    guard isApproximate, !limitIsGiven else { return }
    // A hundred nodes, within bounds.
    let (product, overflow) = nodeEntriesMax.multipliedReportingOverflow(by: 100)
    limit = overflow ? Self.limitMax : min(product, Self.limitMax)
    if limit <= 0 { limit = Self.limitWithoutNodeSize }
  }

  private static let limitMax = 1_000_000
  private static let limitWithoutNodeSize = 10_000

  /// Trims the stream.
  ///
  /// - Returns: the number of entries removed.
  func trim(_ stream: StreamObject) -> Int {
    guard let trimming else { return 0 }
    return stream.trim(trimming, isApproximate: isApproximate, limit: limit)
  }
}
