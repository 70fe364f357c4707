internal import Bytes
internal import CacheCore
internal import RESP

/// BITCOUNT: counts the one bits of a string.
enum BitCountCommand: Command {
  static let spec = CommandSpec(
    "BITCOUNT", since: "2.6.0", group: .bitmap, arity: -2,
    flags: [.readonly],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Counts the one bits of a string or of a part of it.",
    complexity: "O(N) with N the number of bytes looked at",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "range", .block, optional: true,
        parts: [
          ArgumentSpec("start", .integer),
          ArgumentSpec("end", .integer),
          BitRange.unit,
        ]),
    ],
    history: [("7.0.0", "Takes BYTE and BIT.")],
    example: """
      > SET word foobar
      OK
      > BITCOUNT word
      (integer) 26
      > BITCOUNT word 1 1
      (integer) 6
      > BITCOUNT word 5 30 BIT
      (integer) 17
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let range = try parse(context)
    guard let bytes = try context.string(context.key) else { return context.reply.integer(0) }
    let bits = BitView(bytes)
    guard let range else { return context.reply.integer(bits.ones(in: 0..<bits.count)) }
    if range.start < 0, range.end < 0, range.start > range.end {
      return context.reply.integer(0)
    }
    context.reply.integer(bits.ones(in: range.clamped(to: bits)))
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> BitRange? {
    switch context.count {
    case 2: return nil
    case 4, 5:
      var range = BitRange()
      range.start = try context.integer(at: 2)
      range.end = try context.integer(at: 3)
      if context.count == 5 { range.isInBits = try BitRange.isInBits(context, at: 4) }
      return range
    default: throw .syntax
    }
  }
}

/// BITPOS: finds the first bit of a kind.
enum BitPosCommand: Command {
  static let spec = CommandSpec(
    "BITPOS", since: "2.8.7", group: .bitmap, arity: -3,
    flags: [.readonly],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns the position of the first one or zero bit of a string or a part of it.",
    complexity: "O(N) with N the number of bytes looked at",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("bit", .integer),
      ArgumentSpec(
        "range", .block, optional: true,
        parts: [
          ArgumentSpec("start", .integer),
          ArgumentSpec(
            "end-unit-block", .block, optional: true,
            parts: [ArgumentSpec("end", .integer), BitRange.unit]),
        ]),
    ],
    history: [("7.0.0", "Takes BYTE and BIT.")],
    example: """
      > SET word a
      OK
      > BITPOS word 1
      (integer) 1
      > BITPOS word 1 2 -1 BIT
      (integer) 2
      > BITPOS nothing 1
      (integer) -1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let bit = try context.integer(at: 2)
    guard bit == 0 || bit == 1 else {
      throw .fixed("ERR The bit argument must be 1 or 0.")
    }
    guard context.count <= 6 else { throw .syntax }
    var range = BitRange()
    if context.count >= 4 { range.start = try context.integer(at: 3) }
    if context.count == 6 { range.isInBits = try BitRange.isInBits(context, at: 5) }
    let hasEnd = context.count >= 5
    if hasEnd { range.end = try context.integer(at: 4) }
    guard let bytes = try context.string(context.key) else {
      // An absent key is endless zeros.
      return context.reply.integer(bit == 1 ? -1 : 0)
    }
    let bits = BitView(bytes)
    let clamped = range.clamped(to: bits)
    if let found = bits.firstIndex(of: bit == 1, in: clamped) {
      context.reply.integer(found)
    } else if bit == 0, !hasEnd, !clamped.isEmpty {
      // Zeros follow the string, unless the client has named an end.
      context.reply.integer(clamped.upperBound)
    } else {
      context.reply.integer(-1)
    }
  }
}

/// A part of a string as BITCOUNT and BITPOS take it: both ends included, negative ones counted
/// from the end, in bytes or bits.
struct BitRange {
  var start: Int64 = 0
  var end: Int64 = -1
  var isInBits = false

  static let unit = ArgumentSpec(
    "unit", .oneOf, since: "7.0.0", optional: true,
    parts: [
      ArgumentSpec("byte", .pureToken, token: "BYTE"),
      ArgumentSpec("bit", .pureToken, token: "BIT"),
    ])

  static func isInBits(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> Bool {
    if context.argument(at: index, is: "BIT") { return true }
    guard context.argument(at: index, is: "BYTE") else { throw .syntax }
    return false
  }

  /// The bits that are meant, empty where there are none.
  func clamped(to bits: BitView) -> Range<Int> {
    let total = Int64(isInBits ? bits.count : bits.bytes.count)
    let first = max(0, start < 0 ? total + start : start)
    let last = min(max(0, end < 0 ? total + end : end), total - 1)
    guard first <= last else { return 0..<0 }
    let factor = isInBits ? 1 : 8
    return Int(first) * factor..<(Int(last) + 1) * factor
  }
}
