internal import Bytes
internal import CacheCore
internal import RESP

/// SETRANGE: overwrites a part of a string.
enum SetRangeCommand: Command {
  static let spec = CommandSpec(
    "SETRANGE", since: "2.2.0", group: .string, arity: 4,
    flags: [.write, .denyOOM],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .update])],
    summary: "Overwrites a string from an offset on, after zero bytes where it ends before.",
    complexity: "O(N) with N the bytes written, amortised: strings that grow get room to spare",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("offset", .integer),
      ArgumentSpec("value", .string),
    ],
    example: """
      > SET greeting "Hello World"
      OK
      > SETRANGE greeting 6 Swift
      (integer) 11
      > GET greeting
      "Hello Swift"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let offset = try context.integer(at: 2)
    guard offset >= 0 else { throw .fixed("ERR offset is out of range") }
    let value = context[3]
    let entry = context.peek(context.key)
    let old = try context.string(of: entry)
    guard value.count > 0 else { return context.reply.integer(old?.count ?? 0) }
    let end = try context.checkedLength(offset, adding: value.count)
    let target = try context.mutableString(count: end)
    // In bounds: the string is at least `end` bytes long, which is offset + count.
    (target.baseAddress.unsafelyUnwrapped + Int(offset))
      .copyMemory(from: value.base, byteCount: value.count)
    if entry == nil { context.notify(context.key, in: context.database, "new", .new) }
    context.changed(context.key, "setrange", .string)
    context.reply.integer(target.count)
  }
}
