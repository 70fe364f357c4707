internal import Bytes
internal import CacheCore
internal import RESP

/// HINCRBY: adds to the number in a field.
enum HIncrByCommand: Command {
  static let spec = CommandSpec(
    "HINCRBY", since: "2.0.0", group: .hash, arity: 4,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds to the integer in a field of a hash; a new field begins at 0.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField + [ArgumentSpec("increment", .integer)],
    example: """
      > HINCRBY page:1 visits 1
      (integer) 1
      > HINCRBY page:1 visits 10
      (integer) 11
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let increment = try context.integer(at: 3)
    let existing = try context.hashForWriting(context.key)
    let old = try number(existing?.value(of: context[2]))
    let (sum, overflow) = old.addingReportingOverflow(increment)
    guard !overflow else { throw .fixed("ERR increment or decrement would overflow") }
    let hash = existing ?? context.makeHash(for: context.key)
    ListpackValue.integer(sum).withText { text in
      _ = hash.set(context[2], to: text, context.hashLimits, keepsDeadline: true)
    }
    if existing == nil { try context.insertObject(hash.object, at: context.key) }
    context.changed(context.key, "hincrby", .hash)
    context.reply.integer(sum)
  }

  private static func number(_ value: ListpackValue?) throws(CommandError) -> Int64 {
    switch value {
    case nil: return 0
    case .integer(let number): return number
    case .bytes(let text):
      guard let number = IntegerText.parseInt64(text) else {
        throw .fixed("ERR hash value is not an integer")
      }
      return number
    }
  }
}

/// HINCRBYFLOAT: adds to the number in a field, fractions included.
enum HIncrByFloatCommand: Command {
  static let spec = CommandSpec(
    "HINCRBYFLOAT", since: "2.6.0", group: .hash, arity: 4,
    flags: [.write, .denyOOM, .fast],
    categories: [.hash],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds to the number in a field of a hash; a new field begins at 0.",
    complexity: "O(1)",
    arguments: ArgumentSpec.keyAndField + [ArgumentSpec("increment", .double)],
    example: """
      > HSET item:1 price 10.50
      (integer) 1
      > HINCRBYFLOAT item:1 price 0.1
      "10.6"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    try withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: FloatText.sumByteCountMax
    ) { (buffer) throws(CommandError) in
      let start = buffer.baseAddress.unsafelyUnwrapped
      // A bad increment is complained about before a key of another type is.
      _ = try sum(ByteView("0"), context[3], to: start)
      let existing = try context.hashForWriting(context.key)
      let old = existing?.value(of: context[2]) ?? .integer(0)
      let count = try old.withText { (text) throws(CommandError) in
        try sum(text, context[3], to: start)
      }
      let text = ByteView(base: UnsafePointer(start), count: count)
      let hash = existing ?? context.makeHash(for: context.key)
      _ = hash.set(context[2], to: text, context.hashLimits, keepsDeadline: true)
      if existing == nil { try context.insertObject(hash.object, at: context.key) }
      context.changed(context.key, "hincrbyfloat", .hash)
      context.reply.bulk(text)
    }
  }

  private static func sum(
    _ left: ByteView, _ right: ByteView, to target: UnsafeMutablePointer<UInt8>
  ) throws(CommandError) -> Int {
    do throws(FloatText.SumFailure) {
      return try FloatText.writeSum(left, right, to: target)
    } catch {
      switch error {
      case .leftIsNoNumber: throw .fixed("ERR hash value is not a float")
      case .rightIsNoNumber: throw .notFloat
      case .rightIsNotFinite: throw .fixed("ERR value is NaN or Infinity")
      case .sumIsNotFinite: throw .fixed("ERR increment would produce NaN or Infinity")
      }
    }
  }
}
