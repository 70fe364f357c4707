internal import Bytes
internal import CacheCore
internal import RESP

/// SORT and SORT_RO: elements of a list, set or sorted set in order.
private enum Sorting {
  static let arguments: [ArgumentSpec] = [
    ArgumentSpec("key", .key, key: 0),
    ArgumentSpec("by-pattern", .pattern, token: "BY", key: 1, optional: true, display: "pattern"),
    ArgumentSpec(
      "limit", .block, token: "LIMIT", optional: true,
      parts: [ArgumentSpec("offset", .integer), ArgumentSpec("count", .integer)]),
    ArgumentSpec(
      "get-pattern", .pattern, token: "GET", key: 1, optional: true, multiple: true,
      repeatsToken: true, display: "pattern"),
    ArgumentSpec(
      "order", .oneOf, optional: true,
      parts: [
        ArgumentSpec("asc", .pureToken, token: "ASC"),
        ArgumentSpec("desc", .pureToken, token: "DESC"),
      ]),
    ArgumentSpec("sorting", .pureToken, token: "ALPHA", optional: true),
  ]

  static let unknownKeys = KeySpec(begin: .unknown, find: .unknown, flags: [.readOnly, .access])

  static let complexity = """
    O(N+M*log(M)) for N elements of which M are returned; O(N) where nothing is sorted
    """

  /// Sorts, with as much locked as that takes: everything stands still when keys of any name may be
  /// read, otherwise the keys' shards are locked.
  static func run(
    _ context: borrowing CommandContext, isReadOnly: Bool
  ) throws(CommandError) {
    let request = try SortRequest(context, isReadOnly: isReadOnly)
    var failure: CommandError?
    let source = context.hash(context[1])
    let target = request.target.map { context.hash(context[$0]) }
    if request.readsOtherKeys {
      context.loop.runExclusively {
        context.withShards(.all) {
          failure = SortRun.run(context, request, source, target)
        }
      }
    } else {
      var shards = ShardSet()
      shards.insert(source.hash.shard)
      if let target { shards.insert(target.hash.shard) }
      context.withShards(shards) {
        failure = SortRun.run(context, request, source, target)
      }
    }
    if let failure { throw failure }
  }
}

/// SORT: sorts, and may store the result.
enum SortCommand: Command {
  static let spec = CommandSpec(
    "SORT", since: "1.0.0", group: .generic, arity: -2,
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.set, .sortedSet, .list, .dangerous],
    keys: [
      .range(from: 1, [.readOnly, .access]),
      Sorting.unknownKeys,
      KeySpec(begin: .unknown, find: .unknown, flags: [.overwrite, .update]),
    ],
    access: .selfLocking,
    summary: "Sorts the elements of a list, set or sorted set, by themselves or by other keys.",
    complexity: Sorting.complexity,
    arguments: Sorting.arguments
      + [ArgumentSpec("destination", .key, token: "STORE", key: 2, optional: true)],
    example: """
      > RPUSH numbers 3 1 2
      (integer) 3
      > SORT numbers DESC LIMIT 0 2
      1) "3"
      2) "2"
      > MSET weight_1 30 weight_2 20 weight_3 10
      OK
      > SORT numbers BY weight_* GET # GET weight_*
      1) "3"
      2) "10"
      3) "2"
      4) "20"
      5) "1"
      6) "30"
      > SORT numbers ALPHA STORE sorted
      (integer) 3
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Sorting.run(context, isReadOnly: false)
  }
}

/// SORT_RO: SORT without STORE.
enum SortROCommand: Command {
  static let spec = CommandSpec(
    "SORT_RO", since: "7.0.0", group: .generic, arity: -2,
    flags: [.readonly, .movableKeys],
    categories: [.set, .sortedSet, .list, .dangerous],
    keys: [.range(from: 1, [.readOnly, .access]), Sorting.unknownKeys],
    access: .selfLocking,
    summary: "SORT that only reads.",
    complexity: Sorting.complexity,
    arguments: Sorting.arguments,
    example: """
      > RPUSH numbers 3 1 2
      (integer) 3
      > SORT_RO numbers
      1) "1"
      2) "2"
      3) "3"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try Sorting.run(context, isReadOnly: true)
  }
}

extension CommandContext {
  /// Runs `body` with shards locked, for a command that locks by itself; inside a transaction they
  /// may be locked already.
  func withShards(_ shards: ShardSet, _ body: () -> Void) {
    if loop.state.pointee.holdsLocks { return body() }
    keyspace.lock(shards)
    body()
    keyspace.unlock(shards)
  }
}

/// What SORT was asked for.
struct SortRequest {
  var isDescending = false
  /// By bytes instead of by numbers.
  var isAlphabetic = false
  /// Whether nothing is sorted (BY a pattern without *).
  var keepsOrder = false
  /// First element wanted, and how many; negative: all.
  var offset: Int64 = 0
  var count: Int64 = -1
  /// Whose values to sort by; nil: the elements themselves.
  var by: SortPattern?
  /// What to answer with for each element; empty: the element.
  var gets: [SortPattern] = []
  /// Position of the key to store at.
  var target: Int?

  /// Whether keys are read that the request does not name.
  var readsOtherKeys: Bool { by != nil || gets.contains { $0.readsKeys } }

  init(_ context: borrowing CommandContext, isReadOnly: Bool) throws(CommandError) {
    var index = 2
    while index < context.count {
      let left = context.count - index - 1
      if context.argument(at: index, is: "ASC") {
        isDescending = false
      } else if context.argument(at: index, is: "DESC") {
        isDescending = true
      } else if context.argument(at: index, is: "ALPHA") {
        isAlphabetic = true
      } else if context.argument(at: index, is: "LIMIT"), left >= 2 {
        offset = try context.integer(at: index + 1)
        count = try context.integer(at: index + 2)
        index += 2
      } else if context.argument(at: index, is: "STORE"), left >= 1, !isReadOnly {
        target = index + 1
        index += 1
      } else if context.argument(at: index, is: "BY"), left >= 1 {
        let pattern = SortPattern(context[index + 1])
        keepsOrder = !pattern.readsKeys
        if pattern.readsKeys { try Self.checkRights(context, "BY") }
        by = pattern.readsKeys ? pattern : nil
        index += 1
      } else if context.argument(at: index, is: "GET"), left >= 1 {
        let pattern = SortPattern(context[index + 1])
        if pattern.readsKeys { try Self.checkRights(context, "GET") }
        gets.append(pattern)
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  /// Patterns name any key, so whoever uses them must be allowed to read all.
  private static func checkRights(
    _ context: borrowing CommandContext, _ option: StaticString
  ) throws(CommandError) {
    guard !context.hasHiddenKeys, context.mayReadEveryKey else { throw denied(option) }
  }

  private static func denied(_ option: StaticString) -> CommandError {
    .made("ERR \(option) option of SORT denied due to insufficient ACL permissions.")
  }
}

/// A pattern of BY or GET: the key's name with the element in the place of `*`, and behind `->` a
/// field of the hash there.
struct SortPattern {
  /// Whether it is `#`, the element itself.
  let isElement: Bool
  /// What stands before and behind `*`.
  let prefix: ByteView
  let suffix: ByteView
  let field: ByteView?
  /// Whether there is a `*`; without it no key is meant.
  let readsKeys: Bool

  init(_ text: ByteView) {
    isElement = text == "#"
    guard let star = text.firstIndex(of: UInt8(ascii: "*")) else {
      (prefix, suffix, field, readsKeys) = (.empty, .empty, nil, false)
      return
    }
    readsKeys = true
    prefix = text[0..<star]
    let rest = text.dropFirst(star + 1)
    var arrow = 0
    // An arrow with nothing behind it belongs to the name.
    while arrow + 2 < rest.count,
      rest[arrow] != UInt8(ascii: "-") || rest[arrow + 1] != UInt8(ascii: ">")
    {
      arrow += 1
    }
    if arrow + 2 < rest.count {
      suffix = rest[0..<arrow]
      field = rest.dropFirst(arrow + 2)
    } else {
      suffix = rest
      field = nil
    }
  }
}
