internal import Bytes
internal import CacheCore
internal import Logging
internal import Platform
internal import RESP

/// DEBUG's subcommands on data. The gate is held; a key's shard is locked all the same, as the key
/// space wants it.
enum DebugData {
  /// Runs the subcommand called `name`.
  ///
  /// - Returns: false when there is none of this name and number of arguments.
  static func run(_ context: inout CommandContext, _ name: String) throws(CommandError) -> Bool {
    switch (name, context.count) {
    case ("OBJECT", 3...4), ("SDSLEN", 3), ("LISTPACK", 3), ("ZIPLIST", 3), ("QUICKLIST", 3...4),
      ("HTSTATS-KEY", 3...4):
      let key = context.hash(context[2])
      context.keyspace.lock(key.hash.shard)
      defer { context.keyspace.unlock(key.hash.shard) }
      // What is due and not yet removed is shown, too.
      guard let entry = context.keyspace.findEvenIfDue(key, in: context.database) else {
        throw .noSuchKey
      }
      try describe(entry, key, &context, name)
    case ("HTSTATS", 3...4): try tableStatistics(&context)
    case ("POPULATE", 3...5): try populate(&context)
    case ("DIGEST", 2): context.replyLine(digest(context).text)
    case ("DIGEST-VALUE", 3...):
      context.reply.array(context.count - 2)
      for index in 2..<context.count {
        var digest = DataDigest()
        let key = context.hash(context[index])
        context.keyspace.lock(key.hash.shard)
        if let entry = context.keyspace.findEvenIfDue(key, in: context.database) {
          digest.mix(entry, key, context)
        }
        context.keyspace.unlock(key.hash.shard)
        context.replyLine(digest.text)
      }
    case ("STRINGMATCH-LEN", 4):
      let length = try context.integer(at: 2, in: 0...1 << 20)
      let text = [UInt8](repeating: UInt8(ascii: "a"), count: Int(length))
      let matches = text.withByteView { Glob.matches(context[3], $0) }
      context.reply.integer(matches ? 1 : 0)
    default: return false
    }
    return true
  }

  /// Answers a subcommand about one entry.
  private static func describe(
    _ entry: EntryHandle, _ key: HashedKey, _ context: inout CommandContext, _ name: String
  ) throws(CommandError) {
    if name == "OBJECT" { return object(entry, key, &context) }
    if name == "SDSLEN" { return try stringLengths(entry, &context) }
    let object =
      context.keyspace.type(of: entry) == .string ? nil : context.keyspace.object(of: entry, key)
    switch name {
    case "QUICKLIST":
      guard let object, object.encoding == .quicklist else {
        throw .fixed("ERR Not a quicklist encoded object.")
      }
      log(ListObject(object).nodeTexts(limit: loggedPartsMax), of: key, context)
      context.reply.simple("Quicklist structure printed on stdout")
    case "HTSTATS-KEY":
      guard let object, object.encoding == .hashtable || object.encoding == .skiplist else {
        throw .fixed(
          "ERR The value stored at the specified key is not represented using an hash table")
      }
      let bytes = context.keyspace.memoryUsage(of: entry, samples: 0)
      context.reply.verbatim("number of elements: \(object.count)\nbytes: \(bytes)\n")
    default:
      guard let object, object.encoding == .listpack || object.encoding == .listpackex,
        let base = object.header.pointee.payload
      else { throw .fixed("ERR Not a listpack encoded object.") }
      log(Listpack(base: base).elementTexts(limit: loggedPartsMax), of: key, context)
      context.reply.simple("Listpack structure printed on stdout")
    }
  }

  /// How many nodes or elements of a value the log gets.
  private static let loggedPartsMax = 128

  private static func log(
    _ lines: [String], of key: HashedKey, _ context: borrowing CommandContext
  ) {
    let name = key.bytes[0..<min(key.bytes.count, 64)].string
    context.server.log.warning("DEBUG \(name):\n\(lines.joined(separator: "\n"))")
  }

  private static func object(
    _ entry: EntryHandle, _ key: HashedKey, _ context: inout CommandContext
  ) {
    let address = String(UInt64(entry.rawValue) * 8, radix: 16)
    let idle = context.keyspace.idleSeconds(of: entry, now: context.now)
    let lru = max(0, (context.now + context.wallStep) / 1000 - Int64(idle)) & 0xFF_FFFF
    let encoding = ObjectEncodingCommand.encoding(of: entry, context)
    var writer = DumpWriter(compresses: context.server.configuration.compressesPayloads)
    var extra = ""
    if context.keyspace.type(of: entry) == .string {
      writer.value(context.keyspace.string(of: entry))
    } else {
      let object = context.keyspace.object(of: entry, key)
      writer.value(object, context.dumpClock)
      if object.encoding == .quicklist { extra = quicklistFacts(ListObject(object), context) }
    }
    // The type is no part of the value.
    context.replyLine(
      "Value at:0x\(address) refcount:1 encoding:\(encoding) "
        + "serializedlength:\(writer.bytes.count - 1) "
        + "lru:\(lru) lru_seconds_idle:\(idle)\(extra)")
  }

  private static func quicklistFacts(
    _ list: ListObject, _ context: borrowing CommandContext
  ) -> String {
    let configuration = context.server.configuration
    let hundredths = (list.count * 100 + list.nodeCount / 2) / list.nodeCount
    let fraction = hundredths % 100
    return " ql_nodes:\(list.nodeCount) "
      + "ql_avg_node:\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) "
      + "ql_listpack_max:\(configuration.listListpackSize) "
      + "ql_compressed:\(configuration.listCompressDepth > 0 ? 1 : 0) "
      + "ql_uncompressed_size:\(list.uncompressedBytes)"
  }

  private static func stringLengths(
    _ entry: EntryHandle, _ context: inout CommandContext
  ) throws(CommandError) {
    guard context.keyspace.type(of: entry) == .string else {
      throw .fixed("ERR Not an sds encoded string.")
    }
    let key = context[2].count
    let value = context.keyspace.string(of: entry).count
    let blob = context.keyspace.blob(of: entry)
    let spare = (blob?.capacity ?? value) - value
    context.replyLine(
      "key_sds_len:\(key), key_sds_avail:0, key_zmalloc: 0, "
        + "val_sds_len:\(value), val_sds_avail:\(spare), val_zmalloc: \(blob?.capacity ?? 0)")
  }

  private static func tableStatistics(_ context: inout CommandContext) throws(CommandError) {
    let number = try context.integer(at: 2)
    guard number >= 0, number < context.server.configuration.databaseCount else {
      throw .fixed("ERR Out of range database")
    }
    let database = DatabaseIndex(rawValue: UInt8(number))
    let statistics = context.keyspace.statistics
    var text = "[Dictionary HT]\n"
    text += "number of elements: \(context.keyspace.count(in: database))\n"
    text += "[Expires HT]\n"
    text += "number of elements: \(context.keyspace.expiringCount(in: database))\n"
    text += "[Tables of all databases]\n"
    text += "buckets of 12: \(statistics.bucketCount)\n"
    text += "overflow nodes: \(statistics.overflowNodeCount)\n"
    context.reply.verbatim(text)
  }

  /// Makes string keys; those that are there already are left alone.
  private static func populate(_ context: inout CommandContext) throws(CommandError) {
    let count = try context.integer(
      at: 2, in: 0...Int64.max, orThrow: .fixed("ERR value is out of range, must be positive"))
    let prefix = context.count > 3 ? context[3].string : "key"
    var size = 0
    if context.count > 4 {
      size = Int(
        try context.integer(
          at: 4, in: 0...512 << 20, orThrow: .fixed("ERR value is out of range, must be positive")))
    }
    for number in 0..<count {
      let key = Array("\(prefix):\(number)".utf8)
      var value = Array("value:\(number)".utf8)
      if size > 0 {
        value = Array(value.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - value.count))
      }
      var failure: CommandError?
      key.withByteView { key in
        let hashed = context.hash(key)
        context.keyspace.lock(hashed.hash.shard)
        defer { context.keyspace.unlock(hashed.hash.shard) }
        guard context.peek(hashed) == nil else { return }
        value.withByteView { value in
          do throws(CacheError) {
            try context.keyspace.setString(
              hashed, in: context.database, to: value, expiry: .clear, now: context.now)
          } catch {
            failure = .outOfMemory
          }
        }
      }
      if let failure { throw failure }
    }
    context.reply.ok()
  }

  private static func digest(_ context: borrowing CommandContext) -> DataDigest {
    var all = DataDigest()
    for index in 0..<context.server.configuration.databaseCount {
      let database = DatabaseIndex(rawValue: UInt8(truncatingIfNeeded: index))
      guard context.keyspace.count(in: database) > 0 else { continue }
      // The same data in another database is other data.
      all.mix(number: index)
      context.keyspace.forEachKey(in: database, now: context.now) { key, entry in
        var one = DataDigest()
        one.mix(key)
        one.mix(entry, context.hash(key), context)
        all.join(one)
      }
    }
    return all
  }
}
