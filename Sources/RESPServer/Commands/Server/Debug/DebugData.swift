internal import Bytes
internal import CacheCore
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
      guard let entry = context.peek(key) else { throw .noSuchKey }
      try describe(entry, &context, name)
    case ("HTSTATS", 3...4): try tableStatistics(&context)
    case ("POPULATE", 3...5): try populate(&context)
    case ("DIGEST", 2): context.replyLine(digest(context).text)
    case ("DIGEST-VALUE", 3...):
      context.reply.array(context.count - 2)
      for index in 2..<context.count {
        var digest = DataDigest()
        let key = context.hash(context[index])
        context.keyspace.lock(key.hash.shard)
        if let entry = context.peek(key) {
          digest.mix(DataDigest(of: entry, context.keyspace))
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
    _ entry: EntryHandle, _ context: inout CommandContext, _ name: String
  ) throws(CommandError) {
    switch name {
    case "OBJECT": object(entry, &context)
    case "SDSLEN": try stringLengths(entry, &context)
    case "QUICKLIST": throw .fixed("ERR Not a quicklist encoded object.")
    case "HTSTATS-KEY":
      throw .fixed(
        "ERR The value stored at the specified key is not represented using an hash table")
    default: throw .fixed("ERR Not a listpack encoded object.")
    }
  }

  private static func object(_ entry: EntryHandle, _ context: inout CommandContext) {
    let address = String(UInt64(entry.rawValue) * 8, radix: 16)
    let idle = context.keyspace.idleSeconds(of: entry, now: context.now)
    let lru = max(0, (context.now + context.wallStep) / 1000 - Int64(idle)) & 0xFF_FFFF
    let encoding = ObjectEncodingCommand.encoding(of: entry, context)
    let length =
      context.keyspace.type(of: entry) == .string ? context.keyspace.string(of: entry).count : 0
    context.replyLine(
      "Value at:0x\(address) refcount:1 encoding:\(encoding) serializedlength:\(length + 1) "
        + "lru:\(lru) lru_seconds_idle:\(idle)")
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
      context.keyspace.forEachKey(in: database, now: context.now) { key, entry in
        var one = DataDigest(of: entry, context.keyspace)
        one.absorb(key)
        one.absorb(Array("\(index)".utf8))
        all.mix(one)
      }
    }
    return all
  }
}

/// A signature of data that does not depend on the order of keys, nor on the process.
///
/// Not for anything but telling data sets apart in tests: the hash's keys are fixed.
struct DataDigest {
  private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

  init() {}

  /// The signature of a value: its type, its contents, and whether it will expire.
  init(of entry: EntryHandle, _ keyspace: borrowing Keyspace) {
    let type = keyspace.type(of: entry)
    absorb([type.rawValue])
    if type == .string { absorb(keyspace.string(of: entry)) }
    if keyspace.expiry(of: entry) != nil { absorb(Array("expires".utf8)) }
  }

  /// Adds bytes; their order matters.
  mutating func absorb(_ bytes: ByteView) {
    words.0 = words.0 &* 31 &+ SipHash(key0: 1, key1: 2)(bytes)
    words.1 = words.1 &* 37 &+ SipHash(key0: 3, key1: 4)(bytes)
    words.2 = words.2 &* 41 &+ SipHash(key0: 5, key1: 6)(bytes)
  }

  mutating func absorb(_ bytes: [UInt8]) { bytes.withByteView { absorb($0) } }

  /// Adds another signature; the order does not matter.
  mutating func mix(_ other: DataDigest) {
    words.0 ^= other.words.0
    words.1 ^= other.words.1
    words.2 ^= other.words.2
  }

  /// 40 hexadecimal digits.
  var text: String {
    var text = ""
    for word in [words.0, words.1, words.2] {
      let digits = String(word, radix: 16)
      text += String(repeating: "0", count: 16 - digits.count) + digits
    }
    return String(text.prefix(40))
  }
}
