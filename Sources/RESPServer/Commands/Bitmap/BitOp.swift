internal import Bytes
internal import CacheCore
internal import RESP

/// BITOP: combines strings bit by bit.
enum BitOpCommand: Command {
  static let spec = CommandSpec(
    "BITOP", since: "2.6.0", group: .bitmap, arity: -4,
    flags: [.write, .denyOOM],
    categories: [.bitmap],
    keys: [
      .range(from: 2, [.overwrite, .update]), .range(from: 3, to: -1, [.readOnly, .access]),
    ],
    summary: "Stores the bitwise AND, OR or XOR of strings, or the complement of one.",
    complexity: "O(N) with N the number of bytes read",
    arguments: [
      ArgumentSpec(
        "operation", .oneOf,
        parts: [
          ArgumentSpec("and", .pureToken, token: "AND"),
          ArgumentSpec("or", .pureToken, token: "OR"),
          ArgumentSpec("xor", .pureToken, token: "XOR"),
          ArgumentSpec("not", .pureToken, token: "NOT"),
        ]),
      ArgumentSpec("destkey", .key, key: 0),
      ArgumentSpec("key", .key, key: 1, multiple: true),
    ],
    example: """
      > MSET a abc b "  "
      OK
      > BITOP XOR c a b
      (integer) 3
      > GET c
      "ABc"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let operation = try operation(context)
    let sourceCount = context.keyCount - 1
    guard operation != nil || sourceCount == 1 else {
      throw .fixed("ERR BITOP NOT must be called with a single source key.")
    }
    var length = 0
    for index in 1...sourceCount {
      length = max(length, try context.string(context[key: index])?.count ?? 0)
    }
    guard length > 0 else {
      _ = context.remove(context.key, event: "del")
      return context.reply.integer(0)
    }
    // The target may be one of the sources, so the result has memory of its own first.
    guard let blob = Blob.allocate(count: length) else { throw .outOfMemory }
    defer { blob.release() }
    if let operation {
      combine(operation, context, to: blob)
    } else {
      BitOperation.complement(of: source(context, 1), to: blob.mutableBytes)
    }
    let isNew = context.isNewIfWanted(context.key)
    if length <= copyMax {
      try context.store(
        blob.bytes, at: context.key, expiry: .clear, isNew: isNew, event: "set", raw: true)
    } else {
      blob.retain()
      do throws(CacheError) {
        try context.keyspace.setString(
          context.key, in: context.database, adopting: blob, expiry: .clear, now: context.now)
      } catch {
        throw .outOfMemory
      }
      if isNew { context.notify(context.key, in: context.database, "new", .new) }
      context.changed(context.key, "set", .string)
    }
    context.reply.integer(length)
  }

  /// Results up to this length are copied into an entry or a blob of their own.
  private static var copyMax: Int { 1024 }

  /// Bytes that are combined at a time, so that they are still in the cache for the next source.
  private static var blockBytes: Int { 16 * 1024 }

  /// nil for NOT.
  private static func operation(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> BitOperation? {
    if context.argument(at: 1, is: "AND") { return .and }
    if context.argument(at: 1, is: "OR") { return .or }
    if context.argument(at: 1, is: "XOR") { return .xor }
    guard context.argument(at: 1, is: "NOT") else { throw .syntax }
    return nil
  }

  /// A source's bytes; its type was checked.
  private static func source(_ context: borrowing CommandContext, _ index: Int) -> ByteView {
    context.peek(context[key: index]).map { context.keyspace.string(of: $0) } ?? .empty
  }

  private static func combine(
    _ operation: BitOperation, _ context: borrowing CommandContext, to blob: Blob
  ) {
    // Few sources as a rule; looked up once each.
    withUnsafeTemporaryAllocation(of: ByteView.self, capacity: context.keyCount - 1) { sources in
      for index in 1..<context.keyCount {
        sources.initializeElement(at: index - 1, to: source(context, index))
      }
      var start = 0
      while start < blob.count {
        let count = min(blockBytes, blob.count - start)
        let block = UnsafeMutableRawBufferPointer(start: blob.base + start, count: count)
        let first = part(of: sources[0], start, count)
        block.copyMemory(from: first.rawBuffer)
        UnsafeMutableRawBufferPointer(rebasing: block[first.count...])
          .initializeMemory(as: UInt8.self, repeating: 0)
        for index in 1..<sources.count {
          operation.combine(part(of: sources[index], start, count), into: block)
        }
        start += count
      }
    }
  }

  private static func part(of source: ByteView, _ start: Int, _ count: Int) -> ByteView {
    guard start < source.count else { return .empty }
    return source[start..<min(start + count, source.count)]
  }
}
