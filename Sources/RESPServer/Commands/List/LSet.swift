internal import Bytes
internal import CacheCore
internal import RESP

/// LSET: replaces one element.
enum LSetCommand: Command {
  static let spec = CommandSpec(
    "LSET", since: "1.0.0", group: .list, arity: 4,
    flags: [.write, .denyOOM],
    categories: [.list],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Replaces the element at a position of a list.",
    complexity: "O(√N) in a list of N",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("index", .integer),
      ArgumentSpec("element", .string),
    ],
    example: """
      > RPUSH letters a b c
      (integer) 3
      > LSET letters -2 x
      OK
      > LRANGE letters 0 -1
      1) "a"
      2) "x"
      3) "c"
      > LSET letters 3 y
      (error) ERR index out of range
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let key = context.key
    guard let list = try context.listForWriting(key) else { throw .noSuchKey }
    let index = try context.integer(at: 2)
    let limits = context.listLimits
    list.prepareToGrow(bytes: context[3].count, count: 1, limits)
    let isReplaced = list.replace(at: Int(index), with: context[3], limits)
    list.settle(isShrinking: true, limits)
    guard isReplaced else { throw .outOfRange }
    context.changed(key, "lset", .list)
    context.reply.ok()
  }
}

/// LINSERT: adds an element beside another.
enum LInsertCommand: Command {
  static let spec = CommandSpec(
    "LINSERT", since: "2.2.0", group: .list, arity: 5,
    flags: [.write, .denyOOM],
    categories: [.list],
    keys: [.range(from: 1, [.readWrite, .insert])],
    summary: "Adds an element before or behind the first one that equals another.",
    complexity: "O(N) for N elements that are looked at until it is found",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "where", .oneOf,
        parts: [
          ArgumentSpec("before", .pureToken, token: "BEFORE"),
          ArgumentSpec("after", .pureToken, token: "AFTER"),
        ]),
      ArgumentSpec("pivot", .string),
      ArgumentSpec("element", .string),
    ],
    example: """
      > RPUSH letters a c
      (integer) 2
      > LINSERT letters BEFORE c b
      (integer) 3
      > LINSERT letters AFTER x y
      (integer) -1
      > LRANGE letters 0 -1
      1) "a"
      2) "b"
      3) "c"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let isAfter = context.argument(at: 2, is: "AFTER")
    guard isAfter || context.argument(at: 2, is: "BEFORE") else { throw .syntax }
    let key = context.key
    guard let list = try context.listForWriting(key) else { return context.reply.integer(0) }
    let limits = context.listLimits
    // Before it is known whether there is such an element, as in Redis: looking twice costs more.
    list.prepareToGrow(bytes: context[4].count, count: 1, limits)
    guard list.insert(context[4], nextTo: context[3], after: isAfter, limits) else {
      return context.reply.integer(-1)
    }
    context.changed(key, "linsert", .list)
    context.reply.integer(list.count)
  }
}
