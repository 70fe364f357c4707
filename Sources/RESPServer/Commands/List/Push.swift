internal import Bytes
internal import CacheCore
internal import RESP

/// Adding elements at the ends of a list.
private enum Pushing {
  static func spec(
    _ name: String, since: String, summary: String, change: (String, String), example: String
  ) -> CommandSpec {
    CommandSpec(
      name, since: since, group: .list, arity: -3,
      flags: [.write, .denyOOM, .fast],
      categories: [.list],
      keys: [.range(from: 1, [.readWrite, .insert])],
      summary: summary,
      complexity: "O(1) for each element",
      arguments: [
        ArgumentSpec("key", .key, key: 0),
        ArgumentSpec("element", .string, multiple: true),
      ],
      history: [change],
      example: example)
  }

  /// Adds the arguments from the third on, one after the other.
  static func push(
    _ context: inout CommandContext, at end: ListEnd, onlyIfPresent: Bool
  ) throws(CommandError) {
    let key = context.key
    let found = try context.listForWriting(key)
    if found == nil, onlyIfPresent { return context.reply.integer(0) }
    let limits = context.listLimits
    var bytes = 0
    for index in 2..<context.count { bytes += context[index].count }
    let list = found ?? .make(context.keyspace.objectMemory(for: key))
    list.prepareToGrow(bytes: bytes, count: context.count - 2, limits)
    for index in 2..<context.count { list.push(context[index], at: end, limits) }
    let count = list.count
    if found == nil { try context.insertObject(list.object, at: key) }
    context.changed(key, end == .head ? "lpush" : "rpush", .list)
    context.reply.integer(count)
  }
}

/// LPUSH: adds elements at the head.
enum LPushCommand: Command {
  static let spec = Pushing.spec(
    "LPUSH", since: "1.0.0",
    summary: "Adds elements in front of a list, each in front of the one before; makes the list.",
    change: ("2.4.0", "Takes several elements."),
    example: """
      > LPUSH tasks write test
      (integer) 2
      > LRANGE tasks 0 -1
      1) "test"
      2) "write"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Pushing.push(&context, at: .head, onlyIfPresent: false)
  }
}

/// RPUSH: adds elements at the tail.
enum RPushCommand: Command {
  static let spec = Pushing.spec(
    "RPUSH", since: "1.0.0",
    summary: "Adds elements behind a list; makes the list.",
    change: ("2.4.0", "Takes several elements."),
    example: """
      > RPUSH tasks write test
      (integer) 2
      > LRANGE tasks 0 -1
      1) "write"
      2) "test"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Pushing.push(&context, at: .tail, onlyIfPresent: false)
  }
}

/// LPUSHX: adds elements at the head of a list that is there.
enum LPushXCommand: Command {
  static let spec = Pushing.spec(
    "LPUSHX", since: "2.2.0",
    summary: "Adds elements in front of a list, if there is one.",
    change: ("4.0.0", "Takes several elements."),
    example: """
      > LPUSHX tasks write
      (integer) 0
      > EXISTS tasks
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Pushing.push(&context, at: .head, onlyIfPresent: true)
  }
}

/// RPUSHX: adds elements at the tail of a list that is there.
enum RPushXCommand: Command {
  static let spec = Pushing.spec(
    "RPUSHX", since: "2.2.0",
    summary: "Adds elements behind a list, if there is one.",
    change: ("4.0.0", "Takes several elements."),
    example: """
      > RPUSH tasks write
      (integer) 1
      > RPUSHX tasks test
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Pushing.push(&context, at: .tail, onlyIfPresent: true)
  }
}
