internal import Bytes
internal import CacheCore
internal import RESP

/// INCRBYFLOAT: adds a floating-point number.
enum IncrByFloatCommand: Command {
  static let spec = CommandSpec(
    "INCRBYFLOAT", since: "2.6.0", group: .string, arity: 3,
    flags: [.write, .denyOOM, .fast],
    categories: [.string],
    keys: [.range(from: 1, [.readWrite, .access, .update])],
    summary: "Adds a floating-point number to the number at a key; an absent key counts as 0.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("increment", .double),
    ],
    example: """
      > SET price 10.50
      OK
      > INCRBYFLOAT price 0.1
      "10.6"
      > INCRBYFLOAT price -5.6
      "5"
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let entry = context.findForWriting(context.key)
    let old = try context.string(of: entry) ?? ByteView("0")
    try withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: FloatText.sumByteCountMax
    ) { (buffer) throws(CommandError) in
      let start = buffer.baseAddress.unsafelyUnwrapped
      let count = try sum(old, context[2], to: start)
      let text = ByteView(base: UnsafePointer(start), count: count)
      do throws(CacheError) {
        try context.keyspace.updateString(
          context.key, in: context.database, to: text, now: context.now)
      } catch {
        throw .outOfMemory
      }
      if entry == nil { context.notify(context.key, in: context.database, "new", .new) }
      context.changed(context.key, "incrbyfloat", .string)
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
      case .leftIsNoNumber, .rightIsNoNumber: throw .notFloat
      case .rightIsNotFinite, .sumIsNotFinite:
        throw .fixed("ERR increment would produce NaN or Infinity")
      }
    }
  }
}
