internal import Bytes
internal import CacheCore
internal import RESP

/// PFMERGE: makes a HyperLogLog that has seen what others have.
enum PFMergeCommand: Command {
  static let spec = CommandSpec(
    "PFMERGE", since: "2.8.9", group: .hyperloglog, arity: -2,
    flags: [.write, .denyOOM],
    categories: [.hyperloglog],
    keys: [
      .range(from: 1, [.readWrite, .access, .insert]),
      .range(from: 2, to: -1, [.readOnly, .access]),
    ],
    summary: "Merges HyperLogLogs into one, which is made where there is none.",
    complexity: "O(N) with N the number of keys, each about 10 microseconds",
    arguments: [
      ArgumentSpec("destkey", .key, key: 0),
      ArgumentSpec("sourcekey", .key, key: 1, optional: true, multiple: true),
    ],
    example: """
      > PFADD monday ann bob
      (integer) 1
      > PFADD tuesday bob cid
      (integer) 1
      > PFMERGE both monday tuesday
      OK
      > PFCOUNT both
      (integer) 3
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var registers = HyperLogLogRegisters()
    var isDense = false
    for index in 0..<context.keyCount {
      guard let value = try context.hyperLogLog(context[key: index]) else { continue }
      if value.encoding == .dense { isDense = true }
      try registers.add(value)
    }
    let target = try context.hyperLogLogForWriting(context.key)
    let blob = try merge(
      registers, into: target, isDense: isDense, sparseBytesMax: context.sparseBytesMax)
    try context.storeHyperLogLog(blob, isNew: target == nil)
    context.reply.ok()
  }

  private static func merge(
    _ registers: borrowing HyperLogLogRegisters, into target: HyperLogLog?, isDense: Bool,
    sparseBytesMax: Int
  ) throws(CommandError) -> Blob {
    do throws(HyperLogLogError) {
      var editor =
        if let target {
          try HyperLogLogEditor(target, sparseBytesMax: sparseBytesMax)
        } else {
          try HyperLogLogEditor(sparseBytesMax: sparseBytesMax)
        }
      if isDense { try editor.makeDense() }
      try editor.formUnion(registers)
      return editor.finish()
    } catch {
      throw CommandError(error)
    }
  }
}
