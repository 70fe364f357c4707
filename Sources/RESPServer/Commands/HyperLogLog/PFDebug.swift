internal import Bytes
internal import CacheCore
internal import Platform
internal import RESP

/// PFDEBUG: looks into a HyperLogLog.
enum PFDebugCommand: Command {
  static let spec = CommandSpec(
    "PFDEBUG", since: "2.8.9", group: .hyperloglog, arity: 3,
    flags: [.write, .denyOOM, .admin],
    categories: [.hyperloglog],
    keys: [.range(from: 2, [.readWrite, .access])],
    summary: "Shows the registers (GETREG) or runs (DECODE) of a HyperLogLog, or makes it dense.",
    complexity: "O(1) in that a HyperLogLog has 16384 registers",
    arguments: [
      ArgumentSpec("subcommand", .string),
      ArgumentSpec("key", .key, key: 0),
    ],
    example: """
      > PFADD visitors ann
      (integer) 1
      > PFDEBUG ENCODING visitors
      sparse
      > PFDEBUG DECODE visitors
      "Z:10757 v:1,1 Z:5626"
      > PFDEBUG TODENSE visitors
      (integer) 1
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let value = try context.hyperLogLogForWriting(context.key) else {
      throw .fixed("ERR The specified key does not exist")
    }
    if context.argument(at: 1, is: "GETREG") {
      let current = try makeDense(value, &context).value
      context.reply.array(HyperLogLog.registerCount)
      for index in 0..<HyperLogLog.registerCount {
        let register = try translatingErrors { () throws(HyperLogLogError) in
          try current.register(at: index)
        }
        context.reply.integer(Int(register))
      }
    } else if context.argument(at: 1, is: "DECODE") {
      guard value.encoding == .sparse else { throw .fixed("ERR HLL encoding is not sparse") }
      replyRuns(value, &context)
    } else if context.argument(at: 1, is: "ENCODING") {
      context.reply.simple(value.encoding == .sparse ? "sparse" : "dense")
    } else if context.argument(at: 1, is: "TODENSE") {
      let isConverted = try makeDense(value, &context).isConverted
      context.reply.integer(isConverted ? 1 : 0)
    } else {
      throw .made("ERR Unknown PFDEBUG subcommand '\(context[1].string)'")
    }
  }

  /// Makes a sparse one dense, and stores it.
  private static func makeDense(
    _ value: HyperLogLog, _ context: inout CommandContext
  ) throws(CommandError) -> (value: HyperLogLog, isConverted: Bool) {
    guard value.encoding == .sparse else { return (value, false) }
    let blob = try denseCopy(of: value)
    defer { blob.release() }
    do throws(CacheError) {
      try context.keyspace.setString(
        context.key, in: context.database, to: blob.bytes, expiry: .keep, now: context.now)
    } catch {
      throw .outOfMemory
    }
    context.changedUnannounced(context.key)
    guard let dense = try context.hyperLogLogForWriting(context.key) else {
      throw .fixed("ERR The specified key does not exist")
    }
    return (dense, true)
  }

  private static func denseCopy(of value: HyperLogLog) throws(CommandError) -> Blob {
    do throws(HyperLogLogError) {
      var editor = try HyperLogLogEditor(value, sparseBytesMax: 0)
      try editor.makeDense()
      return editor.finish(invalidating: false)
    } catch {
      throw CommandError(error)
    }
  }

  private static func replyRuns(_ value: HyperLogLog, _ context: inout CommandContext) {
    var text: [UInt8] = []
    value.forEachRun { register, length, isLong in
      if !text.isEmpty { text.append(UInt8(ascii: " ")) }
      if register == 0 {
        text += "\(isLong ? "Z" : "z"):\(length)".utf8
      } else {
        text += "v:\(register),\(length)".utf8
      }
    }
    context.reply.bulk(text)
  }
}

/// PFSELFTEST: checks that HyperLogLogs work.
enum PFSelfTestCommand: Command {
  static let spec = CommandSpec(
    "PFSELFTEST", since: "2.8.9", group: .hyperloglog, arity: 1,
    flags: [.admin],
    categories: [.hyperloglog],
    summary: "Checks that HyperLogLogs keep their registers and estimate well.",
    complexity: "O(1), though 100,000 elements are added",
    example: """
      > PFSELFTEST
      OK
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    var seed: UInt64 = 0
    withUnsafeMutableBytes(of: &seed) { fillRandomly($0) }
    let failure = try translatingErrors { () throws(HyperLogLogError) in
      try HyperLogLog.selfTest(seed: seed)
    }
    if let failure { throw .made("ERR \(failure)") }
    context.reply.ok()
  }
}
