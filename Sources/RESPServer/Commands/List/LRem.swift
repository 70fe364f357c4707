internal import Bytes
internal import CacheCore
internal import RESP

/// LREM: takes equal elements out.
enum LRemCommand: Command {
  static let spec = CommandSpec(
    "LREM", since: "1.0.0", group: .list, arity: 4,
    flags: [.write],
    categories: [.list],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Removes elements that equal a value: the first few, the last few, or all.",
    complexity: "O(N) in a list of N",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("count", .integer),
      ArgumentSpec("element", .string),
    ],
    example: """
      > RPUSH letters a b a c a
      (integer) 5
      > LREM letters -1 a
      (integer) 1
      > LREM letters 0 a
      (integer) 2
      > LRANGE letters 0 -1
      1) "b"
      2) "c"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let count = try context.integer(
      at: 2, in: -Int64.max...Int64.max,
      orThrow: context.integerError(at: 2, .beyondLong))
    let key = context.key
    guard let list = try context.listForWriting(key) else { return context.reply.integer(0) }
    let removed = list.remove(
      context[3], limit: count == 0 ? .max : Int(count.magnitude), backwards: count < 0,
      context.listLimits)
    if removed > 0 { context.finishRemoval(list, at: key, "lrem") }
    context.reply.integer(removed)
  }
}

/// LTRIM: keeps a part.
enum LTrimCommand: Command {
  static let spec = CommandSpec(
    "LTRIM", since: "1.0.0", group: .list, arity: 4,
    flags: [.write],
    categories: [.list],
    keys: [.range(from: 1, [.readWrite, .delete])],
    summary: "Keeps the elements from one position to another, and removes all others.",
    complexity: "O(N) for N elements removed; far less where they fill whole nodes",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("stop", .integer),
    ],
    example: """
      > RPUSH recent a b c d
      (integer) 4
      > LTRIM recent -2 -1
      OK
      > LRANGE recent 0 -1
      1) "c"
      2) "d"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let start = try context.integer(at: 2)
    let stop = try context.integer(at: 3)
    let key = context.key
    guard let list = try context.listForWriting(key) else { return context.reply.ok() }
    let kept = list.range(from: start, to: stop)
    let total = list.count
    if kept.isEmpty {
      list.removeRange(from: 0, count: total)
    } else {
      let limits = context.listLimits
      list.removeRange(from: kept.upperBound, count: total - kept.upperBound, limits)
      list.removeRange(from: 0, count: kept.lowerBound, limits)
    }
    context.finishRemoval(list, at: key, "ltrim")
    context.reply.ok()
  }
}

extension CommandError {
  /// The smallest 64-bit number, which has no opposite.
  static let beyondLong = CommandError.fixed(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
}

extension CommandContext {
  /// What to answer where the argument at `index` is no integer, or is one but out of range.
  func integerError(at index: Int, _ outOfRange: CommandError) -> CommandError {
    IntegerText.parseInt64(self[index]) == nil ? .notInteger : outOfRange
  }
}
