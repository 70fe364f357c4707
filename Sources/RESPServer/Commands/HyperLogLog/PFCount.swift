internal import Bytes
internal import CacheCore
internal import RESP

/// PFCOUNT: estimates how many different elements HyperLogLogs have seen.
enum PFCountCommand: Command {
  static let spec = CommandSpec(
    "PFCOUNT", since: "2.8.9", group: .hyperloglog, arity: -2,
    flags: [.readonly, .mayReplicate],
    categories: [.hyperloglog],
    keys: [.range(from: 1, to: -1, [.readWrite, .access])],
    summary: "Estimates the number of different elements added to HyperLogLogs, taken together.",
    complexity: """
      O(1) for one key, whose last estimate is kept with it; O(N) with N the number of keys, each \
      about 10 microseconds
      """,
    arguments: [ArgumentSpec("key", .key, key: 0, multiple: true)],
    example: """
      > PFADD monday ann bob
      (integer) 1
      > PFADD tuesday bob cid
      (integer) 1
      > PFCOUNT monday
      (integer) 2
      > PFCOUNT monday tuesday
      (integer) 3
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    if context.keyCount > 1 { return try countUnion(&context) }
    guard let value = try context.hyperLogLog(context.key) else {
      return context.reply.integer(0)
    }
    if let cached = value.cachedCardinality {
      return context.reply.integer(Int64(bitPattern: cached))
    }
    let estimate = try translatingErrors { () throws(HyperLogLogError) in
      try value.cardinality()
    }
    let bytes = try context.mutableString(count: value.bytes.count)
    HyperLogLog.storeCardinality(estimate, in: bytes)
    context.changedUnannounced(context.key)
    context.reply.integer(Int64(bitPattern: estimate))
  }

  private static func countUnion(_ context: inout CommandContext) throws(CommandError) {
    var registers = HyperLogLogRegisters()
    for index in 0..<context.keyCount {
      guard let value = try context.hyperLogLog(context[key: index]) else { continue }
      try registers.add(value)
    }
    context.reply.integer(Int64(bitPattern: registers.cardinality))
  }
}

extension HyperLogLogRegisters {
  /// `formUnion` with its errors as replies.
  mutating func add(_ value: HyperLogLog) throws(CommandError) {
    do throws(HyperLogLogError) {
      try formUnion(value)
    } catch {
      throw CommandError(error)
    }
  }
}
