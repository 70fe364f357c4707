internal import Bytes
internal import CacheCore
internal import RESP

extension CommandContext {
  /// What values that are read have to keep to.
  var dumpLimits: DumpLimits {
    DumpLimits(
      list: listLimits, hash: hashLimits, set: setLimits, sortedSet: sortedSetLimits,
      clock: dumpClock)
  }

  /// The time for deadlines inside of values.
  var dumpClock: DumpClock { DumpClock(now: now, wallStep: wallStep) }

  /// The payload of the value that `entry` holds under `key`.
  ///
  /// - Complexity: O(n)
  func dumpPayload(of entry: EntryHandle, _ key: HashedKey) -> [UInt8] {
    var writer = DumpWriter(compresses: server.configuration.compressesPayloads)
    if keyspace.type(of: entry) == .string {
      writer.value(keyspace.string(of: entry))
    } else {
      writer.value(keyspace.object(of: entry, key), dumpClock)
    }
    writer.seal()
    return writer.bytes
  }
}

/// DUMP: a value as bytes.
enum DumpCommand: Command {
  static let spec = CommandSpec(
    "DUMP", since: "2.6.0", group: .generic, arity: 2,
    flags: [.readonly],
    categories: [.keyspace],
    keys: [.range(from: 1, [.readOnly, .access])],
    summary: "Returns a value in the form that RESTORE takes, here and in Redis.",
    complexity: "O(N) for N bytes",
    arguments: [ArgumentSpec("key", .key, key: 0)],
    tips: ["nondeterministic_output"],
    example: """
      > DUMP nothing
      (nil)
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    guard let entry = context.find(context.key) else { return context.reply.null() }
    context.reply.bulk(context.dumpPayload(of: entry, context.key))
  }
}
