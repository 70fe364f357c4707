internal import Bytes
internal import RESP

/// WAIT: blocks until replicas have what this client wrote. There are none, so a client that asks
/// for some waits for its whole timeout, as with a primary of Redis that has lost its replicas.
enum WaitCommand: Command {
  static let spec = CommandSpec(
    "WAIT", since: "3.0.0", group: .generic, arity: 3,
    flags: [.blocking],
    categories: [.connection],
    access: KeyspaceAccess.none,
    summary: "Waits until so many replicas have all that the client wrote, or the time is up.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("numreplicas", .integer),
      ArgumentSpec("timeout", .integer),
    ],
    tips: ["request_policy:all_shards", "response_policy:agg_min"],
    example: """
      > WAIT 0 100
      (integer) 0
      > WAIT 1 10
      (integer) 0
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let replicas = try context.integer(at: 1)
    let timeout = try context.timeoutWholeMilliseconds(at: 2)
    guard replicas > 0, context.mayWait else { return context.reply.integer(0) }
    _ = context.block(timeoutMilliseconds: timeout, onTimeout: { $0.integer(0) })
  }
}

/// WAITAOF: blocks until the append logs here and of replicas have what this client wrote.
enum WaitAOFCommand: Command {
  static let spec = CommandSpec(
    "WAITAOF", since: "7.2.0", group: .generic, arity: 4,
    flags: [.blocking],
    categories: [.connection],
    access: KeyspaceAccess.none,
    summary: "Waits until all that the client wrote is in the append log, here and of replicas.",
    complexity: "O(1)",
    arguments: [
      ArgumentSpec("numlocal", .integer),
      ArgumentSpec("numreplicas", .integer),
      ArgumentSpec("timeout", .integer),
    ],
    tips: ["request_policy:all_shards", "response_policy:agg_min"],
    example: """
      > WAITAOF 0 0 100
      1) (integer) 0
      2) (integer) 0
      > WAITAOF 1 0 100
      (error) ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.
      """)

  static func run(_ context: inout CommandContext) throws(CommandError) {
    let local = try context.integer(
      at: 1, in: 0...1, orThrow: .fixed("ERR value is out of range, value must between 0 and 1"))
    let replicas = try context.integer(
      at: 2, in: 0...Int64.max, orThrow: .fixed("ERR value is out of range, must be positive"))
    let timeout = try context.timeoutWholeMilliseconds(at: 3)
    // There is no append log, whatever the parameter of that name says.
    guard local == 0 else {
      throw .fixed(
        "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    }
    guard replicas > 0, context.mayWait else { return answer(&context.reply) }
    _ = context.block(timeoutMilliseconds: timeout, onTimeout: { answer(&$0) })
  }

  private static func answer(_ reply: inout ReplyWriter) {
    reply.array(2)
    reply.integer(0)
    reply.integer(0)
  }
}
