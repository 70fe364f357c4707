internal import Bytes
internal import CacheCore
internal import RESP

/// Moving an element from one list to another.
private enum Moving {
  static let keys: [KeySpec] = [
    .range(from: 1, [.readWrite, .access, .delete]), .range(from: 2, [.readWrite, .insert]),
  ]

  /// LEFT or RIGHT.
  static func end(_ name: String) -> ArgumentSpec {
    ArgumentSpec(
      name, .oneOf,
      parts: [
        ArgumentSpec("left", .pureToken, token: "LEFT"),
        ArgumentSpec("right", .pureToken, token: "RIGHT"),
      ])
  }

  /// Moves an element of the list at the first key to the second key.
  ///
  /// - Parameter list: what is at the first key.
  static func move(
    _ context: inout CommandContext, _ list: ListObject, from: ListEnd, to: ListEnd
  ) throws(CommandError) {
    let source = context.key
    let target = context[key: 1]
    let found = try context.listForWriting(target)
    let limits = context.listLimits
    let value = list.value(at: from)
    let mark = context.loop.replyMark()
    // Written first, for the element is gone afterwards; an error takes it back.
    context.reply.bulk(value)
    if source.bytes == target.bytes {
      rotate(list, from: from, to: to, limits)
    } else {
      let other = found ?? .make(context.keyspace.objectMemory(for: target))
      value.withText { text in
        other.prepareToGrow(bytes: text.count, count: 1, limits)
        other.push(text, at: to, limits)
      }
      if found == nil {
        do throws(CommandError) {
          try context.insertObject(other.object, at: target)
        } catch {
          context.loop.withdrawReply(to: mark)
          throw error
        }
      }
      list.removeEnd(from)
    }
    context.changed(target, to == .head ? "lpush" : "rpush", .list)
    context.finishRemoval(list, at: source, from == .head ? "lpop" : "rpop")
  }

  /// Moves an element within one list.
  private static func rotate(
    _ list: ListObject, from: ListEnd, to: ListEnd, _ limits: ListLimits
  ) {
    guard from != to else { return }
    let value = list.value(at: from)
    // A copy: what it lies in is about to change.
    withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: max(value.textCount, IntegerText.byteCountMax)
    ) { copy in
      let start = copy.baseAddress.unsafelyUnwrapped
      let text = ByteView(base: UnsafePointer(start), count: value.writeText(to: start))
      list.removeEnd(from)
      list.push(text, at: to, limits)
    }
  }
}

/// LMOVE: takes an element from one list and gives it to another.
enum LMoveCommand: Command {
  static let spec = CommandSpec(
    "LMOVE", since: "6.2.0", group: .list, arity: 5,
    flags: [.write, .denyOOM],
    categories: [.list],
    keys: Moving.keys,
    summary: "Takes an element from an end of one list, adds it to an end of another, returns it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
      Moving.end("wherefrom"),
      Moving.end("whereto"),
    ],
    example: """
      > RPUSH waiting a b c
      (integer) 3
      > LMOVE waiting running LEFT RIGHT
      "a"
      > LRANGE running 0 -1
      1) "a"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let from = try context.listEnd(at: 3)
    let to = try context.listEnd(at: 4)
    guard let list = try context.listForWriting(context.key) else { return context.reply.null() }
    try Moving.move(&context, list, from: from, to: to)
  }
}

/// RPOPLPUSH: LMOVE from the tail to the head.
enum RPopLPushCommand: Command {
  static let spec = CommandSpec(
    "RPOPLPUSH", since: "1.2.0", group: .list, arity: 3,
    flags: [.write, .denyOOM],
    categories: [.list],
    keys: Moving.keys,
    summary: "Takes the last element of one list, adds it in front of another, returns it.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
    ],
    deprecatedSince: "6.2.0", replacement: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
    example: """
      > RPUSH ring a b c
      (integer) 3
      > RPOPLPUSH ring ring
      "c"
      > LRANGE ring 0 -1
      1) "c"
      2) "a"
      3) "b"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let list = try context.listForWriting(context.key) else { return context.reply.null() }
    try Moving.move(&context, list, from: .tail, to: .head)
  }
}

/// BLMOVE: LMOVE that waits for an element.
enum BLMoveCommand: Command {
  static let spec = CommandSpec(
    "BLMOVE", since: "6.2.0", group: .list, arity: 6,
    flags: [.write, .denyOOM, .blocking],
    categories: [.list],
    keys: Moving.keys,
    summary: "LMOVE that waits until there is an element to move.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
      Moving.end("wherefrom"),
      Moving.end("whereto"),
      ArgumentSpec("timeout", .double),
    ],
    example: """
      > RPUSH waiting a b
      (integer) 2
      > BLMOVE waiting running LEFT RIGHT 1
      "a"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let from = try context.listEnd(at: 3)
    let to = try context.listEnd(at: 4)
    try move(&context, from: from, to: to, timeout: 5)
  }

  /// Moves an element, or waits for one.
  static func move(
    _ context: inout CommandContext, from: ListEnd, to: ListEnd, timeout: Int
  ) throws(CommandError) {
    let timeout = try context.timeoutMilliseconds(at: timeout)
    if let list = try context.listForWriting(context.key) {
      return try Moving.move(&context, list, from: from, to: to)
    }
    guard context.mayWait else { return context.reply.null() }
    context.waitForKeys(timeoutMilliseconds: timeout, keys: [context.key])
  }
}

/// BRPOPLPUSH: RPOPLPUSH that waits for an element.
enum BRPopLPushCommand: Command {
  static let spec = CommandSpec(
    "BRPOPLPUSH", since: "2.2.0", group: .list, arity: 4,
    flags: [.write, .denyOOM, .blocking],
    categories: [.list],
    keys: Moving.keys,
    summary: "RPOPLPUSH that waits until there is an element to move.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("source", .key, key: 0),
      ArgumentSpec("destination", .key, key: 1),
      ArgumentSpec("timeout", .double),
    ],
    history: [("6.0.0", "Takes the time with decimals.")],
    deprecatedSince: "6.2.0", replacement: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
    example: """
      > RPUSH waiting a b
      (integer) 2
      > BRPOPLPUSH waiting running 1
      "b"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try BLMoveCommand.move(&context, from: .tail, to: .head, timeout: 3)
  }
}
