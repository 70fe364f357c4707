internal import Bytes
internal import CacheCore
internal import RESP

/// MIGRATE: moves keys to another server.
///
/// Redis stands still until the other server has answered. Here the client alone waits, see
/// `Migration`: a key that is changed on the way is sent again before it is removed, so that no
/// change is lost. Two more differences follow: a key is not sent by two clients at a time, and
/// MIGRATE is refused where a client cannot wait (in transactions and scripts).
enum MigrateCommand: Command {
  static let spec = CommandSpec(
    "MIGRATE", since: "2.6.0", group: .generic, arity: -6,
    flags: [.write, .movableKeys],
    categories: [.keyspace, .dangerous],
    keys: [
      .range(from: 3, [.readWrite, .access, .delete]),
      KeySpec(
        begin: .keyword("KEYS", from: -2), find: .range(last: -1, step: 1, limit: 0),
        flags: [.readWrite, .access, .delete, .incomplete]),
    ],
    access: .selfLocking,
    summary: "Moves keys, or copies them, to another server.",
    complexity: "O(N) for N bytes",
    arguments: [
      ArgumentSpec("host", .string),
      ArgumentSpec("port", .integer),
      ArgumentSpec(
        "key-selector", .oneOf,
        parts: [
          ArgumentSpec("key", .key, key: 0),
          ArgumentSpec("empty-string", .pureToken, token: "\"\""),
        ]),
      ArgumentSpec("destination-db", .integer),
      ArgumentSpec("timeout", .integer),
      ArgumentSpec("copy", .pureToken, token: "COPY", since: "3.0.0", optional: true),
      ArgumentSpec("replace", .pureToken, token: "REPLACE", since: "3.0.0", optional: true),
      ArgumentSpec(
        "authentication", .oneOf, optional: true,
        parts: [
          ArgumentSpec("auth", .string, token: "AUTH", since: "4.0.7", display: "password"),
          ArgumentSpec(
            "auth2", .block, token: "AUTH2", since: "6.0.0",
            parts: [ArgumentSpec("username", .string), ArgumentSpec("password", .string)]),
        ]),
      ArgumentSpec(
        "keys", .key, token: "KEYS", key: 1, since: "3.0.6", optional: true, multiple: true,
        display: "key"),
    ],
    tips: ["nondeterministic_output"],
    history: [
      ("3.0.0", "Takes COPY and REPLACE."),
      ("3.0.6", "Takes KEYS."),
      ("4.0.7", "Takes AUTH."),
      ("6.0.0", "Takes AUTH2."),
    ],
    example: """
      > MIGRATE 192.0.2.1 6379 nothing 0 1000
      NOKEY
      """)

  /// What Redis waits where the client says 0 or less, in milliseconds.
  private static let usualTimeout: Int64 = 1000

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let (request, positions) = try parse(context)
    var keys: [[UInt8]] = []
    var seen: Set<[UInt8]> = []
    for position in positions where seen.insert(context[position].array).inserted {
      keys.append(context[position].array)
    }
    guard context.mayWait else {
      guard !keys.contains(where: { isThere($0, context) }) else {
        throw .fixed(
          "ERR MIGRATE has to wait for the other server, which transactions and scripts cannot")
      }
      return context.reply.simple("NOKEY")
    }
    let migrator = context.server.state.pointee.migrator
    if !request.copies, !migrator.claim(keys, in: context.database) {
      throw .fixed("ERR Another client is migrating the same key")
    }
    var parts: [Migration.Part] = []
    var absent: [[UInt8]] = []
    for bytes in keys {
      bytes.withByteView { bytes in
        let key = context.hash(bytes)
        context.keyspace.lock(key.hash.shard)
        defer { context.keyspace.unlock(key.hash.shard) }
        guard let entry = context.find(key) else { return absent.append(bytes.array) }
        parts.append(
          Migration.Part(
            entry, key, replaces: request.replaces, isWatched: !request.copies, context))
      }
    }
    if !request.copies { migrator.release(absent, in: context.database) }
    guard !parts.isEmpty else { return context.reply.simple("NOKEY") }
    // A client that is sent away learns what it would if the other server were silent.
    let client = context.block(onTimeout: {
      $0.error("IOERR error or timeout reading to target instance")
    })
    migrator.enqueue(
      Migration(
        request, from: context.database, parts, for: client, context.entry, on: context.loop))
  }

  private static func isThere(
    _ bytes: [UInt8], _ context: borrowing CommandContext
  ) -> Bool {
    bytes.withByteView { bytes in
      let key = context.hash(bytes)
      context.keyspace.lock(key.hash.shard)
      defer { context.keyspace.unlock(key.hash.shard) }
      return context.find(key) != nil
    }
  }

  private static func parse(
    _ context: borrowing CommandContext
  ) throws(CommandError) -> (Migration.Request, keys: Range<Int>) {
    var request = Migration.Request(
      place: .init(host: context[1].string, port: 0), database: 0, timeoutMilliseconds: 0)
    var keys = 3..<4
    var index = 6
    while index < context.count {
      let left = context.count - index - 1
      if context.argument(at: index, is: "COPY") {
        request.copies = true
      } else if context.argument(at: index, is: "REPLACE") {
        request.replaces = true
      } else if context.argument(at: index, is: "AUTH"), left >= 1 {
        request.authentication = [Array("AUTH".utf8), context[index + 1].array]
        index += 1
      } else if context.argument(at: index, is: "AUTH2"), left >= 2 {
        request.authentication = [
          Array("AUTH".utf8), context[index + 1].array, context[index + 2].array,
        ]
        index += 2
      } else if context.argument(at: index, is: "KEYS") {
        guard context[3].isEmpty else {
          throw .fixed(
            "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
          )
        }
        keys = index + 1..<context.count
        break
      } else {
        throw .syntax
      }
      index += 1
    }
    let timeout = try context.integer(at: 5)
    request.database = try context.integer(at: 4)
    request.timeoutMilliseconds = Int(timeout > 0 ? min(timeout, Int64(Int32.max)) : usualTimeout)
    // As C's atoi reads it; what is no port is refused when connecting.
    let port = IntegerText.parseInt64(context[2]) ?? 0
    request.place = .init(host: context[1].string, port: Int(port))
    return (request, keys)
  }
}
