internal import Bytes
internal import CacheCore
internal import RESP

/// TYPE: what a key holds.
enum TypeCommand: Command {
  static let spec = CommandSpec(
    "TYPE", since: "1.0.0", group: .generic, arity: 2,
    flags: [.readonly, .fast],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly])],
    summary: "Returns the type of the value that a key holds, or none.",
    complexity: "O(1)",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    example: """
      > SET a 1
      OK
      > TYPE a
      string
      > TYPE nothing
      none
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.inspect(context.key) else { return context.reply.simple("none") }
    context.reply.simple(context.keyspace.type(of: entry).name)
  }
}

extension ValueType {
  /// The name that TYPE and SCAN's TYPE use.
  var name: StaticString {
    switch self {
    case .string: "string"
    case .list: "list"
    case .set: "set"
    case .sortedSet: "zset"
    case .hash: "hash"
    case .stream: "stream"
    }
  }
}
