internal import Bytes
internal import CacheCore
internal import RESP

/// SETBIT: changes one bit of a string.
enum SetBitCommand: Command {
  static let spec = CommandSpec(
    "SETBIT", since: "2.2.0", group: .bitmap, arity: 4,
    flags: [.write, .denyOOM],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Sets or clears one bit of a string, which grows as needed, and returns the old bit.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("offset", .integer),
      ArgumentSpec("value", .integer),
    ],
    example: """
      > SETBIT seen 7 1
      (integer) 0
      > SETBIT seen 7 0
      (integer) 1
      > STRLEN seen
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let offset = try context.bitOffset(at: 2)
    let bit = try context.integer(
      at: 3, in: 0...1, orThrow: .fixed("ERR bit is not an integer or out of range"))
    let entry = context.peek(context.key)
    let old = try context.string(of: entry) ?? .empty
    let byte = offset >> 3
    let oldBit = BitView(old)[offset]
    guard byte >= old.count || oldBit != bit else {
      // Nothing changes; all that is left is to note the access.
      _ = context.findForWriting(context.key)
      return context.reply.integer(oldBit)
    }
    let target = try context.mutableString(count: byte + 1)
    BitView.write(UInt64(bit), at: offset, width: 1, to: target)
    if entry == nil { context.notify(context.key, in: context.database, "new", .new) }
    context.changed(context.key, "setbit", .string)
    context.reply.integer(oldBit)
  }
}

/// GETBIT: reads one bit of a string.
enum GetBitCommand: Command {
  static let spec = CommandSpec(
    "GETBIT", since: "2.2.0", group: .bitmap, arity: 3,
    flags: [.readonly, .fast],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns one bit of a string, 0 behind its end.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("offset", .integer),
    ],
    example: """
      > SET letter a
      OK
      > GETBIT letter 1
      (integer) 1
      > GETBIT letter 100
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let offset = try context.bitOffset(at: 2)
    let bytes = try context.string(context.key) ?? .empty
    context.reply.integer(BitView(bytes)[offset])
  }
}

extension CommandContext {
  /// The argument at `index` as the position of a bit.
  ///
  /// - Parameter width: where "#7" is allowed for the eighth field of so many bits.
  /// - Throws: for what is no position within the longest string allowed.
  func bitOffset(at index: Int, width: Int? = nil) throws(CommandError) -> Int {
    let error = CommandError.fixed("ERR bit offset is not an integer or out of range")
    var text = self[index]
    var factor: Int64 = 1
    if let width, text.count > 0, text[0] == UInt8(ascii: "#") {
      text = text.dropFirst(1)
      factor = Int64(width)
    }
    guard let number = IntegerText.parseInt64(text) else { throw error }
    let (offset, overflow) = number.multipliedReportingOverflow(by: factor)
    let bytesMax = Int64(server.state.pointee.configuration.protocolBulkBytesMax)
    guard !overflow, offset >= 0, offset >> 3 < bytesMax else { throw error }
    return Int(offset)
  }
}
