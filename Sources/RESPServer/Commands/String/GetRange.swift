internal import Bytes
internal import CacheCore
internal import RESP

/// GETRANGE: reads a part of a string.
enum GetRangeCommand: Command {
  static let spec = CommandSpec(
    "GETRANGE", since: "2.4.0", group: .string, arity: 4,
    flags: [.readonly],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the bytes of a string from one offset to another, both included.",
    complexity: "O(N) with N the number of bytes returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("end", .integer),
    ],
    example: """
      > SET title "Winter light"
      OK
      > GETRANGE title 0 5
      "Winter"
      > GETRANGE title -5 -1
      "light"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyRange()
  }
}

/// SUBSTR: GETRANGE's first name.
enum SubstrCommand: Command {
  static let spec = CommandSpec(
    "SUBSTR", since: "1.0.0", group: .string, arity: 4,
    flags: [.readonly],
    categories: [.string],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the bytes of a string from one offset to another, both included.",
    complexity: "O(N) with N the number of bytes returned",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("start", .integer),
      ArgumentSpec("end", .integer),
    ],
    deprecatedSince: "2.0.0", replacement: "`GETRANGE`",
    example: """
      > SET title "Winter light"
      OK
      > SUBSTR title 7 -1
      "light"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try context.replyRange()
  }
}

extension CommandContext {
  /// Answers with the part of the first key's string that arguments 2 and 3 name.
  fileprivate func replyRange() throws(CommandError) {
    let start = try integer(at: 2)
    let end = try integer(at: 3)
    guard let entry = find(key) else { return reply.bulk("") }
    guard keyspace.type(of: entry) == .string else { throw .wrongType }
    let bytes = keyspace.string(of: entry)
    guard let range = OffsetRange.clamped(start, end, count: bytes.count) else {
      return reply.bulk("")
    }
    replyBytes(bytes[range], of: entry)
  }
}

/// Ranges as clients give them: both ends included, negative offsets counted from the end.
enum OffsetRange {
  /// The part of `0..<count` that is meant; nil when that is nothing.
  static func clamped(_ start: Int64, _ end: Int64, count: Int) -> Range<Int>? {
    if start < 0, end < 0, start > end { return nil }
    let first = max(0, start < 0 ? Int64(count) + start : start)
    let last = min(max(0, end < 0 ? Int64(count) + end : end), Int64(count) - 1)
    guard first <= last else { return nil }
    return Int(first)..<Int(last) + 1
  }
}
