internal import Bytes
internal import CacheCore
internal import RESP

/// PFADD: adds elements to a HyperLogLog.
enum PFAddCommand: Command {
  static let spec = CommandSpec(
    "PFADD", since: "2.8.9", group: .hyperloglog, arity: -2,
    flags: [.write, .denyOOM, .fast],
    categories: [.hyperloglog],
    keys: [.range(from: 1, [.readWrite, .insert])],
    summary: "Adds elements to a HyperLogLog, which is made where there is none.",
    complexity: "O(1) for each element",
    arguments: [
      ArgumentSpec("key", .key, key: 0),
      ArgumentSpec("element", .string, optional: true, multiple: true),
    ],
    example: """
      > PFADD visitors ann bob
      (integer) 1
      > PFADD visitors bob
      (integer) 0
      > PFCOUNT visitors
      (integer) 2
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let old = try context.hyperLogLogForWriting(context.key) else {
      let blob = try make(context)
      try context.storeHyperLogLog(blob, isNew: true)
      return context.reply.integer(1)
    }
    // Once a set has been seen for a while, nearly all that is added is accounted for already.
    var index = 2
    while index < context.count {
      guard try isCovered(context[index], by: old) else { break }
      index += 1
    }
    guard index < context.count else { return context.reply.integer(0) }
    if old.encoding == .dense {
      let bytes = try context.mutableString(count: old.bytes.count)
      for element in index..<context.count {
        _ = HyperLogLog.addDense(HyperLogLog.place(of: context[element]), to: bytes)
      }
      HyperLogLog.invalidateCardinality(bytes)
      context.changed(context.key, "pfadd", .string)
    } else {
      let blob = try edit(old, context, from: index)
      try context.storeHyperLogLog(blob, isNew: false)
    }
    context.reply.integer(1)
  }

  private static func isCovered(
    _ element: ByteView, by old: HyperLogLog
  ) throws(CommandError) -> Bool {
    try translatingErrors { () throws(HyperLogLogError) in
      try old.covers(HyperLogLog.place(of: element))
    }
  }

  private static func make(_ context: borrowing CommandContext) throws(CommandError) -> Blob {
    do throws(HyperLogLogError) {
      var editor = try HyperLogLogEditor(sparseBytesMax: context.sparseBytesMax)
      for element in 2..<max(2, context.count) {
        _ = try editor.add(HyperLogLog.place(of: context[element]))
      }
      // An empty one's estimate of 0 is right, but Redis does not keep it either.
      return editor.finish()
    } catch {
      throw CommandError(error)
    }
  }

  private static func edit(
    _ old: HyperLogLog, _ context: borrowing CommandContext, from index: Int
  ) throws(CommandError) -> Blob {
    do throws(HyperLogLogError) {
      var editor = try HyperLogLogEditor(old, sparseBytesMax: context.sparseBytesMax)
      for element in index..<context.count {
        _ = try editor.add(HyperLogLog.place(of: context[element]))
      }
      return editor.finish()
    } catch {
      throw CommandError(error)
    }
  }
}
