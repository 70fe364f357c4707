internal import Bytes
internal import CacheCore
internal import RESP

/// BITFIELD: reads and changes integers of any width inside a string.
enum BitFieldCommand: Command {
  static let spec = CommandSpec(
    "BITFIELD", since: "3.2.0", group: .bitmap, arity: -2,
    flags: [.write, .denyOOM],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readWrite, .update, .access, .variable])],
    summary: "Reads, sets and adds to integers of 1 to 64 bits inside a string.",
    complexity: "O(1) for each operation",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec(
        "operation", .oneOf, optional: true, multiple: true,
        parts: [
          BitFieldReading.get(optional: false),
          ArgumentSpec(
            "write", .block,
            parts: [
              ArgumentSpec(
                "overflow-block", .oneOf, token: "OVERFLOW", optional: true,
                parts: [
                  ArgumentSpec("wrap", .pureToken, token: "WRAP"),
                  ArgumentSpec("sat", .pureToken, token: "SAT"),
                  ArgumentSpec("fail", .pureToken, token: "FAIL"),
                ]),
              ArgumentSpec(
                "write-operation", .oneOf,
                parts: [
                  ArgumentSpec(
                    "set-block", .block, token: "SET",
                    parts: [
                      ArgumentSpec("encoding", .string),
                      ArgumentSpec("offset", .integer),
                      ArgumentSpec("value", .integer),
                    ]),
                  ArgumentSpec(
                    "incrby-block", .block, token: "INCRBY",
                    parts: [
                      ArgumentSpec("encoding", .string),
                      ArgumentSpec("offset", .integer),
                      ArgumentSpec("increment", .integer),
                    ]),
                ]),
            ]),
        ]),
    ],
    example: """
      > BITFIELD stats SET u8 0 250 INCRBY i5 #3 1
      1) (integer) 0
      2) (integer) 1
      > BITFIELD stats OVERFLOW SAT INCRBY u8 0 10 GET u4 0
      1) (integer) 255
      2) (integer) 15
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let plan = try BitFieldReading.check(context)
    guard let bytes = plan.bytesWritten else {
      return try BitFieldReading.reply(context, plan)
    }
    let entry = context.peek(context.key)
    let oldCount = try context.string(of: entry)?.count ?? 0
    let target = try context.mutableString(count: bytes)
    context.reply.array(plan.operationCount)
    var hasChanged = oldCount < bytes
    var reader = BitFieldReader()
    // Checked before: nothing is thrown here.
    while let operation = try reader.next(context) {
      if operation.run(on: target, context) { hasChanged = true }
    }
    if entry == nil { context.notify(context.key, in: context.database, "new", .new) }
    if hasChanged { context.changed(context.key, "setbit", .string) }
  }
}

/// BITFIELD_RO: BITFIELD for replicas, with nothing but GET.
enum BitFieldROCommand: Command {
  static let spec = CommandSpec(
    "BITFIELD_RO", since: "6.0.0", group: .bitmap, arity: -2,
    flags: [.readonly, .fast],
    categories: [.bitmap],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Reads integers of 1 to 64 bits inside a string.",
    complexity: "O(1) for each operation",
    arguments: [ArgumentSpec("key", .key, key: 0), BitFieldReading.get(optional: true)],
    example: """
      > SET word ab
      OK
      > BITFIELD_RO word GET u8 0 GET i8 #1
      1) (integer) 97
      2) (integer) 98
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let plan = try BitFieldReading.check(context)
    guard plan.bytesWritten == nil else {
      throw .fixed("ERR BITFIELD_RO only supports the GET subcommand")
    }
    try BitFieldReading.reply(context, plan)
  }
}

/// What both commands do.
private enum BitFieldReading {
  static func get(optional: Bool) -> ArgumentSpec {
    ArgumentSpec(
      "get-block", .block, token: "GET", optional: optional, multiple: optional,
      repeatsToken: optional,
      parts: [ArgumentSpec("encoding", .string), ArgumentSpec("offset", .integer)])
  }

  struct Plan {
    var operationCount = 0
    /// How long the string must be for all writes; nil when there are none.
    var bytesWritten: Int?
  }

  /// Reads all operations once, so that a mistake in the last is found before the first is done.
  static func check(_ context: borrowing CommandContext) throws(CommandError) -> Plan {
    var plan = Plan()
    var reader = BitFieldReader()
    while let operation = try reader.next(context) {
      plan.operationCount += 1
      if operation.kind != .get {
        let last = operation.offset + operation.width - 1
        plan.bytesWritten = max(plan.bytesWritten ?? 0, last >> 3 + 1)
      }
    }
    return plan
  }

  /// Answers a request that only reads.
  static func reply(
    _ context: borrowing CommandContext, _ plan: Plan
  ) throws(CommandError) {
    let bytes = try context.string(context.key) ?? .empty
    context.reply.array(plan.operationCount)
    var reader = BitFieldReader()
    while let operation = try reader.next(context) {
      context.reply.integer(operation.value(in: bytes))
    }
  }
}

/// Reads the operations from the arguments, one after the other, so that none need be kept.
private struct BitFieldReader {
  private var index = 2
  private var overflow = BitFieldOperation.Overflow.wrap

  mutating func next(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> BitFieldOperation? {
    while index < context.count {
      let rest = context.count - index - 1
      if rest >= 1, context.argument(at: index, is: "OVERFLOW") {
        overflow = try Self.overflow(context, at: index + 1)
        index += 2
        continue
      }
      let kind: BitFieldOperation.Kind
      if rest >= 2, context.argument(at: index, is: "GET") {
        kind = .get
      } else if rest >= 3, context.argument(at: index, is: "SET") {
        kind = .set
      } else if rest >= 3, context.argument(at: index, is: "INCRBY") {
        kind = .add
      } else {
        throw .syntax
      }
      let (isSigned, width) = try Self.encoding(context[index + 1])
      let offset = try context.bitOffset(at: index + 2, width: width)
      let operand = kind == .get ? 0 : try context.integer(at: index + 3)
      index += kind == .get ? 3 : 4
      return BitFieldOperation(
        kind: kind, isSigned: isSigned, width: width, offset: offset, operand: operand,
        overflow: overflow)
    }
    return nil
  }

  private static func overflow(
    _ context: borrowing CommandContext, at index: Int
  ) throws(CommandError) -> BitFieldOperation.Overflow {
    if context.argument(at: index, is: "WRAP") { return .wrap }
    if context.argument(at: index, is: "SAT") { return .saturate }
    if context.argument(at: index, is: "FAIL") { return .fail }
    throw .fixed("ERR Invalid OVERFLOW type specified")
  }

  /// "i1" to "i64" and "u1" to "u63": replies are signed integers of 64 bits.
  private static func encoding(
    _ text: ByteView
  ) throws(CommandError) -> (isSigned: Bool, width: Int) {
    let isSigned = text.count > 0 && text[0] == UInt8(ascii: "i")
    let isUnsigned = text.count > 0 && text[0] == UInt8(ascii: "u")
    guard isSigned || isUnsigned, let width = IntegerText.parseInt64(text.dropFirst(1)),
      width >= 1, width <= (isSigned ? 64 : 63)
    else {
      throw .fixed(
        """
        ERR Invalid bitfield type. Use something like i16 u8. \
        Note that u64 is not supported but i64 is.
        """)
    }
    return (isSigned, Int(width))
  }
}

/// One operation on one integer.
private struct BitFieldOperation {
  enum Kind { case get, set, add }
  enum Overflow { case wrap, saturate, fail }

  let kind: Kind
  let isSigned: Bool
  let width: Int
  /// Position of the first bit.
  let offset: Int
  /// The value to set or to add.
  let operand: Int64
  let overflow: Overflow

  /// The integer as it is.
  func value(in bytes: ByteView) -> Int64 {
    interpreted(BitView(bytes).number(at: offset, width: width))
  }

  /// Does the operation and answers it.
  ///
  /// - Returns: whether the string has changed.
  func run(
    on target: UnsafeMutableRawBufferPointer, _ context: borrowing CommandContext
  ) -> Bool {
    let old = value(in: ByteView(UnsafeRawBufferPointer(target)))
    if kind == .get {
      context.reply.integer(old)
      return false
    }
    guard let new = successor(of: old) else {
      context.reply.null()
      return false
    }
    context.reply.integer(kind == .set ? old : new)
    if new == old { return false }
    BitView.write(UInt64(bitPattern: new), at: offset, width: width, to: target)
    return true
  }

  /// The integer to be; nil when it would overflow and must not.
  private func successor(of old: Int64) -> Int64? {
    let (lowest, highest) = limits
    var sum = Int128(old) + Int128(operand)
    if kind == .set {
      // A negative value for an unsigned field is taken for the large number of the same bits.
      sum = isSigned ? Int128(operand) : Int128(UInt64(bitPattern: operand))
    }
    if sum >= lowest && sum <= highest { return Int64(sum) }
    switch overflow {
    case .fail: return nil
    case .saturate: return Int64(sum > highest ? highest : lowest)
    case .wrap: return interpreted(UInt64(truncatingIfNeeded: sum) & (.max >> UInt64(64 - width)))
    }
  }

  private var limits: (lowest: Int128, highest: Int128) {
    if isSigned { return (-(1 << Int128(width - 1)), 1 << Int128(width - 1) - 1) }
    return (0, 1 << Int128(width) - 1)
  }

  /// The low `width` bits as a number of the field's kind.
  private func interpreted(_ bits: UInt64) -> Int64 {
    guard isSigned else { return Int64(bitPattern: bits) }
    // The sign bit is moved to the top and back.
    let unused = Int64(64 - width)
    return (Int64(bitPattern: bits) << unused) >> unused
  }
}
