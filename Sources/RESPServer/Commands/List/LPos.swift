internal import Bytes
internal import CacheCore
internal import RESP

/// LPOS: where an element is.
enum LPosCommand: Command {
  static let spec = CommandSpec(
    "LPOS", since: "6.0.6", group: .list, arity: -3,
    flags: [.readonly],
    categories: [.list],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the positions of elements that equal a value.",
    complexity: "O(N) for N elements looked at",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("element", .string),
      ArgumentSpec("rank", .integer, token: "RANK", optional: true),
      ArgumentSpec("num-matches", .integer, token: "COUNT", optional: true),
      ArgumentSpec("len", .integer, token: "MAXLEN", optional: true),
    ],
    example: """
      > RPUSH letters a b c a b
      (integer) 5
      > LPOS letters b
      (integer) 1
      > LPOS letters b RANK -1
      (integer) 4
      > LPOS letters a COUNT 0
      1) (integer) 0
      2) (integer) 3
      > LPOS letters x
      (nil)
      """)

  private struct Options {
    /// Which match is the first to count; negative: from the tail.
    var rank: Int64 = 1
    /// Matches wanted, 0: all; nil: one, answered by itself.
    var count: Int?
    /// Elements to look at; 0: all.
    var lengthMax = 0
  }

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let options = try parse(context)
    guard let list = try context.list(context.key) else {
      return options.count == nil ? context.reply.null() : context.reply.array(0)
    }
    var toSkip = options.rank.magnitude - 1
    let wanted = options.count.map { $0 == 0 ? Int.max : $0 } ?? 1
    var found = 0
    let array = options.count == nil ? nil : Optional(context.reply.beginArray())
    list.find(
      context[2], backwards: options.rank < 0,
      limit: options.lengthMax == 0 ? .max : options.lengthMax
    ) { index in
      if toSkip > 0 {
        toSkip -= 1
        return true
      }
      context.reply.integer(index)
      found += 1
      return found < wanted
    }
    if let array {
      context.reply.endArray(array, count: found)
    } else if found == 0 {
      context.reply.null()
    }
  }

  private static func parse(_ context: borrowing CommandContext) throws(CommandError) -> Options {
    var options = Options()
    var index = 3
    while index < context.count {
      guard index + 1 < context.count else { throw .syntax }
      if context.argument(at: index, is: "RANK") {
        options.rank = try context.integer(
          at: index + 1, in: -Int64.max...Int64.max,
          orThrow: context.integerError(at: index + 1, .beyondLong))
        if options.rank == 0 { throw .fixed(rankIsZero) }
      } else if context.argument(at: index, is: "COUNT") {
        options.count = Int(
          try context.integer(
            at: index + 1, in: 0...Int64.max,
            orThrow: .fixed("ERR COUNT can't be negative")))
      } else if context.argument(at: index, is: "MAXLEN") {
        options.lengthMax = Int(
          try context.integer(
            at: index + 1, in: 0...Int64.max,
            orThrow: .fixed("ERR MAXLEN can't be negative")))
      } else {
        throw .syntax
      }
      index += 2
    }
    return options
  }

  private static let rankIsZero: StaticString = """
    ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
    or use negative to start from the end of the list
    """
}
