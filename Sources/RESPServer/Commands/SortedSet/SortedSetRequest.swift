internal import Bytes
internal import CacheCore
internal import RESP

/// Which members ZRANGE and its relatives want, as their arguments say.
struct SortedSetRequest {
  /// What the ends of the range are.
  enum Kind {
    case rank, score, lex
  }

  private enum Ends {
    case ranks(Int64, Int64)
    case scores(ScoreRange)
    case members(LexRange)
  }

  private let ends: Ends
  /// Whether the highest come first.
  let isReversed: Bool
  /// Whether scores are wanted too.
  let withScores: Bool
  private let offset: Int64
  private let limit: Int64

  /// Reads the arguments behind the key.
  ///
  /// - Parameters:
  ///   - keyIndex: position of the key; the ends of the range follow.
  ///   - kind: nil: BYSCORE and BYLEX may be given.
  ///   - reversed: nil: REV may be given.
  ///   - isStored: whether the result is stored, so that WITHSCORES makes no sense.
  init(
    _ context: borrowing CommandContext, keyIndex: Int = 1, _ kind: Kind? = nil,
    reversed: Bool? = nil, isStored: Bool = false
  ) throws(CommandError) {
    var kind = kind
    var reversed = reversed
    var withScores = false
    var offset: Int64 = 0
    var limit: Int64 = -1
    var index = keyIndex + 3
    while index < context.count {
      if !isStored, context.argument(at: index, is: "WITHSCORES") {
        withScores = true
      } else if context.argument(at: index, is: "LIMIT"), index + 2 < context.count {
        offset = try context.integer(at: index + 1)
        limit = try context.integer(at: index + 2)
        index += 2
      } else if reversed == nil, context.argument(at: index, is: "REV") {
        reversed = true
      } else if kind == nil, context.argument(at: index, is: "BYLEX") {
        kind = .lex
      } else if kind == nil, context.argument(at: index, is: "BYSCORE") {
        kind = .score
      } else {
        throw .syntax
      }
      index += 1
    }
    let isReversed = reversed ?? false
    switch kind ?? .rank {
    case .rank:
      guard limit == -1 else {
        throw .fixed(
          "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
      }
      let start = try context.integer(at: keyIndex + 1)
      ends = .ranks(start, try context.integer(at: keyIndex + 2))
    case .score:
      ends = .scores(
        try context.scoreRange(
          min: keyIndex + (isReversed ? 2 : 1), max: keyIndex + (isReversed ? 1 : 2)))
    case .lex:
      guard !withScores else {
        throw .fixed(
          "ERR syntax error, WITHSCORES not supported in combination with BYLEX")
      }
      ends = .members(
        try context.lexRange(
          min: keyIndex + (isReversed ? 2 : 1), max: keyIndex + (isReversed ? 1 : 2)))
    }
    self.isReversed = isReversed
    self.withScores = withScores
    self.offset = offset
    self.limit = limit
  }

  /// The ranks of the members that are wanted, in ascending order.
  func ranks(in set: SortedSet) -> Range<Int> {
    let found: Range<Int>
    switch ends {
    case .ranks(let start, let stop):
      let ranks = Self.ranks(start, stop, of: set.count)
      if !isReversed { return ranks }
      return set.count - ranks.upperBound..<set.count - ranks.lowerBound
    case .scores(let range): found = set.ranks(of: range)
    case .members(let range): found = set.ranks(of: range)
    }
    guard offset >= 0, offset < found.count else { return 0..<0 }
    let count = found.count - Int(offset)
    let wanted = limit < 0 ? count : Int(min(limit, Int64(count)))
    if isReversed {
      let upper = found.upperBound - Int(offset)
      return upper - wanted..<upper
    }
    let lower = found.lowerBound + Int(offset)
    return lower..<lower + wanted
  }

  /// The ranks from `start` to `stop`, both counted from the end where negative.
  static func ranks(_ start: Int64, _ stop: Int64, of count: Int) -> Range<Int> {
    let all = Int64(count)
    let first = max(0, start < 0 ? start + all : start)
    let last = min(all - 1, stop < 0 ? stop + all : stop)
    return first > last ? 0..<0 : Int(first)..<Int(last) + 1
  }
}

extension CommandContext {
  /// Answers with what a request wants of the first key's set.
  func reply(_ request: SortedSetRequest) throws(CommandError) {
    guard let set = try sortedSet(key) else { return reply.array(0) }
    reply(
      set, request.ranks(in: set), reversed: request.isReversed, withScores: request.withScores)
  }
}
